"""The only writer of the ledger of asks. What it returns is what the conductor passes to `metrics.add`."""

from collections.abc import Sequence
from datetime import date, datetime

from voxpop.db.pool import Tx
from voxpop.feedback import service as feedback
from voxpop.feedback.models import NewFeedback
from voxpop.metrics.models import Moved, Scored, Series, Stage
from voxpop.surveys import store
from voxpop.surveys.models import STAGE_OF, Ending, NewSurvey, Status
from voxpop.types import SurveyId, WorkspaceId

USER = "system"


async def ask(tx: Tx, workspace: WorkspaceId, asks: Sequence[NewSurvey], now: datetime, day: date) -> list[Moved]:
    """Opens surveys."""
    if asks:
        await store.insert_surveys(tx, workspace, asks, now, USER)
    return [Moved(STAGE_OF[Status.PENDING], day, new.series) for new in asks]


async def see(
    tx: Tx, workspace: WorkspaceId, survey: SurveyId, series: Sequence[Series], when: tuple[datetime, date]
) -> list[Moved]:
    """Notes that an open survey was shown; nothing where it was shown before. `when`: now, and the workspace's day."""
    now, day = when
    shown = await store.set_sent(tx, workspace, [survey], now, USER)
    return [Moved(Stage.SEEN, day, series) for _ in shown]


async def end(tx: Tx, workspace: WorkspaceId, endings: Sequence[Ending], now: datetime, day: date) -> list[Moved]:
    """Ends surveys that are open: answered, dismissed, withdrawn or expired. One that has ended stays as it is."""
    if not endings:
        return []
    ended = await store.end_surveys(tx, workspace, endings, now, USER)
    return [Moved(STAGE_OF[one.status], day, one.series) for one in endings if one.survey in ended]


async def answer(
    tx: Tx, workspace: WorkspaceId, endings: Sequence[Ending], ratings: Sequence[NewFeedback], now: datetime, day: date
) -> tuple[list[Scored], list[Moved]]:
    """Ends the surveys that the ratings answer or make needless, and records the ratings."""
    moved = await end(tx, workspace, endings, now, day)
    return await feedback.record(tx, workspace, ratings, now, USER), moved
