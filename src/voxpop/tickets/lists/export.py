"""The CSV export of tickets, streamed in chunks: memory and the longest transaction stay small at any size."""

from collections.abc import AsyncIterator

from voxpop.cursors import Position
from voxpop.db.csv_sql import CsvFormat
from voxpop.db.pool import Database
from voxpop.tickets.lists import export_store as store
from voxpop.tickets.lists import service as lists
from voxpop.tickets.lists.filters import TicketFilter
from voxpop.tickets.lists.models import Sort, SortKey
from voxpop.types import WorkspaceId

CHUNK_SIZE = 2_000  # tickets
# No change of a ticket alters this order, so each ticket is exported once.
OLDEST_FIRST = Sort(SortKey.CREATED, descending=False)


async def export(
    database: Database, workspace: WorkspaceId, ticket_filter: TicketFilter, form: CsvFormat
) -> AsyncIterator[bytes]:
    """The header and the tickets, the oldest first."""
    yield form.header(store.COLUMNS)
    after: Position | None = None
    while True:
        async with database.transaction(workspace) as tx:
            positions = await lists.list_positions(tx, workspace, ticket_filter, OLDEST_FIRST, after, CHUNK_SIZE)
            lines = await store.get_csv_lines(tx, workspace, [each.id for each in positions], form)
        if positions:
            yield lines.encode()
        if len(positions) < CHUNK_SIZE:
            return
        after = positions[-1]
