"""The relay to a real broker: delivery, order, leases, and the purge of old messages."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import asyncpg
import pytest
from tests.kafka.conftest import StartTask
from tests.support.invariants import Owner
from tests.support.kafka import ASKED, Kafka, event, headers_of
from tests.support.waiting import eventually, until

from voxpop import outbox
from voxpop.backoff import Backoff
from voxpop.campaigns import dead_letters
from voxpop.campaigns.models import DeadLetter
from voxpop.config.loading import load
from voxpop.db.pool import Database, Tx
from voxpop.feedback import service as feedback
from voxpop.feedback.models import NewFeedback, Source
from voxpop.kafka import consumer as kafka_consumer
from voxpop.kafka import producer as kafka_producer
from voxpop.outbox import Kind, Message
from voxpop.types import FeedbackId, Origin, WorkspaceId, instant, utcnow, uuid7
from voxpop.worker import relay as relays
from voxpop.worker.consumer import consume
from voxpop.worker.relay import purge, relay

UNSENT = "SELECT count(*) FROM outbox WHERE sent_at IS NULL"
DOCUMENT = Path(__file__).parents[2] / "docs" / "events.md"


async def write(database: Database, workspace: WorkspaceId, messages: Sequence[Message]) -> None:
    async with database.transaction(workspace) as tx:
        await outbox.record(tx, workspace, messages, utcnow())


async def rate(database: Database, workspace: WorkspaceId, *scores: int) -> None:
    """Adds voluntary ratings of a feature."""
    now = utcnow()
    ratings = [
        NewFeedback(
            id=FeedbackId(uuid7()),
            survey_id=None,
            survey_type="CSAT10",
            scale_min=1,
            origin=Origin.FEATURE,
            origin_id=uuid7(),
            source=Source.VOLUNTARY,
            score=score,
            day=now.date(),
            series=(),
            user_email="ann@example.com",
            comment="Отлично",
        )
        for score in scores
    ]
    async with database.transaction(workspace) as tx:
        await feedback.record(tx, workspace, ratings, now)


@pytest.fixture
def quick_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shortens the backoff of the relay."""
    monkeypatch.setattr(relays, "RENEW", timedelta(seconds=0.2))


async def is_all_sent(owner: Owner) -> bool:
    return not await owner.fetchval(UNSENT)


async def test_a_rating_is_sent(
    kafka: Kafka, database: Database, workspace: WorkspaceId, owner: Owner, start_task: StartTask
) -> None:
    await rate(database, workspace, 9)
    start_task(relay(database, kafka.settings()))
    (message,) = await asyncio.to_thread(kafka.read, kafka.feedback, 1)
    stored = await owner.fetchrow("SELECT * FROM feedback")
    written = await owner.fetchrow("SELECT * FROM outbox")
    assert stored
    assert written
    assert headers_of(message) == {
        "voxpop-id": str(written["id"]),
        "voxpop-version": "1",
        "voxpop-workspace": "default",
    }
    assert message.key() == str(stored["id"]).encode()
    body = json.loads(message.value() or b"")
    assert (body["event_type"], body["version"], body["workspace"]) == ("feedback.recorded", 1, str(workspace))
    assert (body["id"], body["score"], body["comment"]) == (str(stored["id"]), 9, "Отлично")
    assert (body["survey_id"], body["guid"], body["user_email"]) == (None, None, "ann@example.com")
    await until(lambda: is_all_sent(owner))


def test_the_documented_rating_has_the_fields_of_a_sent_one() -> None:
    examples = [json.loads(part.split("```")[0]) for part in DOCUMENT.read_text("utf-8").split("```json")[1:]]
    (documented,) = [one for one in examples if one.get("event_type") == "feedback.recorded"]
    now = utcnow()
    rating = NewFeedback(
        id=FeedbackId(uuid7()), survey_id=None, survey_type="NPS", scale_min=0, origin=Origin.CAMPAIGN,
        origin_id=uuid7(), source=Source.PROMPTED, score=9, day=now.date(), series=(),
    )  # fmt: skip
    told = json.loads(feedback.message_of(WorkspaceId(uuid7()), rating, instant(now)).body)
    assert list(documented) == list(told)


async def test_messages_of_one_key_keep_their_order(
    kafka: Kafka, database: Database, workspace: WorkspaceId, owner: Owner, start_task: StartTask
) -> None:
    """The messages are more than a batch, of two kinds, and written while the relay runs."""
    start_task(relay(database, kafka.settings()))
    for start in range(0, 2500, 250):
        numbers = range(start, start + 250)
        await write(database, workspace, [Message(Kind.FEEDBACK, f"key-{n % 7}", str(n)) for n in numbers])
        await write(database, workspace, [Message(Kind.DAILY_METRICS, f"key-{n % 7}", str(n)) for n in numbers])
    for topic in (kafka.feedback, kafka.metrics):
        by_key = defaultdict(list)
        for message in await asyncio.to_thread(kafka.read, topic, 2500):
            by_key[message.key()].append(int(message.value() or b""))
        assert sorted(by_key.values()) == [list(range(first, 2500, 7)) for first in range(7)]


@pytest.mark.usefixtures("quick_turns")
async def test_a_message_sent_but_not_marked_is_sent_again(
    kafka: Kafka,
    database: Database,
    workspace: WorkspaceId,
    owner: Owner,
    start_task: StartTask,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    faults = [asyncpg.ConnectionDoesNotExistError("gone")]

    mark = outbox.mark_sent

    async def mark_sent(tx: Tx, messages: Sequence[int], now: datetime) -> None:
        if faults:
            raise faults.pop()
        await mark(tx, messages, now)

    monkeypatch.setattr(outbox, "mark_sent", mark_sent)
    await rate(database, workspace, 1, 2, 3)
    start_task(relay(database, kafka.settings()))
    found = await asyncio.to_thread(kafka.read, kafka.feedback, 6, more_seconds=0.5)
    ids = [headers_of(message)["voxpop-id"] for message in found]
    assert (len(ids), len(set(ids))) == (6, 3)
    assert await is_all_sent(owner)


@pytest.mark.usefixtures("quick_turns")
async def test_another_relay_takes_over_after_the_lease_has_expired(
    kafka: Kafka, live_db: str, database: Database, workspace: WorkspaceId, owner: Owner, start_task: StartTask
) -> None:
    """The first is a process that is killed; the test shortens its lease."""
    with kafka.process("relay", live_db) as first:
        await rate(database, workspace, 1)
        await until(lambda: is_all_sent(owner))
        start_task(relay(database, kafka.settings()))
        holder = await owner.fetchval("SELECT holder FROM lease")
        await rate(database, workspace, *([2] * 100))
        await until(lambda: is_all_sent(owner))
        first.kill()
        await asyncio.to_thread(first.wait)
    await rate(database, workspace, 3)
    await asyncio.sleep(0.6)
    assert await owner.fetchval(UNSENT) == 1
    assert await owner.fetchval("SELECT holder FROM lease") == holder
    await owner.execute("UPDATE lease SET expires_at = now()")
    await until(lambda: is_all_sent(owner))
    found = await asyncio.to_thread(kafka.read, kafka.feedback, 102, more_seconds=0.5)
    assert len(found) == 102
    assert await owner.fetchval("SELECT holder FROM lease") != holder


async def test_a_stopped_relay_releases_its_lease(
    kafka: Kafka, database: Database, workspace: WorkspaceId, owner: Owner, start_task: StartTask
) -> None:
    leaving = start_task(relay(database, kafka.settings()))
    await eventually(lambda: owner.fetchval("SELECT count(*) FROM lease"), 1)
    leaving.cancel()
    await asyncio.wait([leaving])
    assert await owner.fetchval("SELECT count(*) FROM lease") == 0


async def test_a_missing_topic_does_not_block_other_topics(
    kafka: Kafka,
    database: Database,
    workspace: WorkspaceId,
    owner: Owner,
    start_task: StartTask,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(kafka_producer, "DELIVERY_TIMEOUT", 1.0)
    missing = f"{kafka.metrics}-missing"
    await write(database, workspace, [Message(Kind.DAILY_METRICS, "key", str(n)) for n in range(3)])
    start_task(relay(database, kafka.settings(kafka_topic_daily_metrics=missing)))
    await rate(database, workspace, 5)
    await eventually(
        lambda: owner.fetchval("SELECT count(*) FROM outbox WHERE kind = 'feedback' AND sent_at > '-infinity'"), 1
    )
    assert await owner.fetchval(UNSENT) == 3
    kafka.broker.make_topic(missing, 4)
    await until(lambda: is_all_sent(owner))
    assert [message.value() for message in await asyncio.to_thread(kafka.read, missing, 3)] == [b"0", b"1", b"2"]


async def test_nothing_is_lost_while_the_broker_is_unreachable(
    kafka: Kafka,
    database: Database,
    workspace: WorkspaceId,
    owner: Owner,
    start_task: StartTask,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Messages sent before, during and after the outage all arrive, in order per key."""
    monkeypatch.setattr(kafka_producer, "DELIVERY_TIMEOUT", 1.0)
    monkeypatch.setattr(relays, "BACKOFF", Backoff(timedelta(seconds=1), timedelta(seconds=1)))
    monkeypatch.setattr(kafka_consumer, "BROKER_TIMEOUT", 8.0)
    start_task(consume(database, kafka.settings()))
    start_task(relay(database, kafka.settings()))
    flowing = start_task(flow(kafka, database, workspace))
    await asyncio.sleep(1)
    await asyncio.to_thread(kafka.broker.stop)
    await asyncio.sleep(2.5)
    await asyncio.to_thread(kafka.broker.start)
    await flowing
    await eventually(lambda: owner.fetchval("SELECT count(*) FROM survey"), 2000, seconds=60)
    assert await owner.fetchval(ASKED) == 2000
    await until(lambda: is_all_sent(owner))
    first_seen: dict[bytes | None, dict[int, None]] = defaultdict(dict)
    for message in await asyncio.to_thread(kafka.read, kafka.feedback, 1000, more_seconds=1):
        first_seen[message.key()].setdefault(int(message.value() or b""))
    assert {key: list(seen) for key, seen in first_seen.items()} == {
        f"key-{first}".encode(): list(range(first, 1000, 5)) for first in range(5)
    }


async def flow(kafka: Kafka, database: Database, workspace: WorkspaceId) -> None:
    """Sends events and ratings for ten seconds."""
    for turn in range(200):
        numbers = range(turn * 10, turn * 10 + 10)
        kafka.post(*(event(n) for n in numbers))
        await write(database, workspace, [Message(Kind.FEEDBACK, f"key-{n % 5}", str(n)) for n in numbers if n < 1000])
        await asyncio.sleep(0.05)
    await asyncio.to_thread(kafka.flush)


async def test_a_stop_does_not_wait_for_an_unreachable_broker(
    kafka: Kafka, database: Database, workspace: WorkspaceId, owner: Owner, start_task: StartTask
) -> None:
    kafka.send(event("o-1"))
    working = [start_task(consume(database, kafka.settings())), start_task(relay(database, kafka.settings()))]
    await eventually(lambda: owner.fetchval("SELECT count(*) FROM survey"), 1)
    await asyncio.to_thread(kafka.broker.stop)
    await rate(database, workspace, 1)
    await asyncio.sleep(1)
    for task in working:
        task.cancel()
    _, late = await asyncio.wait(working, timeout=5)
    assert not late
    assert await owner.fetchval(UNSENT) == 1
    assert await owner.fetchval("SELECT count(*) FROM lease") == 0


async def test_old_messages_are_purged(
    database: Database, workspace: WorkspaceId, owner: Owner, tmp_path: Path
) -> None:
    now = utcnow()
    settings = load(env={}, directory=tmp_path, overrides={"outbox_keep_days": 2, "outbox_unsent_days": 5})
    with_broker = load(env={}, directory=tmp_path, overrides={"outbox_keep_days": 2, "kafka_bootstrap": "nowhere:1"})
    await write(database, workspace, [Message(Kind.FEEDBACK, "key", body) for body in ("sent", "new", "old")])
    await owner.execute("UPDATE outbox SET sent_at = now() - interval '2 days 1 hour' WHERE body = 'sent'")
    await owner.execute("UPDATE outbox SET create_time = now() - interval '100 days' WHERE body IN ('sent', 'old')")
    dead = [DeadLetter(uuid7(), "topic", 0, n, "why", b"", now, None) for n in range(2)]
    async with database.transaction(workspace) as tx:
        await dead_letters.store_dead_letters(tx, workspace, dead, now)
    await owner.execute("UPDATE dead_letter SET create_time = now() - interval '31 days' WHERE \"offset\" = 1")
    await purge(database, with_broker, now)
    assert [row[0] for row in await owner.fetch("SELECT body FROM outbox ORDER BY id")] == ["new", "old"]
    assert [row[0] for row in await owner.fetch('SELECT "offset" FROM dead_letter')] == [0]
    await purge(database, settings, now)
    assert [row[0] for row in await owner.fetch("SELECT body FROM outbox")] == ["new"]


async def test_without_a_broker_old_messages_are_purged_and_the_others_are_kept(
    database: Database, workspace: WorkspaceId, owner: Owner, start_task: StartTask, tmp_path: Path
) -> None:
    await write(database, workspace, [Message(Kind.FEEDBACK, "key", body) for body in ("new", "old")])
    await owner.execute("UPDATE outbox SET create_time = now() - interval '31 days' WHERE body = 'old'")
    start_task(relay(database, load(env={}, directory=tmp_path)))
    await eventually(lambda: owner.fetchval("SELECT count(*) FROM outbox"), 1)
    assert await owner.fetchval("SELECT count(*) FROM lease") == 0
    assert await owner.fetchval(UNSENT) == 1
