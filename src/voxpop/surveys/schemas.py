"""The request and response structs of surveys and survey types, with their limits and examples."""

from typing import Annotated, Any, Self

import msgspec
from msgspec import Meta, Struct

from voxpop.feedback.models import MAX_COMMENT
from voxpop.metrics.formulas import Formula
from voxpop.surveys.models import Display, DueSurvey, SubmissionResult, SurveyType
from voxpop.surveys.texts import Texts, decode_translations
from voxpop.types import (
    MAX_INTEGER,
    MIN_INTEGER,
    ONE_LINE,
    CampaignId,
    FeedbackId,
    Instant,
    Key,
    Language,
    Name,
    SurveyId,
    Visible,
    instant,
    whole_number,
)

MAX_TEXT, MAX_SCORE, MAX_LABEL = 500, 100, 100

Code = Annotated[Key, Meta(examples=["CES7"])]
TypeName = Annotated[Name, Meta(examples=["Customer Effort Score, 1-7"])]
Question = Annotated[str, Meta(min_length=1, max_length=MAX_TEXT, examples=["How easy was it?"]), Visible]
Thanks = Annotated[str, Meta(min_length=1, max_length=MAX_TEXT, examples=["Thank you!"]), Visible]
TextsLanguage = Annotated[
    Language, Meta(description="Of question and thanks, as a tag in lower case; null if unknown", examples=["en"])
]
Bound = Annotated[float, whole_number(0, MAX_SCORE)]
Label = Annotated[str, Meta(min_length=1, max_length=MAX_LABEL, extra=ONE_LINE), Visible]
LabelMin = Annotated[Label, Meta(description="The words at the lowest score", examples=["Very difficult"])]
LabelMax = Annotated[Label, Meta(description="The words at the highest score", examples=["Very easy"])]
CommentLabel = Annotated[Label, Meta(description="The label of the comment's field", examples=["What can we improve?"])]
ShownAs = Annotated[
    Display,
    Meta(
        description="How customers see the scale. `auto`: thumbs for 0-1, stars for 1-5, otherwise numbers, and a "
        "slider for more than 11 of them"
    ),
]


class SurveyContext(Struct, frozen=True):
    """The subject of the survey."""

    type: Annotated[str, Meta(examples=["ORDER"])]
    context_id: Annotated[str, Meta(examples=["order_456"])]
    timestamp: Annotated[str, Meta(extra_json_schema={"format": "date"}, description="The day of the event, in UTC")]


class SurveyOut(Struct, frozen=True):
    """A survey that the customer can answer."""

    survey_id: SurveyId
    campaign_id: CampaignId
    survey_type: Annotated[str, Meta(examples=["NPS"])]
    question: Annotated[str, Meta(examples=["Оцените от 0 до 10, порекомендуете ли вы нас?"])]
    scale_min: Annotated[int, Meta(examples=[0])]
    scale_max: Annotated[int, Meta(examples=[10])]
    context: SurveyContext
    sent_at: Instant | None

    @classmethod
    def of(cls, survey: DueSurvey, language: str | None) -> Self:
        """`language` is the Accept-Language header."""
        texts = survey.texts_for(language)
        return cls(
            survey.id,
            survey.campaign_id,
            survey.survey_type_code,
            texts.question,
            survey.scale_min,
            survey.scale_max,
            SurveyContext(survey.context_type, survey.context_id, survey.context_date.isoformat()),
            None if survey.sent_at is None else instant(survey.sent_at),
        )


class SurveysOut(Struct, frozen=True):
    surveys: list[SurveyOut]


class AnswerBody(Struct, frozen=True):
    """A customer's answer."""

    survey_id: SurveyId
    score: Annotated[
        float, whole_number(MIN_INTEGER, MAX_INTEGER), Meta(description="Within the type's scale", examples=[9])
    ]
    comment: Annotated[str, Meta(max_length=MAX_COMMENT, examples=["Отличный сервис!"])] | None = None


class AnswerOut(Struct, frozen=True):
    """The answer is stored."""

    success: bool
    feedback_id: FeedbackId
    message: Annotated[str, Meta(examples=["Спасибо за ваш отзыв!"])]

    @classmethod
    def of(cls, result: SubmissionResult, language: str | None) -> Self:
        """`language` is the Accept-Language header."""
        assert result.survey is not None and result.feedback is not None  # noqa: PT018, S101 - a stored answer
        return cls(True, result.feedback, result.survey.thanks_for(language))


class TextsBody(Struct, frozen=True, omit_defaults=True):
    """The texts in one language."""

    question: Question
    thanks: Thanks
    label_min: LabelMin | None = None
    label_max: LabelMax | None = None
    comment_label: CommentLabel | None = None

    def texts(self) -> Texts:
        return Texts(self.question, self.thanks, self.label_min, self.label_max, self.comment_label)

    @classmethod
    def of(cls, texts: Texts) -> Self:
        return cls(texts.question, texts.thanks, texts.label_min, texts.label_max, texts.comment_label)


Translations = Annotated[
    dict[Language, TextsBody],
    Meta(
        description="By language, in lower case", examples=[{"ru": {"question": "Было легко?", "thanks": "Спасибо!"}}]
    ),
]


class SurveyTypeBody(Struct, frozen=True, kw_only=True):
    """All fields of a survey type. `share` needs the satisfied range, `nps` the scale 0-10."""

    name: TypeName
    question: Question
    thanks: Thanks
    language: TextsLanguage | None = None
    scale_min: Annotated[Bound, Meta(examples=[1])]
    scale_max: Annotated[Bound, Meta(examples=[7])]
    formula: Annotated[Formula, Meta(examples=["share"])]
    satisfied_min: Annotated[Bound, Meta(examples=[5])] | None = None
    satisfied_max: Annotated[Bound, Meta(examples=[7])] | None = None
    higher_is_better: bool = True
    formula_description: Annotated[str, Meta(max_length=MAX_TEXT, examples=["satisfied (5-7) / total * 100"])] = ""
    translations: Translations = {}
    display: ShownAs = Display.AUTO
    label_min: LabelMin | None = None
    label_max: LabelMax | None = None
    comment_label: CommentLabel | None = None

    def survey_type(self, code: str) -> SurveyType:
        texts = {language: one.texts() for language, one in self.translations.items()}
        return SurveyType(
            code=code,
            name=self.name,
            question=self.question,
            thanks=self.thanks,
            language=self.language,
            scale_min=int(self.scale_min),
            scale_max=int(self.scale_max),
            formula=self.formula,
            satisfied_min=None if self.satisfied_min is None else int(self.satisfied_min),
            satisfied_max=None if self.satisfied_max is None else int(self.satisfied_max),
            formula_description=self.formula_description,
            higher_is_better=self.higher_is_better,
            translations=msgspec.json.encode(texts).decode(),
            display=self.display,
            label_min=self.label_min,
            label_max=self.label_max,
            comment_label=self.comment_label,
        )


class NewSurveyType(SurveyTypeBody, frozen=True, kw_only=True):
    """A survey type to create in the workspace."""

    code: Code


class SurveyTypeOut(Struct, frozen=True):
    """A stored survey type."""

    code: Code
    name: TypeName
    question: Question
    thanks: Thanks
    language: TextsLanguage | None
    scale_min: Annotated[int, Meta(examples=[1])]
    scale_max: Annotated[int, Meta(examples=[7])]
    formula: Annotated[Formula, Meta(examples=["share"])]
    satisfied_min: Annotated[int, Meta(examples=[5])] | None
    satisfied_max: Annotated[int, Meta(examples=[7])] | None
    higher_is_better: bool
    formula_description: Annotated[str, Meta(examples=["satisfied (5-7) / total * 100"])]
    translations: Translations
    display: ShownAs
    label_min: LabelMin | None
    label_max: LabelMax | None
    comment_label: CommentLabel | None

    @classmethod
    def of(cls, stored: SurveyType) -> Self:
        values: dict[str, Any] = {field: getattr(stored, field) for field in cls.__struct_fields__}
        texts = decode_translations(stored.translations).items()
        values["translations"] = {language: TextsBody.of(one) for language, one in texts}
        return cls(**(values | {"formula": Formula(stored.formula), "display": Display(stored.display)}))


class SurveyTypesOut(Struct, frozen=True):
    survey_types: list[SurveyTypeOut]
