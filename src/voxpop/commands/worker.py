"""`voxpop worker`."""

import asyncio
from contextlib import suppress

from voxpop.commands.session import (
    Data,
    DatabaseServer,
    database_server,
    load_settings,
    log_progress,
    migrated_database,
)
from voxpop.config.settings import Settings
from voxpop.worker import loop

WORKER = """Run the worker alone: daily jobs, outgoing email, and the Kafka clients.

`voxpop serve` runs the worker too. Use this command beside
`voxpop serve --no-worker` to keep the work away from the processes that serve
requests. Any number of workers may run, and each job is done once. It runs
until it is stopped.

For example:

    voxpop worker
"""


def worker(*, data: Data = None) -> None:
    """Runs the worker until a signal stops it."""
    settings = load_settings(data)
    with database_server(settings) as server, suppress(KeyboardInterrupt):
        asyncio.run(_run(settings, server))


async def _run(settings: Settings, server: DatabaseServer) -> None:
    async with migrated_database(settings, server) as database, asyncio.TaskGroup() as tasks:
        if server.supervisor:
            tasks.create_task(server.supervisor.watch())
        log_progress("The worker is running")
        await loop.run_worker(database, settings)
