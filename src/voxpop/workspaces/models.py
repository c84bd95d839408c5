"""Workspaces and their keys as the rest of the product sees them."""

from datetime import date, datetime
from typing import Annotated, Self
from zoneinfo import ZoneInfo, available_timezones

from msgspec import UNSET, Meta, Struct, UnsetType

from voxpop.errors import FieldError, Invalid
from voxpop.types import Instant, KeyId, Name, WorkspaceId, instant, whole

NO_ZONES = {"localtime", "Factory"}  # each machine's own, and none
CoolDownDays = Annotated[
    int, Meta(ge=0, le=3650, description="Days for which a customer who rated a feature is not asked about it again")
]
NewCoolDownDays = Annotated[float, whole(0, 3650), Meta(examples=[90])]
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


class Workspace(Struct, frozen=True):
    """A tenant and its settings. `slug` is the label before the base address's host."""

    id: WorkspaceId
    name: str
    time_zone: str
    cool_down_days: int
    slug: str = "default"
    portal_enabled: bool = True
    csat_enabled: bool = True

    @property
    def asks_customers(self) -> bool:
        """Whether the portal asks for ratings: not without the portal itself (T10)."""
        return self.portal_enabled and self.csat_enabled

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def day(self, moment: datetime) -> date:
        """The day of the workspace that `moment` lies in."""
        return moment.astimezone(self.zone).date()


class WorkspaceOut(Struct, frozen=True):
    """A workspace as the API shows it."""

    name: Annotated[str, Meta(examples=["default"])]
    time_zone: TimeZone
    cool_down_days: Annotated[CoolDownDays, Meta(examples=[180])]
    slug: Annotated[str, Meta(description="The label before the host of the base address", examples=["default"])]
    portal_enabled: PortalEnabled
    csat_enabled: CsatEnabled

    @classmethod
    def of(cls, workspace: Workspace) -> Self:
        return cls(
            workspace.name,
            workspace.time_zone,
            workspace.cool_down_days,
            workspace.slug,
            workspace.portal_enabled,
            workspace.csat_enabled,
        )


class WorkspaceChange(Struct, frozen=True):
    """What to change; at least one field. A change of zone touches later days only."""

    name: Annotated[Name, Meta(examples=["acme"])] | UnsetType = UNSET
    time_zone: Annotated[TimeZone, Meta(examples=["Europe/Berlin"])] | UnsetType = UNSET
    cool_down_days: NewCoolDownDays | UnsetType = UNSET
    portal_enabled: PortalEnabled | UnsetType = UNSET
    csat_enabled: CsatEnabled | UnsetType = UNSET

    def check(self) -> None:
        """Raises Invalid for an empty change, a blank name or a zone that nobody knows."""
        if all(getattr(self, field) is UNSET for field in self.__struct_fields__):
            raise Invalid(f"body must have one of {', '.join(self.__struct_fields__)}")
        if self.name is not UNSET and not (self.name.strip() and self.name.isprintable()):
            reason = "must not be blank, and have printable characters only"
            raise Invalid(f"body/name {reason}", details=[FieldError("name", reason)])
        if self.time_zone is not UNSET and self.time_zone not in available_timezones() - NO_ZONES:
            fault = FieldError("time_zone", f"unknown time zone {self.time_zone!r}, try one like Europe/Berlin")
            raise Invalid(f"body/{fault.field} {fault.message}", details=[fault])


SomeWorkspaceChange = Annotated[
    WorkspaceChange,
    Meta(extra_json_schema={"anyOf": [{"required": [field]} for field in WorkspaceChange.__struct_fields__]}),
]


class KnownKey(Struct, frozen=True):
    """A key that is not revoked, as the look-up finds it."""

    id: KeyId
    workspace_id: WorkspaceId
    name: str
    scopes: list[str]
    secret_hash: bytes


class KeyRow(Struct, frozen=True):
    """A key as people see it in a list; the secret is shown once, when it is made."""

    id: KeyId
    name: str
    scopes: list[str]
    create_time: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None

    @property
    def created(self) -> Instant:
        return instant(self.create_time)
