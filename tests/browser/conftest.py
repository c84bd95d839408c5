"""Chromium, and servers for it to look at: any app, and an inbox with an agent at work."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator

import pytest
import uvicorn
from litestar import Litestar
from playwright.async_api import Browser as Chromium
from playwright.async_api import async_playwright
from playwright.sync_api import Browser, Page, sync_playwright
from tests.support.agents import BOB, FLAGS, LONG, Agent, window
from tests.support.inbox import HOUR, InboxSite, Priority

from voxpop.db.pool import Database
from voxpop.types import utcnow


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """For a module, no longer: its event loop runs as long as it lives, and no other test's could."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield browser
        browser.close()


class Visit:
    """A page with what went out from it and what it complained about."""

    def __init__(self, page: Page, origin: str) -> None:
        self.page, self.origin = page, origin
        self.outside: list[str] = []
        self.errors: list[str] = []
        page.on("request", lambda request: self._note(request.url))
        page.on("console", lambda line: line.type == "error" and self.errors.append(line.text))
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _note(self, url: str) -> None:
        if not url.startswith((f"{self.origin}/", "data:", "blob:")):
            self.outside.append(url)

    def go(self, path: str) -> Page:
        self.page.goto(f"{self.origin}{path}", wait_until="networkidle")
        return self.page


@pytest.fixture
def visit(browser: Browser, origin: str) -> Iterator[Visit]:
    """At `origin`, which a test module provides."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield Visit(context.new_page(), origin)
    context.close()


@pytest.fixture(scope="session")
def serve() -> Iterator[Callable[[Litestar], str]]:
    """Serves apps on free ports until the session ends; gives the origin."""
    running: list[tuple[uvicorn.Server, threading.Thread]] = []

    def start(app: Litestar) -> str:
        server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None))
        thread = threading.Thread(target=server.run)
        thread.start()
        running.append((server, thread))
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        return f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"

    yield start
    for server, thread in running:
        server.should_exit = True
        thread.join()


@pytest.fixture
async def inbox(database: Database) -> AsyncIterator[InboxSite]:
    """Six tickets: TK-1 is rated, TK-5 is the longest, TK-6 is the latest."""
    made = await InboxSite(database).set_up()
    await made.rated(4, "Quick & honest", "Hub skips", tags=("warranty", "hubs"))
    await made.rated(1, "Never again", "Lost parcel", tags=("delivery",), requester=BOB)
    for hours, subject in ((5, "Third"), (4, "Fourth"), (3, LONG), (2, "Latest")):
        urgent = Priority.URGENT if hours == 4 else Priority.MEDIUM
        await made.open(subject, now=utcnow() - hours * HOUR, priority=urgent, requester=BOB)
    yield made
    for browser in made.browsers:
        await browser.aclose()


@pytest.fixture
async def origin(inbox: InboxSite) -> AsyncIterator[str]:
    server = uvicorn.Server(uvicorn.Config(inbox.app, host="127.0.0.1", port=0, lifespan="off", log_config=None))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - it sets no event
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = server.force_exit = True
    await serving


@pytest.fixture
async def chromium() -> AsyncIterator[Chromium]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield browser
        await browser.close()


@pytest.fixture
async def agent(chromium: Chromium, inbox: InboxSite, origin: str) -> AsyncIterator[Agent]:
    made = await window(chromium, inbox, origin)
    yield made
    await made.context.close()
    assert made.errors == []
