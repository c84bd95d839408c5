"""A support ticket: its conversation, what happened to it, and its rating."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from voxpop.types import AccountId, SurveyId, TicketId, folded

SURVEY_TYPE = "CSAT"
SCALE_MIN, SCALE_MAX = 1, 5


class Status(StrEnum):
    OPEN = "Open"
    IN_PROGRESS = "In progress"
    RESOLVED = "Resolved"
    CLOSED = "Closed"

    @property
    def is_done(self) -> bool:
        """Whether the customer may say how it went."""
        return self in (Status.RESOLVED, Status.CLOSED)


class Priority(StrEnum):
    URGENT = "Urgent"
    HIGH = "High"
    MEDIUM = "Medium"
    LOW = "Low"

    @property
    def rank(self) -> int:
        """The higher the more pressing."""
        return {"Low": 1, "Medium": 2, "High": 3, "Urgent": 4}[self]


class MessageKind(StrEnum):
    """Who wrote it and who sees it: a note is for agents alone."""

    CUSTOMER = "customer"
    REPLY = "reply"
    NOTE = "note"


class ActivityKind(StrEnum):
    """What the log of a ticket tells."""

    OPENED = "opened"
    STATUS = "status"
    PRIORITY = "priority"
    ASSIGNEE = "assignee"
    TAGS = "tags"
    RATED = "rated"


class Requester(Struct, frozen=True):
    """Whose ticket it is; by the address, whatever its case."""

    name: str
    email: str
    guid: str | None = None

    @property
    def email_folded(self) -> str:
        return folded(self.email)


class NewTicket(Struct, frozen=True):
    subject: str
    description: str
    requester: Requester
    priority: Priority = Priority.MEDIUM
    assignee_id: AccountId | None = None
    tags: tuple[str, ...] = ()


class Ticket(Struct, frozen=True):
    """A ticket as stored, without its conversation and its tags."""

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
    def state(self) -> Status:
        return Status(self.status)

    @property
    def is_rated(self) -> bool:
        return self.csat_rated_at is not None

    @property
    def agent(self) -> AccountId | None:
        """Whose work it was: the assignee's, else that of who replied last."""
        return self.assignee_id or self.last_replier_id


class Message(Struct, frozen=True):
    id: UUID
    kind: str
    author_id: AccountId | None
    author_name: str
    body: str
    create_time: datetime


class Activity(Struct, frozen=True):
    what: str
    actor_name: str
    old_value: str | None
    new_value: str | None
    create_time: datetime


class Tag(Struct, frozen=True):
    id: UUID
    name: str


class Author(Struct, frozen=True):
    """Who does something to a ticket: an agent, or a customer or another system, which have no account."""

    name: str
    account_id: AccountId | None = None
