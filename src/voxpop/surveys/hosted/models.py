"""A survey as a page or an email asks it: its type, in the language that its campaign wants."""

from collections.abc import Sequence

from msgspec import Struct

from voxpop.surveys.models import Display, SurveyType
from voxpop.surveys.texts import Texts, choose_language, decode_translations

MAX_CHOICES = 11  # a longer scale is shown as numbers
FACES = "😞🙁😐🙂😄"


class Question(Struct, frozen=True):
    """What a survey asks. `wanted_language` is the campaign's; without one, the type's own language is used."""

    type: SurveyType
    wanted_language: str | None

    @property
    def texts(self) -> Texts:
        return self.type.texts_for(self.wanted_language)

    @property
    def language(self) -> str | None:
        """That of the texts, if it is known."""
        translations = decode_translations(self.type.translations)
        return choose_language(self.type.language, translations, self.wanted_language)

    @property
    def scores(self) -> Sequence[int]:
        return range(self.type.scale_min, self.type.scale_max + 1)

    @property
    def display(self) -> Display:
        """How the scale is shown: as in the widget, except for a slider, which has no state without a choice."""
        low, high = self.type.scale_min, self.type.scale_max
        if len(self.scores) > MAX_CHOICES or (self.type.display == Display.THUMBS and high - low != 1):
            return Display.NUMBERS
        if self.type.display != Display.AUTO:
            return Display(self.type.display)
        return {(0, 1): Display.THUMBS, (1, 5): Display.STARS}.get((low, high), Display.NUMBERS)

    def label_of(self, score: int) -> str | None:
        """The word at an end of the scale."""
        ends = {self.scores[0]: self.texts.label_min, self.scores[-1]: self.texts.label_max}
        return ends.get(score)

    def position_of(self, score: int) -> float:
        """0 for the lowest score, 1 for the highest."""
        return (score - self.scores[0]) / (len(self.scores) - 1)

    def sign_of(self, score: int) -> str:
        """The score in characters, for an email."""
        match self.display:
            case Display.THUMBS:
                return "👎👍"[score - self.scores[0]]
            case Display.STARS:
                return f"{score} ★"
            case Display.SMILEYS:
                return FACES[round(self.position_of(score) * (len(FACES) - 1))]
        return str(score)
