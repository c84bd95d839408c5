"""`voxpop events …`: messages that could not be used."""

from typing import Annotated
from uuid import UUID

from cyclopts import Parameter, validators

from voxpop.campaigns import dead_letters
from voxpop.campaigns.event_ingest import EventResult
from voxpop.campaigns.models import DeadLetter
from voxpop.commands.output import show, show_table
from voxpop.commands.session import Data, WorkspaceName, load, on_database
from voxpop.cursors import NEWEST_FIRST
from voxpop.db.pool import Database
from voxpop.types import instant, utcnow
from voxpop.workspaces import service as workspaces

Ident = Annotated[UUID, Parameter(help="The id that `voxpop events dead` shows.")]
Most = Annotated[int, Parameter(validator=validators.Number(gte=1, lte=10_000), help="How many to list, newest first.")]


def list_dead(*, workspace: WorkspaceName = workspaces.DEFAULT, most: Most = 50, data: Data = None) -> None:
    """List messages that could not be used, the newest first, with where they stood and why.

    Like this:

        voxpop events dead
        voxpop events dead --workspace acme --most 500
    """

    async def find(database: Database) -> list[DeadLetter]:
        owner = (await workspaces.get_workspace_by_name(database, workspace)).id
        async with database.transaction(owner) as tx:
            return await dead_letters.list_dead_letters(tx, owner, NEWEST_FIRST, most)

    show_table(
        ("ID", "WHEN", "TOPIC", "PARTITION", "OFFSET", "REPLAYED", "REASON"),
        [_row(dead) for dead in on_database(load(data), find)],
    )


def replay(ident: Ident, /, *, workspace: WorkspaceName = workspaces.DEFAULT, data: Data = None) -> None:
    """Take a message that could not be used once more, as it is, and say what became of it.

    Like this:

        voxpop events replay 0192f0c1-8a52-7c3e-9a50-3f5f0d7f1c11
    """

    async def take(database: Database) -> EventResult:
        owner = (await workspaces.get_workspace_by_name(database, workspace)).id
        async with database.transaction(owner) as tx:
            return await dead_letters.replay(tx, owner, ident, utcnow())

    result = on_database(load(data), take)
    show(f"{result.outcome}: {', '.join(map(str, result.surveys)) or result.message}")


def _row(dead: DeadLetter) -> tuple[str, ...]:
    replayed = "-" if dead.replayed_at is None else instant(dead.replayed_at)
    place = (dead.topic, str(dead.partition), str(dead.offset))
    return str(dead.id), instant(dead.create_time), *place, replayed, ascii(dead.reason)[1:-1]
