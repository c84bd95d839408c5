"""Consumers as real processes, which join, leave and are killed in the middle of a batch."""

import asyncio
import signal
from functools import partial

from tests.support.invariants import Owner
from tests.support.kafka import ASKED, Kafka, event
from tests.support.waiting import eventually, until

from voxpop.types import WorkspaceId

SURVEYS = "SELECT count(*) FROM survey"
# A transaction of the consumer has written rows and is still open.
IN_A_BATCH = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'voxpop' AND backend_xid IS NOT NULL
"""
EVENTS, KILLS = 20_000, 10


async def members(kafka: Kafka) -> list[int]:
    return await asyncio.to_thread(kafka.members)


async def has_more(owner: Owner, before: int) -> bool:
    return bool(await owner.fetchval(SURVEYS) > before)


async def is_in_a_batch(owner: Owner) -> bool:
    return bool(await owner.fetchval(IN_A_BATCH))


async def committed(kafka: Kafka) -> int:
    return await asyncio.to_thread(kafka.committed)


async def test_no_event_is_lost_when_consumers_join_and_leave(
    kafka: Kafka, live_db: str, workspace: WorkspaceId, owner: Owner
) -> None:
    async def send() -> None:
        for number in range(200):
            kafka.post(*(event(f"o-{number}-{each}") for each in range(10)))
            await asyncio.sleep(0.01)

    with kafka.process("consume", live_db) as first:
        sending = asyncio.ensure_future(send())
        await eventually(lambda: members(kafka), [2, 2])
        with kafka.process("consume", live_db) as second:
            await eventually(lambda: members(kafka), [1, 1, 1, 1])
            first.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(first.wait, 10) == 0
            await eventually(lambda: members(kafka), [2, 2])
            await sending
            await eventually(lambda: committed(kafka), 2000)
            second.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(second.wait, 10) == 0
    assert await members(kafka) == []
    assert await owner.fetchval(SURVEYS) == await owner.fetchval(ASKED) == 2000


async def test_no_event_is_lost_when_a_consumer_is_killed_in_a_batch(
    kafka: Kafka, live_db: str, workspace: WorkspaceId, owner: Owner
) -> None:
    kafka.send(*(event(number) for number in range(EVENTS)))
    for round_ in range(KILLS):
        with kafka.process("consume", live_db) as process:
            before = await owner.fetchval(SURVEYS)
            # Each process commits something, so that offsets fall behind the database.
            await until(partial(has_more, owner, before), pause=0.01)
            await until(partial(is_in_a_batch, owner), pause=0)
            process.kill()
        assert await owner.fetchval(SURVEYS) < EVENTS, f"nothing was left to do after {round_ + 1} kills"
    with kafka.process("consume", live_db):
        await eventually(lambda: committed(kafka), EVENTS)
    assert await owner.fetchval(SURVEYS) == await owner.fetchval(ASKED) == EVENTS
