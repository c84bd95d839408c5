"""What tests of people stand on: browsers at a workspace's host, mail as it waits, and a server that takes it."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self

import httpx

from voxpop import mail, outbox
from voxpop.accounts import sign_in
from voxpop.app import create_app
from voxpop.config.settings import Settings, load
from voxpop.db.pool import Database
from voxpop.mail import OutgoingMail
from voxpop.types import WorkspaceId, utcnow
from voxpop.workspaces import service
from voxpop.workspaces.models import Workspace

HOST = "voxpop.test"
OWNER, ADMIN, AGENT = "owner@example.com", "admin@example.com", "agent@example.com"
PASSWORD = "a long way to tipperary"
BROWSER = {"accept": "text/html", "sec-fetch-site": "same-origin"}


class Browser(httpx.AsyncClient):
    """A person's browser at one workspace's host: sends what browsers send, and follows nothing by itself."""

    async def submit(self, path: str, **fields: Any) -> httpx.Response:
        """A form as a page of the same host sends it."""
        return await self.post(path, data=fields)

    async def press(self, link: str, **fields: Any) -> httpx.Response:
        """Opens a mailed link and presses its button."""
        path, _, token = link.partition("?token=")
        shown = await self.get(link)
        assert shown.status_code == 200, shown.text
        return await self.submit(path, token=token, **fields)


class House:
    """The app over two workspaces, `default` at the bare host and `acme` at its label."""

    def __init__(self, database: Database, **env: str) -> None:
        self.database = database
        self.settings: Settings = load(env={"VOXPOP_BASE_URL": f"http://{HOST}"} | env)
        self.app = create_app(database, self.settings)
        self.places: dict[str, Workspace] = {}
        self.browsers: list[Browser] = []

    async def furnish(self) -> Self:
        for name in ("default", "acme"):
            self.places[name] = await service.open_workspace(self.database, name)
        return self

    def id(self, slug: str = "default") -> WorkspaceId:
        return self.places[slug].id

    def mailing(self) -> "House":
        """The same house while its mail leaves: whoever has a mailed link has the address then."""
        made = House(self.database, VOXPOP_SMTP_URL="smtp://127.0.0.1:1")
        made.places, made.browsers = self.places, self.browsers
        return made

    def browser(self, slug: str = "default", *, client: str = "127.0.0.1", **headers: str) -> Browser:
        host = HOST if slug == "default" else f"{slug}.{HOST}"
        scheme = self.settings.public_url.partition(":")[0]
        transport = httpx.ASGITransport(app=self.app, client=(client, 1234))
        made = Browser(transport=transport, base_url=f"{scheme}://{host}", headers=BROWSER | headers)
        self.browsers.append(made)
        return made

    async def owner(self, slug: str = "default", email: str = OWNER, password: str = "") -> Browser:
        """The first owner, signed in, by the printed link."""
        async with self.database.transaction(self.id(slug)) as tx:
            link = await sign_in.create_owner_link(tx, self.places[slug], self.settings.public_url, utcnow())
        browser = self.browser(slug)
        answer = await browser.press(link, email=email, name=email.partition("@")[0].title(), password=password)
        assert answer.status_code == 303, answer.text
        return browser

    async def invited(
        self, owner: Browser, email: str, role: str, slug: str = "default", password: str = ""
    ) -> Browser:
        """Somebody else, signed in, by an invitation; `password`: of his account in another workspace."""
        answer = await owner.submit("/settings/invitations", email=email, role=role)
        assert answer.status_code == 303, answer.text
        browser = self.browser(slug)
        assert (await browser.press(await self.link(email, slug), password=password)).status_code == 303
        return browser

    async def mails(self, slug: str = "default") -> list[OutgoingMail]:
        """What waits, the oldest first."""
        async with self.database.transaction(self.id(slug)) as tx:
            rows = await outbox.list_mail(tx, self.id(slug), 1000)
        return [mail.read(row.body) for row in reversed(rows)]

    async def link(self, to: str, slug: str = "default") -> str:
        """The link in the last mail to somebody."""
        letters = [letter for letter in await self.mails(slug) if letter.to == to]
        found = re.search(r"https?://\S+", letters[-1].text)
        assert found is not None
        return found[0]


async def member_id(browser: Browser, email: str) -> str:
    """As the page of members has it, where that member can be removed."""
    page = (await browser.get("/settings")).text
    row = page[page.index(f"<small>{email}</small>") :]
    found = re.search(r"/settings/members/([0-9a-f-]{36})/", row)
    assert found is not None
    return found[1]


class MailServer:
    """Takes mail as SMTP servers do; `refuse` answers a recipient with that line instead."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.refuse: dict[str, str] = {}
        self.port = 0
        self.arrived = asyncio.Event()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"


@asynccontextmanager
async def mail_server() -> AsyncIterator[MailServer]:
    taking = MailServer()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 ready\r\n")
        while line := (await reader.readline()).decode().strip():
            if line == "DATA":
                writer.write(b"354 go on\r\n")
                taking.taken.append((await reader.readuntil(b"\r\n.\r\n")).decode())
                taking.arrived.set()
            refusals = [said for to, said in taking.refuse.items() if line.startswith("RCPT") and to in line]
            said = (refusals or ["250 fine"])[0]
            writer.write(f"{said}\r\n".encode())
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    taking.port = server.sockets[0].getsockname()[1]
    try:
        yield taking
    finally:
        server.close()
