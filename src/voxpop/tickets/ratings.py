"""When a ticket's requester is asked for a rating, and their one rating: the rules of tickets on surveys."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from voxpop.db.pool import Tx
from voxpop.errors import NotFound
from voxpop.metrics import service as metrics
from voxpop.metrics.models import Series, SeriesKind, SurveyIncrement
from voxpop.surveys import service as surveys
from voxpop.surveys.models import Answer, NewSurvey, Status, SurveyClosure
from voxpop.tickets import store
from voxpop.tickets.errors import TicketNotRateable
from voxpop.tickets.models import SCALE_MIN, SURVEY_TYPE, ActivityKind, Author, NewActivity, NewRating, Tag, Ticket
from voxpop.types import Audit, Origin, SurveyId, WorkspaceId, uuid7
from voxpop.workspaces.models import Workspace


class SurveyChange(Struct, frozen=True):
    """A ticket whose survey was opened or withdrawn, and the increments of survey counts."""

    ticket: Ticket
    increments: Sequence[SurveyIncrement] = ()


def may_rate(workspace: Workspace, ticket: Ticket) -> bool:
    """Whether the portal shows the rating panel: a finished, unrated ticket of a workspace that asks (T1, T10)."""
    return workspace.asks_customers and ticket.is_done and not ticket.is_rated


async def open_survey(tx: Tx, workspace: Workspace, ticket: Ticket, now: datetime) -> SurveyChange:
    """Opens the ticket's survey if the requester may rate and no survey is open. The caller stores the ticket."""
    if not may_rate(workspace, ticket) or ticket.open_survey_id is not None:
        return SurveyChange(ticket)
    new = NewSurvey(
        id=SurveyId(uuid7()),
        survey_type=SURVEY_TYPE,
        origin=Origin.TICKET,
        origin_id=ticket.id,
        scheduled_at=now,
        series=(tickets_series(workspace.id),),
        guid=ticket.requester_guid,
        user_email=ticket.requester_email,
    )
    increments = await surveys.open_surveys(tx, workspace, [new], now)
    return SurveyChange(replace(ticket, open_survey_id=new.id), increments)


async def withdraw_survey(tx: Tx, workspace: Workspace, ticket: Ticket, now: datetime) -> SurveyChange:
    """Withdraws the open survey of a ticket that is reopened unrated. The caller stores the ticket."""
    if ticket.open_survey_id is None:
        return SurveyChange(ticket)
    ending = SurveyClosure(ticket.open_survey_id, Status.WITHDRAWN, (tickets_series(workspace.id),))
    increments = await surveys.close_surveys(tx, workspace, [ending], now)
    return SurveyChange(replace(ticket, open_survey_id=None), increments)


async def mark_panel_shown(tx: Tx, workspace: Workspace, ticket: Ticket, now: datetime) -> None:
    """Marks the survey as shown, once. Opens it first if the workspace did not ask when the ticket was resolved."""
    change = SurveyChange(ticket)
    if ticket.open_survey_id is None:
        change = await _open_survey_late(tx, workspace, ticket, now)
    if survey := change.ticket.open_survey_id:
        shown = await surveys.mark_shown(tx, workspace, survey, (tickets_series(workspace.id),), now)
        await metrics.add_counts(tx, workspace.id, surveys=[*change.increments, *shown])


async def _open_survey_late(tx: Tx, workspace: Workspace, ticket: Ticket, now: datetime) -> SurveyChange:
    """Under the ticket's lock, so that two pages opened at once open one survey."""
    locked = await store.lock_ticket(tx, workspace.id, ticket.ref)
    change = await open_survey(tx, workspace, locked or ticket, now)
    if change.increments:
        await store.set_ticket(tx, workspace.id, change.ticket, ticket.requester_name)
    return change


async def rate(tx: Tx, workspace: Workspace, ref: str, rating: NewRating, email_folded: str, now: datetime) -> Ticket:
    """Stores the first rating; a second one changes nothing and gets the same response (T6).

    `email_folded` is the address of the customer who rates. NotFound for anyone but the requester and where the
    workspace does not ask; TicketNotRateable for a ticket that is not resolved or closed.
    """
    ticket = await store.lock_ticket(tx, workspace.id, ref.upper())
    if ticket is None or ticket.requester_email_folded != email_folded or not workspace.asks_customers:
        raise NotFound.of("Ticket", ref)
    if ticket.is_rated:
        return ticket
    if not ticket.is_done:
        raise TicketNotRateable
    tags = await store.list_ticket_tags(tx, workspace.id, ticket.id)
    # The survey is open already, unless the workspace did not ask until now.
    change = await open_survey(tx, workspace, ticket, now)
    rated = await _store_rating(tx, workspace, change.ticket, rating, now)
    await surveys.record_answers(
        tx, workspace, [answer_of(workspace, change.ticket, rating, tags)], now, change.increments
    )
    return rated


async def _store_rating(tx: Tx, workspace: Workspace, ticket: Ticket, rating: NewRating, now: datetime) -> Ticket:
    rated = replace(
        ticket,
        csat_rating=rating.score,
        csat_comment=rating.comment,
        csat_rated_at=now,
        csat_agent_id=ticket.responsible_agent,
        open_survey_id=None,
        updated_at=now,
    )
    author = Author(ticket.requester_name)
    await store.set_ticket(tx, workspace.id, rated, author.name)
    activity = NewActivity(ticket.id, ActivityKind.RATED, None, str(rating.score))
    await store.insert_activity(tx, workspace.id, activity, Audit(now, author.name))
    return rated


def answer_of(workspace: Workspace, ticket: Ticket, rating: NewRating, tags: list[Tag]) -> Answer:
    """The answer that the rating gives to the ticket's survey. It counts for the agent and for each tag as well."""
    agent = [Series(SeriesKind.AGENT, ticket.responsible_agent)] if ticket.responsible_agent else []
    return Answer(
        origin=Origin.TICKET,
        origin_id=ticket.id,
        open_survey=ticket.open_survey_id,
        survey_type=SURVEY_TYPE,
        scale_min=SCALE_MIN,
        score=rating.score,
        series=(tickets_series(workspace.id),),
        score_series=(*agent, *(Series(SeriesKind.TAG, tag.id) for tag in tags)),
        guid=ticket.requester_guid,
        user_email=ticket.requester_email,
        comment=rating.comment,
    )


def tickets_series(workspace: WorkspaceId) -> Series:
    """The series of all tickets' surveys and ratings; the answers to campaigns don't count under it (T15)."""
    return Series(SeriesKind.TICKETS, workspace)
