"""The Kafka producer of docs/integrate.md runs as it is in the document, apart from the address and the topic."""

import asyncio

from tests.kafka.conftest import StartTask
from tests.support.guide import snippets
from tests.support.invariants import Owner
from tests.support.kafka import Kafka
from tests.support.waiting import eventually

from voxpop.db.pool import Database
from voxpop.types import WorkspaceId
from voxpop.worker.consumer import consume


async def test_the_producer_of_the_guide_opens_a_survey(
    kafka: Kafka, database: Database, workspace: WorkspaceId, owner: Owner, start_task: StartTask
) -> None:
    (snippet,) = snippets("Kafka producer", "python")
    snippet = snippet.replace("localhost:9092", kafka.broker.address).replace("customer-events.V1", kafka.events)
    await asyncio.to_thread(exec, compile(snippet, "integrate.md", "exec"), {})

    async def contexts() -> list[str]:
        return [row[0] for row in await owner.fetch("SELECT context_id FROM survey WHERE guid = 'cust_123'")]

    start_task(consume(database, kafka.settings()))
    await eventually(contexts, ["order_456"])
