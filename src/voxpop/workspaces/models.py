"""Workspaces and their API keys as the rest of the product sees them."""

from datetime import date, datetime
from enum import StrEnum
from functools import cache
from zoneinfo import ZoneInfo

from msgspec import Struct

from voxpop.types import Instant, KeyId, WorkspaceId, instant


class Workspace(Struct, frozen=True):
    """A tenant and its settings. `slug` is the label before the base address's host.

    `accent`: the colour of the customers' buttons as `#rrggbb`, or empty. `has_demo_data`: the demo was loaded into it.
    """

    id: WorkspaceId
    name: str
    time_zone: str
    cool_down_days: int
    slug: str = "default"
    portal_enabled: bool = True
    csat_enabled: bool = True
    accent: str = ""
    logo_hash: str | None = None
    logo_width: int | None = None
    logo_height: int | None = None
    has_demo_data: bool = False

    @property
    def asks_customers(self) -> bool:
        """Whether the portal asks for ratings; never without the portal itself (T10)."""
        return self.portal_enabled and self.csat_enabled

    @property
    def zone(self) -> ZoneInfo:
        return _zone(self.time_zone)

    def day(self, moment: datetime) -> date:
        """The date of `moment` in the workspace's time zone."""
        return moment.astimezone(self.zone).date()


# The lookup of a known zone takes microseconds, and a list has a time in every row.
_zone = cache(ZoneInfo)


class WeekStart(StrEnum):
    """The day on which weeks begin."""

    MONDAY = "monday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"

    @property
    def weekday(self) -> int:
        """The number of the day, from 0 for Monday."""
        return {"monday": 0, "saturday": 5, "sunday": 6}[self]


class ReportSettings(Struct, frozen=True):
    """The settings of a workspace for its dashboards.

    `minimum_answers`: the number of answers that a score needs to be shown. `agents_see_all`: whether agents see the
    ratings of other agents.
    """

    minimum_answers: int
    week_start: WeekStart
    agents_see_all: bool


class WorkspaceChange(Struct, frozen=True):
    """The settings to change; None leaves one as it is."""

    name: str | None = None
    time_zone: str | None = None
    cool_down_days: int | None = None
    portal_enabled: bool | None = None
    csat_enabled: bool | None = None
    accent: str | None = None
    minimum_answers: int | None = None
    week_start: WeekStart | None = None
    agents_see_all: bool | None = None
    widget_signature_required: bool | None = None

    def differs(self, stored: Workspace | ReportSettings) -> bool:
        """Whether it changes one of the stored settings."""
        wanted = {name: getattr(self, name) for name in stored.__struct_fields__ if hasattr(self, name)}
        return any(value not in (None, getattr(stored, name)) for name, value in wanted.items())


class Logo(Struct, frozen=True):
    """A logo to store. Its hash is in its address; its size in pixels reserves its place on a page."""

    logo: bytes
    logo_hash: str
    logo_type: str
    logo_width: int
    logo_height: int


class LogoFile(Struct, frozen=True):
    """A logo to serve."""

    logo: bytes
    logo_type: str


class ActiveKey(Struct, frozen=True):
    """An API key that is not revoked."""

    id: KeyId
    workspace_id: WorkspaceId
    name: str
    scopes: list[str]
    secret_hash: bytes


class KeyRow(Struct, frozen=True):
    """An API key in the list of keys. Its secret is shown only once, when the key is created."""

    id: KeyId
    name: str
    scopes: list[str]
    create_time: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None

    @property
    def created(self) -> Instant:
        return instant(self.create_time)
