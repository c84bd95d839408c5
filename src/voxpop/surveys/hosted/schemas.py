"""The form of a hosted page, and its messages."""

from collections.abc import Sequence

from msgspec import Struct

from voxpop.errors import FieldError, Invalid
from voxpop.feedback.models import MAX_COMMENT
from voxpop.i18n import N_
from voxpop.text import is_visible, trim_lines
from voxpop.web.forms import WHOLE_NUMBER

NO_SCORE = N_("Choose a score.")
COMMENT_TOO_LONG = N_("Use {limit} characters or fewer.", limit=MAX_COMMENT)


class AnswerForm(Struct, frozen=True):
    """An answer as typed."""

    score: str = ""
    comment: str = ""

    def chosen_score(self, scores: Sequence[int]) -> int | None:
        """The score, if it is one of the scale."""
        score = int(self.score) if WHOLE_NUMBER.fullmatch(self.score) else -1
        return score if score in scores else None

    def check(self, scores: Sequence[int]) -> int:
        """The score; Invalid names every field that does not fit."""
        score = self.chosen_score(scores)
        errors = [] if score is not None else [FieldError("score", NO_SCORE)]
        if len(self.comment) > MAX_COMMENT:
            errors.append(FieldError("comment", COMMENT_TOO_LONG))
        if score is None or errors:
            raise Invalid(details=errors)
        return score

    def comment_text(self) -> str | None:
        """None for a comment without a visible character."""
        return trim_lines(self.comment) if is_visible(self.comment) else None
