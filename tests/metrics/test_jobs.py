"""The nightly jobs of campaigns: local time, once a day, after missed days, and after a kill."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.support.invariants import Owner
from tests.support.metrics import DAY, NIGHT, Campaigns, daily_metrics, local, messages, noon

from voxpop.config.loading import load
from voxpop.config.settings import Settings
from voxpop.db.pool import Database, Tx
from voxpop.surveys import campaign_surveys as surveys
from voxpop.types import WorkspaceId
from voxpop.worker.daily import Job, list_job_status, run_due
from voxpop.worker.jobs import daily_jobs

ONE = timedelta(days=1)
MADE = datetime(2026, 3, 8, 12, tzinfo=UTC)
EXPIRED = "SELECT sum(expired) FROM survey_count WHERE series_kind = 'campaign' AND grain = 'day'"


@pytest.fixture(autouse=True)
async def made(ours: Campaigns, owner: Owner) -> None:
    """The workspace exists since noon of March 8."""
    await owner.execute("UPDATE workspace SET create_time = $1", MADE)


def settings(**env: str) -> Settings:
    return load(env=env, directory=Path("/"))


def job(name: str, **env: str) -> list[Job]:
    return [one for one in daily_jobs(settings(**env)) if one.name == name]


async def run(ours: Campaigns, now: datetime, jobs: list[Job] | None = None) -> None:
    ours.clock.now = now
    await run_due(ours.database, now, jobs or daily_jobs(settings()))


async def slots(owner: Owner, name: str) -> dict[int, bool]:
    """The days of March that have a slot, each with whether its job is done."""
    rows = await owner.fetch("SELECT day, done_at IS NOT NULL AS done FROM job_slot WHERE job = $1 ORDER BY day", name)
    return {row["day"].day: row["done"] for row in rows}


async def statuses(owner: Owner, asked: list[Any]) -> list[str]:
    rows = {row["id"]: row["status"] for row in await owner.fetch("SELECT id, status FROM survey")}
    return [rows[survey] for survey in asked]


def test_jobs_have_the_times_of_the_contract() -> None:  # F79, F90
    times = {one.name: f"{one.at:%H:%M}" for one in daily_jobs(settings())}
    assert times == {"aggregate-metrics": "00:05", "expire-surveys": "01:00", "recount-scores": "03:00",
                     "rebuild-search": "04:00"}  # fmt: skip


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Pacific/Auckland"])
async def test_the_previous_day_is_aggregated_five_minutes_after_local_midnight(
    ours: Campaigns, owner: Owner, zone: str
) -> None:  # F79, G3
    await ours.move(zone)
    await ours.answer(await ours.open(), 10, at=local(zone, 2026, 3, 10, 23, 59))
    await run(ours, local(zone, 2026, 3, 11, 0, 4, 59))
    assert await daily_metrics(owner) == []
    await run(ours, local(zone, 2026, 3, 11, 0, 5))
    assert [row["date"] for row in await daily_metrics(owner)] == [DAY]
    assert [message["date"] for message in await messages(owner)] == ["2026-03-10"]


async def test_a_job_in_a_skipped_hour_runs_after_it(ours: Campaigns, owner: Owner) -> None:  # G3
    await ours.move("Africa/Cairo")  # 2026-04-24 begins at 01:00
    await ours.answer(await ours.open(), 10, at=local("Africa/Cairo", 2026, 4, 23, 12))
    skipped = datetime(2026, 4, 23, 22, tzinfo=UTC)
    await run(ours, skipped - timedelta(seconds=1))
    assert await messages(owner) == []
    await run(ours, skipped)
    assert [message["date"] for message in await messages(owner)] == ["2026-04-23"]


async def test_a_job_runs_once_per_night(ours: Campaigns, owner: Owner) -> None:  # F79, F87
    await ours.answer(await ours.open(), 10)
    for hours in range(20):
        await run(ours, NIGHT + timedelta(hours=hours))
    assert len(await messages(owner)) == 1
    assert await slots(owner, "aggregate-metrics") == {9: True, 10: True, 11: True}


async def test_missed_days_run_oldest_first(ours: Campaigns, owner: Owner) -> None:  # F79
    campaign = await ours.open()
    for day in (8, 9, 10, 12):
        await ours.answer(campaign, 10, at=noon(day))
    await run(ours, noon(14))
    assert [row["date"].day for row in await daily_metrics(owner)] == [8, 9, 10, 12]
    dates = [message["date"][-2:] for message in await messages(owner)]
    assert sorted(set(dates)) == ["08", "09", "10", "12"]
    assert dates == sorted(dates)


async def test_a_killed_job_runs_again_in_the_next_worker(ours: Campaigns, owner: Owner) -> None:  # F87, F94
    await ours.answer(await ours.open(), 10)
    (whole,) = job("aggregate-metrics")
    reached = asyncio.Event()

    async def never_ends(tx: Tx, workspace: WorkspaceId, day: date) -> None:
        await whole.run(tx, workspace, day)
        if day == NIGHT.date():
            reached.set()
            await asyncio.sleep(60)

    killed = asyncio.create_task(run(ours, NIGHT, [Job(whole.name, whole.at, never_ends)]))
    await asyncio.wait_for(reached.wait(), 10)
    killed.cancel()
    await asyncio.gather(killed, return_exceptions=True)
    assert (await daily_metrics(owner), await messages(owner)) == ([], [])
    assert await slots(owner, whole.name) == {9: True, 10: True, 11: False}
    await run(ours, NIGHT + ONE)
    assert [message["date"] for message in await messages(owner)] == ["2026-03-10"]


async def test_concurrent_workers_run_a_job_once(
    ours: Campaigns, theirs: Campaigns, owner: Owner, live_db: str
) -> None:  # F94
    """Each worker has its own pool; all start at the same time, after a week without workers."""
    await owner.execute("UPDATE workspace SET create_time = $1", MADE)
    for campaigns in (ours, theirs):
        campaign = await campaigns.open()
        for day in range(8, 14):
            await campaigns.answer(campaign, 10, at=noon(day))
    ours.clock.now = noon(14)
    pools = [await Database.open(live_db, size=2) for _ in range(8)]
    await asyncio.gather(*(run_due(pool, noon(14), job("aggregate-metrics")) for pool in pools))
    await run(ours, noon(14))  # days that a worker skipped because another held them
    sent = [(message["campaign_id"], message["date"]) for message in await messages(owner)]
    assert len(sent) == len(set(sent)) == len(await daily_metrics(owner)) == 12
    for pool in pools:
        await pool.close()


async def test_surveys_expire_an_hour_after_midnight(ours: Campaigns, owner: Owner) -> None:  # F90
    await ours.move("Europe/Berlin")
    campaign = await ours.open()
    turn = local("Europe/Berlin", 2026, 3, 18, 1)
    asked = []
    for sent in (turn - 7 * ONE - timedelta(microseconds=1), turn - 7 * ONE, turn - ONE):
        ours.clock.now = sent
        asked += await ours.ask(campaign)
    ours.clock.now = turn - 7 * ONE
    unsent = await ours.ask(campaign, show=False)
    await run(ours, turn - timedelta(seconds=1))
    assert set(await statuses(owner, asked)) == {"PENDING"}
    await run(ours, turn + timedelta(hours=5))  # as of its slot, however late it runs
    assert await statuses(owner, asked + unsent) == ["EXPIRED", "PENDING", "PENDING", "PENDING"]


async def test_only_pending_surveys_expire(ours: Campaigns, owner: Owner) -> None:  # F91
    campaign = await ours.open()
    asked = await ours.ask(campaign, 2)
    await ours.submit(asked[:1], 9)
    await run(ours, noon(30))
    assert await statuses(owner, asked) == ["COMPLETED", "EXPIRED"]


async def test_surveys_never_shown_expire_if_the_setting_says_so(ours: Campaigns, owner: Owner) -> None:  # F92
    campaign = await ours.open()
    ours.clock.now = noon(10)
    older = await ours.ask(campaign, show=False)
    ours.clock.now = noon(30)
    younger = await ours.ask(campaign, show=False)
    turn = noon(10) + 60 * ONE + timedelta(hours=13)
    await run(ours, turn, job("expire-surveys"))
    assert await statuses(owner, older + younger) == ["PENDING", "PENDING"]
    await owner.execute("DELETE FROM job_slot")
    await run(ours, turn, job("expire-surveys", VOXPOP_UNSENT_SURVEY_EXPIRY_DAYS="60"))
    assert await statuses(owner, older + younger) == ["EXPIRED", "PENDING"]


async def test_the_end_of_a_campaign_expires_no_survey(ours: Campaigns, owner: Owner) -> None:  # F93
    campaign = await ours.open()
    ours.clock.now = noon(10)
    asked = await ours.ask(campaign)
    await owner.execute("UPDATE campaign SET end_date = $1", noon(11))
    await run(ours, noon(14))
    assert await statuses(owner, asked) == ["PENDING"]


async def test_the_age_of_expiry_is_a_setting(ours: Campaigns, owner: Owner) -> None:  # F90
    asked = await ours.ask(await ours.open())
    await run(ours, noon(14), job("expire-surveys", VOXPOP_SURVEY_EXPIRY_DAYS="3"))
    assert await statuses(owner, asked) == ["EXPIRED"]


@pytest.mark.parametrize("broken", [0, 1, 2])
async def test_a_killed_expiry_continues_where_it_stopped(
    ours: Campaigns, owner: Owner, monkeypatch: pytest.MonkeyPatch, broken: int
) -> None:  # F90, F94
    monkeypatch.setattr(surveys, "EXPIRY_BATCH_SIZE", 2)
    asked = await ours.ask(await ours.open(), 5)
    (whole,) = job("expire-surveys")
    turns = []

    async def breaks(tx: Tx, workspace: WorkspaceId, day: date) -> bool | None:
        more = await whole.run(tx, workspace, day)
        if day == date(2026, 3, 18):
            turns.append(day)
            assert len(turns) <= broken, "killed"
        return more

    await run(ours, noon(18), [Job(whole.name, whole.at, breaks)])
    assert (await statuses(owner, asked)).count("EXPIRED") == 2 * broken
    assert not (await slots(owner, whole.name))[18]
    await run(ours, noon(18))
    assert set(await statuses(owner, asked)) == {"EXPIRED"}
    assert (await slots(owner, whole.name))[18]
    assert await owner.fetchval(EXPIRED) == 5


async def test_concurrent_workers_expire_each_survey_once(
    ours: Campaigns, owner: Owner, live_db: str, monkeypatch: pytest.MonkeyPatch
) -> None:  # F90, F94
    monkeypatch.setattr(surveys, "EXPIRY_BATCH_SIZE", 3)
    asked = await ours.ask(await ours.open(), 40)
    ours.clock.now = noon(18)
    pools = [await Database.open(live_db, size=2) for _ in range(6)]
    await asyncio.gather(*(run_due(pool, noon(18), job("expire-surveys")) for pool in pools))
    await run(ours, noon(18))
    assert set(await statuses(owner, asked)) == {"EXPIRED"}
    assert await owner.fetchval(EXPIRED) == 40
    assert all((await slots(owner, "expire-surveys")).values())
    for pool in pools:
        await pool.close()


async def test_a_failed_job_does_not_block_other_jobs(ours: Campaigns, owner: Owner) -> None:  # F94
    async def fails(_tx: Tx, _workspace: WorkspaceId, _day: date) -> None:
        raise RuntimeError("out of order")

    await ours.answer(await ours.open(), 10)
    (before, *others) = daily_jobs(settings())
    await run(ours, NIGHT + timedelta(hours=4), [Job("fails", before.at, fails), before, *others])
    assert len(await messages(owner)) == 1
    assert not any((await slots(owner, "fails")).values())


async def test_repaired_counts_reach_the_metrics_in_the_next_night(ours: Campaigns, owner: Owner) -> None:  # F87
    await ours.answer(await ours.open(), 10, 10)
    await owner.execute("UPDATE score_count SET counts = array_fill(0, ARRAY[10]) || 1 WHERE grain = 'day'")
    await run(ours, NIGHT + timedelta(hours=4))
    assert [row["total_responses"] for row in await daily_metrics(owner)] == [1]
    await run(ours, NIGHT + ONE)
    assert [row["total_responses"] for row in await daily_metrics(owner)] == [2]
    assert [(message["date"], message["total_responses"]) for message in await messages(owner)] == [
        ("2026-03-10", 1),
        ("2026-03-10", 2),
    ]


async def test_the_status_of_jobs_is_listed(ours: Campaigns, owner: Owner) -> None:
    jobs = job("aggregate-metrics")
    (new,) = await list_job_status(ours.database, jobs)
    assert (new.workspace, new.runs.done_day, new.runs.open_day, new.due_at) == (
        ours.workspace,
        None,
        None,
        NIGHT - 2 * ONE,
    )
    await run(ours, NIGHT, jobs)
    (done,) = await list_job_status(ours.database, jobs)
    assert (done.runs.done_day, done.runs.done_at, done.due_at) == (NIGHT.date(), NIGHT, NIGHT + ONE)
    await owner.execute("UPDATE job_slot SET done_at = NULL WHERE day > '2026-03-09'")
    (behind,) = await list_job_status(ours.database, jobs)
    assert (behind.runs.done_day, behind.due_at) == (date(2026, 3, 9), NIGHT - ONE)
