"""Campaigns' surveys: shown to a customer, answered, expired. Knows of a campaign its id only."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from voxpop.db.pool import Tx
from voxpop.metrics import service as metrics
from voxpop.metrics.models import Stage
from voxpop.surveys import store
from voxpop.surveys.models import (
    Answer,
    Answerable,
    DueSurvey,
    Refusal,
    Status,
    Submission,
    Submitted,
    campaign_series,
)
from voxpop.surveys.service import USER, increments, record_answers
from voxpop.types import CampaignId, Origin, SurveyId, WorkspaceId, utcnow
from voxpop.workspaces import service as workspaces

CHUNK = 5_000  # surveys that expire in one transaction


async def show(tx: Tx, workspace: WorkspaceId, guids: Sequence[str]) -> list[list[DueSurvey]]:
    """The work of the gate of showing: each customer's open surveys that are due; the first showing is noted."""
    now = utcnow()
    due = await store.list_due(tx, workspace, sorted(set(guids)), now)
    if unsent := [survey.id for survey in due if survey.sent_at is None]:
        shown = await store.set_sent(tx, workspace, unsent, now, USER)
        # One that has come to be meanwhile is shown, and noted, the next time.
        again = await store.list_due(tx, workspace, sorted(set(guids)), now)
        due = [survey for survey in again if survey.sent_at is not None]
        await _count(tx, workspace, Stage.SHOWN, [one.campaign_id for one in shown], now)
    of_guid: dict[str, list[DueSurvey]] = {}
    for survey in due:
        of_guid.setdefault(survey.guid, []).append(survey)
    return [of_guid.get(guid, []) for guid in guids]


async def submit(tx: Tx, workspace: WorkspaceId, submissions: Sequence[Submission]) -> list[Submitted]:
    """Stores the first answer to each open survey that fits its scale, and rejects the others. The batcher runs it."""
    now = utcnow()
    surveys = await store.lock_answerable(tx, workspace, sorted({one.survey for one in submissions}))
    accepted: dict[SurveyId, Submission] = {}
    results = [_judge(one, surveys.get(one.survey), accepted) for one in submissions]
    if not accepted:
        return results
    answers = [_answer(surveys[one.survey], one) for one in accepted.values()]
    rows = await record_answers(tx, await workspaces.get_workspace(tx, workspace), answers, now)
    feedback = dict(zip(accepted, (row.id for row in rows), strict=True))
    return [
        one if one.refusal else Submitted(one.survey, feedback[submission.survey])
        for submission, one in zip(submissions, results, strict=True)
    ]


async def expire(
    tx: Tx, workspace: WorkspaceId, as_of: datetime, sent_days: int, unsent_days: int | None, now: datetime
) -> int:
    """Expires some of what is older, at most CHUNK: how many. To be called again, in a new transaction, until none."""
    unsent = None if unsent_days is None else as_of - timedelta(days=unsent_days)
    before = (as_of - timedelta(days=sent_days), unsent)
    expired = await store.expire_surveys(tx, workspace, before, CHUNK, (now, USER))
    await _count(tx, workspace, Stage.EXPIRED, [one.campaign_id for one in expired], now)
    return len(expired)


async def _count(tx: Tx, workspace: WorkspaceId, stage: Stage, campaigns: Sequence[CampaignId], now: datetime) -> None:
    if campaigns:
        series = map(campaign_series, campaigns)
        moved = increments(await workspaces.get_workspace(tx, workspace), stage, series, now)
        await metrics.add_counts(tx, workspace, surveys=moved)


def _judge(one: Submission, survey: Answerable | None, accepted: dict[SurveyId, Submission]) -> Submitted:
    """Whether an answer is accepted, which adds it to those that are; the feedback is unknown yet."""
    if survey is None:
        return Submitted(None, None, Refusal.UNKNOWN)
    if survey.status != Status.PENDING or survey.id in accepted:
        return Submitted(survey, None, Refusal.CLOSED)
    if not survey.scale_min <= one.score <= survey.scale_max:
        return Submitted(survey, None, Refusal.OUT_OF_SCALE)
    accepted[survey.id] = one
    return Submitted(survey, None)


def _answer(survey: Answerable, submission: Submission) -> Answer:
    return Answer(
        origin=Origin.CAMPAIGN,
        origin_id=survey.campaign_id,
        open_survey=survey.id,
        survey_type=survey.survey_type_code,
        scale_min=survey.scale_min,
        score=submission.score,
        series=campaign_series(survey.campaign_id),
        guid=survey.guid,
        comment=submission.comment,
    )
