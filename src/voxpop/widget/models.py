"""The user of a widget, and what a page asks for this user."""

from typing import NamedTuple

from msgspec import Struct

from voxpop.email_addresses import normalize_email
from voxpop.features.models import FeatureUser
from voxpop.surveys.models import AnswerableSurvey, Guids, Submission, SurveyType
from voxpop.types import FeedbackId, Origin, SurveyId


class WidgetUser(NamedTuple):
    """A customer as the page names them: by an address, or by a guid."""

    value: str
    is_guid: bool

    @property
    def kind(self) -> str:
        """The word that signatures have for it."""
        return "guid" if self.is_guid else "email"

    @property
    def guids(self) -> Guids:
        """The guids whose campaign surveys are this user's: an address matches itself and its folded form."""
        return (self.value,) if self.is_guid else tuple(dict.fromkeys((self.value, normalize_email(self.value))))

    def of_feature(self, product: str, feature: str) -> FeatureUser:
        return FeatureUser(product, feature, self.value, self.is_guid)

    def owns(self, survey: AnswerableSurvey) -> bool:
        """Whether the survey asks this user."""
        if survey.origin == Origin.CAMPAIGN:
            return survey.guid in self.guids
        return self.value == (survey.guid if self.is_guid else survey.user_email)


class WidgetAnswer(Struct, frozen=True):
    """A user's answer to a survey."""

    user: WidgetUser
    submission: Submission


class WidgetDismissal(Struct, frozen=True):
    """A survey that a user does not want to answer."""

    user: WidgetUser
    survey: SurveyId


class StoredAnswer(Struct, frozen=True):
    """A voluntary rating of a feature that is stored, with the type that has its thanks."""

    feedback: FeedbackId
    survey_type: SurveyType
