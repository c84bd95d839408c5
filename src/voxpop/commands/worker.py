"""`voxpop worker`."""

import asyncio
from contextlib import suppress

from voxpop.commands.session import Data, Source, connected, load, say, source
from voxpop.config.settings import Settings
from voxpop.worker import loop


def worker(*, data: Data = None) -> None:
    """Run what needs no request alone: daily jobs, Kafka in and out, until told to stop.

    `voxpop serve` runs them too. Use this beside `voxpop serve --no-worker`, to
    keep jobs away from the processes that answer. Any number may run: each job
    is done once.

        voxpop worker
    """
    settings = load(data)
    with source(settings) as found, suppress(KeyboardInterrupt):
        asyncio.run(_work(settings, found))


async def _work(settings: Settings, found: Source) -> None:
    async with connected(settings, found.dsn) as database, asyncio.TaskGroup() as tasks:
        if found.supervisor:
            tasks.create_task(found.supervisor.watch())
        say("The worker is running")
        await loop.run_worker(database, settings)
