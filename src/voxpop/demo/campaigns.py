"""Two campaigns with a year of surveys, answers and daily metrics, as the product would have left them."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time, timedelta

from voxpop.campaigns import service as campaigns
from voxpop.campaigns.models import CampaignFilter, Window
from voxpop.db.pool import Tx
from voxpop.demo import store
from voxpop.demo.courses import COURSES
from voxpop.demo.plan import DAYS, Year
from voxpop.demo.shoppers import Answer, Survey
from voxpop.demo.store import Row
from voxpop.metrics import daily
from voxpop.metrics.models import ScoreIncrement, SeriesKind, Stage, SurveyIncrement
from voxpop.surveys.models import campaign_series, with_workspace
from voxpop.types import Actor, CampaignId, Origin
from voxpop.workspaces.models import Workspace

KINDS = [SeriesKind.WORKSPACE, Origin.CAMPAIGN]  # of the series that an answer counts for
AGGREGATED_AT = time(0, 5)  # of the next day


async def is_any(tx: Tx, actor: Actor) -> bool:
    """Whether the workspace has campaigns of its own."""
    return bool(await campaigns.list_campaigns(tx, actor, CampaignFilter(), Window(1, 0)))


async def open_all(tx: Tx, actor: Actor, at: datetime) -> dict[str, CampaignId]:
    """The id of each by its name."""
    opened = [await campaigns.open_campaign(tx, actor, course.campaign, at) for course in COURSES]
    return {campaign.name: campaign.id for campaign in opened}


async def keep_days(tx: Tx, workspace: Workspace, year: Year) -> None:
    """The daily metrics of all days that are over, to be called after the counts. Nobody is told: it is long ago."""
    first = workspace.day(year.start)
    for day in (first + timedelta(days=days) for days in range(DAYS + 1)):
        night = datetime.combine(day + timedelta(days=1), AGGREGATED_AT, workspace.zone).astimezone(UTC)
        if night <= year.now:
            await daily.store_day(tx, workspace.id, day, night)


class Past:
    """Rows wait for `write`; scores and steps are kept to the end, as counts are written last."""

    def __init__(self, workspace: Workspace, ids: Mapping[str, CampaignId]) -> None:
        self._workspace, self._ids = workspace, ids
        self._surveys: list[Row] = []
        self._answers: list[Row] = []
        self.scored: list[ScoreIncrement] = []
        self.moved: list[SurveyIncrement] = []

    def add(self, survey: Survey) -> None:
        event, plan = survey.event, survey.event.course.campaign
        campaign = self._ids[plan.name]
        answered_at = survey.answer.at if survey.answer else None
        head = survey.id, plan.survey_type_code, campaign, survey.guid, event.course.context, event.context
        times = event.at, survey.sent_at, answered_at, survey.expired_at
        self._surveys.append((*head, plan.delay_hours, *times))
        self.moved.extend(self._steps(campaign, times))
        if survey.answer:
            self._add_answer(survey, survey.answer, campaign)

    async def write(self, tx: Tx) -> None:
        await store.insert_past(tx, self._workspace.id, store.PAST_ASKED, self._surveys)
        await store.insert_past(tx, self._workspace.id, store.PAST_ANSWERS, self._answers, KINDS)
        self._surveys.clear()
        self._answers.clear()

    def _steps(self, campaign: CampaignId, times: tuple[datetime | None, ...]) -> Iterator[SurveyIncrement]:
        series = with_workspace(self._workspace.id, campaign_series(campaign))
        for stage, at in zip((Stage.OPENED, Stage.SHOWN, Stage.COMPLETED, Stage.EXPIRED), times, strict=True):
            if at is not None:
                yield SurveyIncrement(stage, self._workspace.day(at), series)

    def _add_answer(self, survey: Survey, answer: Answer, campaign: CampaignId) -> None:
        course = survey.event.course
        day, code = self._workspace.day(answer.at), course.campaign.survey_type_code
        head = answer.id, survey.id, code, campaign, survey.guid
        self._answers.append((*head, answer.score, answer.comment, day, answer.at))
        step = answer.score - course.scale[0]
        series = with_workspace(self._workspace.id, campaign_series(campaign))
        self.scored.append(ScoreIncrement(code, step, day, series))
