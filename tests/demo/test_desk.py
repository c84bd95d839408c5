"""The demo's tickets, step by step through the product's own services: both must leave the same rows."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from tests.demo.kit import far_away
from tests.support.clients import Client

from voxpop import demo
from voxpop.db.pool import Database, Tx
from voxpop.demo import helpdesk, service, shoppers, ticket_store, tickets
from voxpop.demo.case import Case, Deed, Step
from voxpop.demo.staff import STAFF
from voxpop.tickets import ratings
from voxpop.tickets import service as ticket_service
from voxpop.tickets.models import Assignee, NewRating, Tag
from voxpop.types import AccountId, uuid7
from voxpop.workspaces.models import Workspace

NOW = datetime(2026, 3, 31, 21, 40, tzinfo=UTC)
TICKETS = 90
SERIES = """(SELECT coalesce(a.name, g.name, 'workspace') FROM (SELECT) one LEFT JOIN account a ON a.id = {0}
    LEFT JOIN tag g ON (g.workspace_id, g.id) = ($1, {0}))"""
OF_TICKET = "JOIN ticket t ON (t.workspace_id, t.id) = ($1, {})"
KEPT = {
    "ticket": "SELECT ref, subject, description, requester_name, requester_email, requester_email_folded, status,"
    " requester_guid, priority, priority_rank, assignee_id, first_response_at, last_reply_at, last_replier_id,"
    " resolved_at, csat_rating, csat_comment, csat_rated_at, csat_agent_id, open_survey_id IS NULL, create_time,"
    " create_user, updated_at, last_update_user FROM ticket WHERE workspace_id = $1",
    "ticket_counter": "SELECT last_number FROM ticket_counter WHERE workspace_id = $1",
    "ticket_message": "SELECT ref, kind, author_id, author_name, body, m.create_time FROM ticket_message m"
    f" {OF_TICKET.format('m.ticket_id')} WHERE m.workspace_id = $1",
    "ticket_activity": "SELECT ref, what, actor_name, old_value, new_value, m.create_time FROM ticket_activity m"
    f" {OF_TICKET.format('m.ticket_id')} WHERE m.workspace_id = $1",
    "tag": "SELECT name, create_time FROM tag WHERE workspace_id = $1",
    "ticket_tag": "SELECT ref, g.name, m.status, m.assignee_id, m.priority_rank, m.csat_rating, m.csat_rated_at,"
    f" m.create_time, m.updated_at FROM ticket_tag m {OF_TICKET.format('m.ticket_id')}"
    " JOIN tag g ON (g.workspace_id, g.id) = ($1, tag_id) WHERE m.workspace_id = $1",
    "ticket_search": "SELECT ref, m.requester_email_folded, m.status, m.assignee_id, m.priority_rank, m.csat_rating,"
    " m.csat_rated_at, m.create_time, m.updated_at, ARRAY(SELECT substr(word, 5) FROM"
    " unnest(tsvector_to_array(words)) AS word ORDER BY 1)"
    f" FROM ticket_search m {OF_TICKET.format('m.ticket_id')} WHERE m.workspace_id = $1",
    "survey": "SELECT survey_type_code, origin, ref, guid, user_email, m.status, scheduled_at, sent_at, completed_at,"
    " m.create_time, m.create_user, last_update_time, m.last_update_user, t.open_survey_id = m.id"
    f" FROM survey m {OF_TICKET.format('m.origin_id')} WHERE m.workspace_id = $1",
    "feedback": "SELECT survey_type_code, origin, ref, survey_id IS NULL, source, guid, user_email, score, comment,"
    " user_agent, day, series_kinds, m.create_time, m.create_user, last_update_time, m.last_update_user,"
    f" ARRAY(SELECT {SERIES.format('one_id')} FROM unnest(series_ids) WITH ORDINALITY AS s (one_id, n) ORDER BY n)"
    f" FROM feedback m {OF_TICKET.format('m.origin_id')} WHERE m.workspace_id = $1",
    "score_count": f"SELECT series_kind, {SERIES.format('series_id')}, survey_type_code, grain, date, counts"
    " FROM score_count WHERE workspace_id = $1",
    "survey_count": "SELECT series_kind, grain, date, opened, shown, completed, dismissed, expired, withdrawn"
    " FROM survey_count WHERE workspace_id = $1",
}


class Recorder(helpdesk.Helpdesk):
    """A helpdesk that keeps what it told."""

    told: list[Case]

    def cases(self, tags: list[Tag]) -> Iterator[Case]:
        for case in super().cases(tags):
            self.told.append(case)
            yield case


class Replay:
    """The same ninety days through the services, in one workspace."""

    def __init__(self, tx: Tx, place: Workspace) -> None:
        self.tx, self.place = tx, place

    async def run(self, cases: list[Case]) -> None:
        for agent in STAFF:
            made = AccountId(uuid7())
            await ticket_store.insert_agent(self.tx, self.place.id, agent, made, (NOW - timedelta(days=90), "demo"))
        openings = [(case.opened[1], case, None) for case in cases]
        steps = [(step.at, case, step) for case in cases for step in case.steps]
        for at, case, step in sorted([*openings, *steps], key=lambda one: one[0]):
            if step is None:
                await ticket_service.open_ticket(self.tx, self.place.id, case.new, case.opened[0], at)
            else:
                await self.take(case, step)

    async def take(self, case: Case, step: Step) -> None:
        ref, value, by = case.ticket.ref, step.value, (step.author, step.at)
        here = self.tx, self.place.id
        match step.deed:
            case Deed.ASSIGN:
                await ticket_service.assign(*here, [ref], Assignee(value.account_id, value.name), *by)
            case Deed.TAG:
                await ticket_service.set_tags(*here, ref, value, *by)
            case Deed.RANK:
                await ticket_service.set_priority(*here, ref, value, *by)
            case Deed.REPLY:
                await ticket_service.reply(*here, ref, value, step.author, "http://here", step.at)
            case Deed.NOTE:
                await ticket_service.note(*here, ref, value, *by)
            case Deed.WRITE:
                await ticket_service.customer_reply(*here, ref, value, *by)
            case Deed.MOVE:
                await ticket_service.set_status(*here, [ref], value, *by)
            case Deed.SEE:
                await ratings.mark_panel_shown(
                    self.tx, self.place, await ticket_service.get_ticket(*here, ref), step.at
                )
            case Deed.RATE:
                customer = case.ticket.requester_email_folded
                await ratings.rate(self.tx, self.place, ref, NewRating(*value), customer, step.at)


async def kept(owner: "asyncpg.Connection[Any]", place: Workspace) -> dict[str, list[str]]:
    return {
        table: sorted(str(tuple(row)) for row in await owner.fetch(query, place.id)) for table, query in KEPT.items()
    }


async def test_the_product_would_have_left_the_same(
    database: Database,
    client: Client,
    other_client: Client,
    owner: "asyncpg.Connection[Any]",
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(service, "lives", lambda *_: iter(()))
    monkeypatch.setattr(shoppers, "COURSES", ())
    monkeypatch.setattr(service, "utcnow", lambda: NOW)
    monkeypatch.setattr(helpdesk, "TICKETS", TICKETS)
    monkeypatch.setattr(tickets, "Helpdesk", Recorder)
    monkeypatch.setattr(Recorder, "told", [], raising=False)
    place, other = [await far_away(database, one.workspace, NOW) for one in (client, other_client)]
    assert await demo.load(database, other, lambda what, share: None)

    async with database.transaction(place.id) as tx:
        await Replay(tx, place).run(Recorder.told)

    expected, found = await kept(owner, place), await kept(owner, other)
    assert len(found["ticket"]) == TICKETS
    assert {step.deed for case in Recorder.told for step in case.steps} == set(Deed)
    for table in KEPT:
        assert found[table] == expected[table]
