"""The worker process: daily jobs, the Kafka consumer, the outbox relay, email and the purge of sessions."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from structlog import get_logger

from voxpop.accounts import sessions
from voxpop.config.settings import Settings
from voxpop.db.errors import CONNECTION_ERRORS
from voxpop.db.pool import Database
from voxpop.logs import log_failure
from voxpop.mail import send_mail
from voxpop.surveys.mailing import service as survey_emails
from voxpop.surveys.mailing.tracking import SurveyMailTracker
from voxpop.types import utcnow
from voxpop.worker import daily
from voxpop.worker.consumer import consume
from voxpop.worker.daily import Job
from voxpop.worker.jobs import daily_jobs
from voxpop.worker.relay import relay

JOB_INTERVAL = timedelta(seconds=30)
PURGE_INTERVAL = timedelta(hours=1)
EMAIL_INTERVAL = timedelta(seconds=5)

log = get_logger(__name__)


async def run_worker(database: Database, settings: Settings) -> None:
    """Runs everything that needs no request, until cancelled."""
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(run_jobs(database, daily_jobs(settings)))
        tasks.create_task(consume(database, settings))
        tasks.create_task(relay(database, settings))
        tasks.create_task(send_mail(database, settings, SurveyMailTracker()))
        tasks.create_task(write_survey_emails(database, settings))
        tasks.create_task(purge_sessions(database))


async def write_survey_emails(database: Database, settings: Settings, pause: timedelta = EMAIL_INTERVAL) -> None:
    """Writes the emails about surveys that are due to the outbox, until cancelled."""
    while True:
        try:
            await survey_emails.write_due_emails(database, settings.public_url, utcnow())
        except CONNECTION_ERRORS as error:
            log_failure("surveys", partial(log.warning, "survey_email.database_unavailable", reason=str(error)))
        except Exception:  # outermost: the next round tries again
            log.exception("survey_email.write_failed")
        await asyncio.sleep(pause.total_seconds())


async def purge_sessions(database: Database, pause: timedelta = PURGE_INTERVAL) -> None:
    """Deletes expired sessions, links and rate limits every hour, until cancelled."""
    while True:
        try:
            await sessions.purge(database, utcnow())
        except Exception:  # outermost: the next hour tries again
            log.exception("sessions.purge_failed")
        await asyncio.sleep(pause.total_seconds())


async def run_jobs(database: Database, jobs: Sequence[Job], pause: timedelta = JOB_INTERVAL) -> None:
    """Runs due jobs until cancelled. Cancelling rolls the current job back; another worker runs it again."""
    while True:
        try:
            await daily.run_due(database, utcnow(), jobs)
        except CONNECTION_ERRORS as error:
            log.warning("job.database_unavailable", reason=str(error))
        except Exception:  # outermost: a failure of the jobs must not end the process
            log.exception("job.check_failed")
        await asyncio.sleep(pause.total_seconds())
