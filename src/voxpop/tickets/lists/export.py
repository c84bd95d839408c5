"""Tickets as CSV, chunk by chunk: however many there are, the memory and the longest transaction stay small."""

from collections.abc import AsyncIterator

from voxpop.db.pool import Database
from voxpop.tickets.lists import export_store as store
from voxpop.tickets.lists import service as lists
from voxpop.tickets.lists.models import BEFORE_ALL, Sort, SortKey, TicketFilter
from voxpop.types import WorkspaceId

CHUNK_SIZE = 2_000  # tickets
BYTE_ORDER_MARK = "\ufeff"  # by which some spreadsheets know UTF-8
# An order that no change of a ticket alters, so that each comes once.
OLDEST_FIRST = Sort(SortKey.CREATED, descending=False)


async def export(
    database: Database, workspace: WorkspaceId, wanted: TicketFilter, *, bom: bool = False, raw: bool = False
) -> AsyncIterator[bytes]:
    """The header, then the tickets, the oldest first. `raw` is for programs: cells like formulas stay as they are."""
    yield (BYTE_ORDER_MARK * bom + ",".join(store.COLUMNS) + "\r\n").encode()
    after = BEFORE_ALL
    while True:
        async with database.transaction(workspace) as tx:
            places = await lists.list_positions(tx, workspace, wanted, OLDEST_FIRST, after, CHUNK_SIZE)
            lines = await store.get_csv_lines(tx, workspace, [place.id for place in places], raw=raw)
        if places:
            yield lines.encode()
        if len(places) < CHUNK_SIZE:
            return
        after = places[-1]
