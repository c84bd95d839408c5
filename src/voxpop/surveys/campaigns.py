"""Campaigns' surveys: shown to a customer, answered, expired. Knows of a campaign its id only."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from voxpop.db.pool import Tx
from voxpop.feedback.models import NewFeedback, Origin, Source
from voxpop.metrics import service as metrics
from voxpop.metrics.models import Stage, SurveyIncrement
from voxpop.surveys import store
from voxpop.surveys.models import (
    Answerable,
    DueSurvey,
    Refusal,
    Status,
    Submission,
    Submitted,
    SurveyClosure,
    campaign_series,
)
from voxpop.surveys.service import USER, record_answers
from voxpop.types import CampaignId, FeedbackId, SurveyId, WorkspaceId, utcnow, uuid7
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
    """The work of the gate of answering: the first fitting answer to an open survey wins, the others are refused."""
    now = utcnow()
    surveys = await store.lock_answerable(tx, workspace, sorted({one.survey for one in submissions}))
    taken: dict[SurveyId, tuple[Submission, FeedbackId]] = {}
    results = [_judge(one, surveys.get(one.survey), taken) for one in submissions]
    if taken:
        day = (await workspaces.get_workspace(tx, workspace)).day(now)
        ratings = [_feedback(workspace, surveys[key], *taken[key], day) for key in sorted(taken)]
        endings = [
            SurveyClosure(key, Status.COMPLETED, campaign_series(workspace, surveys[key].campaign_id))
            for key in sorted(taken)
        ]
        await metrics.add(tx, workspace, *await record_answers(tx, workspace, endings, ratings, now, day))
    return results


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
        day = (await workspaces.get_workspace(tx, workspace)).day(now)
        numbers = Counter(campaigns).items()
        moved = [SurveyIncrement(stage, day, campaign_series(workspace, one), count) for one, count in numbers]
        await metrics.add(tx, workspace, moved=moved)


def _judge(
    one: Submission, survey: Answerable | None, taken: dict[SurveyId, tuple[Submission, FeedbackId]]
) -> Submitted:
    if survey is None:
        return Submitted(None, None, Refusal.UNKNOWN)
    if survey.status != Status.PENDING or survey.id in taken:
        return Submitted(survey, None, Refusal.CLOSED)
    if not survey.scale_min <= one.score <= survey.scale_max:
        return Submitted(survey, None, Refusal.OUT_OF_SCALE)
    feedback = FeedbackId(uuid7())
    taken[survey.id] = (one, feedback)
    return Submitted(survey, feedback)


def _feedback(
    workspace: WorkspaceId, survey: Answerable, one: Submission, feedback: FeedbackId, day: date
) -> NewFeedback:
    return NewFeedback(
        id=feedback,
        survey_id=survey.id,
        survey_type=survey.survey_type_code,
        scale_min=survey.scale_min,
        origin=Origin.CAMPAIGN,
        origin_id=survey.campaign_id,
        source=Source.PROMPTED,
        score=one.score,
        day=day,
        series=campaign_series(workspace, survey.campaign_id),
        guid=survey.guid,
        comment=one.comment,
    )
