"""What the demo shows of tickets: seen through the API and the pages, and held against the ledgers."""

import re
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from statistics import mean, median
from typing import Any, TypeAlias

import asyncpg
import pytest
from tests.demo.conftest import WORKSPACE, Loaded
from tests.support.clients import Client, expect_ok
from tests.support.sites import Browser, Site

from voxpop.db.pool import Database
from voxpop.demo.scenes import ENGLISH, RUSSIAN, SLOT, Filler, manners, scenes
from voxpop.demo.staff import HANNAH, MARCUS, STAFF
from voxpop.types import utcnow
from voxpop.workspaces import service as workspaces

Behind: TypeAlias = "asyncpg.Connection[Any]"
CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)
TICKETS = "SELECT * FROM ticket ORDER BY create_time"
AGENTS = "SELECT name, email, role, password_hash, removed_at FROM member JOIN account ON account.id = account_id"
# Who may say what no row says otherwise: stamps that are out of order, or not what messages and log tell.
DISORDER = """
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
            SELECT new_value FROM ticket_activity a WHERE a.ticket_id = t.id AND what = 'status'
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


async def of(behind: Behind, agent: str) -> list[Any]:
    return await behind.fetch("SELECT t.* FROM ticket t JOIN account a ON a.id = assignee_id WHERE name = $1", agent)


@pytest.fixture
async def owner_browser(loaded: Loaded) -> AsyncIterator[Browser]:
    """The owner of the workspace that has the demo, signed in by the printed link."""
    pool = await Database.open(loaded.dsn)
    site = Site(pool)
    site.workspaces["shop-window"] = await workspaces.get_workspace_by_name(pool, WORKSPACE)
    yield await site.owner("shop-window")
    for browser in site.browsers:
        await browser.aclose()
    await pool.close()


async def test_four_hundred_over_ninety_days(behind: Behind) -> None:
    tickets = await behind.fetch(TICKETS)
    assert [row["ref"] for row in tickets] == [f"TK-{number}" for number in range(1, 401)]
    assert await behind.fetchval("SELECT last_number FROM ticket_counter") == 400
    ages = [utcnow() - row["create_time"] for row in tickets]
    assert timedelta(days=86) < ages[0] < timedelta(days=91)
    assert timedelta() < ages[-1] < timedelta(hours=1)
    statuses = Counter(row["status"] for row in tickets)
    assert statuses["Closed"] > 240
    assert statuses["Resolved"] > 30
    assert 15 <= statuses["Open"] + statuses["In progress"] <= 60


async def test_the_inbox_is_alive(behind: Behind) -> None:
    fresh = await behind.fetch(f"SELECT * FROM ({TICKETS}) t WHERE create_time > now() - interval '4 hours'")
    assert sum(row["priority"] == "Urgent" for row in fresh) >= 2
    assert any(row["assignee_id"] is None for row in fresh)
    assert {row["status"] for row in fresh} <= {"Open", "In progress", "Resolved"}


async def test_stamps_are_what_messages_and_log_tell(behind: Behind) -> None:
    assert await behind.fetch(DISORDER) == []


async def test_rated_is_asked_answered_and_recorded(behind: Behind) -> None:
    rated, answers = await behind.fetch(RATED), await behind.fetch(ANSWERS)
    assert [tuple(row) for row in rated] == [tuple(row) for row in answers]
    assert [row[0] for row in await behind.fetch(OPEN)] == [row[0] for row in await behind.fetch(PENDING)]
    done = await behind.fetchval("SELECT count(*) FROM ticket WHERE resolved_at IS NOT NULL")
    assert 0.36 < len(rated) / done < 0.56
    seen = "SELECT count(*) FROM survey WHERE origin = 'ticket' AND status = 'PENDING' AND sent_at IS NOT NULL"
    assert await behind.fetchval(seen) > 10
    assert await behind.fetchval(REOPENED) > 10


async def test_four_agents_nobody_can_sign_in_as(behind: Behind) -> None:
    rows = await behind.fetch(f"{AGENTS} WHERE role = 'agent'")
    assert {row["name"] for row in rows} == {agent.name for agent in STAFF}
    assert {(row["password_hash"], row["removed_at"]) for row in rows} == {(None, None)}
    assert {row["email"].rpartition(".")[2] for row in rows} == {"example"}
    assert await behind.fetchval("SELECT count(*) FROM mailed_link WHERE kind = 'member'") == 0


async def test_agents_differ(behind: Behind) -> None:
    best, worst = await of(behind, HANNAH.name), await of(behind, MARCUS.name)
    stars = [mean(row["csat_rating"] for row in rows if row["csat_rating"]) for rows in (best, worst)]
    assert stars[0] > 4
    assert stars[1] < 3.4
    waits = [
        median(row["first_response_at"] - row["create_time"] for row in rows if row["first_response_at"])
        for rows in (best, worst)
    ]
    assert waits[0] * 5 < waits[1]
    solved = [mean(row["resolved_at"] is not None for row in rows) for rows in (best, worst)]
    assert solved[0] > solved[1]


async def test_search_finds_both_languages(visitor: Client) -> None:
    for words, script in (("overbooked", False), ("овербукинг", True), ("шахматка", True), ("calendar", False)):
        found = expect_ok(await visitor.get("/api/v1/tickets", params={"q": words}))["data"]
        assert found
        assert any(bool(CYRILLIC.search(one["subject"])) is script for one in found)
    named = expect_ok(await visitor.get("/api/v1/tickets", params={"q": "TK-217"}))["data"]
    assert "TK-217" in {one["ref"] for one in named}
    for one in named:  # a room may have the number
        assert "217" in (await visitor.get(f"/api/v1/tickets/{one['ref']}")).text


async def test_pages_show_it(owner_browser: Browser, behind: Behind) -> None:
    urgent = await behind.fetchrow(f"SELECT * FROM ({TICKETS}) t WHERE priority = 'Urgent' ORDER BY create_time DESC")
    assert urgent is not None
    inbox = (await owner_browser.get("/inbox")).text
    assert f"/inbox/{urgent['ref']}" in inbox
    assert urgent["requester_name"] in (await owner_browser.get(f"/inbox/{urgent['ref']}")).text
    low_ratings = (await owner_browser.get("/low-ratings?days=90")).text
    assert low_ratings.count(MARCUS.name) > 8
    by_tag = low_ratings.partition("By tag")[2]
    assert re.findall(r"tag=([a-z-]+)", by_tag)[0] == "channels"


async def test_messages_are_of_people(behind: Behind) -> None:
    rows = await behind.fetch(MESSAGES)
    assert {row["kind"] for row in rows} == {"customer", "reply", "note"}
    for row in rows:
        assert "{" not in row["body"]
        assert 7 <= row["create_time"].hour < 23
        if row["kind"] == "reply":
            first = row["author_name"].split()[0]
            assert row["body"].splitlines()[-1] in {first, "Анна"}
    subjects = Counter(row["subject"] for row in await behind.fetch(TICKETS))
    assert subjects.most_common(1)[0][1] <= 8
    russian = sum(bool(CYRILLIC.search(subject)) * count for subject, count in subjects.items())
    assert russian == 76


@pytest.mark.parametrize("language", [ENGLISH, RUSSIAN])
def test_there_are_words_for_everything(language: str) -> None:
    for scene in scenes(language):
        texts = [*scene.openings, *scene.solved, *scene.noted, *scene.curt, *scene.good, *scene.bad]
        texts += [text for pair in scene.asked for text in pair]
        assert scene.solved
        assert {slot for text in texts for slot in SLOT.findall(text)} <= set(Filler.MAKERS)
        assert {bool(CYRILLIC.search(text)) for text in texts} == {language == RUSSIAN}
    occasions = set(manners()[RUSSIAN])
    assert occasions <= set(manners()[ENGLISH])
