"""The section "Survey types" of the API, generated from the OpenAPI document by `make clients`."""

from typing import Required, TypedDict, Unpack

from msgspec import Struct

from voxpop.client.api.words import Display, Formula
from voxpop.client.methods import call
from voxpop.client.shapes import Call, path


class Texts(Struct, frozen=True, kw_only=True):
    """The texts in one language."""

    question: str
    thanks: str
    # The words at the lowest score
    label_min: str | None = None
    # The words at the highest score
    label_max: str | None = None
    # The label of the comment's field
    comment_label: str | None = None


class SurveyType(Struct, frozen=True, kw_only=True):
    """A stored survey type."""

    code: str
    name: str
    question: str
    thanks: str
    # Of question and thanks, as a tag in lower case; null if unknown
    language: str | None
    scale_min: int
    scale_max: int
    formula: Formula
    satisfied_min: int | None
    satisfied_max: int | None
    higher_is_better: bool
    formula_description: str
    # By language, in lower case
    translations: dict[str, Texts]
    # How customers see the scale. `auto`: thumbs for 0-1, stars for 1-5, otherwise numbers, and a slider for more
    # than 11 of them
    display: Display
    # The words at the lowest score
    label_min: str | None
    # The words at the highest score
    label_max: str | None
    # The label of the comment's field
    comment_label: str | None


class SurveyTypes(Struct, frozen=True, kw_only=True):
    survey_types: list[SurveyType]


class TextsBody(TypedDict, total=False):
    """The texts in one language."""

    question: Required[str]
    thanks: Required[str]
    # The words at the lowest score
    label_min: str | None
    # The words at the highest score
    label_max: str | None
    # The label of the comment's field
    comment_label: str | None


class NewSurveyType(TypedDict, total=False):
    """A survey type to create in the workspace."""

    name: Required[str]
    question: Required[str]
    thanks: Required[str]
    # Of question and thanks, as a tag in lower case; null if unknown
    language: str | None
    scale_min: Required[int]
    scale_max: Required[int]
    formula: Required[Formula]
    satisfied_min: int | None
    satisfied_max: int | None
    higher_is_better: bool
    formula_description: str
    # By language, in lower case
    translations: dict[str, TextsBody]
    # How customers see the scale. `auto`: thumbs for 0-1, stars for 1-5, otherwise numbers, and a slider for more
    # than 11 of them
    display: Display
    # The words at the lowest score
    label_min: str | None
    # The words at the highest score
    label_max: str | None
    # The label of the comment's field
    comment_label: str | None
    code: Required[str]


class SurveyTypeBody(TypedDict, total=False):
    """All fields of a survey type. `share` needs the satisfied range, `nps` the scale 0-10."""

    name: Required[str]
    question: Required[str]
    thanks: Required[str]
    # Of question and thanks, as a tag in lower case; null if unknown
    language: str | None
    scale_min: Required[int]
    scale_max: Required[int]
    formula: Required[Formula]
    satisfied_min: int | None
    satisfied_max: int | None
    higher_is_better: bool
    formula_description: str
    # By language, in lower case
    translations: dict[str, TextsBody]
    # How customers see the scale. `auto`: thumbs for 0-1, stars for 1-5, otherwise numbers, and a slider for more
    # than 11 of them
    display: Display
    # The words at the lowest score
    label_min: str | None
    # The words at the highest score
    label_max: str | None
    # The label of the comment's field
    comment_label: str | None


class SurveyTypesCalls:
    """The calls of this section."""

    @call
    def list_survey_types(
        self,
    ) -> Call[SurveyTypes]:
        """List survey types. Sorted by code. Requires an API key with the scope `read`."""
        return Call("GET", "/api/v1/survey-types", SurveyTypes)

    @call
    def add_survey_type(self, **body: Unpack[NewSurveyType]) -> Call[SurveyType]:
        """Create a survey type. A type of the workspace's own, for example CES on 1-7 or thumbs on 0-1. Requires an
        API key with the scope `manage`.
        """
        return Call("POST", "/api/v1/survey-types", SurveyType, body=body)

    @call
    def replace_survey_type(self, code: str, **body: Unpack[SurveyTypeBody]) -> Call[SurveyType]:
        """Replace a survey type. Texts can change at any time, scale and formula only while no survey or rating has
        the type. Requires an API key with the scope `manage`.
        """
        return Call("PUT", path("/api/v1/survey-types/{}", code), SurveyType, body=body)
