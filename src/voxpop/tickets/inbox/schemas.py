"""The forms of the inbox, and the messages for fields that do not fit."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from voxpop.email_addresses import EmailText, check_email, email_error
from voxpop.errors import FieldError, Invalid
from voxpop.i18n import N_
from voxpop.text import trim_lines
from voxpop.tickets.limits import (
    MAX_BULK_TICKETS,
    MAX_EMAIL,
    MAX_NAME,
    MAX_TAG,
    MAX_TAG_LIST,
    MAX_TAGS,
    MAX_TEXT,
    MAX_VIEW_QUERY,
)
from voxpop.tickets.models import NewTicket, Priority, Requester, Status
from voxpop.tickets.tags import parse_tags
from voxpop.types import ONE_LINE, AccountId, Name, Visible

FIELD_MESSAGES = {
    "name": N_("Enter a name, at most {limit} characters.", limit=MAX_NAME),
    "subject": N_("Enter a subject, at most {limit} characters.", limit=MAX_NAME),
    "description": N_("Enter a description, at most {limit} characters.", limit=MAX_TEXT),
    "body": N_("Enter a message, at most {limit} characters.", limit=MAX_TEXT),
    "assignee": N_("Choose a member of this workspace."),
    "tags": N_("Use at most {count} tags of at most {limit} characters.", count=MAX_TAGS, limit=MAX_TAG),
}

LongText = Annotated[str, Meta(min_length=1, max_length=MAX_TEXT), Visible]
TagList = Annotated[str, Meta(max_length=MAX_TAG_LIST, extra=ONE_LINE)]


class BulkForm(Struct):
    """`ref`: the tickets. `do`: "resolve", "close", "priority:High", "assign:…", or "tag" and "untag" with `tags`."""

    do: str
    ref: Annotated[list[str], Meta(max_length=MAX_BULK_TICKETS)] = []
    tags: TagList = ""


class ViewForm(Struct):
    """A view to save. `shared` is not empty for a view of all members."""

    name: Name
    query: Annotated[str, Meta(max_length=MAX_VIEW_QUERY)]
    shared: str = ""


class TicketForm(Struct):
    """A ticket that an agent opens for a customer."""

    name: Name
    email: EmailText
    subject: Name
    description: LongText
    priority: Priority = Priority.MEDIUM
    tags: TagList = ""
    assignee: str = ""

    def to_ticket(self, assignee: AccountId | None) -> NewTicket:
        return NewTicket(
            subject=self.subject,
            description=trim_lines(self.description),
            requester=Requester(self.name, check_email(self.email.strip())),
            priority=self.priority,
            assignee_id=assignee,
            tags=tuple(parse_tags(self.tags)),
        )


class ReplyForm(Struct):
    """A public reply or a note. `then` is the status to set after a reply; notes ignore it."""

    body: LongText
    kind: Literal["public", "note"] = "public"
    then: Status | None = None


class StatusForm(Struct):
    status: Status


class PriorityForm(Struct):
    priority: Priority


class AssigneeForm(Struct):
    assignee: Annotated[str, Meta(min_length=1, max_length=MAX_EMAIL)]


class TagsForm(Struct):
    tags: TagList


def explain(error: Invalid) -> Invalid:
    """The error with messages for people, in place of those for programs."""
    details = [FieldError(each.field, FIELD_MESSAGES.get(each.field, each.message)) for each in error.details]
    return Invalid(error.message, details=details)


def explain_ticket(error: Invalid, email: str) -> Invalid:
    """Like `explain`, for a new ticket. The email address is checked here too, to show all errors together."""
    reason = email_error(email.strip())
    details = [FieldError("email", reason)] if reason else []
    return Invalid(error.message, details=[*explain(error).details, *details])
