"""The ledgers of campaigns looked at from behind: whether all counts that are kept of them are true."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

import asyncpg

Owner: TypeAlias = "asyncpg.Connection[Any]"
STAGES = ("opened", "shown", "completed", "dismissed", "expired", "withdrawn")

SURVEYS = """
    SELECT survey.*, time_zone FROM survey JOIN workspace ON workspace.id = workspace_id
    WHERE origin = 'campaign' ORDER BY survey.create_time, survey.id
"""
FEEDBACK = """
    SELECT feedback.*, time_zone FROM feedback JOIN workspace ON workspace.id = workspace_id WHERE origin = 'campaign'
"""
SCORES = """
    SELECT * FROM score_count
    WHERE (workspace_id, survey_type_code) IN (SELECT workspace_id, survey_type_code FROM campaign)
"""
SCALES = "SELECT workspace_id, code, scale_min FROM survey_type"
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


async def statuses(owner: Owner) -> list[str]:
    """The status of every survey, the oldest first."""
    return [row["status"] for row in await owner.fetch(SURVEYS)]


async def funnel(owner: Owner) -> dict[str, int]:
    """What became of the surveys, from the counts of the campaigns' days; zeros are left out."""
    sums = ", ".join(f"sum({stage})::int AS {stage}" for stage in STAGES)
    row = await owner.fetchrow(f"SELECT {sums} FROM survey_count WHERE series_kind = 'campaign' AND grain = 'day'")
    assert row is not None
    return {stage: count for stage, count in row.items() if count}


async def until_one_waits(owner: Owner) -> None:
    """For a lock. There is nothing that would tell, so it is looked up."""
    for _ in range(1_000):
        if await owner.fetchval(WAITING):
            return
        await asyncio.sleep(0.01)
    raise AssertionError("nobody waits")


async def assert_counts_agree(owner: Owner) -> None:
    """Ask counts and score counts are what the rows add up to, and each answered survey has its one answer.

    For databases in which nothing but campaigns asks.
    """
    assert await _kept_asks(owner) == await true_asks(owner)
    await assert_answers_agree(owner)


async def assert_answers_agree(owner: Owner, others: Counter[Any] | None = None) -> None:
    """The same of answers and the score counts of their types alone.

    `others`: what those who ask with the same types add to the score counts.
    """
    surveys, ratings = await owner.fetch(SURVEYS), await owner.fetch(FEEDBACK)
    assert await _kept_scores(owner) == _true_scores(ratings) + (others or Counter())
    answered = [(row["workspace_id"], row["id"], row["guid"]) for row in surveys if row["status"] == "COMPLETED"]
    assert sorted(answered) == sorted((row["workspace_id"], row["survey_id"], row["guid"]) for row in ratings)


async def _kept_asks(owner: Owner) -> Counter[Any]:
    kept: Counter[Any] = Counter()
    for row in await owner.fetch("SELECT * FROM survey_count"):
        key = tuple(row.values())[:5]
        kept.update({(*key, stage): row[stage] for stage in STAGES if row[stage]})
    return kept


async def true_asks(owner: Owner) -> Counter[Any]:
    """What the ask counts of campaigns must be, by workspace, series, grain, period and stage."""
    true: Counter[Any] = Counter()
    for row in await owner.fetch(SURVEYS):
        moments = {"opened": row["create_time"], "shown": row["sent_at"], "completed": row["completed_at"]}
        if row["status"] == "EXPIRED":
            moments["expired"] = row["last_update_time"]
        for stage, moment in moments.items():
            if moment is not None:
                day = moment.astimezone(ZoneInfo(row["time_zone"])).date()
                true.update((*key, stage) for key in _keys(row, row["campaign_id"], day))
    return true


async def _kept_scores(owner: Owner) -> Counter[Any]:
    scales = {tuple(row.values())[:2]: row["scale_min"] for row in await owner.fetch(SCALES)}
    kept: Counter[Any] = Counter()
    for row in await owner.fetch(SCORES):
        workspace, kind, series, code, grain, day, counts = row.values()
        scores = enumerate(counts, scales[workspace, code])
        kept.update({(workspace, kind, series, grain, day, code, score): count for score, count in scores if count})
    return kept


def _true_scores(ratings: list[Any]) -> Counter[Any]:
    true: Counter[Any] = Counter()
    for row in ratings:
        day = row["create_time"].astimezone(ZoneInfo(row["time_zone"])).date()
        assert row["day"] == day
        true.update((*key, row["survey_type_code"], row["score"]) for key in _keys(row, row["origin_id"], day))
    return true


def _keys(row: Any, campaign: Any, day: date) -> Iterator[tuple[Any, ...]]:
    """Workspace, series, grain and period of all counts that a moment of a day is in."""
    workspace = row["workspace_id"]
    for series in (("workspace", workspace), ("campaign", campaign)):
        yield workspace, *series, "day", day
        yield workspace, *series, "month", day.replace(day=1)
