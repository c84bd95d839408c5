"""The only writer of surveys, and the one place that records answers, for every origin.

Locks are taken in one order everywhere: idempotency key, interaction or ticket, survey, feedback, outbox, counts. Each
table has one statement, with its keys sorted. The counts come last, because most transactions share them.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from voxpop.db.pool import Tx
from voxpop.feedback import service as feedback
from voxpop.feedback.models import NewFeedback, Source
from voxpop.metrics import service as metrics
from voxpop.metrics.models import Series, Stage, SurveyIncrement
from voxpop.surveys import store
from voxpop.surveys.models import STAGE_OF, Answer, NewCampaignSurvey, NewSurvey, Status, SurveyClosure, with_workspace
from voxpop.types import SurveyId, WorkspaceId
from voxpop.workspaces.models import Workspace

USER = "system"


async def open_surveys(
    tx: Tx, workspace: Workspace, surveys: Sequence[NewSurvey], now: datetime
) -> list[SurveyIncrement]:
    """Opens surveys. The caller passes what comes back to `metrics.add`, or to `record_answers`, at its end."""
    if surveys:
        await store.insert_surveys(tx, workspace.id, surveys, now, USER)
    return increments(workspace, Stage.OPENED, [survey.series for survey in surveys], now)


async def open_campaign_surveys(
    tx: Tx, workspace: WorkspaceId, surveys: Sequence[NewCampaignSurvey], now: datetime
) -> set[SurveyId]:
    """Opens surveys for events and returns the new ones: a campaign has one survey for a context at most."""
    return await store.insert_campaign_surveys(tx, workspace, surveys, now) if surveys else set()


async def mark_shown(
    tx: Tx, workspace: Workspace, survey: SurveyId, series: Sequence[Series], now: datetime
) -> list[SurveyIncrement]:
    """Records that an open survey was shown; nothing where it was shown before. The caller adds what comes back."""
    shown = await store.set_sent(tx, workspace.id, [survey], now, USER)
    return increments(workspace, Stage.SHOWN, [series for _ in shown], now)


async def close_surveys(
    tx: Tx, workspace: Workspace, closures: Sequence[SurveyClosure], now: datetime
) -> list[SurveyIncrement]:
    """Closes surveys that are open; one that has ended stays as it is. The caller adds what comes back."""
    if not closures:
        return []
    open_before = await store.end_surveys(tx, workspace.id, closures, now, USER)
    closed: dict[Status, list[Sequence[Series]]] = {}
    for closure in closures:
        if closure.survey in open_before:
            closed.setdefault(closure.status, []).append(closure.series)
    return [one for status, series in closed.items() for one in increments(workspace, STAGE_OF[status], series, now)]


async def record_answers(
    tx: Tx,
    workspace: Workspace,
    answers: Sequence[Answer],
    now: datetime,
    earlier: Sequence[SurveyIncrement] = (),
) -> list[NewFeedback]:
    """Stores answers, and returns their rows in the same order.

    It closes their surveys, inserts the ratings with their outbox messages, and adds to the counts. Only the first
    answer to an open survey closes it. The origin locks its subject before, and changes the locked row if it must.
    `earlier` is what the transaction did to surveys so far, because the counts have one statement.
    """
    day = workspace.day(now)
    first = _first_answers(answers)
    rows = [answer.feedback(workspace.id, _completed(answer, first), day) for answer in answers]
    closures = [answer.closure(survey) for survey, answer in first.items()]
    closed = await close_surveys(tx, workspace, closures, now)
    scores = await feedback.record(tx, workspace.id, rows, now, USER)
    await metrics.add_counts(tx, workspace.id, scores, [*earlier, *closed])
    return rows


def _first_answers(answers: Sequence[Answer]) -> dict[SurveyId, Answer]:
    first: dict[SurveyId, Answer] = {}
    for answer in answers:
        if answer.open_survey is not None:
            first.setdefault(answer.open_survey, answer)
    return first


def _completed(answer: Answer, first: dict[SurveyId, Answer]) -> SurveyId | None:
    """The survey that an answer completes: none for a later answer, nor for a voluntary one."""
    survey = answer.open_survey
    if survey is None or first[survey] is not answer or answer.source is not Source.PROMPTED:
        return None
    return survey


def increments(
    workspace: Workspace, stage: Stage, series: Iterable[Sequence[Series]], now: datetime
) -> list[SurveyIncrement]:
    """What surveys add to the counts when they reach a stage; `series` holds one entry for each survey."""
    counts = Counter(map(tuple, series))
    day = workspace.day(now)
    return [SurveyIncrement(stage, day, with_workspace(workspace.id, one), count) for one, count in counts.items()]
