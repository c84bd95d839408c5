"""Events from a real broker: surveys, dead letters, and database failures without loss."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from functools import partial

import pytest
from prometheus_client import REGISTRY
from tests.kafka.conftest import StartTask, open_workspace_with_campaign
from tests.support.invariants import Owner
from tests.support.kafka import ASKED, Kafka, event
from tests.support.waiting import eventually

from voxpop.config.loading import load
from voxpop.db.pool import Database
from voxpop.kafka import consumer as kafka_consumer
from voxpop.kafka.consumer import BrokerError, KafkaConsumer
from voxpop.kafka.messages import Record
from voxpop.types import WorkspaceId
from voxpop.worker import consumer
from voxpop.worker.consumer import consume


def contexts(owner: Owner) -> Callable[[], Awaitable[list[str]]]:
    """Reads the contexts that have a survey."""

    async def look() -> list[str]:
        return [row[0] for row in await owner.fetch("SELECT context_id FROM survey ORDER BY context_id")]

    return look


def committed(kafka: Kafka) -> Callable[[], Awaitable[int]]:
    async def look() -> int:
        return await asyncio.to_thread(kafka.committed)

    return look


def counted(outcome: str) -> float:
    return REGISTRY.get_sample_value("voxpop_kafka_events_total", {"outcome": outcome}) or 0


def test_topic_and_group_have_the_names_of_the_contract() -> None:  # F37
    settings = load(env={})
    assert (settings.kafka_group_id, settings.kafka_topic_customer_events) == ("feedback", "customer-events.V1")


async def test_an_event_opens_a_survey(
    kafka: Kafka, database: Database, workspace: WorkspaceId, owner: Owner, start_task: StartTask
) -> None:
    """F20, F30, F31, F37. Also an event from before the group existed."""
    kafka.send(event("o-1", metadata={"odd": [1]}, extra=True))
    start_task(consume(database, kafka.settings()))
    await eventually(contexts(owner), ["o-1"])
    row = await owner.fetchrow("SELECT * FROM survey")
    assert row
    assert (row["workspace_id"], row["guid"], row["context_type"]) == (workspace, "guid-o-1", "ORDER")
    assert (row["status"], row["sent_at"], row["completed_at"]) == ("PENDING", None, None)
    await eventually(committed(kafka), 1)


async def test_duplicates_open_one_survey(
    kafka: Kafka, database: Database, workspace: WorkspaceId, owner: Owner, start_task: StartTask
) -> None:
    """F26, F29, F35. In one batch, in several partitions, and later."""
    for partition in range(4):
        kafka.send(event("o-1"), event("o-1", guid="another"), partition=partition)
    start_task(consume(database, kafka.settings()))
    await eventually(committed(kafka), 8)
    kafka.send(event("o-1"), event("o-2"))
    await eventually(committed(kafka), 10)
    assert await contexts(owner)() == ["o-1", "o-2"]
    assert await owner.fetchval(ASKED) == 2


async def test_an_invalid_message_is_stored_as_a_dead_letter_and_blocks_nothing(
    kafka: Kafka, database: Database, workspace: WorkspaceId, owner: Owner, start_task: StartTask
) -> None:
    """F32. All are in one partition, with valid messages before, between and after."""
    unknown = counted("unknown")
    kafka.send(event("o-1"), b"{", event("o-2", guid=None), b'"text"', b"\xff", None, partition=0)
    kafka.send(event("o-3", event_type="SOMETHING_ELSE"), event("o-4"), event("o\0"), partition=0)
    kafka.send(event("o-5"), workspace="unknown\0", partition=0)
    kafka.send(event("o-6", padding="x" * 100_000), b"x" * 100_000, b"[" * 100_000, event("o-7"), partition=0)
    start_task(consume(database, kafka.settings()))
    await eventually(committed(kafka), 14)
    assert await contexts(owner)() == ["o-1", "o-4", "o-6", "o-7"]
    rows = await owner.fetch('SELECT * FROM dead_letter ORDER BY "offset"')
    assert [row["offset"] for row in rows] == [1, 2, 3, 4, 5, 8, 9, 11, 12]
    assert {(row["workspace_id"], row["topic"], row["partition"]) for row in rows} == {(workspace, kafka.events, 0)}
    reasons = [
        "not JSON",
        "guid is missing",
        "",
        "",
        "not JSON",
        "guid has a NUL",
        "there is no workspace",
        "",
        "",
    ]
    assert [row["reason"][: len(start)] for row, start in zip(rows, reasons, strict=True)] == reasons
    assert [len(row["message"]) for row in rows if row["offset"] > 10] == [65536, 65536]
    assert rows[0]["message"] == b"{"
    assert counted("unknown") - unknown == 1


async def test_a_message_without_a_value_does_not_stop_the_consumer(
    kafka: Kafka, database: Database, workspace: WorkspaceId, owner: Owner, start_task: StartTask
) -> None:
    start_task(consume(database, kafka.settings()))
    for number in range(3):
        kafka.send(None, partition=0)
        await eventually(committed(kafka), number + 1)
    assert await owner.fetchval("SELECT count(*) FROM dead_letter") == 3


async def test_a_header_chooses_the_workspace(
    kafka: Kafka, database: Database, workspace: WorkspaceId, owner: Owner, start_task: StartTask
) -> None:
    other = await open_workspace_with_campaign(database, "другая")
    kafka.send(event("o-1"), event("o-2"), partition=0)
    kafka.send(event("o-1"), b"{", workspace="другая", partition=0)
    kafka.send(event("o-3"), workspace="default", partition=0)
    start_task(consume(database, kafka.settings()))
    await eventually(contexts(owner), ["o-1", "o-1", "o-2", "o-3"])
    found = await owner.fetch("SELECT context_id, workspace_id FROM survey ORDER BY context_id, workspace_id")
    assert [tuple(row) for row in found] == [("o-1", workspace), ("o-1", other), ("o-2", workspace), ("o-3", workspace)]
    assert await owner.fetchval("SELECT workspace_id FROM dead_letter") == other


async def test_an_event_that_the_database_rejects_does_not_affect_its_batch(
    kafka: Kafka, database: Database, workspace: WorkspaceId, owner: Owner, start_task: StartTask
) -> None:
    await owner.execute("ALTER TABLE survey ADD CONSTRAINT lucky CHECK (context_id NOT IN ('o-13', 'o-77'))")
    kafka.send(*(event(f"o-{number}") for number in range(100)), partition=1)
    start_task(consume(database, kafka.settings()))
    await eventually(committed(kafka), 100)
    assert len(await contexts(owner)()) == await owner.fetchval(ASKED) == 98
    rows = await owner.fetch('SELECT reason, "offset", message FROM dead_letter ORDER BY "offset"')
    assert [(row["offset"], row["message"]) for row in rows] == [(13, event("o-13")), (77, event("o-77"))]
    assert "lucky" in rows[0]["reason"]


async def test_a_consumer_that_waits_for_the_database_stays_in_the_group(
    kafka: Kafka,
    database: Database,
    workspace: WorkspaceId,
    owner: Owner,
    start_task: StartTask,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(kafka_consumer, "REVOKE_TIMEOUT", 0.5)
    monkeypatch.setattr(kafka_consumer, "STATISTICS_INTERVAL", 0.2)
    await owner.execute("REVOKE INSERT ON survey FROM voxpop_app")
    for partition in range(4):
        kafka.send(*(event(f"o-{partition}{number}") for number in range(10)), partition=partition)
    start_task(consume(database, kafka.settings()))
    await eventually(lambda: members(kafka), [2, 2])
    # Another process gets partitions: the first one still responds while it waits.
    start_task(consume(database, kafka.settings()))
    await eventually(lambda: members(kafka), [1, 1, 1, 1])
    assert await contexts(owner)() == []
    await owner.execute("GRANT INSERT ON survey TO voxpop_app")
    await eventually(committed(kafka), 40)
    assert len(await contexts(owner)()) == await owner.fetchval(ASKED) == 40
    await eventually(lambda: lag(kafka), 0)


async def test_a_batch_drops_the_messages_of_a_revoked_partition(
    kafka: Kafka, start_task: StartTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka_consumer, "REVOKE_TIMEOUT", 0.3)
    monkeypatch.setattr(kafka_consumer, "PAUSE_AFTER", 1.0)
    batches: list[Sequence[Record]] = []
    others: list[Record] = []

    async def take(batch: Sequence[Record]) -> None:
        """The first batch is done when the second has all partitions; that one is never done."""
        batches.append(batch)
        if len(batches) > 1:
            await asyncio.Event().wait()
        for partition in range(4):
            await asyncio.to_thread(partial(kafka.send, b"later", partition=partition))
        await asyncio.sleep(0.3)

    async def take_other(batch: Sequence[Record]) -> None:
        others.extend(batch)

    kafka.send(b"first", partition=0)
    start_task(KafkaConsumer(kafka.settings(), kafka.events, take).run())
    await eventually(lambda: passed(len(batches)), 2)
    assert {record.partition for record in batches[1]} == {0, 1, 2, 3}
    start_task(KafkaConsumer(kafka.settings(), kafka.events, take_other).run())
    await eventually(lambda: passed(len(batches)), 3)
    await eventually(lambda: passed(len(others)), 2)
    gone = {record.partition for record in others}
    assert batches[2] == [record for record in batches[1] if record.partition not in gone]
    assert (len(gone), len(batches[2])) == (2, 2)


async def passed(value: int) -> int:
    return value


async def members(kafka: Kafka) -> list[int]:
    return await asyncio.to_thread(kafka.members)


async def lag(kafka: Kafka) -> float | None:
    found = [
        sample.value
        for metric in REGISTRY.collect()
        for sample in metric.samples
        if sample.name == "voxpop_kafka_lag" and sample.labels["topic"] == kafka.events
    ]
    return sum(found) if found else None


async def test_events_wait_until_the_workspace_exists(
    kafka: Kafka, database: Database, owner: Owner, start_task: StartTask
) -> None:
    kafka.send(event("o-1"))
    start_task(consume(database, kafka.settings(kafka_workspace="acme")))
    await eventually(lambda: members(kafka), [2, 2])
    await open_workspace_with_campaign(database, "acme")
    await eventually(contexts(owner), ["o-1"])


async def test_the_classic_group_protocol_works(
    kafka: Kafka, database: Database, workspace: WorkspaceId, owner: Owner, start_task: StartTask
) -> None:
    kafka.send(event("o-1"))
    first = start_task(consume(database, kafka.settings(kafka_group_protocol="classic")))
    await eventually(committed(kafka), 1)
    first.cancel()
    await asyncio.wait([first])
    kafka.send(event("o-2"))
    start_task(consume(database, kafka.settings(kafka_group_protocol="classic")))
    await eventually(committed(kafka), 2)
    assert await contexts(owner)() == ["o-1", "o-2"]


async def test_a_stopped_consumer_leaves_the_group(
    kafka: Kafka, database: Database, workspace: WorkspaceId, start_task: StartTask
) -> None:
    leaving = start_task(consume(database, kafka.settings()))
    await eventually(lambda: members(kafka), [2, 2])
    leaving.cancel()
    await asyncio.wait([leaving])
    assert await members(kafka) == []


async def test_invalid_client_settings_are_logged(
    kafka: Kafka, database: Database, start_task: StartTask, caplog: pytest.LogCaptureFixture
) -> None:
    settings = kafka.settings(kafka_security_protocol="SSL", kafka_ssl_ca="/nowhere")
    with pytest.raises(BrokerError, match=r"ssl\.ca\.location"):
        await KafkaConsumer(settings, kafka.events, lambda _: asyncio.sleep(0)).run()


async def test_a_consumer_without_contact_to_a_broker_is_replaced(
    kafka: Kafka,
    database: Database,
    workspace: WorkspaceId,
    owner: Owner,
    start_task: StartTask,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(kafka_consumer, "STATISTICS_INTERVAL", 0.2)
    monkeypatch.setattr(kafka_consumer, "BROKER_TIMEOUT", 1.0)
    monkeypatch.setattr(consumer, "RESTART_PAUSE", timedelta(seconds=0.2))
    kafka.send(event("o-1"))
    start_task(consume(database, kafka.settings()))
    member = KafkaConsumer(kafka.settings(kafka_group_id="another"), kafka.events, lambda _: asyncio.sleep(0))
    direct = asyncio.ensure_future(member.run())
    await eventually(committed(kafka), 1)
    await asyncio.sleep(1.5)
    assert not direct.done(), "a broker that has nothing to say still answers"
    await asyncio.to_thread(kafka.broker.stop)
    await asyncio.wait([direct], timeout=10)
    assert isinstance(direct.exception(), BrokerError)
    await asyncio.to_thread(kafka.broker.start)
    kafka.send(event("o-2"))
    await eventually(contexts(owner), ["o-1", "o-2"])


async def test_without_a_broker_nothing_is_consumed(
    kafka: Kafka, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    kafka.overrides.pop("kafka_bootstrap")
    with caplog.at_level(logging.DEBUG):
        await consume(database, kafka.settings())
    assert caplog.text == ""
