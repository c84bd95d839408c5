"""The only writer of the ledger of asks. What it returns is what the conductor passes to `metrics.add`."""

from collections.abc import Sequence
from datetime import date, datetime

from voxpop.db.pool import Tx
from voxpop.feedback import service as feedback
from voxpop.feedback.models import NewFeedback
from voxpop.metrics.models import ScoreIncrement, Series, Stage, SurveyIncrement
from voxpop.surveys import store
from voxpop.surveys.models import STAGE_OF, NewSurvey, Status, SurveyClosure
from voxpop.types import SurveyId, WorkspaceId

USER = "system"


async def open_surveys(
    tx: Tx, workspace: WorkspaceId, asks: Sequence[NewSurvey], now: datetime, day: date
) -> list[SurveyIncrement]:
    """Opens surveys."""
    if asks:
        await store.insert_surveys(tx, workspace, asks, now, USER)
    return [SurveyIncrement(STAGE_OF[Status.PENDING], day, new.series) for new in asks]


async def mark_shown(
    tx: Tx, workspace: WorkspaceId, survey: SurveyId, series: Sequence[Series], when: tuple[datetime, date]
) -> list[SurveyIncrement]:
    """Notes that an open survey was shown; nothing where it was shown before. `when`: now, and the workspace's day."""
    now, day = when
    shown = await store.set_sent(tx, workspace, [survey], now, USER)
    return [SurveyIncrement(Stage.SHOWN, day, series) for _ in shown]


async def close_surveys(
    tx: Tx, workspace: WorkspaceId, endings: Sequence[SurveyClosure], now: datetime, day: date
) -> list[SurveyIncrement]:
    """Ends surveys that are open: answered, dismissed, withdrawn or expired. One that has ended stays as it is."""
    if not endings:
        return []
    ended = await store.end_surveys(tx, workspace, endings, now, USER)
    return [SurveyIncrement(STAGE_OF[one.status], day, one.series) for one in endings if one.survey in ended]


async def record_answers(
    tx: Tx,
    workspace: WorkspaceId,
    endings: Sequence[SurveyClosure],
    ratings: Sequence[NewFeedback],
    now: datetime,
    day: date,
) -> tuple[list[ScoreIncrement], list[SurveyIncrement]]:
    """Ends the surveys that the ratings answer or make needless, and records the ratings."""
    moved = await close_surveys(tx, workspace, endings, now, day)
    return await feedback.record(tx, workspace, ratings, now, USER), moved
