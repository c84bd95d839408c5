"""One Chromium and one HTTP server for all browser tests of a process; each test has a context and an app of its own.

Both live on the session's event loop, so these tests and the fixtures they await run on it too.
"""

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
from litestar import Litestar
from playwright.async_api import Browser, Page, async_playwright
from tests.support.agents import BOB, CHROMIUM, LONG, Agent, window
from tests.support.http_server import HttpServer
from tests.support.inbox import HOUR, InboxSite, Priority
from tests.support.sites import closing

from voxpop.db.pool import Database
from voxpop.types import utcnow

session_fixture = partial(pytest_asyncio.fixture, scope="session", loop_scope="session")
loop_fixture = partial(pytest_asyncio.fixture, loop_scope="session")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@session_fixture()
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(**CHROMIUM)
        yield browser
        await browser.close()


@session_fixture()
async def server() -> AsyncIterator[HttpServer]:
    async with HttpServer.running() as running:
        yield running


async def close_contexts(chromium: Browser) -> None:
    """Those that a failed test left open."""
    for context in chromium.contexts:
        await context.close()


@loop_fixture()
async def database(live_db: str) -> AsyncIterator[Database]:
    pool = await Database.open(live_db, size=8)
    yield pool
    await pool.close()


@loop_fixture()
async def owner(live_db: str) -> AsyncIterator["asyncpg.Connection[Any]"]:
    connection = await asyncpg.connect(live_db)
    yield connection
    await connection.close()


class WatchedPage:
    """A page with what went out from it and what it complained about."""

    def __init__(self, page: Page, origin: str) -> None:
        self.page, self.origin = page, origin
        self.outside: list[str] = []
        self.errors: list[str] = []
        page.on("request", lambda request: self._note(request.url))
        page.on("console", lambda line: self.errors.append(line.text) if line.type == "error" else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _note(self, url: str) -> None:
        if not url.startswith((f"{self.origin}/", "data:", "blob:")):
            self.outside.append(url)

    async def go(self, path: str) -> Page:
        await self.page.goto(f"{self.origin}{path}", wait_until="networkidle")
        return self.page


@loop_fixture()
async def watched(chromium: Browser, server: HttpServer, app: Litestar) -> AsyncIterator[WatchedPage]:
    """To `app`, which a test module provides."""
    async with server.serving(app) as origin:
        context = await chromium.new_context(viewport={"width": 1280, "height": 900})
        yield WatchedPage(await context.new_page(), origin)
        await context.close()


async def six_tickets(inbox: InboxSite) -> None:
    """TK-1 is rated, TK-5 is the longest, TK-6 is the latest."""
    await inbox.rated(4, "Quick & honest", "Hub skips", tags=("warranty", "hubs"))
    await inbox.rated(1, "Never again", "Lost parcel", tags=("delivery",), requester=BOB)
    for hours, subject in ((5, "Third"), (4, "Fourth"), (3, LONG), (2, "Latest")):
        urgent = Priority.URGENT if hours == 4 else Priority.MEDIUM
        await inbox.open(subject, now=utcnow() - hours * HOUR, priority=urgent, requester=BOB)


@loop_fixture()
async def inbox(database: Database) -> AsyncIterator[InboxSite]:
    """With six tickets."""
    async with closing(await InboxSite(database).set_up(six_tickets)) as made:
        yield made


@loop_fixture()
async def origin(chromium: Browser, server: HttpServer, inbox: InboxSite) -> AsyncIterator[str]:
    async with server.serving(inbox.app) as origin:
        yield origin
        await close_contexts(chromium)


@loop_fixture()
async def agent(chromium: Browser, inbox: InboxSite, origin: str) -> AsyncIterator[Agent]:
    made = await window(chromium, inbox, origin)
    yield made
    await made.context.close()
    assert made.errors == []
