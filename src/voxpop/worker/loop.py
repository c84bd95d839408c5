"""The worker: does what is due, for ever. Which jobs there are is `jobs`'s."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from structlog import get_logger

from voxpop.accounts import sessions
from voxpop.config.settings import Settings
from voxpop.db.errors import CONNECTION_ERRORS
from voxpop.db.pool import Database
from voxpop.mail import send_mail
from voxpop.types import utcnow
from voxpop.worker import daily
from voxpop.worker.consumer import consume
from voxpop.worker.daily import Job
from voxpop.worker.jobs import daily_jobs
from voxpop.worker.relay import relay

PAUSE = timedelta(seconds=30)
SWEEP = timedelta(hours=1)

log = get_logger(__name__)


async def work(database: Database, settings: Settings) -> None:
    """Everything that runs without a request, until cancelled."""
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(run(database, daily_jobs(settings)))
        tasks.create_task(consume(database, settings))
        tasks.create_task(relay(database, settings))
        tasks.create_task(send_mail(database, settings))
        tasks.create_task(sweep_sessions(database))


async def sweep_sessions(database: Database, pause: timedelta = SWEEP) -> None:
    """Takes away sessions, links and the like that are over, until cancelled."""
    while True:
        try:
            await sessions.purge(database, utcnow())
        except Exception:  # an edge: the next time does it
            log.exception("Sessions that are over could not be swept away")
        await asyncio.sleep(pause.total_seconds())


async def run(database: Database, jobs: Sequence[Job], pause: timedelta = PAUSE) -> None:
    """Until cancelled, which undoes the job in hand: it is done again by whoever looks next."""
    while True:
        try:
            await daily.run_due(database, utcnow(), jobs)
        except CONNECTION_ERRORS as error:
            log.warning("The worker can't reach the database; it tries again", reason=str(error))
        except Exception:  # an edge: what stops the jobs must not stop those who answer
            log.exception("The daily jobs could not be looked at; the worker tries again")
        await asyncio.sleep(pause.total_seconds())
