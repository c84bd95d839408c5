"""Consumes or relays until SIGTERM: `kafka_process.py consume|relay`, with settings from the environment."""

import asyncio
import signal
import sys
from contextlib import suppress

from voxpop import logs
from voxpop.config.loading import load
from voxpop.db.pool import Database
from voxpop.worker.consumer import consume
from voxpop.worker.relay import relay

WORK = {"consume": consume, "relay": relay}


async def main(name: str) -> None:
    settings = load()
    logs.configure("info", "text")
    database = await Database.open(settings.database_url or "", size=4)
    work = asyncio.ensure_future(WORK[name](database, settings))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, work.cancel)
    with suppress(asyncio.CancelledError):
        await work
    await database.close()


asyncio.run(main(sys.argv[1]))
