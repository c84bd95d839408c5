"""What a type checker sees of the client. mypy reads this file in `make check`; nothing runs it."""

from collections.abc import AsyncIterator, Iterator
from typing import assert_type
from uuid import UUID

from voxpop.client import AsyncClient, Client, Page
from voxpop.client.api import Counters, StreamEvent, Ticket


def use(api: Client) -> None:
    assert_type(api.increment("my-app", "export", user_email="ann@example.com", idempotency_key="1"), Counters)
    assert_type(api.list_tickets(status=["Open"]), Page[Ticket])
    assert_type(api.list_tickets.all(limit=10), Iterator[Ticket])
    assert_type(api.export_tickets(), Iterator[bytes])
    assert_type(api.stream_changes(), Iterator[StreamEvent])
    assert_type(api.delete_campaign(UUID(int=0)), None)
    api.increment("my-app", "export")  # type: ignore[call-arg]
    api.list_tickets(status=["Opened"])  # type: ignore[list-item]


async def use_on_asyncio(api: AsyncClient) -> None:
    assert_type(await api.increment("my-app", "export", user_email="ann@example.com"), Counters)
    assert_type(await api.list_tickets(), Page[Ticket])
    assert_type(api.list_tickets.all(), AsyncIterator[Ticket])
    assert_type(api.export_tickets(), AsyncIterator[bytes])
