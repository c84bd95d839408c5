"""Invariants of all origins: stored survey counts and score counts, and the counts that the rows give."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

import asyncpg

Owner: TypeAlias = "asyncpg.Connection[Any]"
Series: TypeAlias = tuple[Any, Any]  # kind and id
STAGES = ("opened", "shown", "completed", "dismissed", "expired", "withdrawn")
CLOSED_WITHOUT_ANSWER = {"DISMISSED", "EXPIRED", "WITHDRAWN"}
SCALES = "SELECT workspace_id, code, scale_min FROM survey_type"


async def stored_survey_counts(owner: Owner) -> Counter[Any]:
    """By workspace, series, grain, period and stage, without zeros."""
    stored: Counter[Any] = Counter()
    for row in await owner.fetch("SELECT * FROM survey_count"):
        key = tuple(row.values())[:5]
        stored.update({(*key, stage): row[stage] for stage in STAGES if row[stage]})
    return stored


async def stored_score_counts(owner: Owner, condition: str = "true") -> Counter[Any]:
    """By workspace, series, grain, period, survey type and score, without zeros."""
    scales = {(row["workspace_id"], row["code"]): row["scale_min"] for row in await owner.fetch(SCALES)}
    stored: Counter[Any] = Counter()
    for row in await owner.fetch(f"SELECT * FROM score_count WHERE {condition}"):
        workspace, kind, series, code, grain, day, counts = row.values()
        scores = enumerate(counts, scales[workspace, code])
        stored.update({(workspace, kind, series, grain, day, code, score): count for score, count in scores if count})
    return stored


def count_stages(surveys: Iterable[Any], series_of: Callable[[Any], Iterable[Series]]) -> Counter[Any]:
    """The survey counts of these rows. A row has the time zone of its workspace."""
    counts: Counter[Any] = Counter()
    for survey in surveys:
        for stage, day in _stages(survey):
            counts.update((*key, stage) for key in count_keys(survey["workspace_id"], series_of(survey), day))
    return counts


def count_scores(ratings: Iterable[Any]) -> Counter[Any]:
    """The score counts of these rows."""
    counts: Counter[Any] = Counter()
    for row in ratings:
        series = zip(row["series_kinds"], row["series_ids"], strict=True)
        keys = count_keys(row["workspace_id"], series, row["day"])
        counts.update((*key, row["survey_type_code"], row["score"]) for key in keys)
    return counts


def count_keys(workspace: Any, series: Iterable[Series], day: date) -> Iterator[tuple[Any, ...]]:
    """Workspace, series, grain and period of each count that the day belongs to."""
    for one in series:
        yield workspace, *one, "day", day
        yield workspace, *one, "month", day.replace(day=1)


def _stages(survey: Any) -> Iterator[tuple[str, date]]:
    """The stages of a survey, each with its day in the workspace."""
    times = {"opened": survey["create_time"], "shown": survey["sent_at"], "completed": survey["completed_at"]}
    if survey["status"] in CLOSED_WITHOUT_ANSWER:
        times[survey["status"].lower()] = survey["last_update_time"]
    zone = ZoneInfo(survey["time_zone"])
    return ((stage, time.astimezone(zone).date()) for stage, time in times.items() if time is not None)
