"""`voxpop events …`: dead letters."""

from typing import Annotated
from uuid import UUID

from cyclopts import Parameter, validators

from voxpop.campaigns import dead_letters
from voxpop.campaigns.event_ingest import EventResult
from voxpop.campaigns.models import DeadLetter
from voxpop.commands.output import write_line, write_table
from voxpop.commands.session import Data, WorkspaceName, load_settings, run_on_database
from voxpop.cursors import NEWEST_FIRST
from voxpop.db.pool import Database
from voxpop.types import instant, utcnow
from voxpop.workspaces import service as workspaces

DeadLetterId = Annotated[UUID, Parameter(help="An id from `voxpop events dead-letters`.")]
Limit = Annotated[
    int, Parameter(validator=validators.Number(gte=1, lte=10_000), help="The number of rows, 1 to 10000.")
]

LIST_DEAD_LETTERS = """List dead letters, the events that could not be used. Newest first.

Each row has the position of the event in Kafka and the reason.

For example:

    voxpop events dead-letters
    voxpop events dead-letters --workspace acme --limit 500
"""

REPLAY = """Process a dead letter again, unchanged, and print the result.

For example:

    voxpop events replay 0192f0c1-8a52-7c3e-9a50-3f5f0d7f1c11
"""


def list_dead_letters(*, workspace: WorkspaceName = workspaces.DEFAULT, limit: Limit = 50, data: Data = None) -> None:
    """Writes a table of dead letters."""

    async def find(database: Database) -> list[DeadLetter]:
        workspace_id = (await workspaces.get_workspace_by_name(database, workspace)).id
        async with database.transaction(workspace_id) as tx:
            return await dead_letters.list_dead_letters(tx, workspace_id, NEWEST_FIRST, limit)

    write_table(
        ("ID", "TIME", "TOPIC", "PARTITION", "OFFSET", "REPLAYED", "REASON"),
        [_row(each) for each in run_on_database(load_settings(data), find)],
    )


def replay(dead_letter: DeadLetterId, /, *, workspace: WorkspaceName = workspaces.DEFAULT, data: Data = None) -> None:
    """Replays a dead letter and writes its outcome."""

    async def process(database: Database) -> EventResult:
        workspace_id = (await workspaces.get_workspace_by_name(database, workspace)).id
        async with database.transaction(workspace_id) as tx:
            return await dead_letters.replay(tx, workspace_id, dead_letter, utcnow())

    result = run_on_database(load_settings(data), process)
    write_line(f"{result.outcome}: {', '.join(map(str, result.surveys)) or result.message}")


def _row(dead_letter: DeadLetter) -> list[str]:
    return [
        str(dead_letter.id),
        instant(dead_letter.create_time),
        dead_letter.topic,
        str(dead_letter.partition),
        str(dead_letter.offset),
        "-" if dead_letter.replayed_at is None else instant(dead_letter.replayed_at),
        ascii(dead_letter.reason)[1:-1],  # without control characters of the event
    ]
