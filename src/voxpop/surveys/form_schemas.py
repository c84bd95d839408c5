"""The form of a survey type: what was typed, and the API request that says the same."""

from itertools import zip_longest
from typing import Any, Self

from msgspec import Struct, field
from msgspec.structs import asdict, astuple, replace

from voxpop.errors import FieldError, Invalid
from voxpop.i18n import N_
from voxpop.metrics.formulas import Formula
from voxpop.surveys.models import Display, SurveyType
from voxpop.surveys.schemas import MAX_LABEL, MAX_SCORE, MAX_TEXT, Label, NewSurveyType, Question, TextsBody, Thanks
from voxpop.surveys.survey_types import Preview, PreviewTexts, symbols_of
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
    **dict.fromkeys(
        ("label_min", "label_max", "comment_label"), N_("Use {limit} characters or fewer.", limit=MAX_LABEL)
    ),
}


class TranslationForm(Struct, frozen=True):
    """The texts in one language."""

    language: Language
    question: Question
    thanks: Thanks
    label_min: Label | None = None
    label_max: Label | None = None
    comment_label: Label | None = None


class TypedTranslation(Struct, frozen=True):
    """The texts in one language as typed."""

    language: str = ""
    question: str = ""
    thanks: str = ""
    label_min: str = ""
    label_max: str = ""
    comment_label: str = ""

    @property
    def is_blank(self) -> bool:
        return not any(text.strip() for text in astuple(self))


class SurveyTypeForm(VersionedForm, kw_only=True):
    """A survey type as typed. Each of the lists has an item for each translation."""

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
    display: str = Display.AUTO
    label_min: str = ""
    label_max: str = ""
    comment_label: str = ""
    translation_language: list[str] = field(default_factory=list)
    translation_question: list[str] = field(default_factory=list)
    translation_thanks: list[str] = field(default_factory=list)
    translation_label_min: list[str] = field(default_factory=list)
    translation_label_max: list[str] = field(default_factory=list)
    translation_comment_label: list[str] = field(default_factory=list)
    preview: str = ""  # not empty if the form is sent for its preview only

    @classmethod
    def of(cls, stored: SurveyType) -> Self:
        texts = decode_translations(stored.translations)
        own = {name: getattr(stored, name) for name in TEXT_FIELDS}
        values: dict[str, Any] = {name: "" if value is None else str(value) for name, value in own.items()}
        values |= {f"translation_{name}": [getattr(each, name) or "" for each in texts.values()] for name in TRANSLATED}
        higher_is_better = "yes" if stored.higher_is_better else "no"
        return cls(**values, translation_language=list(texts), higher_is_better=higher_is_better).with_version()

    @property
    def translations(self) -> list[TypedTranslation]:
        """The translations as typed, blank ones included."""
        lists = (getattr(self, f"translation_{name}") for name in ("language", *TRANSLATED))
        return [TypedTranslation(*texts) for texts in zip_longest(*lists, fillvalue="")]

    @property
    def blank_translation(self) -> TypedTranslation:
        """The row for one more language."""
        return TypedTranslation()

    def to_preview(self) -> Preview:
        """How the type will look, as far as it is typed."""
        low, high = (int(text) if WHOLE_NUMBER.fullmatch(text) else -1 for text in (self.scale_min, self.scale_max))
        scores = range(low, high + 1) if 0 <= low < high <= MAX_SCORE else []
        translations = [PreviewTexts(*astuple(typed)) for typed in self.translations if typed.question.strip()]
        own = PreviewTexts(
            self.language, self.question, self.thanks, self.label_min, self.label_max, self.comment_label
        )
        return Preview(own, symbols_of(self.display, scores), translations)

    def to_request(self) -> NewSurveyType:
        """The API request that creates this type. Invalid names every field that does not fit."""
        typed: dict[str, Any] = {name: getattr(self, name) for name in TEXT_FIELDS}
        typed |= {name: typed[name].strip() for name in WORD_FIELDS}
        typed |= {name: typed[name] or None for name in OPTIONAL_FIELDS}
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
            if typed.is_blank:
                continue
            texts: dict[str, Any] = asdict(typed) | {"language": typed.language.strip()}
            texts |= {name: texts[name] if texts[name].strip() else None for name in LABELS}
            try:
                row = parse_texts(texts, TranslationForm)
            except Invalid as error:
                errors += [FieldError(f"{each.field}_{number}", MESSAGES[each.field]) for each in error.details]
                continue
            if row.language in found:
                errors.append(FieldError(f"language_{number}", LANGUAGE_TWICE))
            found[row.language] = TextsBody(*astuple(row)[1:])
        return found


TEXT_FIELDS = (
    "code", "name", "question", "thanks", "language", "scale_min", "scale_max", "formula", "satisfied_min",
    "satisfied_max", "formula_description", "display", "label_min", "label_max", "comment_label",
)  # fmt: skip
LABELS = ("label_min", "label_max", "comment_label")
OPTIONAL_FIELDS = ("language", "satisfied_min", "satisfied_max", *LABELS)
TRANSLATED = ("question", "thanks", *LABELS)  # the texts of a translation
WORD_FIELDS = ("code", "language", "scale_min", "scale_max", "satisfied_min", "satisfied_max")  # spaces do not count
