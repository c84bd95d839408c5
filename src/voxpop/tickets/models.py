"""A support ticket with its conversation, its activity log and its rating."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from voxpop.email_addresses import normalize_email
from voxpop.tickets.limits import MAX_TAGS
from voxpop.tickets.tags import SEPARATOR
from voxpop.types import AccountId, Name, SurveyId, TicketId

TagName = Annotated[Name, Meta(examples=["billing"], extra_json_schema={"not": {"pattern": SEPARATOR}})]
Tags = Annotated[
    list[TagName],
    Meta(
        max_length=MAX_TAGS,
        description="Without commas. Shown as first written in the workspace; case makes no difference",
    ),
]

SURVEY_TYPE = "CSAT"
SCALE_MIN, SCALE_MAX = 1, 5


class Status(StrEnum):
    OPEN = "Open"
    IN_PROGRESS = "In progress"
    RESOLVED = "Resolved"
    CLOSED = "Closed"

    @property
    def is_done(self) -> bool:
        """Whether the work on the ticket has ended, so that its requester can rate it."""
        return self in (Status.RESOLVED, Status.CLOSED)


class Priority(StrEnum):
    URGENT = "Urgent"
    HIGH = "High"
    MEDIUM = "Medium"
    LOW = "Low"

    @property
    def rank(self) -> int:
        """A number to sort by: higher is more urgent."""
        return {"Low": 1, "Medium": 2, "High": 3, "Urgent": 4}[self]


class MessageKind(StrEnum):
    """The author and the audience of a message. Only agents see notes."""

    CUSTOMER = "customer"
    REPLY = "reply"
    NOTE = "note"


class ActivityKind(StrEnum):
    """The kinds of entries in a ticket's activity log."""

    OPENED = "opened"
    STATUS = "status"
    PRIORITY = "priority"
    ASSIGNEE = "assignee"
    TAGS = "tags"
    RATED = "rated"


class Requester(Struct, frozen=True):
    """The customer who asked for help. Tickets belong to an email address, compared without case."""

    name: str
    email: str
    guid: str | None = None

    @property
    def email_folded(self) -> str:
        return normalize_email(self.email)


class NewTicket(Struct, frozen=True):
    subject: str
    description: str
    requester: Requester
    priority: Priority = Priority.MEDIUM
    assignee_id: AccountId | None = None
    tags: tuple[str, ...] = ()


class Ticket(Struct, frozen=True):
    """A ticket's row, without its conversation and its tags."""

    id: TicketId
    ref: str
    subject: str
    description: str
    requester_name: str
    requester_email: str
    requester_email_folded: str
    requester_guid: str | None
    status: str
    priority: str
    assignee_id: AccountId | None
    first_response_at: datetime | None
    last_reply_at: datetime
    last_replier_id: AccountId | None
    resolved_at: datetime | None
    csat_rating: int | None
    csat_comment: str | None
    csat_rated_at: datetime | None
    csat_agent_id: AccountId | None
    open_survey_id: SurveyId | None
    create_time: datetime
    updated_at: datetime

    @property
    def is_done(self) -> bool:
        """See `Status.is_done`."""
        return Status(self.status).is_done

    @property
    def is_untouched(self) -> bool:
        """Whether no agent has replied to the ticket or ended it yet."""
        return self.first_response_at is None and not self.is_done

    @property
    def is_rated(self) -> bool:
        return self.csat_rated_at is not None

    @property
    def opening_message(self) -> "Message":
        """The description as the first message of the conversation."""
        author = self.requester_name
        return Message(self.id, MessageKind.CUSTOMER, None, author, self.description, self.create_time)

    @property
    def search_text(self) -> str:
        """The texts by which search finds the ticket, besides its messages."""
        return f"{self.ref} {self.subject} {self.description} {self.requester_name} {self.requester_email}"

    @property
    def responsible_agent(self) -> AccountId | None:
        """The agent whose work is rated: the assignee, else the agent who replied last."""
        return self.assignee_id or self.last_replier_id


class Message(Struct, frozen=True):
    """One entry of the conversation: from the customer, a public reply, or an internal note."""

    id: UUID
    kind: str
    author_id: AccountId | None
    author_name: str
    body: str
    create_time: datetime


class Activity(Struct, frozen=True):
    """An entry of the activity log, as stored. `old_value` and `new_value` are texts to show."""

    id: UUID
    kind: str
    actor_name: str
    old_value: str | None
    new_value: str | None
    create_time: datetime


class NewActivity(Struct, frozen=True):
    """An entry to add to a ticket's activity log."""

    ticket: TicketId
    kind: ActivityKind
    old_value: str | None = None
    new_value: str | None = None


class NewRating(Struct, frozen=True):
    """A rating as the requester submits it: one to five stars, and perhaps a comment."""

    score: int
    comment: str | None = None


class Tag(Struct, frozen=True):
    id: UUID
    name: str


class Assignee(Struct, frozen=True):
    """A member that tickets are assigned to."""

    account_id: AccountId
    name: str


class Author(Struct, frozen=True):
    """The agent, customer or other system that changes a ticket. Only agents have an account."""

    name: str
    account_id: AccountId | None = None
