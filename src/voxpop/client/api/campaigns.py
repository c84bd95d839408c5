"""The section "Campaigns" of the API, generated from the OpenAPI document by `make clients`."""

from datetime import date, datetime
from typing import Required, TypedDict, Unpack
from uuid import UUID

from msgspec import Struct

from voxpop.client.api.words import Channel, Trigger
from voxpop.client.methods import call
from voxpop.client.shapes import Call, path


class Campaign(Struct, frozen=True, kw_only=True):
    """A campaign as stored."""

    id: UUID
    name: str
    survey_type_code: str
    trigger_type: Trigger
    delay_hours: int
    active: bool
    # UTC, with milliseconds
    start_date: datetime
    # UTC, with milliseconds
    end_date: datetime | None
    # Where customers are asked: `in_app` lists the surveys, `email` sends them, `link` lets you request links.
    # With `link` alone, events open none
    channels: list[Channel]
    reminder_after_days: int | None
    # Of emails and hosted pages; null for that of the survey type
    language: str | None
    # UTC, with milliseconds
    create_time: datetime
    create_user: str
    # UTC, with milliseconds
    last_update_time: datetime
    last_update_user: str


class Campaigns(Struct, frozen=True, kw_only=True):
    campaigns: list[Campaign]


class FilterBody(TypedDict, total=False):
    """Criteria that must all hold. Bounds are inclusive; a campaign without an end matches no bound of the end."""

    # Part of the name, ignoring case
    namePart: str | None
    type: str | None
    trigger_type: str | None
    active: bool | None
    # An instant, or a day of the workspace: its start
    start_date_from: date | datetime | str | None
    # An instant, or a day of the workspace: its last moment
    start_date_to: date | datetime | str | None
    # An instant, or a day of the workspace: its start
    end_date_from: date | datetime | str | None
    # An instant, or a day of the workspace: its last moment
    end_date_to: date | datetime | str | None
    limit: int | None
    offset: int


class NewCampaign(TypedDict, total=False):
    """The survey type, the trigger that opens a survey, and the delay until it is due."""

    name: Required[str]
    survey_type_code: Required[str]
    trigger_type: Required[Trigger]
    # 0: the survey is due at once
    delay_hours: int
    active: bool
    # An instant, or a day of the workspace: its start
    start_date: date | datetime | str | None
    # An instant, or a day of the workspace: its last moment
    end_date: date | datetime | str | None
    # Where customers are asked: `in_app` lists the surveys, `email` sends them, `link` lets you request links.
    # With `link` alone, events open none
    channels: list[Channel]
    # Days from the email to its one reminder; null for none
    reminder_after_days: int | None
    # Of emails and hosted pages; null for that of the survey type
    language: str | None


class WholeCampaign(TypedDict, total=False):
    """A whole campaign. Without `end_date` it has no end. A missing one of the last three fields keeps its value."""

    name: Required[str]
    survey_type_code: Required[str]
    trigger_type: Required[Trigger]
    # 0: the survey is due at once
    delay_hours: Required[int]
    active: Required[bool]
    # An instant, or a day of the workspace: its start
    start_date: Required[date | datetime | str]
    # An instant, or a day of the workspace: its last moment
    end_date: date | datetime | str | None
    # Where customers are asked: `in_app` lists the surveys, `email` sends them, `link` lets you request links.
    # With `link` alone, events open none
    channels: list[Channel]
    # Days from the email to its one reminder; null for none
    reminder_after_days: int | None
    # Of emails and hosted pages; null for that of the survey type
    language: str | None


class CampaignsCalls:
    """The calls of this section."""

    @call
    def open_campaign(self, **body: Unpack[NewCampaign]) -> Call[Campaign]:
        """Open a campaign. The campaign opens surveys for events from its start date on; the default is now. Requires
        an API key with the scope `manage`.
        """
        return Call("POST", "/api/v1/campaigns", Campaign, body=body)

    @call
    def filter_campaigns(self, **body: Unpack[FilterBody]) -> Call[Campaigns]:
        """Find campaigns. Newest first; `{}` returns all of them. Requires an API key with the scope `read`."""
        return Call("POST", "/api/v1/campaigns/filter", Campaigns, body=body, repeatable=True)

    @call
    def show_campaign(self, campaign: UUID | str) -> Call[Campaign]:
        """Show a campaign. A deleted campaign returns 404. Requires an API key with the scope `read`."""
        return Call("GET", path("/api/v1/campaigns/{}", campaign), Campaign)

    @call
    def replace_campaign(self, campaign: UUID | str, **body: Unpack[WholeCampaign]) -> Call[Campaign]:
        """Replace a campaign. Replaces all fields. `channels`, `reminder_after_days` and `language` keep their value
        if they are missing. The survey type can change only while the campaign has no surveys. Requires an API key
        with the scope `manage`.
        """
        return Call("PUT", path("/api/v1/campaigns/{}", campaign), Campaign, body=body)

    @call
    def delete_campaign(self, campaign: UUID | str) -> Call[None]:
        """Delete a campaign. The campaign opens no more surveys. Its surveys stay answerable, and its metrics stay.
        Requires an API key with the scope `manage`.
        """
        return Call("DELETE", path("/api/v1/campaigns/{}", campaign), type(None))
