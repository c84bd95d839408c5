"""Mail: made as a message of the outbox, handed over by one sender at a time; text only, one recipient each."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from datetime import datetime, timedelta
from email.errors import MessageError
from email.message import EmailMessage
from email.utils import format_datetime, formataddr
from typing import Any
from urllib.parse import unquote, urlsplit

import aiosmtplib
import msgspec
from msgspec import Struct
from structlog import get_logger

from voxpop import outbox
from voxpop.config.settings import Settings
from voxpop.db.errors import CONNECTION_ERRORS
from voxpop.db.pool import Database
from voxpop.hosts import LOCAL, address_of
from voxpop.outbox import DueMail, Kind, MailOutcome, Message
from voxpop.types import folded, utcnow, uuid7

__all__ = ["OutgoingMail", "address_of", "compose", "read", "send_mail"]

LEASE_NAME, LEASE = "mail", timedelta(minutes=2)
PAUSE = timedelta(seconds=3)
MOST_IN_A_BATCH = 50
TIMEOUT = 30  # seconds, for each step of the conversation
MAIL_TIMEOUT = 90  # seconds for one mail, which the lease outlasts
FIRST_REST, LONGEST_REST = timedelta(minutes=1), timedelta(hours=4)
GIVE_UP_AFTER = timedelta(days=3)
SUBMISSION, TLS_SUBMISSION = 587, 465
REFUSED_FOR_GOOD = 500  # reply codes from here on
LONGEST_SUBJECT = 250
REFUSALS = (ValueError, MessageError, aiosmtplib.SMTPRecipientsRefused, aiosmtplib.SMTPDataError)

log = get_logger(__name__)


class OutgoingMail(Struct, frozen=True):
    """A mail as the outbox keeps it. Once it has left, its text is gone: it may hold a link that opens something."""

    id: str
    sender: str
    to: str
    subject: str
    text: str


def compose(sender: str, to: str, subject: str, text: str, now: datetime) -> Message:
    """A mail for the outbox; `sender` is the name people see, as the workspace's. Mails to one address keep order."""
    letter = OutgoingMail(f"{uuid7().hex}.{now:%Y%m%d}", _line(sender), to, _line(subject)[:LONGEST_SUBJECT], text)
    return Message(Kind.MAIL, folded(to), msgspec.json.encode(letter).decode())


def _line(text: str) -> str:
    """One line, whatever was in it, and nothing encoded: a header ends at a line's end, and `=?…?=` may hide one."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).replace("=?", "= ?").split())


def read(body: str) -> OutgoingMail:
    return msgspec.json.decode(body, type=OutgoingMail)


def address_mail_comes_from(settings: Settings) -> str:
    return settings.mail_from or f"voxpop@{urlsplit(settings.public_url).hostname or LOCAL}"


def as_message(letter: OutgoingMail, from_address: str, written_at: datetime) -> EmailMessage:
    """What goes over the wire; its Message-ID is the same at every attempt, so that a repeat can be told."""
    message = EmailMessage()
    message["From"] = formataddr((letter.sender, from_address))
    message["To"] = letter.to
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(written_at)
    message["Message-ID"] = f"<{letter.id}@{from_address.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    return message


async def send_mail(database: Database, settings: Settings) -> None:
    """Until cancelled; returns at once where no server is set, for then mail stays to be read in the settings."""
    if settings.smtp_url is None:
        return
    sender = MailSender(database, settings.smtp_url, address_mail_comes_from(settings))
    try:
        while True:
            try:
                if await sender.send_due(utcnow()) == MOST_IN_A_BATCH:
                    continue  # more wait, of other workspaces perhaps
            except CONNECTION_ERRORS as error:
                log.warning("Mail has to wait for the database", reason=str(error))
            except Exception:  # an edge: what stops the mail must not stop those who answer
                log.exception("Mail could not be sent; it is tried again")
            await asyncio.sleep(PAUSE.total_seconds())
    finally:
        with suppress(*CONNECTION_ERRORS):
            await sender.release_lease()


class MailSender:
    """Hands over what is due while it holds the lease; no transaction is open while it speaks to the server."""

    def __init__(self, database: Database, smtp_url: str, from_address: str) -> None:
        self._database = database
        self._url = smtp_url
        self._from = from_address
        self._holder = uuid7()

    async def send_due(self, now: datetime) -> int:
        """One round; how many left."""
        async with self._database.transaction(None) as tx:
            if not await outbox.take_lease(tx, LEASE_NAME, self._holder, int(LEASE.total_seconds())):
                return 0
            due = await outbox.list_due_mail(tx, now, MOST_IN_A_BATCH)
        sent = 0
        server: aiosmtplib.SMTP | None = None
        try:
            for mail in due:
                server, failure = await self._try(mail, server)
                sent += failure is None
                await self._settle(mail, failure)
                if not await self._renew_lease():
                    break
        finally:
            if server is not None:
                server.close()
        return sent

    async def release_lease(self) -> None:
        async with self._database.transaction(None) as tx:
            await outbox.drop_lease(tx, LEASE_NAME, self._holder)

    async def _renew_lease(self) -> bool:
        async with self._database.transaction(None) as tx:
            return await outbox.take_lease(tx, LEASE_NAME, self._holder, int(LEASE.total_seconds()))

    async def _try(
        self, mail: DueMail, server: aiosmtplib.SMTP | None
    ) -> tuple[aiosmtplib.SMTP | None, Exception | None]:
        """The connection, kept for the next mail unless something was wrong, and what was."""
        if utcnow() - mail.create_time > GIVE_UP_AFTER:
            return server, TimeoutError("It waited too long; what it says may no longer hold")
        try:
            async with asyncio.timeout(MAIL_TIMEOUT):
                if server is None:
                    server = client(self._url)
                    await _apart(server.connect())
                await _apart(server.send_message(as_message(read(mail.body), self._from, mail.create_time)))
        except asyncio.CancelledError:
            if server is not None:
                server.close()
            raise
        except (aiosmtplib.SMTPException, MessageError, OSError, TimeoutError, ValueError) as failure:
            if server is not None:
                server.close()
            return None, failure
        return server, None

    async def _settle(self, mail: DueMail, failure: Exception | None) -> None:
        now = utcnow()
        outcome = MailOutcome(sent_at=now) if failure is None else after(failure, mail, now)
        kept = mail.body if outcome.retry_at else msgspec.json.encode(_without_text(read(mail.body))).decode()
        if failure is not None:
            log.warning("A mail could not leave", mail=mail.id, reason=_reason(failure), again=bool(outcome.retry_at))
        async with self._database.transaction(None) as tx:
            await outbox.settle_mail(tx, mail.id, outcome, kept)


async def _apart(work: Coroutine[Any, Any, object]) -> None:
    """In a task of its own: the client's waits lose a cancel that comes together with the server's answer."""
    task = asyncio.create_task(work)
    try:
        await asyncio.wait({task})
    except asyncio.CancelledError:
        task.cancel()
        raise
    task.result()


def client(smtp_url: str) -> aiosmtplib.SMTP:
    """TLS from the first byte for smtps; else STARTTLS where the server has it, and always before a password."""
    parts = urlsplit(smtp_url)
    tls = parts.scheme == "smtps"
    return aiosmtplib.SMTP(
        hostname=parts.hostname,
        port=parts.port or (TLS_SUBMISSION if tls else SUBMISSION),
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        use_tls=tls,
        start_tls=None if tls or not parts.password else True,
        timeout=TIMEOUT,
    )


def after(failure: Exception, mail: DueMail, now: datetime) -> MailOutcome:
    """What a server refuses for good is given up at once, the rest when it is three days old; waits double."""
    for_good = isinstance(failure, REFUSALS) and _code(failure) >= REFUSED_FOR_GOOD
    if for_good or now - mail.create_time > GIVE_UP_AFTER:
        return MailOutcome(failed_at=now, failure=_reason(failure))
    rest: timedelta = min(FIRST_REST * 2 ** min(mail.attempt_count, 20), LONGEST_REST)
    return MailOutcome(retry_at=now + rest, failure=_reason(failure))


def _code(failure: Exception) -> int:
    if isinstance(failure, aiosmtplib.SMTPRecipientsRefused):
        return min((refused.code for refused in failure.recipients), default=0)
    return failure.code if isinstance(failure, aiosmtplib.SMTPDataError) else REFUSED_FOR_GOOD


def _reason(failure: Exception) -> str:
    return (str(failure) or type(failure).__name__)[:500]


def _without_text(letter: OutgoingMail) -> OutgoingMail:
    return msgspec.structs.replace(letter, text="")
