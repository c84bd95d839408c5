"""The command `voxpop job` runs the daily jobs by hand, as a process of its own."""

import asyncio
import re
import subprocess
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from tests.support.command_line import run
from tests.support.factories import Factory
from tests.support.invariants import Owner
from tests.support.metrics import Campaigns, daily_metrics, messages
from tests.support.tickets import TicketFactory

from voxpop.types import instant, utcnow

NOW = utcnow()
NOON_THERE = f"Etc/GMT{NOW.hour - 12:+}"  # a zone where it is noon, so that no test runs over midnight
TODAY = NOW.astimezone(ZoneInfo(NOON_THERE)).date()
YESTERDAY = TODAY - timedelta(days=1)


@pytest.fixture(autouse=True)
async def at_noon(ours: Campaigns, theirs: Campaigns) -> None:
    for campaigns in (ours, theirs):
        await campaigns.move(NOON_THERE)


def at(day: date, hour: int, minute: int = 0) -> str:
    """A local time, as the command prints it."""
    return instant(datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZoneInfo(NOON_THERE)))


@pytest.fixture
async def answered(ours: Campaigns, theirs: Campaigns) -> None:
    """Creates two workspaces with one answer yesterday and two today."""
    for campaigns in (ours, theirs):
        campaign = await campaigns.open()
        await campaigns.answer(campaign, 10, at=NOW - timedelta(days=1))
        await campaigns.answer(campaign, 10, 0, at=NOW)


async def job(dsn: str, *words: str) -> "subprocess.CompletedProcess[str]":
    return await asyncio.to_thread(run, "job", *words, VOXPOP_DATABASE_URL=dsn)


async def run_job(dsn: str, *words: str) -> list[str]:
    done = await job(dsn, *words)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


async def test_the_command_aggregates_yesterday_in_every_workspace(
    answered: None, owner: Owner, live_db: str
) -> None:  # F79, F87
    assert await run_job(live_db, "run", "aggregate-metrics") == [
        f"ours: {YESTERDAY}: 1 responses to 1 campaigns",
        f"theirs: {YESTERDAY}: 1 responses to 1 campaigns",
    ]
    assert [row["date"] for row in await daily_metrics(owner)] == [YESTERDAY] * 2
    assert len(await messages(owner)) == 2


async def test_the_command_aggregates_one_day_of_one_workspace_repeatedly(
    answered: None, ours: Campaigns, owner: Owner, live_db: str
) -> None:  # F84, F87
    for _ in range(2):
        lines = await run_job(live_db, "run", "aggregate-metrics", "--date", str(TODAY), "--workspace", "ours")
        assert lines == [f"ours: {TODAY}: 2 responses to 1 campaigns"]
    assert [row["workspace_id"] for row in await daily_metrics(owner)] == [ours.workspace]
    assert [message["date"] for message in await messages(owner)] == [str(TODAY)] * 2


async def test_the_command_expires_surveys(ours: Campaigns, owner: Owner, live_db: str) -> None:  # F90
    campaign = await ours.open()
    for days in (9, 8, 6):
        ours.clock.now = NOW - timedelta(days=days)
        await ours.ask(campaign)
    before = TODAY - timedelta(days=30)
    assert await run_job(live_db, "run", "expire-surveys", "--date", str(before)) == [
        f"ours: 0 surveys expired as of {at(before, 1)}",
        f"theirs: 0 surveys expired as of {at(before, 1)}",
    ]
    lines = await run_job(live_db, "run", "expire-surveys")
    assert [re.sub(r"\S+Z$", "now", line) for line in lines] == [
        "ours: 2 surveys expired as of now",
        "theirs: 0 surveys expired as of now",
    ]
    assert await owner.fetchval("SELECT count(*) FROM survey WHERE status = 'EXPIRED'") == 2


async def test_expiry_never_uses_a_future_time(ours: Campaigns, live_db: str) -> None:  # F90
    """In a time zone where it is between midnight and one."""
    now = utcnow()
    await ours.move(f"Etc/GMT+{now.hour}" if now.hour <= 12 else f"Etc/GMT-{24 - now.hour}")
    today = await ours.today(now)
    (line,) = await run_job(live_db, "run", "expire-surveys", "--date", str(today), "--workspace", "ours")
    assert instant(now) <= line.rpartition(" ")[2] <= instant(utcnow())


async def test_the_command_recounts(answered: None, owner: Owner, live_db: str) -> None:
    await owner.execute("UPDATE score_count SET counts = array_fill(0, ARRAY[11])")
    assert await run_job(live_db, "run", "recount-scores", "--date", str(TODAY), "--workspace", "ours") == [
        f"ours: recounted {TODAY:%Y-%m}"
    ]
    lines = await run_job(live_db, "run", "aggregate-metrics", "--date", str(TODAY))
    assert [line.partition(": ")[2] for line in lines] == [
        f"{TODAY}: 2 responses to 1 campaigns",
        f"{TODAY}: 0 responses to 0 campaigns",
    ]


async def test_the_command_rebuilds_search_words(
    ours: Campaigns, theirs: Campaigns, make: Factory, owner: Owner, live_db: str
) -> None:
    for campaigns in (ours, theirs):
        await TicketFactory(make, campaigns.workspace).open("Café")
        await campaigns.answer(await campaigns.open(), 1, at=NOW)
    await owner.execute("UPDATE ticket_search SET words = ''")
    await owner.execute("UPDATE feedback SET comment = 'Très cher'")
    lines = await run_job(live_db, "run", "rebuild-search", "--workspace", "ours")
    assert lines == ["ours: 1 tickets and 1 comments indexed for search"]
    for table, word in (("ticket_search", "cafe"), ("feedback_search", "tres")):
        found = await owner.fetch(f"SELECT workspace_id FROM {table} WHERE words::text LIKE '%{word}''%'")
        assert [row["workspace_id"] for row in found] == [ours.workspace]


async def test_the_command_lists_the_status_of_jobs(ours: Campaigns, owner: Owner, live_db: str) -> None:
    await owner.execute("UPDATE workspace SET create_time = $1", NOW - timedelta(days=1))
    done = "INSERT INTO job_slot (workspace_id, job, day, done_at) VALUES ($1, 'expire-surveys', $2, $3)"
    await owner.execute(done, ours.workspace, TODAY, NOW)
    head, *rows = await run_job(live_db, "list")
    assert head.split() == ["WORKSPACE", "JOB", "AT", "LAST", "DAY", "DONE", "NEXT", "DUE"]
    assert [row.split()[:3] for row in rows] == [
        [workspace, *job]
        for workspace in ("ours", "theirs")
        for job in (
            ("aggregate-metrics", "00:05"),
            ("expire-surveys", "01:00"),
            ("recount-scores", "03:00"),
            ("rebuild-search", "04:00"),
        )
    ]
    assert rows[1].split()[3:] == [str(TODAY), instant(NOW), at(TODAY + timedelta(days=1), 1)]
    assert re.search(rf" - +- +now, since {at(TODAY, 0, 5)}$", rows[0])


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("run", "dance"), "dance"),
        (("run", "aggregate-metrics", "--date", "yesterday"), "--date takes a day"),
        (("run", "aggregate-metrics", "--date", "2999-01-01"), "is in the future"),
        (("run",), "NAME"),
    ],
)
async def test_wrong_usage_prints_an_error(ours: Campaigns, live_db: str, words: tuple[str, ...], reason: str) -> None:
    done = await job(live_db, *words)
    assert done.returncode == 2
    assert reason in done.stdout + done.stderr


async def test_an_unknown_workspace_prints_an_error(ours: Campaigns, live_db: str) -> None:
    done = await job(live_db, "run", "aggregate-metrics", "--workspace", "unknown")
    assert (done.returncode, done.stderr) == (1, "There is no workspace 'unknown' (there are: ours, theirs)\n")
