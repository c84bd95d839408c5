"""The form of a survey type: what was typed, and the API request that says the same."""

from itertools import zip_longest
from typing import Any, NamedTuple, Self

from msgspec import Struct, field
from msgspec.structs import replace

from voxpop.errors import FieldError, Invalid
from voxpop.i18n import N_
from voxpop.metrics.formulas import Formula
from voxpop.surveys.models import SurveyType
from voxpop.surveys.schemas import MAX_SCORE, MAX_TEXT, NewSurveyType, Question, TextsBody, Thanks
from voxpop.surveys.survey_types import Preview, PreviewTexts
from voxpop.surveys.texts import decode_translations
from voxpop.types import MAX_KEY, MAX_NAME, Language
from voxpop.web.forms import WHOLE_NUMBER, parse_texts
from voxpop.web.versions import VersionedForm

LANGUAGE_TWICE = N_("The question has this language already.")
MESSAGES = {
    "code": N_("Use Latin letters, digits and - _ . +, at most {limit}.", limit=MAX_KEY),
    "name": N_("Give it a name of at most {limit} characters.", limit=MAX_NAME),
    "question": N_("Enter a question, at most {limit} characters.", limit=MAX_TEXT),
    "thanks": N_("Enter the thanks, at most {limit} characters.", limit=MAX_TEXT),
    "language": N_("Use a language tag in lower case, for example en or pt-br."),
    "scale_min": N_("Enter a whole number, 0 to {limit}.", limit=MAX_SCORE - 1),
    "scale_max": N_("Enter a whole number above the lowest score, at most {limit}.", limit=MAX_SCORE),
    "formula": N_("Choose a formula. NPS needs the scale from 0 to 10."),
    "satisfied_min": N_("Enter whole numbers within the scale."),
    "satisfied_max": N_("Enter whole numbers within the scale."),
    "formula_description": N_("Use {limit} characters or fewer.", limit=MAX_TEXT),
}


class TranslationForm(Struct, frozen=True):
    """The texts in one language."""

    language: Language
    question: Question
    thanks: Thanks


class TypedTranslation(NamedTuple):
    """The texts in one language as typed."""

    language: str = ""
    question: str = ""
    thanks: str = ""


class SurveyTypeForm(VersionedForm, kw_only=True):
    """A survey type as typed. Each of the three lists has an item for each translation."""

    code: str = ""
    name: str = ""
    question: str = ""
    thanks: str = ""
    language: str = ""
    scale_min: str = ""
    scale_max: str = ""
    formula: str = ""
    satisfied_min: str = ""
    satisfied_max: str = ""
    formula_description: str = ""
    higher_is_better: str = "yes"
    translation_language: list[str] = field(default_factory=list)
    translation_question: list[str] = field(default_factory=list)
    translation_thanks: list[str] = field(default_factory=list)
    preview: str = ""  # not empty if the form is sent for its preview only

    @classmethod
    def of(cls, stored: SurveyType) -> Self:
        texts = decode_translations(stored.translations)
        values = {name: getattr(stored, name) for name in TEXT_FIELDS}
        return cls(
            **{name: "" if value is None else str(value) for name, value in values.items()},
            higher_is_better="yes" if stored.higher_is_better else "no",
            translation_language=list(texts),
            translation_question=[each.question for each in texts.values()],
            translation_thanks=[each.thanks for each in texts.values()],
        ).with_version()

    @property
    def translations(self) -> list[TypedTranslation]:
        """The translations as typed, blank ones included."""
        lists = (self.translation_language, self.translation_question, self.translation_thanks)
        return [TypedTranslation(*texts) for texts in zip_longest(*lists, fillvalue="")]

    def to_preview(self) -> Preview:
        """How the type will look, as far as it is typed."""
        low, high = (int(text) if WHOLE_NUMBER.fullmatch(text) else -1 for text in (self.scale_min, self.scale_max))
        scores = range(low, high + 1) if 0 <= low < high <= MAX_SCORE else []
        translations = [PreviewTexts(*typed) for typed in self.translations if typed.question.strip()]
        return Preview(PreviewTexts(self.language, self.question, self.thanks), scores, translations)

    def to_request(self) -> NewSurveyType:
        """The API request that creates this type. Invalid names every field that does not fit."""
        typed: dict[str, Any] = {name: getattr(self, name) for name in TEXT_FIELDS}
        typed |= {name: typed[name].strip() for name in WORD_FIELDS}
        typed |= {name: typed[name] or None for name in ("language", "satisfied_min", "satisfied_max")}
        if self.formula != Formula.SHARE:  # the form hides both fields
            typed |= {"satisfied_min": None, "satisfied_max": None}
        errors: list[FieldError] = []
        translations = self._translations(errors)
        try:
            request = parse_texts(typed | {"higher_is_better": self.higher_is_better == "yes"}, NewSurveyType)
        except Invalid as error:
            raise Invalid(error.message, details=[*error.details, *errors]) from error
        if errors:
            raise Invalid(details=errors)
        return replace(request, translations=translations)

    def _translations(self, errors: list[FieldError]) -> dict[str, TextsBody]:
        """Those that are not blank. Adds an error for each field that does not fit, named after its row."""
        found: dict[str, TextsBody] = {}
        for number, typed in enumerate(self.translations):
            if not "".join(typed).strip():
                continue
            try:
                row = parse_texts(typed._replace(language=typed.language.strip())._asdict(), TranslationForm)
            except Invalid as error:
                errors += [FieldError(f"{each.field}_{number}", MESSAGES[each.field]) for each in error.details]
                continue
            if row.language in found:
                errors.append(FieldError(f"language_{number}", LANGUAGE_TWICE))
            found[row.language] = TextsBody(row.question, row.thanks)
        return found


TEXT_FIELDS = (
    "code", "name", "question", "thanks", "language", "scale_min", "scale_max", "formula", "satisfied_min",
    "satisfied_max", "formula_description",
)  # fmt: skip
WORD_FIELDS = ("code", "language", "scale_min", "scale_max", "satisfied_min", "satisfied_max")  # spaces do not count
