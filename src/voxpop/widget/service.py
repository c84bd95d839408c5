"""Answers and dismissals of users of the widget, to prompts of features and to surveys of campaigns.

A batch has both. Locks are taken in the order of `surveys/service.py`: first the users of the features.
"""

from collections.abc import Collection, Mapping, Sequence

from voxpop.db.pool import Tx
from voxpop.features import catalogue
from voxpop.features import service as features
from voxpop.features.models import FeaturePath, FeatureUser, NewRating
from voxpop.feedback.models import Source
from voxpop.metrics import service as metrics
from voxpop.surveys import campaign_surveys, survey_types
from voxpop.surveys import service as surveys
from voxpop.surveys.models import (
    Answer,
    AnswerableSurvey,
    Status,
    Submission,
    SubmissionError,
    SubmissionResult,
    SurveyClosure,
    SurveyType,
    campaign_series,
)
from voxpop.types import Actor, CampaignId, Origin, SurveyId, WorkspaceId, utcnow
from voxpop.widget.models import StoredAnswer, WidgetAnswer, WidgetDismissal, WidgetUser
from voxpop.workspaces import service as workspaces

Surveys = Mapping[SurveyId, AnswerableSurvey]
Users = Mapping[SurveyId, FeatureUser]
ORIGINS = (Origin.FEATURE, Origin.CAMPAIGN)


async def answer_surveys(tx: Tx, workspace: WorkspaceId, answers: Sequence[WidgetAnswer]) -> list[SubmissionResult]:
    """Stores the first answer to each open survey that fits its scale, and rejects the others."""
    users, known = await _lock(tx, workspace, [one.submission.survey for one in answers])
    accepted: dict[SurveyId, Submission] = {}
    results = [
        campaign_surveys.check_submission(one.submission, _own(one.user, known.get(one.submission.survey)), accepted)
        for one in answers
    ]
    if not accepted:
        return results
    now = utcnow()
    ratings = {survey: _rating(users[survey], one) for survey, one in accepted.items() if survey in users}
    prompted = await features.answers_of(tx, workspace, list(ratings.values()), now) if ratings else []
    to_record: dict[SurveyId, Answer | None] = dict(zip(ratings, prompted, strict=True))
    to_record |= {
        survey: campaign_surveys.answer_of(known[survey], one)
        for survey, one in accepted.items()
        if survey not in users
    }
    rows = await surveys.record_answers(
        tx, await workspaces.get_workspace(tx, workspace), [one for one in to_record.values() if one], now
    )
    feedback = dict(zip(to_record, (row.id for row in rows), strict=True))
    return [
        result if result.error else SubmissionResult(result.survey, feedback[one.submission.survey])
        for one, result in zip(answers, results, strict=True)
    ]


async def dismiss_surveys(
    tx: Tx, workspace: WorkspaceId, dismissals: Sequence[WidgetDismissal]
) -> list[SubmissionResult]:
    """Dismisses open surveys. A prompt of a feature counts as a rejection. A second dismissal changes nothing."""
    users, known = await _lock(tx, workspace, [one.survey for one in dismissals])
    own = [_own(one.user, known.get(one.survey)) for one in dismissals]
    pending = {survey.id: survey for survey in own if survey and survey.status == Status.PENDING}
    if pending:
        now = utcnow()
        rejecting = [users[survey] for survey in pending if survey in users]
        closures = await features.dismiss_prompts(tx, workspace, rejecting, now) if rejecting else []
        closures += [
            SurveyClosure(survey.id, Status.DISMISSED, campaign_series(CampaignId(survey.origin_id)))
            for survey in pending.values()
            if survey.id not in users
        ]
        closed = await surveys.close_surveys(tx, await workspaces.get_workspace(tx, workspace), closures, now)
        await metrics.add_counts(tx, workspace, surveys=closed)
    return [_dismissed(survey) for survey in own]


async def rate_voluntarily(tx: Tx, workspace: WorkspaceId, ratings: Sequence[NewRating]) -> list[StoredAnswer | None]:
    """Stores ratings of features that no prompt asked for; None for an unknown feature."""
    stored = await features.rate(tx, workspace, ratings)
    survey_type = await survey_types.get_feature_type(tx, workspace)
    return [None if one is None else StoredAnswer(one.id, survey_type) for one in stored]


async def get_question(tx: Tx, workspace: WorkspaceId, path: FeaturePath) -> SurveyType:
    """The survey type that asks about a feature. NotFound for an unknown feature."""
    features = await catalogue.list_features(tx, Actor(workspace, "widget", frozenset()), [path.product])
    if all(each.feature_key != path.feature for each in features):
        raise catalogue.feature_not_found(path)
    return await survey_types.get_feature_type(tx, workspace)


async def _lock(tx: Tx, workspace: WorkspaceId, named: Collection[SurveyId]) -> tuple[Users, Surveys]:
    """The users of the features, and the surveys. A survey of a feature whose user is gone is not known."""
    ids = sorted(set(named))
    users = await features.lock_prompted_users(tx, workspace, ids)
    known = await surveys.lock_surveys(tx, workspace, ids, ORIGINS)
    return users, {survey: one for survey, one in known.items() if one.origin != Origin.FEATURE or survey in users}


def _own(user: WidgetUser, survey: AnswerableSurvey | None) -> AnswerableSurvey | None:
    """None for a survey of another user."""
    return survey if survey and user.owns(survey) else None


def _dismissed(survey: AnswerableSurvey | None) -> SubmissionResult:
    if survey is None:
        return SubmissionResult(None, error=SubmissionError.UNKNOWN)
    is_dismissed = survey.status in (Status.PENDING, Status.DISMISSED)
    return SubmissionResult(survey, error=None if is_dismissed else SubmissionError.CLOSED)


def _rating(user: FeatureUser, submission: Submission) -> NewRating:
    return NewRating(user, submission.score, Source.PROMPTED, submission.comment, None)
