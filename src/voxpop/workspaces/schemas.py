"""Requests and responses of the workspace API, and the forms of its settings pages."""

from typing import Annotated, Any, Self

from msgspec import UNSET, Meta, Struct, UnsetType

from voxpop.errors import FieldError, Invalid
from voxpop.i18n import N_
from voxpop.text import is_visible
from voxpop.types import Name, NameText, Scope, whole_number
from voxpop.web.versions import VersionedForm
from voxpop.workspaces.accents import is_accent
from voxpop.workspaces.models import ReportSettings, WeekStart, Workspace, WorkspaceChange
from voxpop.workspaces.service import MAX_COOL_DOWN_DAYS, MAX_MINIMUM_ANSWERS, is_time_zone
from voxpop.workspaces.widget.models import WidgetSettings

NO_NAME = N_("Enter a name.")
NO_SCOPE = N_("Select at least one permission.")
UNKNOWN_ZONE = N_("There is no such time zone. Try one like Europe/Berlin.")
BAD_ACCENT = N_("Enter a colour as # and six digits from 0 to f, for example #1b5eae.")
BAD_MINIMUM = N_("Enter a whole number of answers, 1 to {limit}.", limit=MAX_MINIMUM_ANSWERS)
BAD_DAYS = N_("Enter a whole number of days, 0 to {limit}.", limit=MAX_COOL_DOWN_DAYS)

CoolDownDays = Annotated[
    int,
    Meta(
        ge=0,
        le=MAX_COOL_DOWN_DAYS,
        description="Days for which a customer who rated a feature is not asked about it again",
    ),
]
NewCoolDownDays = Annotated[float, whole_number(0, MAX_COOL_DOWN_DAYS), Meta(examples=[90])]
TimeZone = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=100,
        description="A name of the IANA list",
        examples=["UTC"],
        extra_json_schema={"format": "time-zone"},
    ),
]
PortalEnabled = Annotated[bool, Meta(description="Whether customers have a portal for their tickets")]
CsatEnabled = Annotated[bool, Meta(description="Whether the portal asks for a rating of a resolved ticket")]
MINIMUM_ANSWERS = "The number of answers that dashboards need to show a score"
MinimumAnswers = Annotated[int, Meta(ge=1, le=MAX_MINIMUM_ANSWERS, description=MINIMUM_ANSWERS, examples=[5])]
NewMinimumAnswers = Annotated[float, whole_number(1, MAX_MINIMUM_ANSWERS), Meta(examples=[5])]
FirstWeekday = Annotated[WeekStart, Meta(description="The day on which the weeks of dashboards begin")]
SignatureRequired = Annotated[bool, Meta(description="Whether users of the widget need a signature")]
AgentsSeeAll = Annotated[bool, Meta(description="Whether the ratings of an agent are shown to other agents")]

Accent = Annotated[str, Meta(description="The colour of buttons on pages of customers", examples=["#1b5eae"])]
NewAccent = Annotated[
    str,
    Meta(pattern="^#[0-9a-fA-F]{6}$", description="The colour as `#rrggbb`; null removes it", examples=["#1b5eae"]),
]
LogoAddress = Annotated[
    str, Meta(description="The address of the logo", examples=["https://example.com/logo/0123456789abcdef"])
]


class WorkspaceOut(Struct, frozen=True):
    """A workspace as the API shows it."""

    name: Annotated[str, Meta(examples=["default"])]
    time_zone: TimeZone
    cool_down_days: Annotated[CoolDownDays, Meta(examples=[180])]
    slug: Annotated[str, Meta(description="The label before the host of the base address", examples=["default"])]
    portal_enabled: PortalEnabled
    csat_enabled: CsatEnabled
    minimum_answers: MinimumAnswers
    week_start: FirstWeekday
    agents_see_all: AgentsSeeAll
    accent: Accent | None
    logo: LogoAddress | None
    widget_signature_required: SignatureRequired

    @classmethod
    def of(cls, workspace: Workspace, reports: ReportSettings, widget: WidgetSettings, address: str) -> Self:
        """`address`: that of the workspace, without a slash at the end."""
        return cls(
            workspace.name,
            workspace.time_zone,
            workspace.cool_down_days,
            workspace.slug,
            workspace.portal_enabled,
            workspace.csat_enabled,
            reports.minimum_answers,
            reports.week_start,
            reports.agents_see_all,
            workspace.accent or None,
            f"{address}/logo/{workspace.logo_hash}" if workspace.logo_hash else None,
            widget.signature_required,
        )


WHOLE_NUMBERS = {"cool_down_days", "minimum_answers"}


class WorkspacePatch(Struct, frozen=True):
    """The fields to change; at least one. A new time zone affects future days only."""

    name: Annotated[Name, Meta(examples=["acme"])] | UnsetType = UNSET
    time_zone: Annotated[TimeZone, Meta(examples=["Europe/Berlin"])] | UnsetType = UNSET
    cool_down_days: NewCoolDownDays | UnsetType = UNSET
    portal_enabled: PortalEnabled | UnsetType = UNSET
    csat_enabled: CsatEnabled | UnsetType = UNSET
    minimum_answers: NewMinimumAnswers | UnsetType = UNSET
    week_start: FirstWeekday | UnsetType = UNSET
    agents_see_all: AgentsSeeAll | UnsetType = UNSET
    accent: NewAccent | UnsetType | None = UNSET
    widget_signature_required: SignatureRequired | UnsetType = UNSET

    def change(self) -> WorkspaceChange:
        """The fields that were sent."""
        fields = {field: getattr(self, field) for field in self.__struct_fields__}
        sent: dict[str, Any] = {field: value for field, value in fields.items() if value is not UNSET}
        for field in WHOLE_NUMBERS & sent.keys():
            sent[field] = int(sent[field])
        if "accent" in sent:
            sent["accent"] = (sent["accent"] or "").lower()  # null removes it
        return WorkspaceChange(**sent)


WorkspacePatchBody = Annotated[
    WorkspacePatch,
    Meta(extra_json_schema={"anyOf": [{"required": [field]} for field in WorkspacePatch.__struct_fields__]}),
]


class KeyForm(Struct):
    """A new API key."""

    name: NameText
    scopes: list[Scope] = []

    def check(self) -> None:
        """Invalid, with every field that is missing."""
        errors = [] if is_visible(self.name) else [FieldError("name", NO_NAME)]
        errors += [] if self.scopes else [FieldError("scopes", NO_SCOPE)]
        if errors:
            raise Invalid(details=errors)


class ReportsForm(VersionedForm):
    """What the form about dashboards has: a missing checkbox is off."""

    minimum_answers: Annotated[str, Meta(max_length=10)]
    week_start: WeekStart
    agents_see_all: str = ""

    @classmethod
    def of(cls, reports: ReportSettings) -> Self:
        shown = cls(str(reports.minimum_answers), reports.week_start, "on" if reports.agents_see_all else "")
        return shown.with_version()

    def change(self) -> WorkspaceChange:
        """All settings; Invalid for a number that cannot be used."""
        text = self.minimum_answers.strip()
        if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MAX_MINIMUM_ANSWERS):
            raise Invalid(details=[FieldError("minimum_answers", BAD_MINIMUM)])
        return WorkspaceChange(
            minimum_answers=int(text), week_start=self.week_start, agents_see_all=bool(self.agents_see_all)
        )


class WorkspaceForm(VersionedForm):
    """The settings of a workspace as the form has them: a missing checkbox is off."""

    name: NameText
    time_zone: NameText
    cool_down_days: Annotated[str, Meta(max_length=10)]
    portal: str = ""
    csat: str = ""
    accent: Annotated[str, Meta(max_length=20)] | None = None

    @classmethod
    def of(cls, workspace: Workspace) -> Self:
        return cls(
            workspace.name,
            workspace.time_zone,
            str(workspace.cool_down_days),
            "on" if workspace.portal_enabled else "",
            "on" if workspace.csat_enabled else "",
            workspace.accent,
        ).with_version()

    def change(self) -> WorkspaceChange:
        """All settings; Invalid with every field that cannot be used."""
        days = self.cool_down_days.strip()
        is_number = days.isascii() and days.isdigit() and int(days) <= MAX_COOL_DOWN_DAYS
        errors = [] if is_visible(self.name) else [FieldError("name", NO_NAME)]
        errors += [] if is_time_zone(self.time_zone) else [FieldError("time_zone", UNKNOWN_ZONE)]
        errors += [] if is_number else [FieldError("cool_down_days", BAD_DAYS)]
        accent = None if self.accent is None else self.accent.strip().lower()
        errors += [FieldError("accent", BAD_ACCENT)] if accent and not is_accent(accent) else []
        if errors:
            raise Invalid(details=errors)
        return WorkspaceChange(
            self.name,
            self.time_zone,
            int(days),
            portal_enabled=bool(self.portal),
            csat_enabled=bool(self.csat),
            accent=accent,
        )
