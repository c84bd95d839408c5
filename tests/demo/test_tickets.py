"""The tickets of the demo: pages and search show them, and their times, ratings and agents are plausible."""

import re
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from statistics import mean, median
from typing import Any, TypeAlias

import asyncpg
import pytest
from tests.demo.conftest import SCALE, WORKSPACE, LoadedDemo
from tests.support.clients import Client, expect_ok
from tests.support.sites import Browser, Site

from voxpop.db.pool import Database
from voxpop.demo.text_files import SLOT
from voxpop.demo.tickets.agents import AGENTS, HANNAH, MARCUS
from voxpop.demo.tickets.arrivals import NEWEST_MINUTES, RUSSIAN_SHARE, TICKETS
from voxpop.demo.tickets.scripts import ENGLISH, RUSSIAN, TemplateFiller, load_phrases, load_scripts
from voxpop.types import utcnow
from voxpop.workspaces import service as workspaces

Connection: TypeAlias = "asyncpg.Connection[Any]"
CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)
ALL_TICKETS = "SELECT * FROM ticket ORDER BY create_time"
MEMBERS = (
    "SELECT m.name, m.email, m.role, a.password_hash, m.removed_at FROM member m JOIN account a ON a.id = m.account_id"
)
# Tickets whose times are out of order or disagree with their messages, their activity log or their tags.
INCONSISTENT = """
    SELECT ref FROM ticket t WHERE updated_at > now()
        OR first_response_at IS DISTINCT FROM (
            SELECT min(create_time) FROM ticket_message m WHERE m.ticket_id = t.id AND kind = 'reply')
        OR last_reply_at <> (
            SELECT coalesce(max(create_time), t.create_time) FROM ticket_message m
            WHERE m.ticket_id = t.id AND kind <> 'note')
        OR (status IN ('Resolved', 'Closed')) <> (resolved_at IS NOT NULL)
        OR resolved_at < first_response_at OR csat_rated_at < create_time
        OR updated_at < (SELECT max(create_time) FROM ticket_activity a WHERE a.ticket_id = t.id)
        OR status <> (SELECT coalesce((
            SELECT new_value FROM ticket_activity a WHERE a.ticket_id = t.id AND kind = 'status'
            ORDER BY create_time DESC LIMIT 1), 'Open'))
        OR tag_names <> ARRAY(
            SELECT name FROM ticket_tag g JOIN tag ON tag.id = tag_id WHERE g.ticket_id = t.id ORDER BY name)
"""
RATED = "SELECT ref, csat_rating, csat_comment, csat_rated_at FROM ticket WHERE csat_rating IS NOT NULL ORDER BY ref"
ANSWERS = """
    SELECT ref, f.score AS csat_rating, f.comment AS csat_comment, s.completed_at AS csat_rated_at
    FROM feedback f JOIN survey s ON s.id = survey_id AND s.status = 'COMPLETED' AND s.origin_id = f.origin_id
    JOIN ticket t ON t.id = f.origin_id ORDER BY ref
"""
OPEN = "SELECT open_survey_id FROM ticket WHERE open_survey_id IS NOT NULL ORDER BY 1"
PENDING = "SELECT id FROM survey WHERE origin = 'ticket' AND status = 'PENDING' ORDER BY 1"
MESSAGES = "SELECT kind, author_name, body, create_time FROM ticket_message"
REOPENED = "SELECT count(*) FROM ticket_activity WHERE old_value IN ('Resolved', 'Closed') AND new_value = 'Open'"


async def tickets_of(demo_db: Connection, agent: str) -> list[Any]:
    return await demo_db.fetch("SELECT t.* FROM ticket t JOIN account a ON a.id = assignee_id WHERE name = $1", agent)


@pytest.fixture
async def owner_browser(loaded: LoadedDemo) -> AsyncIterator[Browser]:
    """The owner of the workspace that has the demo, signed in by the printed link."""
    pool = await Database.open(loaded.dsn)
    site = Site(pool)
    site.workspaces["shop-window"] = await workspaces.get_workspace_by_name(pool, WORKSPACE)
    yield await site.owner("shop-window")
    for browser in site.browsers:
        await browser.aclose()
    await pool.close()


async def test_tickets_cover_ninety_days(demo_db: Connection) -> None:
    tickets = await demo_db.fetch(ALL_TICKETS)
    count = round(TICKETS * SCALE)
    assert [row["ref"] for row in tickets] == [f"TK-{number}" for number in range(1, count + 1)]
    assert await demo_db.fetchval("SELECT last_number FROM ticket_counter") == count
    ages = [utcnow() - row["create_time"] for row in tickets]
    assert timedelta(days=80) < ages[0] < timedelta(days=91)
    assert timedelta() < ages[-1] < timedelta(hours=1)
    statuses = Counter(row["status"] for row in tickets)
    assert statuses["Closed"] > count / 2
    assert statuses["Resolved"] > count / 16
    assert len(NEWEST_MINUTES) / 2 <= statuses["Open"] + statuses["In progress"] <= 60


async def test_the_inbox_is_alive(demo_db: Connection) -> None:
    fresh = await demo_db.fetch(f"SELECT * FROM ({ALL_TICKETS}) t WHERE create_time > now() - interval '4 hours'")
    assert sum(row["priority"] == "Urgent" for row in fresh) >= 2
    assert any(row["assignee_id"] is None for row in fresh)
    assert {row["status"] for row in fresh} <= {"Open", "In progress", "Resolved"}


async def test_times_and_tags_are_consistent(demo_db: Connection) -> None:
    assert await demo_db.fetch(INCONSISTENT) == []


async def test_every_rating_has_a_survey_and_feedback(demo_db: Connection) -> None:
    rated, answers = await demo_db.fetch(RATED), await demo_db.fetch(ANSWERS)
    assert [tuple(row) for row in rated] == [tuple(row) for row in answers]
    assert [row[0] for row in await demo_db.fetch(OPEN)] == [row[0] for row in await demo_db.fetch(PENDING)]
    done = await demo_db.fetchval("SELECT count(*) FROM ticket WHERE resolved_at IS NOT NULL")
    assert 0.28 < len(rated) / done < 0.6
    shown = "SELECT count(*) FROM survey WHERE origin = 'ticket' AND status = 'PENDING' AND sent_at IS NOT NULL"
    assert await demo_db.fetchval(shown) > 10 * SCALE
    assert await demo_db.fetchval(REOPENED) > 5 * SCALE


async def test_no_one_can_sign_in_as_an_agent(demo_db: Connection) -> None:
    rows = await demo_db.fetch(f"{MEMBERS} WHERE m.role = 'agent'")
    assert {row["name"] for row in rows} == {agent.name for agent in AGENTS}
    assert {(row["password_hash"], row["removed_at"]) for row in rows} == {(None, None)}
    assert {row["email"].rpartition(".")[2] for row in rows} == {"example"}
    assert await demo_db.fetchval("SELECT count(*) FROM magic_link WHERE kind = 'member'") == 0


async def test_agents_differ(demo_db: Connection) -> None:
    best, worst = await tickets_of(demo_db, HANNAH.name), await tickets_of(demo_db, MARCUS.name)
    stars = [mean(row["csat_rating"] for row in rows if row["csat_rating"]) for rows in (best, worst)]
    assert stars[0] > 3.8
    assert stars[1] < 3.4
    waits = [
        median(row["first_response_at"] - row["create_time"] for row in rows if row["first_response_at"])
        for rows in (best, worst)
    ]
    assert waits[0] * 5 < waits[1]
    solved = [mean(row["resolved_at"] is not None for row in rows) for rows in (best, worst)]
    assert solved[0] > solved[1]


@pytest.mark.parametrize("is_russian", [False, True])
async def test_search_finds_tickets_of_both_languages(
    demo_client: Client, demo_db: Connection, is_russian: bool
) -> None:
    tickets = await demo_db.fetch(ALL_TICKETS)
    ticket = next(row for row in tickets if bool(CYRILLIC.search(row["description"])) is is_russian)
    word = max(re.findall(r"[^\W\d_]+", ticket["description"]), key=len)
    found = expect_ok(await demo_client.get("/api/v1/tickets", params={"q": word}))["data"]
    assert ticket["ref"] in {one["ref"] for one in found}


async def test_search_finds_a_reference(demo_client: Client) -> None:
    found = expect_ok(await demo_client.get("/api/v1/tickets", params={"q": "TK-127"}))["data"]
    assert "TK-127" in {one["ref"] for one in found}


async def test_pages_show_tickets_and_low_ratings(owner_browser: Browser, demo_db: Connection) -> None:
    newest_urgent = f"SELECT * FROM ({ALL_TICKETS}) t WHERE priority = 'Urgent' ORDER BY create_time DESC"
    urgent = await demo_db.fetchrow(newest_urgent)
    assert urgent is not None
    inbox = (await owner_browser.get("/inbox")).text
    assert f"/inbox/{urgent['ref']}" in inbox
    assert urgent["requester_name"] in (await owner_browser.get(f"/inbox/{urgent['ref']}")).text
    agents = (await owner_browser.get("/low-ratings?days=90&by=agent")).text
    assert f"<bdi>{MARCUS.name}</bdi>" in agents
    by_tag = (await owner_browser.get("/low-ratings?days=90")).text
    assert "<bdi>channels</bdi>" in by_tag


async def test_messages_are_complete_and_signed(demo_db: Connection) -> None:
    rows = await demo_db.fetch(MESSAGES)
    assert {row["kind"] for row in rows} == {"customer", "reply", "note"}
    for row in rows:
        assert "{" not in row["body"]
        assert 7 <= row["create_time"].hour < 23
        if row["kind"] == "reply":
            first = row["author_name"].split()[0]
            assert row["body"].splitlines()[-1] in {first, "Анна"}
    subjects = Counter(row["subject"] for row in await demo_db.fetch(ALL_TICKETS))
    assert subjects.most_common(1)[0][1] <= 8
    russian = sum(bool(CYRILLIC.search(subject)) * count for subject, count in subjects.items())
    assert russian == round(round(TICKETS * SCALE) * RUSSIAN_SHARE)


@pytest.mark.parametrize("language", [ENGLISH, RUSSIAN])
def test_scripts_are_complete(language: str) -> None:
    for script in load_scripts(language):
        texts = [*script.openings, *script.solutions, *script.notes, *script.curt_replies]
        texts += [*script.praise, *script.complaints]
        texts += [text for question in script.questions for text in (question.text, question.answer)]
        assert script.solutions
        assert {slot for text in texts for slot in SLOT.findall(text)} <= set(TemplateFiller.MAKERS)
        assert {bool(CYRILLIC.search(text)) for text in texts} == {language == RUSSIAN}
    assert set(load_phrases()[RUSSIAN]) <= set(load_phrases()[ENGLISH])


THANKED = """
    SELECT t.csat_rating, m.body FROM ticket t JOIN LATERAL (
        SELECT body FROM ticket_message m
        WHERE m.ticket_id = t.id AND kind = 'customer' AND create_time < t.csat_rated_at
        ORDER BY create_time DESC LIMIT 1) m ON true
    WHERE t.csat_rating IS NOT NULL
"""


async def test_customers_rate_as_they_write(demo_db: Connection) -> None:
    """A requester whose last words were thanks gives four or five stars."""
    thanks = [phrase.split("{name}")[0] for each in (ENGLISH, RUSSIAN) for phrase in load_phrases()[each]["thanks"]]
    scores = [
        row["csat_rating"]
        for row in await demo_db.fetch(THANKED)
        if any(text and row["body"].startswith(text) for text in thanks)
    ]
    assert len(scores) > 10
    assert min(scores) >= 4
