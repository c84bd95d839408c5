"""The request and response structs of the widget's calls, with their limits and examples."""

from typing import Annotated, Any, Self

from msgspec import Meta, Struct

from voxpop.errors import Invalid
from voxpop.features.models import SCALE_MAX, SCALE_MIN, FeaturePath, ShownPrompt
from voxpop.feedback.models import MAX_COMMENT
from voxpop.surveys.models import Display, DueSurvey, SurveyType
from voxpop.types import (
    MAX_INTEGER,
    MAX_KEY,
    MIN_INTEGER,
    Email,
    FeedbackId,
    Guid,
    SurveyId,
    whole_number,
)
from voxpop.widget.models import WidgetUser

SIGNATURE = "v1.1767225600.4JDfoL4Vbz1fC8VIvdl7dBZ1byREDzwG85VagkZKgWY"
MAX_LOCALE = 35

Locale = Annotated[
    str,
    Meta(
        max_length=MAX_LOCALE,
        pattern=r"^[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*\Z",
        description="The language of the page, for example `pt-BR`. Without it, `Accept-Language` chooses the texts",
        examples=["en"],
    ),
]
FeatureWord = Annotated[str, Meta(min_length=1, max_length=MAX_KEY)]
ProductKey = Annotated[FeatureWord, Meta(description="The product's key", examples=["pms"])]
FeatureKey = Annotated[FeatureWord, Meta(description="The feature's key", examples=["dashboard"])]
Score = Annotated[
    float, whole_number(MIN_INTEGER, MAX_INTEGER), Meta(description="Within the survey's scale", examples=[9])
]
Comment = Annotated[str, Meta(max_length=MAX_COMMENT, examples=["Works great."])]


class UserOfPage(Struct, frozen=True):
    """The signed-in customer: an address or a guid, and the signature that your server made for it."""

    email: Annotated[Email, Meta(examples=["ann@example.com"])] | None = None
    guid: Guid | None = None
    signature: Annotated[str, Meta(examples=[SIGNATURE], description="`v1.<expires>.<mac>`")] | None = None

    def widget_user(self) -> WidgetUser:
        """Invalid unless there is exactly one of email and guid."""
        if (self.email is None) == (self.guid is None):
            raise Invalid.of("body", "user", "must have exactly one of email and guid")
        return WidgetUser(self.email or self.guid or "", self.guid is not None)


EXAMPLE_USER = {"email": "ann@example.com", "signature": SIGNATURE}
SignedUser = Annotated[
    UserOfPage,
    Meta(
        examples=[EXAMPLE_USER],
        extra_json_schema={"oneOf": [{"required": ["email"]}, {"required": ["guid"]}]},
    ),
]


class CustomerBody(Struct, frozen=True):
    """The customer whose surveys are shown."""

    user: SignedUser
    locale: Locale | None = None


class TrackBody(Struct, frozen=True):
    """A use of a feature."""

    user: SignedUser
    product: ProductKey
    feature: FeatureKey
    locale: Locale | None = None


class WidgetAnswerBody(Struct, frozen=True):
    """An answer to a survey, by its `survey_id`, or a voluntary rating of a feature, by `product` and `feature`."""

    user: SignedUser
    score: Score
    comment: Comment | None = None
    survey_id: SurveyId | None = None
    product: ProductKey | None = None
    feature: FeatureKey | None = None
    locale: Locale | None = None

    @property
    def survey(self) -> SurveyId:
        """The survey of an answer that is no voluntary rating."""
        assert self.survey_id is not None  # noqa: S101 - see `rated_feature`
        return self.survey_id

    def rated_feature(self) -> FeaturePath | None:
        """The feature of a voluntary rating, None for an answer to a survey. Invalid for both or neither."""
        if self.survey_id is not None and self.product is None and self.feature is None:
            return None
        if self.survey_id is not None or self.product is None or self.feature is None:
            raise Invalid("body must have survey_id, or product and feature")
        if not SCALE_MIN <= self.score <= SCALE_MAX:
            raise Invalid.of("body", "score", f"must be from {SCALE_MIN} to {SCALE_MAX}")
        return FeaturePath(self.product, self.feature)


AnswerOfPage = Annotated[
    WidgetAnswerBody,
    Meta(
        examples=[
            {
                "user": EXAMPLE_USER,
                "score": 9,
                "comment": "Works great.",
                "survey_id": "01939d54-2f8e-7cc1-9a5e-5b0c1f4e8a77",
                "locale": "en",
            }
        ],
        extra_json_schema={"anyOf": [{"required": ["survey_id"]}, {"required": ["product", "feature"]}]},
    ),
]


class DismissBody(Struct, frozen=True):
    """A survey that the customer closed without an answer."""

    user: SignedUser
    survey_id: SurveyId
    locale: Locale | None = None


# The body of any call.
WidgetBody = CustomerBody | TrackBody | WidgetAnswerBody | DismissBody


class Labels(Struct, frozen=True):
    """The words at the ends of the scale."""

    min: Annotated[str, Meta(examples=["Very difficult"])] | None
    max: Annotated[str, Meta(examples=["Very easy"])] | None


class QuestionOut(Struct, frozen=True, kw_only=True):
    """A question with its scale, in the language of the page."""

    survey_type: Annotated[str, Meta(examples=["CSAT10"])]
    question: Annotated[str, Meta(examples=["How satisfied are you with this feature?"])]
    scale_min: Annotated[int, Meta(examples=[1])]
    scale_max: Annotated[int, Meta(examples=[10])]
    display: Display
    labels: Labels
    comment_label: Annotated[str, Meta(examples=["What can we improve?"])] | None
    thanks: Annotated[str, Meta(examples=["Thank you!"])]

    @classmethod
    def of(cls, code: str, shown: SurveyType | DueSurvey, language: str | None, **more: Any) -> Self:
        """`language` is an Accept-Language header."""
        texts = shown.texts_for(language)
        return cls(
            survey_type=code,
            question=texts.question,
            scale_min=shown.scale_min,
            scale_max=shown.scale_max,
            display=Display(shown.display),
            labels=Labels(texts.label_min, texts.label_max),
            comment_label=texts.comment_label,
            thanks=texts.thanks,
            **more,
        )


class AskOut(QuestionOut, frozen=True, kw_only=True):
    """A survey to show now."""

    survey_id: SurveyId

    @classmethod
    def of_prompt(cls, prompt: ShownPrompt, language: str | None) -> Self:
        return cls.of(prompt.survey_type.code, prompt.survey_type, language, survey_id=prompt.survey)

    @classmethod
    def of_survey(cls, survey: DueSurvey, language: str | None) -> Self:
        return cls.of(survey.survey_type_code, survey, language, survey_id=survey.id)


class FormOut(Struct, frozen=True):
    """The question of a feature, for a customer who wants to rate it."""

    ask: QuestionOut


class TrackOut(Struct, frozen=True):
    """`ask` is the prompt to show now, or null."""

    ask: AskOut | None


class AsksOut(Struct, frozen=True):
    """The surveys of campaigns that are due, latest scheduled first."""

    surveys: list[AskOut]


class WidgetAnswerOut(Struct, frozen=True):
    """The answer is stored."""

    feedback_id: FeedbackId
    thanks: Annotated[str, Meta(examples=["Thank you!"])]


class DismissOut(Struct, frozen=True):
    """The survey is dismissed."""

    status: Annotated[str, Meta(examples=["DISMISSED"])]
