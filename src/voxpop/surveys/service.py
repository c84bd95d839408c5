"""The only writer of surveys, and the one place that records answers, for every origin.

Lock order, the same everywhere: idempotency key, interaction or ticket, sums of interactions, survey, its email,
feedback, outbox, counts. Each table has one statement, or one step of a statement, with its keys sorted. The counts
come last, because most transactions share them.

A function that returns increments leaves the counting to its caller, which passes them to `metrics.add_counts` or to
`record_answers` at the end of its transaction.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from voxpop.db.pool import Tx
from voxpop.feedback import service as feedback
from voxpop.feedback.models import NewFeedback, Source
from voxpop.metrics import service as metrics
from voxpop.metrics.models import Series, Stage, SurveyIncrement
from voxpop.surveys import store
from voxpop.surveys.models import (
    STAGE_OF_STATUS,
    Answer,
    AnswerableSurvey,
    NewCampaignSurvey,
    NewSurvey,
    Status,
    SurveyClosure,
    with_workspace,
)
from voxpop.types import SYSTEM_USER, Audit, CampaignId, FeedbackId, Origin, SurveyId, WorkspaceId, uuid7s
from voxpop.workspaces.models import Workspace


async def open_surveys(
    tx: Tx, workspace: Workspace, surveys: Sequence[NewSurvey], now: datetime
) -> list[SurveyIncrement]:
    """Opens surveys of any origin but campaigns, which use `open_campaign_surveys`; returns increments."""
    if surveys:
        await store.insert_surveys(tx, workspace.id, surveys, Audit(now, SYSTEM_USER))
    return increments(workspace, Stage.OPENED, Counter(tuple(survey.series) for survey in surveys), now)


async def open_campaign_surveys(
    tx: Tx, workspace: WorkspaceId, surveys: Sequence[NewCampaignSurvey], now: datetime
) -> set[SurveyId]:
    """Opens campaign surveys and returns the new ones. A campaign opens one survey for a context at most."""
    return await store.insert_campaign_surveys(tx, workspace, surveys, Audit(now, SYSTEM_USER)) if surveys else set()


async def find_campaign_survey(
    tx: Tx, workspace: WorkspaceId, campaign: CampaignId, context_id: str
) -> SurveyId | None:
    """The campaign's survey for a context, whatever its status."""
    return await store.find_campaign_survey(tx, workspace, campaign, context_id)


async def lock_surveys(
    tx: Tx, workspace: WorkspaceId, surveys: Sequence[SurveyId], origins: Sequence[Origin]
) -> dict[SurveyId, AnswerableSurvey]:
    """Locks the surveys that are of these origins, in the order of their ids."""
    return await store.lock_surveys(tx, workspace, surveys, origins)


async def mark_shown(
    tx: Tx, workspace: Workspace, survey: SurveyId, series: Sequence[Series], now: datetime
) -> list[SurveyIncrement]:
    """Marks an open survey the first time it is shown; returns increments."""
    shown = await store.set_sent(tx, workspace.id, [survey], Audit(now, SYSTEM_USER))
    return increments(workspace, Stage.SHOWN, {tuple(series): len(shown)} if shown else {}, now)


async def close_surveys(
    tx: Tx, workspace: Workspace, closures: Sequence[SurveyClosure], now: datetime
) -> list[SurveyIncrement]:
    """Closes the surveys that are open, and leaves closed ones as they are; returns increments."""
    if not closures:
        return []
    closed = await store.set_closed(tx, workspace.id, closures, Audit(now, SYSTEM_USER))
    counts: dict[Status, Counter[tuple[Series, ...]]] = defaultdict(Counter)
    for closure in closures:
        if closure.survey in closed:
            counts[closure.status][tuple(closure.series)] += 1
    return [one for status in counts for one in increments(workspace, STAGE_OF_STATUS[status], counts[status], now)]


async def record_answers(
    tx: Tx,
    workspace: Workspace,
    answers: Sequence[Answer],
    now: datetime,
    earlier: Sequence[SurveyIncrement] = (),
) -> list[NewFeedback]:
    """Stores answers and returns their rows, in the same order.

    It closes their surveys, inserts the ratings with their outbox messages and adds to the counts. Only the first
    answer to an open survey closes it. Before the call, the origin locks its subject and makes its own changes to it.
    `earlier` holds increments from earlier in the transaction, because the counts have one statement.
    """
    day = workspace.day(now)
    first = _first_answers(answers)
    rows = [
        answer.feedback(workspace.id, FeedbackId(new_id), _completed_survey(answer, first), day)
        for answer, new_id in zip(answers, uuid7s(), strict=False)
    ]
    closures = [answer.closure(survey) for survey, answer in first.items()]
    closed = await close_surveys(tx, workspace, closures, now)
    scores = await feedback.record(tx, workspace.id, rows, now)
    await metrics.add_counts(tx, workspace.id, scores, [*earlier, *closed])
    return rows


def increments(
    workspace: Workspace, stage: Stage, counts: Mapping[tuple[Series, ...], int], now: datetime
) -> list[SurveyIncrement]:
    """The increments of surveys that reach a stage: their number by their series."""
    day = workspace.day(now)
    return [SurveyIncrement(stage, day, with_workspace(workspace.id, one), count) for one, count in counts.items()]


def _first_answers(answers: Sequence[Answer]) -> dict[SurveyId, Answer]:
    first: dict[SurveyId, Answer] = {}
    for answer in answers:
        if answer.open_survey is not None:
            first.setdefault(answer.open_survey, answer)
    return first


def _completed_survey(answer: Answer, first: dict[SurveyId, Answer]) -> SurveyId | None:
    """None for a later answer to the same survey, and for a voluntary answer."""
    survey = answer.open_survey
    if survey is None or first[survey] is not answer or answer.source is not Source.PROMPTED:
        return None
    return survey
