"""The section "Workspace" of the API, generated from the OpenAPI document by `make clients`."""

from typing import TypedDict, Unpack

from msgspec import Struct

from voxpop.client.api.words import WeekStart
from voxpop.client.methods import call
from voxpop.client.shapes import Call


class Workspace(Struct, frozen=True, kw_only=True):
    """A workspace as the API shows it."""

    name: str
    # A name of the IANA list
    time_zone: str
    # Days for which a customer who rated a feature is not asked about it again
    cool_down_days: int
    # The label before the host of the base address
    slug: str
    # Whether customers have a portal for their tickets
    portal_enabled: bool
    # Whether the portal asks for a rating of a resolved ticket
    csat_enabled: bool
    # The number of answers that dashboards need to show a score
    minimum_answers: int
    # The day on which the weeks of dashboards begin
    week_start: WeekStart
    # Whether the ratings of an agent are shown to other agents
    agents_see_all: bool
    # The colour of buttons on pages of customers
    accent: str | None
    # The address of the logo
    logo: str | None
    # Whether users of the widget need a signature
    widget_signature_required: bool


class WorkspacePatch(TypedDict, total=False):
    """The fields to change; at least one. A new time zone affects future days only."""

    name: str
    # A name of the IANA list
    time_zone: str
    cool_down_days: int
    # Whether customers have a portal for their tickets
    portal_enabled: bool
    # Whether the portal asks for a rating of a resolved ticket
    csat_enabled: bool
    minimum_answers: int
    # The day on which the weeks of dashboards begin
    week_start: WeekStart
    # Whether the ratings of an agent are shown to other agents
    agents_see_all: bool
    # The colour as `#rrggbb`; null removes it
    accent: str | None
    # Whether users of the widget need a signature
    widget_signature_required: bool


class WorkspaceCalls:
    """The calls of this section."""

    @call
    def show_workspace(
        self,
    ) -> Call[Workspace]:
        """The key's workspace. Its name and settings. Requires an API key with the scope `manage`."""
        return Call("GET", "/api/v1/workspace", Workspace)

    @call
    def change_workspace(self, **body: Unpack[WorkspacePatch]) -> Call[Workspace]:
        """Change the key's workspace. A new time zone affects future days only. `null` removes the accent. Requires an
        API key with the scope `manage`.
        """
        return Call("PATCH", "/api/v1/workspace", Workspace, body=body)
