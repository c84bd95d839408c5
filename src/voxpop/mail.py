"""Email: stored as messages of the outbox and sent by one process at a time, as plain text to one recipient."""

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
from voxpop.db.pool import Database, Tx
from voxpop.hosts import LOCALHOST
from voxpop.outbox import DueMail, Kind, MailOutcome, Message
from voxpop.types import normalize_email, utcnow, uuid7

LEASE_NAME, LEASE = "mail", timedelta(minutes=2)
PAUSE = timedelta(seconds=3)
MAX_BATCH_SIZE = 50
STEP_TIMEOUT = 30  # seconds for each step of the SMTP conversation
MAIL_TIMEOUT = 90  # seconds for one email, shorter than the lease
INITIAL_BACKOFF, MAX_BACKOFF = timedelta(minutes=1), timedelta(hours=4)
MAX_AGE = timedelta(days=3)
SUBMISSION_PORT, SMTPS_PORT = 587, 465
MAX_SUBJECT_LENGTH = 250
# Errors about the email or its recipient. A reply code from 500 on means that a retry fails as well.
REJECTIONS = (ValueError, MessageError, aiosmtplib.SMTPRecipientsRefused, aiosmtplib.SMTPDataError)
PERMANENT_REPLY_CODE = 500

log = get_logger(__name__)


class OutgoingMail(Struct, frozen=True):
    """An email as the outbox stores it. Its text is deleted after sending, because it may contain a sign-in link."""

    id: str
    sender: str
    to: str
    subject: str
    text: str


def compose(sender: str, to: str, subject: str, text: str, now: datetime) -> Message:
    """An email for the outbox. `sender` is the displayed name. Emails to the same address keep their order."""
    mail = OutgoingMail(
        id=f"{uuid7().hex}.{now:%Y%m%d}",
        sender=_header_text(sender),
        to=to,
        subject=_header_text(subject)[:MAX_SUBJECT_LENGTH],
        text=text,
    )
    return Message(Kind.MAIL, normalize_email(to), msgspec.json.encode(mail).decode())


def _header_text(text: str) -> str:
    """One printable line without encoded words, against header injection by line ends and by `=?…?=`."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).replace("=?", "= ?").split())


def parse_mail(body: str) -> OutgoingMail:
    return msgspec.json.decode(body, type=OutgoingMail)


def sender_address(settings: Settings) -> str:
    return settings.mail_from or f"voxpop@{urlsplit(settings.public_url).hostname or LOCALHOST}"


def build_message(mail: OutgoingMail, from_address: str, written_at: datetime) -> EmailMessage:
    """The email to send. Its Message-ID is the same for each attempt, so that duplicates can be recognized."""
    message = EmailMessage()
    message["From"] = formataddr((mail.sender, from_address))
    message["To"] = mail.to
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(written_at)
    message["Message-ID"] = f"<{mail.id}@{from_address.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text)
    return message


async def send_mail(database: Database, settings: Settings) -> None:
    """Sends due email until it is cancelled. Without a mail server it returns at once; email then stays in a list."""
    if settings.smtp_url is None:
        return
    sender = MailSender(database, settings.smtp_url, sender_address(settings))
    try:
        while True:
            try:
                if await sender.send_due(utcnow()) == MAX_BATCH_SIZE:
                    continue  # more may be due
            except CONNECTION_ERRORS as error:
                log.warning("mail.database_unavailable", reason=str(error))
            except Exception:  # outermost handler: an error must not stop the worker
                log.exception("mail.batch_failed")
            await asyncio.sleep(PAUSE.total_seconds())
    finally:
        with suppress(*CONNECTION_ERRORS):
            await sender.release_lease()


class SmtpSession:
    """A connection to the mail server. It opens for the first message, and again after an error."""

    def __init__(self, smtp_url: str) -> None:
        self._url = smtp_url
        self._client: aiosmtplib.SMTP | None = None

    async def send(self, message: EmailMessage) -> None:
        try:
            if self._client is None:
                self._client = smtp_client(self._url)
                await _run_in_task(self._client.connect())
            await _run_in_task(self._client.send_message(message))
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
        self._client = None


class MailSender:
    """Sends due email while it holds the lease. No transaction is open during the SMTP conversation."""

    def __init__(self, database: Database, smtp_url: str, from_address: str) -> None:
        self._database = database
        self._url = smtp_url
        self._from = from_address
        self._holder = uuid7()

    async def send_due(self, now: datetime) -> int:
        """Sends one batch and returns the number of emails sent."""
        async with self._database.transaction(None) as tx:
            if not await self._take_lease(tx):
                return 0
            due = await outbox.list_due_mail(tx, now, MAX_BATCH_SIZE)
        sent = 0
        session = SmtpSession(self._url)
        try:
            for mail in due:
                error = await self._send(mail, session)
                sent += error is None
                await self._store_outcome(mail, error)
                if not await self._renew_lease():
                    break
        finally:
            session.close()
        return sent

    async def release_lease(self) -> None:
        async with self._database.transaction(None) as tx:
            await outbox.release_lease(tx, LEASE_NAME, self._holder)

    async def _take_lease(self, tx: Tx) -> bool:
        return await outbox.take_lease(tx, LEASE_NAME, self._holder, int(LEASE.total_seconds()))

    async def _renew_lease(self) -> bool:
        async with self._database.transaction(None) as tx:
            return await self._take_lease(tx)

    async def _send(self, mail: DueMail, session: SmtpSession) -> Exception | None:
        """Returns the error of a failed attempt."""
        if utcnow() - mail.create_time > MAX_AGE:
            return TimeoutError(f"It could not be sent within {MAX_AGE.days} days, and its text may be out of date")
        try:
            async with asyncio.timeout(MAIL_TIMEOUT):
                await session.send(build_message(parse_mail(mail.body), self._from, mail.create_time))
        except (aiosmtplib.SMTPException, MessageError, OSError, TimeoutError, ValueError) as error:
            return error
        return None

    async def _store_outcome(self, mail: DueMail, error: Exception | None) -> None:
        now = utcnow()
        outcome = MailOutcome(sent_at=now) if error is None else outcome_of_failure(error, mail, now)
        body = mail.body if outcome.retry_at else msgspec.json.encode(_without_text(parse_mail(mail.body))).decode()
        if error is not None:
            log.warning("mail.send_failed", mail=mail.id, reason=_reason(error), retry=bool(outcome.retry_at))
        async with self._database.transaction(None) as tx:
            await outbox.set_mail_outcome(tx, mail.id, outcome, body)


async def _run_in_task(work: Coroutine[Any, Any, object]) -> None:
    """Runs the work in its own task, because the SMTP client loses a cancellation that arrives with a response."""
    task = asyncio.create_task(work)
    try:
        await asyncio.wait({task})
    except asyncio.CancelledError:
        task.cancel()
        raise
    task.result()


def smtp_client(smtp_url: str) -> aiosmtplib.SMTP:
    """Uses TLS from the first byte for smtps; otherwise STARTTLS if the server has it, and always with a password."""
    parts = urlsplit(smtp_url)
    tls = parts.scheme == "smtps"
    return aiosmtplib.SMTP(
        hostname=parts.hostname,
        port=parts.port or (SMTPS_PORT if tls else SUBMISSION_PORT),
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        use_tls=tls,
        start_tls=None if tls or not parts.password else True,
        timeout=STEP_TIMEOUT,
    )


def outcome_of_failure(error: Exception, mail: DueMail, now: datetime) -> MailOutcome:
    """Retries with exponential backoff, until a permanent rejection or until the email is three days old."""
    permanent = isinstance(error, REJECTIONS) and _reply_code(error) >= PERMANENT_REPLY_CODE
    if permanent or now - mail.create_time > MAX_AGE:
        return MailOutcome(failed_at=now, failure=_reason(error))
    backoff: timedelta = min(INITIAL_BACKOFF * 2 ** min(mail.attempt_count, 20), MAX_BACKOFF)
    return MailOutcome(retry_at=now + backoff, failure=_reason(error))


def _reply_code(error: Exception) -> int:
    """The SMTP reply code; that of a permanent error where the email itself is invalid."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return min((refused.code for refused in error.recipients), default=0)
    return error.code if isinstance(error, aiosmtplib.SMTPDataError) else PERMANENT_REPLY_CODE


def _reason(error: Exception) -> str:
    return (str(error) or type(error).__name__)[:500]


def _without_text(mail: OutgoingMail) -> OutgoingMail:
    return msgspec.structs.replace(mail, text="")
