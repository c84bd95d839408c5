"""The form of a campaign: what was typed, and the plan that it means."""

from datetime import datetime
from typing import Any, Self
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from voxpop.campaigns.models import Campaign, CampaignPlan, Channel
from voxpop.campaigns.schemas import MAX_DELAY_HOURS, MAX_REMINDER_DAYS, NewCampaign
from voxpop.i18n import N_
from voxpop.types import MAX_NAME
from voxpop.web.forms import WHOLE_NUMBER, parse_texts
from voxpop.web.versions import VersionedForm

HOURS_OF_DAY = 24
ASKING = ("channels", "reminder_after_days", "language")
MESSAGES = {
    "name": N_("Give it a name of at most {limit} characters.", limit=MAX_NAME),
    "survey_type_code": N_("Choose a survey type."),
    "trigger_type": N_("Choose an event."),
    "delay_hours": N_("Enter a whole number of hours or days, up to {limit} hours.", limit=MAX_DELAY_HOURS),
    "start_date": N_("Enter a day, for example 2026-11-30."),
    "end_date": N_("Enter a day that is not before the start."),
    "channels": N_("Choose at least one."),
    "reminder_after_days": N_("Enter a whole number of days, 1 to {limit}.", limit=MAX_REMINDER_DAYS),
    "language": N_("Choose a language."),
}


class CampaignForm(VersionedForm, kw_only=True):
    """A campaign as typed. Dates are days of the workspace. A missing one of the last fields keeps what is stored."""

    name: str = ""
    survey_type_code: str = ""
    trigger_type: str = ""
    delay_hours: str = "0"  # in the unit
    delay_unit: str = "hours"
    active: str = ""
    start_date: str = ""
    end_date: str = ""
    channels: list[str] | None = None  # with an empty item, so that a form without a choice differs
    reminder_after_days: str | None = None
    language: str | None = None
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
            channels=campaign.channels,
            reminder_after_days=str(campaign.reminder_after_days or ""),
            language=campaign.language or "",
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
            **self._asking(stored),
        }
        plan = parse_texts(typed, NewCampaign).plan(zone, now)
        if stored and self.start_date in ("", _day(stored.start_date, zone)):
            plan = replace(plan, start_date=stored.start_date)
        if stored and stored.end_date and self.end_date == _day(stored.end_date, zone):
            plan = replace(plan, end_date=stored.end_date)
        return plan

    def _asking(self, stored: Campaign | None) -> dict[str, Any]:
        """How customers are asked."""
        typed: dict[str, Any] = {}
        if self.channels is not None:
            chosen = [channel for channel in self.channels if channel]
            typed["channels"] = chosen if set(chosen) <= set(Channel) else []  # one message for both mistakes
        if self.reminder_after_days is not None:
            typed["reminder_after_days"] = self.reminder_after_days.strip() or None
        if self.language is not None:
            typed["language"] = self.language or None
        return ({name: getattr(stored.plan, name) for name in ASKING} if stored else {}) | typed

    def _hours(self) -> str:
        text = self.delay_hours.strip()
        in_days = self.delay_unit == "days" and WHOLE_NUMBER.fullmatch(text)
        return str(int(text) * HOURS_OF_DAY) if in_days else text


def _day(moment: datetime | None, zone: ZoneInfo) -> str:
    return "" if moment is None else moment.astimezone(zone).date().isoformat()
