"""Email: stored as messages of the outbox and sent by one process at a time, each to one recipient."""

import asyncio
from collections.abc import Coroutine
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from datetime import datetime, timedelta
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime
from functools import partial
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit
from uuid import UUID

import aiosmtplib
import msgspec
from msgspec import Struct
from structlog import get_logger

from voxpop import outbox
from voxpop.backoff import Backoff
from voxpop.config.settings import Settings
from voxpop.db.errors import CONNECTION_ERRORS
from voxpop.db.pool import Database, Tx
from voxpop.email_addresses import ascii_email, normalize_email
from voxpop.hosts import LOCALHOST
from voxpop.logs import log_failure
from voxpop.mail_headers import LINE_END, encode_mailbox, encode_text
from voxpop.outbox import DueMail, Kind, MailOutcome, Message
from voxpop.types import utcnow, uuid7

LEASE_NAME, LEASE = "mail", timedelta(minutes=2)
PAUSE = timedelta(seconds=3)
MAX_BATCH_SIZE = 50
STEP_TIMEOUT = 30  # seconds for each step of the SMTP conversation
MAIL_TIMEOUT = 90  # seconds for one email, shorter than the lease
BACKOFF = Backoff(first=timedelta(minutes=1), longest=timedelta(hours=4))
MAX_AGE = timedelta(days=3)
THREAD_DOMAIN = "voxpop"  # not that of the sender, which the operator may change
SUBMISSION_PORT, SMTPS_PORT = 587, 465
PLAIN_TEXT = policy.SMTP.clone(cte_type="7bit")  # every mail server can pass it on
ONE_CLICK = "List-Unsubscribe=One-Click"  # RFC 8058: a POST with this body unsubscribes
PERMANENT_REPLY_CODE = 500

log = get_logger(__name__)


class NotWanted(Exception):
    """The email has lost its purpose before it was sent. The text gives the reason."""


# Errors about the email or its recipient. A reply code from 500 on means that a retry fails as well.
REJECTIONS = (NotWanted, ValueError, aiosmtplib.SMTPRecipientsRefused, aiosmtplib.SMTPDataError)


class OutgoingMail(Struct, frozen=True):
    """An email as the outbox stores it. Its text is deleted after sending, because it may contain a sign-in link.

    `html` is a second form of the text, `unsubscribe` the address that takes the recipient off the list. The writer of
    the email follows its delivery by `about`.
    """

    id: str
    sender: str
    to: str
    subject: str
    text: str
    thread: str | None = None  # emails with the same value are one conversation
    html: str | None = None
    unsubscribe: str | None = None
    about: UUID | None = None


class MailTracker(Protocol):
    """A domain that follows the delivery of its emails, which it knows by their `about`."""

    async def find_objection(self, tx: Tx, mail: DueMail, about: UUID) -> str | None:
        """The reason not to send an email any more; None if it is still wanted."""

    def recorded(
        self, tx: Tx, mail: DueMail, about: UUID, outcome: MailOutcome
    ) -> AbstractAsyncContextManager[None, bool | None]:
        """Stores the result of an attempt. The outbox is changed within the context, because of the lock order."""


def compose(sender: str, to: str, subject: str, text: str, now: datetime, *, thread: str | None = None) -> Message:
    """An email for the outbox. `sender` is the displayed name. Emails to the same address keep their order."""
    return to_message(OutgoingMail(new_mail_id(now), sender, to, subject, text, thread))


def new_mail_id(now: datetime) -> str:
    """The first part of a Message-ID."""
    return f"{uuid7().hex}.{now:%Y%m%d}"


def to_message(mail: OutgoingMail) -> Message:
    """An email for the outbox. Emails to the same address keep their order."""
    return Message(Kind.MAIL, normalize_email(mail.to), msgspec.json.encode(mail).decode())


def parse_mail(body: str) -> OutgoingMail:
    return msgspec.json.decode(body, type=OutgoingMail)


def sender_address(settings: Settings) -> str:
    address = settings.mail_from or f"voxpop@{urlsplit(settings.public_url).hostname or LOCALHOST}"
    try:
        return ascii_email(address)
    except ValueError:  # localhost or an IP address
        return address


def build_message(mail: OutgoingMail, from_address: str, written_at: datetime, reply_to: str | None = None) -> bytes:
    """The email to send. Its Message-ID is the same for each attempt, so that duplicates can be recognized.

    ValueError for a recipient that is no email address.
    """
    domain = from_address.rpartition("@")[2]
    thread = f"<{mail.thread}@{THREAD_DOMAIN}>" if mail.thread else None
    headers = {
        "From": encode_mailbox("From", mail.sender, from_address),
        "Reply-To": ascii_email(reply_to) if reply_to else None,
        "To": ascii_email(mail.to),
        "Subject": encode_text("Subject", mail.subject),
        "Date": format_datetime(written_at),
        "Message-ID": f"<{mail.id}@{domain}>",
        "In-Reply-To": thread,
        "References": thread,
        "Auto-Submitted": "auto-generated",
        "List-Unsubscribe": f"<{mail.unsubscribe}>" if mail.unsubscribe else None,
        "List-Unsubscribe-Post": ONE_CLICK if mail.unsubscribe else None,
    }
    content = EmailMessage(PLAIN_TEXT)
    content.set_content(mail.text)
    if mail.html:
        content.add_alternative(mail.html, subtype="html")
    head = "".join(f"{name}: {value}{LINE_END}" for name, value in headers.items() if value is not None)
    return head.encode("ascii") + bytes(content)


async def send_mail(database: Database, settings: Settings, tracker: MailTracker | None = None) -> None:
    """Sends due email until it is cancelled. Without a mail server it returns at once; email then stays in a list."""
    if settings.smtp_url is None:
        return
    sender = MailSender(database, settings.smtp_url, sender_address(settings), settings.mail_reply_to, tracker)
    try:
        while True:
            try:
                if await sender.send_due(utcnow()) == MAX_BATCH_SIZE:
                    continue  # more may be due
            except CONNECTION_ERRORS as error:
                log_failure("mail", partial(log.warning, "mail.database_unavailable", reason=str(error)))
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

    async def send(self, message: bytes, sender: str, recipient: str) -> None:
        try:
            if self._client is None:
                self._client = smtp_client(self._url)
                await _run_in_task(self._client.connect())
            await _run_in_task(self._client.sendmail(sender, recipient, message))
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
        self._client = None


class MailSender:
    """Sends due email while it holds the lease. No transaction is open during the SMTP conversation."""

    def __init__(
        self,
        database: Database,
        smtp_url: str,
        from_address: str,
        reply_to: str | None = None,
        tracker: MailTracker | None = None,
    ) -> None:
        self._database = database
        self._tracker = tracker
        self._url = smtp_url
        self._from = from_address
        self._reply_to = reply_to
        self._holder = uuid7()

    async def send_due(self, now: datetime) -> int:
        """Sends one batch and returns the number of emails sent."""
        async with self._database.system_transaction() as tx:
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
        async with self._database.system_transaction() as tx:
            await outbox.release_lease(tx, LEASE_NAME, self._holder)

    async def _take_lease(self, tx: Tx) -> bool:
        return await outbox.take_lease(tx, LEASE_NAME, self._holder, int(LEASE.total_seconds()))

    async def _renew_lease(self) -> bool:
        async with self._database.system_transaction() as tx:
            return await self._take_lease(tx)

    async def _send(self, mail: DueMail, session: SmtpSession) -> Exception | None:
        """Returns the error of a failed attempt."""
        if utcnow() - mail.create_time > MAX_AGE:
            return TimeoutError(f"It could not be sent within {MAX_AGE.days} days, and its text may be out of date")
        try:
            async with asyncio.timeout(MAIL_TIMEOUT):
                outgoing = parse_mail(mail.body)
                if objection := await self._find_objection(mail, outgoing):
                    return NotWanted(objection)
                message = build_message(outgoing, self._from, mail.create_time, self._reply_to)
                await session.send(message, self._from, ascii_email(outgoing.to))
        except (aiosmtplib.SMTPException, OSError, TimeoutError, ValueError) as error:
            return error
        return None

    async def _find_objection(self, mail: DueMail, outgoing: OutgoingMail) -> str | None:
        if self._tracker is None or outgoing.about is None:
            return None
        async with self._database.transaction(mail.workspace_id) as tx:
            return await self._tracker.find_objection(tx, mail, outgoing.about)

    async def _store_outcome(self, mail: DueMail, error: Exception | None) -> None:
        now, outgoing = utcnow(), parse_mail(mail.body)
        outcome = MailOutcome(sent_at=now) if error is None else outcome_of_failure(error, mail, now)
        body = mail.body if outcome.retry_at else msgspec.json.encode(_without_text(outgoing)).decode()
        if error is not None:
            log.warning("mail.send_failed", mail=mail.id, reason=_reason(error), retry=bool(outcome.retry_at))
        about = None if isinstance(error, NotWanted) else outgoing.about
        async with self._database.transaction(mail.workspace_id) as tx, self._recorded(tx, mail, about, outcome):
            await outbox.set_mail_outcome(tx, mail.workspace_id, mail.id, outcome, body)

    def _recorded(
        self, tx: Tx, mail: DueMail, about: UUID | None, outcome: MailOutcome
    ) -> AbstractAsyncContextManager[None, bool | None]:
        if self._tracker is None or about is None:
            return nullcontext()
        return self._tracker.recorded(tx, mail, about, outcome)


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
    return MailOutcome(retry_at=now + BACKOFF.pause(mail.attempt_count + 1), failure=_reason(error))


def _reply_code(error: Exception) -> int:
    """The SMTP reply code; that of a permanent error where the email itself is invalid."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return min((refused.code for refused in error.recipients), default=0)
    return error.code if isinstance(error, aiosmtplib.SMTPDataError) else PERMANENT_REPLY_CODE


def _reason(error: Exception) -> str:
    return (str(error) or type(error).__name__)[:500]


def _without_text(mail: OutgoingMail) -> OutgoingMail:
    return msgspec.structs.replace(mail, text="", html=None, unsubscribe=None)
