"""Helpers of page tests: a site of two workspaces, browsers at their hosts, outgoing email, and an SMTP server."""

import asyncio
import html
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self, TypeVar

import httpx
from tests.support.app import app_for

from voxpop import mail, outbox
from voxpop.accounts import sign_in
from voxpop.config.loading import load
from voxpop.config.settings import Settings
from voxpop.db.pool import Database
from voxpop.mail import OutgoingMail
from voxpop.surveys import new_workspaces
from voxpop.types import WorkspaceId, utcnow
from voxpop.workspaces.models import Workspace

HOST = "voxpop.test"
OWNER, ADMIN, AGENT = "owner@example.com", "admin@example.com", "agent@example.com"
PASSWORD = "a long way to tipperary"
BROWSER = {"accept": "text/html", "sec-fetch-site": "same-origin"}


class Browser(httpx.AsyncClient):
    """A browser at one workspace's host: sends the headers that browsers send, and follows no redirect by itself."""

    async def submit(self, path: str, **fields: Any) -> httpx.Response:
        """Submits a form as a page of the same host does."""
        return await self.post(path, data=fields)

    async def use_link(self, link: str, **fields: Any) -> httpx.Response:
        """Opens a magic link and presses its button."""
        path, _, token = link.partition("?token=")
        page = await self.get(link)
        assert page.status_code == 200, page.text
        return await self.submit(path, token=token, **fields)


class Site:
    """The app over two workspaces, `default` at the bare host and `acme` at its label."""

    def __init__(self, database: Database, **env: str) -> None:
        self.database = database
        self.settings: Settings = load(env={"VOXPOP_BASE_URL": f"http://{HOST}"} | env)
        self.app = app_for(database, self.settings)
        self.workspaces: dict[str, Workspace] = {}
        self.browsers: list[Browser] = []

    async def set_up(self) -> Self:
        for name in ("default", "acme"):
            self.workspaces[name] = await new_workspaces.open_workspace(self.database, name)
        return self

    def workspace_id(self, slug: str = "default") -> WorkspaceId:
        return self.workspaces[slug].id

    def with_smtp(self) -> "Site":
        """The same site with a mail server, so that the bearer of an emailed link has the address."""
        site = Site(self.database, VOXPOP_SMTP_URL="smtp://127.0.0.1:1")
        site.workspaces, site.browsers = self.workspaces, self.browsers
        return site

    def move(self, browser: Browser) -> Browser:
        """The same browser, with its cookies, at this site."""
        slug = browser.base_url.host.removesuffix(HOST).strip(".") or "default"
        moved = self.browser(slug)
        moved.cookies.update(browser.cookies)
        return moved

    def browser(self, slug: str = "default", *, client: str = "127.0.0.1", **headers: str) -> Browser:
        host = HOST if slug == "default" else f"{slug}.{HOST}"
        scheme = self.settings.public_url.partition(":")[0]
        transport = httpx.ASGITransport(app=self.app, client=(client, 1234))
        browser = Browser(transport=transport, base_url=f"{scheme}://{host}", headers=BROWSER | headers)
        self.browsers.append(browser)
        return browser

    async def owner(self, slug: str = "default", email: str = OWNER, password: str = "") -> Browser:
        """The browser of a new owner, signed in by an owner link."""
        async with self.database.transaction(self.workspace_id(slug)) as tx:
            link = await sign_in.create_owner_link(tx, self.workspaces[slug], self.settings.public_url, utcnow())
        browser = self.browser(slug)
        answer = await browser.use_link(link, email=email, name=email.partition("@")[0].title(), password=password)
        assert answer.status_code == 303, answer.text
        return browser

    async def accept_invitation(
        self, owner: Browser, email: str, role: str, slug: str = "default", password: str = ""
    ) -> Browser:
        """The browser of a new member, signed in by an invitation. `password`: that of their account elsewhere."""
        browser = self.browser(slug)
        assert (await browser.use_link(await self.invite(owner, email, role), password=password)).status_code == 303
        return browser

    async def invite(self, inviter: Browser, email: str, role: str = "agent") -> str:
        """The link of a new invitation: from the page, or where a mail server is set from the email."""
        answer = await inviter.submit("/settings/invitations", email=email, role=role)
        if self.settings.sends_email:
            assert answer.headers["location"] == "/settings?done=invited", answer.text
            return await self.last_link(email, inviter.base_url.host.removesuffix(HOST).strip(".") or "default")
        return shown_secret(answer)

    async def emails(self, slug: str = "default") -> list[OutgoingMail]:
        """The emails in the outbox, the oldest first."""
        async with self.database.transaction(self.workspace_id(slug)) as tx:
            rows = await outbox.list_mail(tx, self.workspace_id(slug), 1000)
        return [mail.parse_mail(row.body) for row in reversed(rows)]

    async def last_link(self, to: str, slug: str = "default") -> str:
        """The link in the last email to this address."""
        last = [email for email in await self.emails(slug) if email.to == to][-1]
        link = re.search(r"https?://\S+", last.text)
        assert link is not None
        return link[0]


def shown_secret(answer: httpx.Response) -> str:
    """The secret that only this response shows: a key, or the link of an invitation."""
    secret = re.search(r'<code id="secret">([^<]+)</code>', answer.text)
    assert answer.status_code == 200, answer.text
    assert secret is not None, answer.text
    return html.unescape(secret[1])


async def member_id(browser: Browser, email: str) -> str:
    """The id of a member, from the form on the page of members that removes them."""
    page = (await browser.get("/settings")).text
    row = page[page.index(f"<small>{email}</small>") :]
    path = re.search(r"/settings/members/([0-9a-f-]{36})/", row)
    assert path is not None
    return path[1]


class FakeSmtpServer:
    """Accepts email as an SMTP server does. `rejections`: the reply to send for a recipient instead."""

    def __init__(self) -> None:
        self.received: list[str] = []
        self.recipients: list[str] = []
        self.rejections: dict[str, str] = {}
        self.port = 0
        self.arrived = asyncio.Event()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"


@asynccontextmanager
async def fake_smtp_server() -> AsyncIterator[FakeSmtpServer]:
    """A fake SMTP server that listens on a free port."""
    fake = FakeSmtpServer()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 ready\r\n")
        while line := (await reader.readline()).decode().strip():
            if line == "DATA":
                writer.write(b"354 go on\r\n")
                fake.received.append((await reader.readuntil(b"\r\n.\r\n")).decode())
                fake.arrived.set()
            if line.startswith("RCPT TO:"):
                fake.recipients.append(line.removeprefix("RCPT TO:"))
            rejections = [text for to, text in fake.rejections.items() if line.startswith("RCPT") and to in line]
            reply = (rejections or ["250 fine"])[0]
            writer.write(f"{reply}\r\n".encode())
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    fake.port = server.sockets[0].getsockname()[1]
    try:
        yield fake
    finally:
        server.close()


AnySite = TypeVar("AnySite", bound=Site)


@asynccontextmanager
async def closing(site: AnySite) -> AsyncIterator[AnySite]:
    """Closes the browsers of the site when the block ends."""
    try:
        yield site
    finally:
        for browser in site.browsers:
            await browser.aclose()
