"""One ticket on its way, moved by the product's own rules; leaves what the product would leave."""

from datetime import datetime
from enum import Enum, auto
from random import Random
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from voxpop.demo.ids import new_id
from voxpop.feedback.models import NewFeedback
from voxpop.surveys.models import Status as Asked
from voxpop.tickets import ratings
from voxpop.tickets.models import (
    Activity,
    ActivityKind,
    Author,
    Message,
    MessageKind,
    NewRating,
    NewTicket,
    Status,
    Tag,
    Ticket,
)
from voxpop.types import FeedbackId, SurveyId, TicketId
from voxpop.workspaces.models import Workspace


class Deed(Enum):
    """What is done to a ticket; beside each, what comes with it."""

    ASSIGN = auto()  # Author, whose it is from now on
    TAG = auto()  # list[str], sorted
    RANK = auto()  # Priority
    REPLY = auto()  # str
    NOTE = auto()  # str
    WRITE = auto()  # str, by the requester
    MOVE = auto()  # Status
    SEE = auto()  # None: the panel with the stars is shown
    RATE = auto()  # (stars, comment)


class Step(Struct, frozen=True):
    at: datetime
    author: Author
    deed: Deed
    value: Any = None


class Ask(Struct):
    """A survey as it ended up."""

    id: SurveyId
    asked_at: datetime
    seen_at: datetime | None = None
    status: Asked = Asked.PENDING
    ended_at: datetime | None = None


class Case:
    """The ticket as it stands, and all that was said, logged and asked so far. Steps must come in order of time."""

    def __init__(
        self, rng: Random, place: Workspace, number: int, new: NewTicket, opened: tuple[Author, datetime]
    ) -> None:
        """`opened`: by whom and when."""
        author, at = opened
        self._rng, self._place = rng, place
        self.new, self.opened, self.user = new, opened, author.name
        self.ticket = _ticket(TicketId(new_id(rng, at)), number, new, at)
        self.tags = sorted(new.tags)
        self.tagged_at = dict.fromkeys(self.tags, at)
        self.messages: list[Message] = []
        self.activities: list[Activity] = []
        self.asks: list[Ask] = []
        self.feedback: NewFeedback | None = None
        self.steps: list[Step] = []
        self._log(ActivityKind.OPENED, None, None, opened)

    def take(self, step: Step, tags: list[Tag]) -> None:
        """`tags`: all there are."""
        self.steps.append(step)
        if step.deed is Deed.SEE:
            self._see(step.at)
            return
        self.ticket = replace(self._changed(step, tags), updated_at=step.at)
        self.user = step.author.name

    def _changed(self, step: Step, tags: list[Tag]) -> Ticket:
        match step.deed:
            case Deed.ASSIGN:
                self._log(ActivityKind.ASSIGNEE, None, step.value.name, (step.author, step.at))
                return replace(self.ticket, assignee_id=step.value.account_id)
            case Deed.TAG:
                old, self.tags = self.tags, step.value
                self.tagged_at |= dict.fromkeys(self.tags, step.at)
                self._log(
                    ActivityKind.TAGS, ", ".join(old) or None, ", ".join(self.tags) or None, (step.author, step.at)
                )
                return self.ticket
            case Deed.RANK:
                self._log(ActivityKind.PRIORITY, self.ticket.priority, step.value, (step.author, step.at))
                return replace(self.ticket, priority=step.value)
            case Deed.REPLY:
                return self._reply(step)
            case Deed.NOTE:
                self._say(MessageKind.NOTE, step)
                return self.ticket
            case Deed.WRITE:
                self._say(MessageKind.CUSTOMER, step)
                changed = replace(self.ticket, last_reply_at=step.at)
                return self._move(changed, Status.OPEN, step) if changed.is_done else changed
            case Deed.MOVE:
                return self._move(self.ticket, step.value, step)
            case _:
                return self._rate(step, tags)

    def _reply(self, step: Step) -> Ticket:
        self._say(MessageKind.REPLY, step)
        changed = replace(
            self.ticket,
            first_response_at=self.ticket.first_response_at or step.at,
            last_reply_at=step.at,
            last_replier_id=step.author.account_id,
        )
        return self._move(changed, Status.IN_PROGRESS, step) if changed.status == Status.OPEN else changed

    def _move(self, ticket: Ticket, status: Status, step: Step) -> Ticket:
        self._log(ActivityKind.STATUS, ticket.status, status, (step.author, step.at))
        resolved = (ticket.resolved_at or step.at) if status.is_done else None
        moved = replace(ticket, status=status, resolved_at=resolved)
        if not status.is_done:
            self._end(Asked.WITHDRAWN, step.at)
            return replace(moved, open_survey_id=None)
        if ratings.may_rate(self._place, moved) and moved.open_survey_id is None:
            self.asks.append(Ask(SurveyId(new_id(self._rng, step.at)), step.at))
            return replace(moved, open_survey_id=self.asks[-1].id)
        return moved

    def _see(self, at: datetime) -> None:
        if self.ticket.open_survey_id and self.asks[-1].seen_at is None:
            self.asks[-1].seen_at = at

    def _rate(self, step: Step, tags: list[Tag]) -> Ticket:
        ticket, at = self.ticket, step.at
        mine = [tag for tag in tags if tag.name in self.tags]
        answer = ratings.answer_of(self._place, ticket, NewRating(*step.value), mine)
        feedback = answer.feedback(self._place.id, ticket.open_survey_id, self._place.day(at))
        self.feedback = replace(feedback, id=FeedbackId(new_id(self._rng, at)))
        self._end(Asked.COMPLETED, at)
        stars, comment = step.value
        self._log(ActivityKind.RATED, None, str(stars), (step.author, at))
        return replace(
            ticket,
            csat_rating=stars,
            csat_comment=comment,
            csat_rated_at=at,
            csat_agent_id=ticket.responsible_agent,
            open_survey_id=None,
        )

    def _end(self, status: Asked, at: datetime) -> None:
        if self.ticket.open_survey_id:
            self.asks[-1].status, self.asks[-1].ended_at = status, at

    def _say(self, kind: MessageKind, step: Step) -> None:
        ident = new_id(self._rng, step.at)
        self.messages.append(Message(ident, kind, step.author.account_id, step.author.name, step.value, step.at))

    def _log(self, what: ActivityKind, old: str | None, new: str | None, by: tuple[Author, datetime]) -> None:
        self.activities.append(Activity(what, by[0].name, old, new, by[1]))


def _ticket(ident: TicketId, number: int, new: NewTicket, at: datetime) -> Ticket:
    return Ticket(
        id=ident,
        ref=f"TK-{number}",
        subject=new.subject,
        description=new.description,
        requester_name=new.requester.name,
        requester_email=new.requester.email,
        requester_email_folded=new.requester.email_folded,
        requester_guid=new.requester.guid,
        status=Status.OPEN,
        priority=new.priority,
        assignee_id=new.assignee_id,
        first_response_at=None,
        last_reply_at=at,
        last_replier_id=None,
        resolved_at=None,
        csat_rating=None,
        csat_comment=None,
        csat_rated_at=None,
        csat_agent_id=None,
        open_survey_id=None,
        create_time=at,
        updated_at=at,
    )
