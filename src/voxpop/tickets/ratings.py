"""When a ticket's requester is asked how it went, and his one rating. Tickets' own rules on the two ledgers."""

from datetime import datetime

from msgspec.structs import replace

from voxpop.db.pool import Tx
from voxpop.errors import NotFound
from voxpop.metrics import service as metrics
from voxpop.metrics.models import Series, SeriesKind, SurveyIncrement
from voxpop.surveys import service as surveys
from voxpop.surveys.models import Answer, NewSurvey, Status, SurveyClosure
from voxpop.tickets import store
from voxpop.tickets.errors import TicketNotRateable
from voxpop.tickets.models import SCALE_MIN, SURVEY_TYPE, ActivityKind, Author, NewActivity, Tag, Ticket
from voxpop.types import Audit, Origin, SurveyId, WorkspaceId, uuid7
from voxpop.workspaces.models import Workspace


def may_rate(place: Workspace, ticket: Ticket) -> bool:
    """Whether the panel with the stars is shown: done, not rated yet, and the workspace asks at all (T1, T10)."""
    return place.asks_customers and ticket.is_done and not ticket.is_rated


async def ask(tx: Tx, place: Workspace, ticket: Ticket, now: datetime) -> tuple[Ticket, list[SurveyIncrement]]:
    """Opens a survey for a ticket that is done, unless one is open, it is rated, or the workspace does not ask."""
    if not may_rate(place, ticket) or ticket.open_survey_id is not None:
        return ticket, []
    new = NewSurvey(
        id=SurveyId(uuid7()),
        survey_type=SURVEY_TYPE,
        origin=Origin.TICKET,
        origin_id=ticket.id,
        scheduled_at=now,
        series=(all_tickets(place.id),),
        guid=ticket.requester_guid,
        user_email=ticket.requester_email,
    )
    moved = await surveys.open_surveys(tx, place, [new], now)
    return replace(ticket, open_survey_id=new.id), moved


async def withdraw(tx: Tx, place: Workspace, ticket: Ticket, now: datetime) -> tuple[Ticket, list[SurveyIncrement]]:
    """Takes the question back from a ticket that is worked on again unrated."""
    if ticket.open_survey_id is None:
        return ticket, []
    ending = SurveyClosure(ticket.open_survey_id, Status.WITHDRAWN, (all_tickets(place.id),))
    moved = await surveys.close_surveys(tx, place, [ending], now)
    return replace(ticket, open_survey_id=None), moved


async def see(tx: Tx, place: Workspace, ticket: Ticket, now: datetime) -> None:
    """Notes that the panel was shown, the first time; asks first where the workspace did not when it was resolved."""
    asked: list[SurveyIncrement] = []
    if ticket.open_survey_id is None:
        ticket, asked = await _ask_late(tx, place, ticket, now)
    if ticket.open_survey_id is not None:
        seen = await surveys.mark_shown(tx, place, ticket.open_survey_id, (all_tickets(place.id),), now)
        await metrics.add_counts(tx, place.id, surveys=[*asked, *seen])


async def _ask_late(tx: Tx, place: Workspace, ticket: Ticket, now: datetime) -> tuple[Ticket, list[SurveyIncrement]]:
    """Under the ticket's lock, so that of two pages opened at once one asks."""
    locked = await store.lock_ticket(tx, place.id, ticket.ref)
    asked, moved = await ask(tx, place, locked or ticket, now)
    if moved:
        await store.set_ticket(tx, place.id, asked, ticket.requester_name)
    return asked, moved


async def rate(
    tx: Tx, place: Workspace, ref: str, rating: tuple[int, str | None], customer: str, now: datetime
) -> Ticket:
    """The requester's one rating: the first stays, a second changes nothing and is answered like the first (T6).

    `rating`: stars and comment; `customer`: his address, folded. NotFound for anybody else and where the workspace does
    not ask, TicketNotRateable for a ticket that is not done.
    """
    ticket = await store.lock_ticket(tx, place.id, ref.upper())
    if ticket is None or ticket.requester_email_folded != customer or not place.asks_customers:
        raise NotFound.of("Ticket", ref)
    if ticket.is_rated:
        return ticket
    if not ticket.is_done:
        raise TicketNotRateable
    tags = await store.list_ticket_tags(tx, place.id, ticket.id)
    asked, moved = await ask(tx, place, ticket, now)  # has been, unless the workspace did not ask until now
    rated = await _set_rated(tx, place, asked, rating, now)
    await surveys.record_answers(tx, place, [answer_of(place, asked, rating, tags)], now, moved)
    return rated


async def _set_rated(tx: Tx, place: Workspace, ticket: Ticket, rating: tuple[int, str | None], now: datetime) -> Ticket:
    stars, comment = rating
    rated = replace(
        ticket,
        csat_rating=stars,
        csat_comment=comment,
        csat_rated_at=now,
        csat_agent_id=ticket.responsible_agent,
        open_survey_id=None,
        updated_at=now,
    )
    author = Author(ticket.requester_name)
    await store.set_ticket(tx, place.id, rated, author.name)
    activity = NewActivity(ticket.id, ActivityKind.RATED, None, str(stars))
    await store.insert_activity(tx, place.id, activity, Audit(now, author.name))
    return rated


def answer_of(place: Workspace, ticket: Ticket, rating: tuple[int, str | None], tags: list[Tag]) -> Answer:
    agent = [Series(SeriesKind.AGENT, ticket.responsible_agent)] if ticket.responsible_agent else []
    return Answer(
        origin=Origin.TICKET,
        origin_id=ticket.id,
        open_survey=ticket.open_survey_id,
        survey_type=SURVEY_TYPE,
        scale_min=SCALE_MIN,
        score=rating[0],
        series=(all_tickets(place.id),),
        score_series=(*agent, *(Series(SeriesKind.TAG, tag.id) for tag in tags)),
        guid=ticket.requester_guid,
        user_email=ticket.requester_email,
        comment=rating[1],
    )


def all_tickets(workspace: WorkspaceId) -> Series:
    """The series of all tickets' surveys and ratings; the answers to campaigns don't count under it (T15)."""
    return Series(SeriesKind.TICKETS, workspace)
