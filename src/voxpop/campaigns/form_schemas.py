"""The form of a campaign: what was typed, and the plan that it means."""

from datetime import datetime
from typing import Any, Self
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from voxpop.campaigns.models import Campaign, CampaignPlan
from voxpop.campaigns.schemas import MAX_DELAY_HOURS, NewCampaign
from voxpop.i18n import N_
from voxpop.types import MAX_NAME
from voxpop.web.forms import WHOLE_NUMBER, parse_texts
from voxpop.web.versions import VersionedForm

HOURS_OF_DAY = 24
MESSAGES = {
    "name": N_("Give it a name of at most {limit} characters.", limit=MAX_NAME),
    "survey_type_code": N_("Choose a survey type."),
    "trigger_type": N_("Choose an event."),
    "delay_hours": N_("Enter a whole number of hours or days, up to {limit} hours.", limit=MAX_DELAY_HOURS),
    "start_date": N_("Enter a day, for example 2026-11-30."),
    "end_date": N_("Enter a day that is not before the start."),
}


class CampaignForm(VersionedForm, kw_only=True):
    """A campaign as typed. Dates are days of the workspace."""

    name: str = ""
    survey_type_code: str = ""
    trigger_type: str = ""
    delay_hours: str = "0"  # in the unit
    delay_unit: str = "hours"
    active: str = ""
    start_date: str = ""
    end_date: str = ""
    preview: str = ""  # not empty if the form is sent for its preview only

    @classmethod
    def of(cls, campaign: Campaign, zone: ZoneInfo) -> Self:
        days, rest = divmod(campaign.delay_hours, HOURS_OF_DAY)
        in_days = days > 0 and rest == 0
        return cls(
            name=campaign.name,
            survey_type_code=campaign.survey_type_code,
            trigger_type=campaign.trigger_type,
            delay_hours=str(days if in_days else campaign.delay_hours),
            delay_unit="days" if in_days else "hours",
            active="on" if campaign.active else "",
            start_date=_day(campaign.start_date, zone),
            end_date=_day(campaign.end_date, zone),
        ).with_version()

    def to_plan(self, zone: ZoneInfo, now: datetime, stored: Campaign | None = None) -> CampaignPlan:
        """The plan by the rules of the API. Invalid names every field that does not fit.

        A date that shows the stored day means the stored instant. An empty start is that instant too, or else now.
        """
        typed: dict[str, Any] = {
            "name": self.name,
            "survey_type_code": self.survey_type_code,
            "trigger_type": self.trigger_type,
            "delay_hours": self._hours(),
            "active": bool(self.active),
            "start_date": self.start_date.strip() or None,
            "end_date": self.end_date.strip() or None,
        }
        plan = parse_texts(typed, NewCampaign).plan(zone, now)
        if stored and self.start_date in ("", _day(stored.start_date, zone)):
            plan = replace(plan, start_date=stored.start_date)
        if stored and stored.end_date and self.end_date == _day(stored.end_date, zone):
            plan = replace(plan, end_date=stored.end_date)
        return plan

    def _hours(self) -> str:
        text = self.delay_hours.strip()
        in_days = self.delay_unit == "days" and WHOLE_NUMBER.fullmatch(text)
        return str(int(text) * HOURS_OF_DAY) if in_days else text


def _day(moment: datetime | None, zone: ZoneInfo) -> str:
    return "" if moment is None else moment.astimezone(zone).date().isoformat()
