"""The forms of the customer portal, with the messages for fields that do not fit, and its one JSON response."""

from collections.abc import Sequence
from typing import Annotated, Self

from msgspec import Meta, Struct

from voxpop.email_addresses import email_error
from voxpop.errors import AppError, FieldError, Invalid
from voxpop.i18n import N_
from voxpop.text import is_visible, one_line, trim_lines
from voxpop.tickets.limits import MAX_COMMENT, MAX_TEXT
from voxpop.tickets.models import SCALE_MAX, SCALE_MIN, NewRating, NewTicket, Requester, Ticket
from voxpop.types import MAX_NAME, Instant, instant

NAME_MISSING = N_("Enter your name.")
SUBJECT_MISSING = N_("Enter a subject.")
TEXT_MISSING = N_("Enter a message.")
LINE_TOO_LONG = N_("Use {limit} characters or fewer.", limit=MAX_NAME)
TEXT_TOO_LONG = N_("Use {limit} characters or fewer.", limit=MAX_TEXT)
UNREADABLE = N_("Go back and check what you entered.")
RATING_MESSAGES = {
    "rating": N_("Choose one to five stars."),
    "comment": N_("Use {limit} characters or fewer.", limit=MAX_COMMENT),
}


class TicketForm(Struct):
    """A new ticket as typed. `errors` reports all wrong fields together."""

    name: str = ""
    email: str = ""
    subject: str = ""
    description: str = ""

    def errors(self) -> list[FieldError]:
        return [
            *_line_errors("name", self.name, NAME_MISSING),
            *_email_errors("email", self.email),
            *_line_errors("subject", self.subject, SUBJECT_MISSING),
            *text_errors("description", self.description),
        ]

    def to_ticket(self) -> NewTicket:
        requester = Requester(one_line(self.name), self.email.strip())
        return NewTicket(one_line(self.subject), trim_lines(self.description), requester)


class CheckedTicket(Struct, frozen=True):
    """A new ticket's form without errors, and whether the visitor's address is not verified."""

    form: TicketForm
    is_guest: bool


class ReplyForm(Struct):
    body: str = ""


class CheckedReply(Struct, frozen=True):
    """A reply as typed, and the reason why it was refused."""

    body: str
    error: AppError | None = None


class RatingForm(Struct):
    """A blank comment counts as none (T3)."""

    rating: Annotated[int, Meta(ge=SCALE_MIN, le=SCALE_MAX)]
    comment: Annotated[str, Meta(max_length=MAX_COMMENT)] | None = None

    def to_rating(self) -> NewRating:
        return NewRating(self.rating, (self.comment or "").strip() or None)


class RatingOut(Struct):
    """The response to a rating sent as JSON. A second rating gets the same response as the first (T6)."""

    ref: str
    csat_rating: int | None
    csat_comment: str | None
    csat_rated_at: Instant | None

    @classmethod
    def of(cls, ticket: Ticket) -> Self:
        rated_at = ticket.csat_rated_at
        return cls(ticket.ref, ticket.csat_rating, ticket.csat_comment, instant(rated_at) if rated_at else None)


def text_errors(field: str, text: str) -> Sequence[FieldError]:
    if not is_visible(text):
        return [FieldError(field, TEXT_MISSING)]
    return [FieldError(field, TEXT_TOO_LONG)] if len(text.strip()) > MAX_TEXT else []


def explain_rating_error(error: AppError) -> AppError:
    """The error of a rating with messages for people, in place of those for programs."""
    if not isinstance(error, Invalid):
        return error
    fields = [each.field for each in error.details if each.field in RATING_MESSAGES]
    return Invalid(UNREADABLE, details=[FieldError(field, RATING_MESSAGES[field]) for field in fields])


def _line_errors(field: str, text: str, missing: str) -> Sequence[FieldError]:
    if not is_visible(text):
        return [FieldError(field, missing)]
    return [FieldError(field, LINE_TOO_LONG)] if len(text.strip()) > MAX_NAME else []


def _email_errors(field: str, text: str) -> Sequence[FieldError]:
    reason = email_error(text.strip())
    return [FieldError(field, reason)] if reason else []
