"""The request and response structs of the tickets API, with their bounds and examples."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from voxpop.email_addresses import EmailText, check_email
from voxpop.tickets.changes import TicketChanges
from voxpop.tickets.limits import MAX_EMAIL, MAX_TEXT
from voxpop.tickets.lists.models import Excerpt, TicketRow
from voxpop.tickets.models import Message, MessageKind, NewTicket, Priority, Requester, Status, Tag, Tags, Ticket
from voxpop.types import AccountId, Guid, Instant, Name, TicketId, Visible, instant

Ref = Annotated[str, Meta(examples=["TK-1"])]
Subject = Annotated[Name, Meta(examples=["The export stops halfway"])]
Text = Annotated[str, Meta(min_length=1, max_length=MAX_TEXT), Visible]
Description = Annotated[Text, Meta(examples=["It stops at row 1,000, each time."])]
Assignee = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=MAX_EMAIL,
        description="A member: account id or email address",
        examples=["ann@example.com"],
    ),
]
EMAIL_META = Meta(
    description="An email address. Its domain may be international",
    examples=["ann@example.com"],
    extra_json_schema={"format": "email"},
)
PersonName = Annotated[Name, Meta(examples=["Ann Smith"])]
Stars = Annotated[int, Meta(examples=[5], description="1 to 5")]
Comment = Annotated[str, Meta(examples=["Quick and friendly."])]


class RequesterBody(Struct, frozen=True):
    """The customer that the ticket belongs to. `guid` is their id in other systems."""

    name: PersonName
    email: Annotated[EmailText, EMAIL_META]
    guid: Guid | None = None


class NewTicketBody(Struct, frozen=True):
    """A ticket that another system opens for a customer."""

    subject: Subject
    description: Description
    requester: RequesterBody
    priority: Priority = Priority.MEDIUM
    assignee: Assignee | None = None
    tags: Tags = []

    def ticket(self, assignee: AccountId | None) -> NewTicket:
        email = check_email(self.requester.email, "requester.email")
        requester = Requester(self.requester.name, email, self.requester.guid)
        return NewTicket(self.subject, self.description, requester, self.priority, assignee, tuple(self.tags))


class NewReply(Struct, frozen=True):
    """A public reply, emailed to the requester, or an internal note. `author` is the member who wrote it."""

    body: Annotated[Text, Meta(examples=["It is fixed now, please try again."])]
    internal: bool = False
    author: Assignee | None = None


class TicketChange(Struct, frozen=True):
    """The fields to change, at least one. `assignee` null unassigns the ticket; `tags` replaces all tags."""

    status: Status | UnsetType = UNSET
    priority: Priority | UnsetType = UNSET
    assignee: Assignee | UnsetType | None = UNSET
    tags: Tags | UnsetType = UNSET

    def changes(self) -> TicketChanges:
        return TicketChanges(self.status, self.priority, self.assignee, self.tags)


class AssigneeOut(Struct, frozen=True):
    id: AccountId
    name: Annotated[str, Meta(examples=["Bob Jones"])] | None


class TicketOut(Struct, frozen=True):
    """A ticket in a list. The rating is null until the customer rates."""

    id: TicketId
    ref: Ref
    subject: Subject
    requester: RequesterBody
    status: Status
    priority: Priority
    tags: list[Annotated[str, Meta(examples=["billing"])]]
    assignee: AssigneeOut | None
    created_at: Instant
    first_response_at: Instant | None
    updated_at: Instant
    csat_rating: Stars | None
    csat_rated_at: Instant | None
    excerpt: Annotated[Excerpt | None, Meta(description="Where the search found its words; null without `q`")]

    @classmethod
    def of(cls, row: TicketRow, excerpt: Excerpt | None = None) -> Self:
        return cls(
            id=row.id,
            ref=row.ref,
            subject=row.subject,
            requester=RequesterBody(row.requester_name, row.requester_email, row.requester_guid),
            status=Status(row.status),
            priority=Priority(row.priority),
            tags=row.tags,
            assignee=None if row.assignee_id is None else AssigneeOut(row.assignee_id, row.assignee_name),
            created_at=instant(row.create_time),
            first_response_at=_instant(row.first_response_at),
            updated_at=instant(row.updated_at),
            csat_rating=row.csat_rating,
            csat_rated_at=_instant(row.csat_rated_at),
            excerpt=excerpt,
        )


class MessageOut(Struct, frozen=True):
    """A message of the customer, a public reply, or an internal note."""

    id: UUID
    kind: MessageKind
    author: PersonName
    body: Annotated[str, Meta(examples=["It is fixed now, please try again."])]
    created_at: Instant

    @classmethod
    def of(cls, message: Message) -> Self:
        kind = MessageKind(message.kind)
        return cls(message.id, kind, message.author_name, message.body, instant(message.create_time))


class TicketDetails(Struct, frozen=True):
    """A ticket with its conversation, oldest first."""

    id: TicketId
    ref: Ref
    subject: Subject
    description: Description
    requester: RequesterBody
    status: Status
    priority: Priority
    tags: list[Annotated[str, Meta(examples=["billing"])]]
    assignee: AssigneeOut | None
    created_at: Instant
    first_response_at: Instant | None
    resolved_at: Instant | None
    updated_at: Instant
    csat_rating: Stars | None
    csat_comment: Comment | None
    csat_rated_at: Instant | None
    messages: list[MessageOut]

    @classmethod
    def of(cls, ticket: Ticket, name: str | None, tags: Sequence[Tag], messages: Sequence[Message]) -> Self:
        """`name` is the assignee's."""
        return cls(
            id=ticket.id,
            ref=ticket.ref,
            subject=ticket.subject,
            description=ticket.description,
            requester=RequesterBody(ticket.requester_name, ticket.requester_email, ticket.requester_guid),
            status=Status(ticket.status),
            priority=Priority(ticket.priority),
            tags=[tag.name for tag in tags],
            assignee=None if ticket.assignee_id is None else AssigneeOut(ticket.assignee_id, name),
            created_at=instant(ticket.create_time),
            first_response_at=_instant(ticket.first_response_at),
            resolved_at=_instant(ticket.resolved_at),
            updated_at=instant(ticket.updated_at),
            csat_rating=ticket.csat_rating,
            csat_comment=ticket.csat_comment,
            csat_rated_at=_instant(ticket.csat_rated_at),
            messages=[MessageOut.of(message) for message in messages],
        )


def _instant(moment: datetime | None) -> Instant | None:
    return None if moment is None else instant(moment)
