"""Emails that ask for a rating: written to the outbox when a survey is due, and once more as a reminder."""

from datetime import datetime

from voxpop import outbox
from voxpop.db.pool import Database, Tx
from voxpop.surveys.mailing import store
from voxpop.surveys.mailing.emails import compose_email
from voxpop.surveys.mailing.models import EmailReport
from voxpop.types import CampaignId, WorkspaceId
from voxpop.workspaces import service as workspaces

BATCH_SIZE = 100
MAX_FAILED = 10  # on a campaign's page


async def write_due_emails(database: Database, public_url: str, now: datetime) -> int:
    """Writes what is due to the outbox, in every workspace, and returns the number of emails.

    A survey's email is marked as written in the transaction of its message, so it is written once. Emails that are no
    longer wanted are dropped: the survey is closed, the campaign deleted or its reminder switched off, or the address
    is unsubscribed.
    """
    async with database.system_transaction() as tx:
        due = await store.list_due_workspaces(tx, now)
    written = 0
    for workspace in due:
        is_full = True
        while is_full:
            async with database.transaction(workspace) as tx:
                batch = await store.list_due_emails(tx, workspace, now, BATCH_SIZE)
                written += await _write(tx, workspace, batch, public_url, now)
            is_full = len(batch) == BATCH_SIZE
    return written


async def get_report(tx: Tx, workspace: WorkspaceId, campaign: CampaignId) -> EmailReport:
    """What the emails of a campaign came to."""
    counts = await store.count_emails(tx, workspace, campaign)
    return EmailReport(counts, await store.list_failed(tx, workspace, campaign, MAX_FAILED))


async def _write(tx: Tx, workspace_id: WorkspaceId, batch: list[store.DueEmail], public_url: str, now: datetime) -> int:
    if not batch:
        return 0
    workspace = await workspaces.get_workspace(tx, workspace_id)
    key = await workspaces.get_link_key(tx, workspace_id)
    messages = [compose_email(each, workspace, key, public_url, now) for each in batch if each.is_wanted]
    await store.set_written(tx, workspace_id, sorted(each.survey_id for each in batch))
    await outbox.record(tx, workspace_id, messages, now)
    return len(messages)
