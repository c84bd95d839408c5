"""Invariants of campaigns: the stored counts equal the counts of the rows."""

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
    """The number of surveys per stage, from the daily counts of campaigns, without zeros."""
    sums = ", ".join(f"sum({stage})::int AS {stage}" for stage in STAGES)
    row = await owner.fetchrow(f"SELECT {sums} FROM survey_count WHERE series_kind = 'campaign' AND grain = 'day'")
    assert row is not None
    return {stage: count for stage, count in row.items() if count}


async def until_one_waits(owner: Owner) -> None:
    """Waits until a transaction waits for a lock. PostgreSQL sends no event for that, so this polls."""
    for _ in range(1_000):
        if await owner.fetchval(WAITING):
            return
        await asyncio.sleep(0.01)
    raise AssertionError("no transaction waits for a lock")


async def assert_counts_agree(owner: Owner) -> None:
    """Survey counts and score counts equal the rows, and each completed survey has one answer.

    For databases that have only surveys of campaigns.
    """
    assert await _kept_asks(owner) == await true_asks(owner)
    await assert_answers_agree(owner)


async def assert_answers_agree(owner: Owner, others: Counter[Any] | None = None) -> None:
    """The same for answers and the score counts of their survey types.

    `others`: the score counts of other origins with the same survey types.
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
    """The expected survey counts of campaigns by workspace, series, grain, period and stage."""
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
    """Workspace, series, grain and period of each count that a day belongs to."""
    workspace = row["workspace_id"]
    for series in (("workspace", workspace), ("campaign", campaign)):
        yield workspace, *series, "day", day
        yield workspace, *series, "month", day.replace(day=1)
