"""The delivery of emails about surveys: sent, refused, or no longer wanted."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from voxpop.db.pool import Tx
from voxpop.metrics import service as metrics
from voxpop.metrics.models import SurveyIncrement
from voxpop.outbox import DueMail, MailOutcome
from voxpop.surveys import service as surveys
from voxpop.surveys.mailing import store
from voxpop.surveys.models import campaign_series
from voxpop.types import SurveyId, WorkspaceId, utcnow
from voxpop.workspaces import service as workspaces


class SurveyMailTracker:
    """Follows each email by its survey, in the transaction that stores its result."""

    async def find_objection(self, tx: Tx, mail: DueMail, about: UUID) -> str | None:
        """An email can wait for hours while the mail server is down."""
        state = await store.find_state(tx, mail.workspace_id, SurveyId(about))
        if state is None or not state.is_open:
            return "The survey was closed before the email was sent"
        if state.is_deleted:
            return "The campaign was deleted before the email was sent"
        return "The recipient has unsubscribed" if state.is_unsubscribed else None

    @asynccontextmanager
    async def recorded(self, tx: Tx, mail: DueMail, about: UUID, outcome: MailOutcome) -> AsyncIterator[None]:
        """The survey first, then its email, then the outbox, and the counts last."""
        workspace, survey = mail.workspace_id, SurveyId(about)
        shown = await _mark_shown(tx, workspace, survey) if outcome.sent_at else []
        if outcome.sent_at:
            await store.set_sent(tx, workspace, survey, outcome.sent_at)
        elif outcome.failed_at:
            await store.set_failed(tx, workspace, survey, outcome.failure or "", outcome.failed_at)
        yield
        await metrics.add_counts(tx, workspace, surveys=shown)


async def _mark_shown(tx: Tx, workspace: WorkspaceId, survey: SurveyId) -> list[SurveyIncrement]:
    """From the first email on, the survey counts as shown, and its time until it expires begins."""
    state = await store.find_state(tx, workspace, survey)
    if state is None:
        return []
    place = await workspaces.get_workspace(tx, workspace)
    return await surveys.mark_shown(tx, place, survey, campaign_series(state.campaign_id), utcnow())
