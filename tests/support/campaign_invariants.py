"""Invariants of campaigns: the stored counts equal the counts of the rows."""

import asyncio
from collections import Counter
from typing import Any
from zoneinfo import ZoneInfo

from tests.support.invariants import (
    STAGES,
    Owner,
    Series,
    count_keys,
    count_stages,
    stored_score_counts,
    stored_survey_counts,
)

SURVEYS = """
    SELECT survey.*, time_zone FROM survey JOIN workspace ON workspace.id = workspace_id
    WHERE origin = 'campaign' ORDER BY survey.create_time, survey.id
"""
FEEDBACK = """
    SELECT feedback.*, time_zone FROM feedback JOIN workspace ON workspace.id = workspace_id WHERE origin = 'campaign'
"""
OF_CAMPAIGNS = "(workspace_id, survey_type_code) IN (SELECT workspace_id, survey_type_code FROM campaign)"
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
    assert await stored_survey_counts(owner) == await expected_survey_counts(owner)
    await assert_answers_agree(owner)


async def assert_answers_agree(owner: Owner, others: Counter[Any] | None = None) -> None:
    """The same for answers and the score counts of their survey types.

    `others`: the score counts of other origins with the same survey types.
    """
    surveys, ratings = await owner.fetch(SURVEYS), await owner.fetch(FEEDBACK)
    assert await stored_score_counts(owner, OF_CAMPAIGNS) == _expected_score_counts(ratings) + (others or Counter())
    answered = [(row["workspace_id"], row["id"], row["guid"]) for row in surveys if row["status"] == "COMPLETED"]
    assert sorted(answered) == sorted((row["workspace_id"], row["survey_id"], row["guid"]) for row in ratings)


async def expected_survey_counts(owner: Owner) -> Counter[Any]:
    return count_stages(await owner.fetch(SURVEYS), lambda survey: _series(survey, survey["campaign_id"]))


def _expected_score_counts(ratings: list[Any]) -> Counter[Any]:
    """Checks the stored day of each answer too."""
    expected: Counter[Any] = Counter()
    for row in ratings:
        day = row["create_time"].astimezone(ZoneInfo(row["time_zone"])).date()
        assert row["day"] == day
        keys = count_keys(row["workspace_id"], _series(row, row["origin_id"]), day)
        expected.update((*key, row["survey_type_code"], row["score"]) for key in keys)
    return expected


def _series(row: Any, campaign: Any) -> list[Series]:
    return [("workspace", row["workspace_id"]), ("campaign", campaign)]
