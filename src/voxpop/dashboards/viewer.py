"""The viewer of a dashboard: their workspace with its settings, and what they may see. Changes nothing."""

from datetime import date, datetime

from msgspec import Struct

from voxpop.accounts.models import Role
from voxpop.dashboards.models import Kind, ScoredType, SeriesKey
from voxpop.db.pool import Tx
from voxpop.errors import Invalid
from voxpop.metrics.formulas import MIN_ANSWERS_TO_COMPARE, Formula, Measure
from voxpop.surveys import survey_types
from voxpop.surveys.models import SurveyType
from voxpop.types import AccountId, Actor, WorkspaceId
from voxpop.workspaces import service as workspaces
from voxpop.workspaces.models import ReportSettings


class Viewer(Struct, frozen=True):
    """The caller's workspace, its settings, its survey types and its date.

    `only_agent` is set for agents who see no other agent's ratings.
    """

    workspace: WorkspaceId
    settings: ReportSettings
    types: dict[str, ScoredType]
    today: date
    only_agent: AccountId | None = None

    @property
    def minimum(self) -> int:
        """The number of answers that a score needs."""
        return self.settings.minimum_answers

    @property
    def minimum_to_compare(self) -> int:
        """The number of answers that each side of a comparison needs."""
        return max(self.minimum, MIN_ANSWERS_TO_COMPARE)

    def may_see(self, key: SeriesKey) -> bool:
        """Whether the viewer may see the ratings of a series as such."""
        return key.kind is not Kind.AGENT or self.only_agent in (None, key.id)

    def survey_type(self, code: str) -> ScoredType:
        """The survey type with this code; Invalid for an unknown one."""
        found = self.types.get(code)
        if found is None:
            raise Invalid.of("query", "survey_type", f"must be a survey type of the workspace: {', '.join(self.types)}")
        return found


async def load_viewer(tx: Tx, actor: Actor, now: datetime) -> Viewer:
    """The viewer behind a request."""
    workspace = await workspaces.get_workspace(tx, actor.workspace)
    settings = await workspaces.get_report_settings(tx, actor.workspace)
    types = await survey_types.list_survey_types(tx, actor)
    return Viewer(
        actor.workspace,
        settings,
        {each.code: scored_type(each) for each in types},
        workspace.day(now),
        _only_agent(actor, settings),
    )


async def find_only_agent(tx: Tx, actor: Actor) -> AccountId | None:
    """The agent whose ratings the caller may see, for agents who see no other agent's; None for the others."""
    if actor.role != Role.AGENT:
        return None
    return _only_agent(actor, await workspaces.get_report_settings(tx, actor.workspace))


def _only_agent(actor: Actor, settings: ReportSettings) -> AccountId | None:
    return actor.account if actor.role == Role.AGENT and not settings.agents_see_all else None


def scored_type(survey_type: SurveyType) -> ScoredType:
    """What dashboards need of a survey type."""
    return ScoredType(
        survey_type.code,
        Measure(
            Formula(survey_type.formula),
            survey_type.scale_min,
            survey_type.scale_max,
            survey_type.satisfied_min,
            survey_type.satisfied_max,
        ),
        survey_type.higher_is_better,
    )
