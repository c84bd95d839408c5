"""A real mail server in the test's event loop, and the emails that it received."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP


class MailServer:
    """The handler of the server. `refusals`: the reply to a recipient instead of accepting them."""

    def __init__(self) -> None:
        self.emails: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.refusals: dict[str, str] = {}
        self.port = 0
        self.arrived = asyncio.Event()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if refusal := self.refusals.get(address):
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.recipients += envelope.rcpt_tos
        self.arrived.set()
        self.emails.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"

    def part(self, kind: str, number: int = -1) -> str:
        """The content of a part of an email: `plain` or `html`."""
        body = self.emails[number].get_body((kind,))
        assert body is not None
        content: str = body.get_content()
        return content.replace("\r\n", "\n")


@asynccontextmanager
async def mail_server() -> AsyncIterator[MailServer]:
    """A server on a free port."""
    handler = MailServer()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(handler, loop=loop), "127.0.0.1", 0)
    handler.port = server.sockets[0].getsockname()[1]
    yield handler
    server.close()
