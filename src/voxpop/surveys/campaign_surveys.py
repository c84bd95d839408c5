"""Campaign surveys after they are opened: shown to customers, answered, expired. Of a campaign it knows the id only."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import chain

from voxpop.db.pool import Tx
from voxpop.errors import Invalid, NotFound
from voxpop.metrics import service as metrics
from voxpop.metrics.models import Stage
from voxpop.surveys import store
from voxpop.surveys.errors import SurveyNotPending
from voxpop.surveys.models import (
    Answer,
    AnswerableSurvey,
    DueSurvey,
    ExpiryLimits,
    Guids,
    Status,
    Submission,
    SubmissionError,
    SubmissionResult,
    campaign_series,
)
from voxpop.surveys.service import increments, record_answers
from voxpop.types import SYSTEM_USER, Audit, CampaignId, Origin, SurveyId, WorkspaceId
from voxpop.workspaces import service as workspaces

EXPIRY_BATCH_SIZE = 5_000  # surveys that expire in one transaction


async def show_surveys(
    tx: Tx, workspace: WorkspaceId, customers: Sequence[Guids], now: datetime
) -> list[list[DueSurvey]]:
    """Each customer's open surveys that are due. The first time one is shown, it is marked and counted."""
    guids = sorted({guid for customer in customers for guid in customer})
    due = await store.list_and_mark_due(tx, workspace, guids, Audit(now, SYSTEM_USER))
    numbers: dict[str, list[int]] = {}
    for number, survey in enumerate(due):
        numbers.setdefault(survey.guid, []).append(number)
    return [
        [due[number] for number in sorted(chain(*(numbers.get(guid, ()) for guid in customer)))]
        for customer in customers
    ]


async def submit_answers(
    tx: Tx, workspace: WorkspaceId, submissions: Sequence[Submission], now: datetime
) -> list[SubmissionResult]:
    """Stores the first answer to each open survey that fits its scale, and rejects the others."""
    surveys = await store.lock_surveys(tx, workspace, sorted({one.survey for one in submissions}), [Origin.CAMPAIGN])
    accepted: dict[SurveyId, Submission] = {}
    results = [check_submission(one, surveys.get(one.survey), accepted) for one in submissions]
    if not accepted:
        return results
    answers = [answer_of(surveys[one.survey], one) for one in accepted.values()]
    rows = await record_answers(tx, await workspaces.get_workspace(tx, workspace), answers, now)
    feedback = dict(zip(accepted, (row.id for row in rows), strict=True))
    return [
        result if result.error else SubmissionResult(result.survey, feedback[one.survey])
        for one, result in zip(submissions, results, strict=True)
    ]


def require_stored(named: SurveyId, result: SubmissionResult) -> None:
    """Raises the error of a rejected submission to a survey."""
    survey = result.survey
    if survey is None:
        raise NotFound.of("Survey", named)
    if result.error is SubmissionError.CLOSED:
        raise SurveyNotPending(f"Survey {survey.id} is not in status PENDING")
    if result.error is SubmissionError.OUT_OF_SCALE:
        raise Invalid.of("body", "score", f"must be from {survey.scale_min} to {survey.scale_max}")


async def expire_surveys(
    tx: Tx, workspace: WorkspaceId, as_of: datetime, sent_days: int, unsent_days: int | None, now: datetime
) -> int:
    """Expires up to EXPIRY_BATCH_SIZE surveys and returns their number; call it in new transactions until it is 0.

    The ages are counted from the first showing, or from the opening if the survey was never shown; None for no limit.
    """
    unsent_before = None if unsent_days is None else as_of - timedelta(days=unsent_days)
    limits = ExpiryLimits(as_of - timedelta(days=sent_days), unsent_before, EXPIRY_BATCH_SIZE)
    expired = await store.set_expired(tx, workspace, limits, Audit(now, SYSTEM_USER))
    await _add_counts(tx, workspace, Stage.EXPIRED, [one.campaign_id for one in expired], now)
    return len(expired)


async def _add_counts(
    tx: Tx, workspace: WorkspaceId, stage: Stage, campaigns: Sequence[CampaignId], now: datetime
) -> None:
    if campaigns:
        counts = {campaign_series(campaign): count for campaign, count in Counter(campaigns).items()}
        added = increments(await workspaces.get_workspace(tx, workspace), stage, counts, now)
        await metrics.add_counts(tx, workspace, surveys=added)


def check_submission(
    submission: Submission, survey: AnswerableSurvey | None, accepted: dict[SurveyId, Submission]
) -> SubmissionResult:
    """Adds a submission to the accepted ones, or returns its error."""
    if survey is None:
        return SubmissionResult(None, error=SubmissionError.UNKNOWN)
    if survey.status != Status.PENDING or survey.id in accepted:
        return SubmissionResult(survey, error=SubmissionError.CLOSED)
    if not survey.scale_min <= submission.score <= survey.scale_max:
        return SubmissionResult(survey, error=SubmissionError.OUT_OF_SCALE)
    accepted[survey.id] = submission
    return SubmissionResult(survey)


def answer_of(survey: AnswerableSurvey, submission: Submission) -> Answer:
    """The answer to a campaign's survey."""
    return Answer(
        origin=Origin.CAMPAIGN,
        origin_id=survey.origin_id,
        open_survey=survey.id,
        survey_type=survey.survey_type_code,
        scale_min=survey.scale_min,
        score=submission.score,
        series=campaign_series(CampaignId(survey.origin_id)),
        guid=survey.guid,
        comment=submission.comment,
    )
