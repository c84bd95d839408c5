"""Invariant: survey counts and score counts agree with the surveys and the feedback of tickets."""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

import asyncpg

Owner: TypeAlias = "asyncpg.Connection[Any]"
SURVEYS = """
    SELECT s.*, time_zone FROM survey s JOIN workspace w ON w.id = s.workspace_id WHERE origin = 'ticket'
"""
FEEDBACK = "SELECT * FROM feedback WHERE origin = 'ticket'"
STAGES = ("opened", "shown", "completed", "dismissed", "expired", "withdrawn")


async def assert_counts_agree(owner: Owner) -> None:
    """Recounts the rows. Only tickets may have opened surveys."""
    asks: Counter[Any] = Counter()
    for row in await owner.fetch("SELECT * FROM survey_count"):
        asks.update({(*tuple(row.values())[:5], stage): row[stage] for stage in STAGES if row[stage]})
    assert asks == await true_asks(owner)
    given: Counter[Any] = Counter()
    for workspace, kind, series, code, *period, counts in map(tuple, await owner.fetch("SELECT * FROM score_count")):
        given.update({(workspace, kind, series, *period, code, score): count for score, count in enumerate(counts, 1)})
    assert +given == await true_scores(owner)


async def true_asks(owner: Owner) -> Counter[Any]:
    """The expected survey counts of tickets, by workspace, series, grain, period and stage."""
    true: Counter[Any] = Counter()
    for row in await owner.fetch(SURVEYS):
        moments = {"opened": row["create_time"], "shown": row["sent_at"], "completed": row["completed_at"]}
        if row["status"] == "WITHDRAWN":
            moments["withdrawn"] = row["last_update_time"]
        for stage, moment in moments.items():
            if moment is not None:
                day = moment.astimezone(ZoneInfo(row["time_zone"])).date()
                for kind in ("workspace", "tickets"):
                    true.update((*key, stage) for key in _keys(row, (kind, row["workspace_id"]), day))
    return true


async def true_scores(owner: Owner) -> Counter[Any]:
    """The expected score counts of tickets, by workspace, series, grain, period, survey type and score."""
    true: Counter[Any] = Counter()
    for row in await owner.fetch(FEEDBACK):
        for series in zip(row["series_kinds"], row["series_ids"], strict=True):
            true.update((*key, row["survey_type_code"], row["score"]) for key in _keys(row, series, row["day"]))
    return true


def _keys(row: Any, series: tuple[Any, Any], day: date) -> Iterator[tuple[Any, ...]]:
    yield row["workspace_id"], *series, "day", day
    yield row["workspace_id"], *series, "month", day.replace(day=1)
