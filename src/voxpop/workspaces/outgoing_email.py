"""The outgoing email of a workspace as its owners see it: the latest emails, the last delivery, and a test email."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from voxpop import mail, outbox
from voxpop.accounts.models import Member
from voxpop.db.pool import Tx
from voxpop.i18n import N_, translate
from voxpop.mail import OutgoingMail
from voxpop.outbox import MailRow
from voxpop.types import WorkspaceId
from voxpop.workspaces.models import Workspace

MAX_EMAILS = 100
SUBJECT = N_("Test email from {workspace}")
TEXT = N_("""{name} sent this test email from the settings of {workspace}.

Email works: invitations, sign-in links and replies to customers can be sent.
""")


class Email(Struct, frozen=True):
    """An email of the outbox: its state and its content."""

    state: MailRow
    content: OutgoingMail


async def list_emails(tx: Tx, workspace: WorkspaceId) -> Sequence[Email]:
    """The latest emails, the newest first."""
    return [_email(row) for row in await outbox.list_mail(tx, workspace, MAX_EMAILS)]


async def find_last_delivery(tx: Tx, workspace: WorkspaceId) -> Email | None:
    """The email that was tried last, sent or not; None if none was tried yet."""
    row = await outbox.find_last_attempt(tx, workspace)
    return _email(row) if row else None


async def send_test_email(tx: Tx, workspace: Workspace, member: Member, locale: str, now: datetime) -> None:
    """Writes a test email to the member's own address."""
    subject = translate(locale, SUBJECT, workspace=workspace.name)
    text = translate(locale, TEXT, workspace=workspace.name, name=member.name)
    await outbox.record(tx, workspace.id, [mail.compose(workspace.name, member.email, subject, text, now)], now)


def _email(row: MailRow) -> Email:
    return Email(row, mail.parse_mail(row.body))
