"""The errors of campaigns."""

from voxpop.errors import Conflict, Invalid


class UnknownSurveyType(Invalid):
    """The campaign names a survey type that the workspace does not have."""

    code = "UNKNOWN_SURVEY_TYPE"
    message = "The workspace has no survey type with this code."
    constraints = ("campaign_survey_type_exists",)


class CampaignHasSurveys(Conflict):
    """The survey type of a campaign with surveys cannot change, because stored scores would change their meaning."""

    code = "CAMPAIGN_HAS_SURVEYS"
    message = "The campaign already has surveys, so its survey type cannot change. Create another campaign."


class CampaignWithoutLinks(Conflict):
    """Links are requested of a campaign that does not have the channel `link`."""

    code = "CAMPAIGN_WITHOUT_LINKS"
    message = "The campaign does not ask by link. Add the channel link to it."


class CampaignNotRunning(Conflict):
    """The campaign is inactive, has not begun or has ended, so it opens no surveys."""

    code = "CAMPAIGN_NOT_RUNNING"
    message = "The campaign is inactive, has not begun or has ended."


class CampaignNotStarted(Conflict):
    """A campaign that has not started cannot end."""

    code = "CAMPAIGN_NOT_STARTED"
    message = "The campaign has not started yet. Pause or delete it."
