"""Invariants of features: the stored sums and counts equal those of the rows."""

from collections import Counter, defaultdict
from typing import Any

from tests.support.invariants import (
    STAGES,
    Owner,
    Series,
    count_scores,
    count_stages,
    stored_score_counts,
    stored_survey_counts,
)

INTERACTIONS = "SELECT * FROM interaction"
FEEDBACK = "SELECT * FROM feedback WHERE origin = 'feature'"
OF_FEATURES = "survey_type_code = 'CSAT10'"
SURVEYS = """
    SELECT survey.*, feature.product_id, workspace.time_zone FROM survey
    JOIN workspace ON workspace.id = survey.workspace_id
    JOIN feature ON (feature.workspace_id, feature.id) = (survey.workspace_id, origin_id)
    ORDER BY survey.create_time, survey.id
"""


async def age(owner: Owner, days: int) -> None:
    """Moves all ratings so many days into the past."""
    await owner.execute("UPDATE interaction SET feedback_at = feedback_at - make_interval(hours => 24 * $1)", days)


async def surveys(owner: Owner) -> list[str]:
    """The status of every survey, the oldest first."""
    return [row["status"] for row in await owner.fetch(SURVEYS)]


async def answered(owner: Owner) -> list[bool]:
    """Tells for every rating, oldest first, whether it answers a survey."""
    rows = await owner.fetch("SELECT survey_id FROM feedback ORDER BY create_time, id")
    return [row["survey_id"] is not None for row in rows]


async def funnel(owner: Owner) -> dict[str, int]:
    """The number of surveys per stage, from the monthly counts of workspaces, without zeros."""
    sums = ", ".join(f"sum({stage})::int AS {stage}" for stage in STAGES)
    row = await owner.fetchrow(f"SELECT {sums} FROM survey_count WHERE series_kind = 'workspace' AND grain = 'month'")
    return {stage: count for stage, count in row.items() if count}


async def assert_counts_agree(owner: Owner, others: Counter[Any] | None = None) -> None:
    """Sums, score counts and survey counts equal the rows, and interactions refer to their open surveys.

    `others`: the survey counts of other origins.
    """
    assert await _stored_sums(owner) == await _expected_sums(owner)
    assert await stored_score_counts(owner, OF_FEATURES) == count_scores(await owner.fetch(FEEDBACK))
    expected = count_stages(await owner.fetch(SURVEYS), _series)
    assert await stored_survey_counts(owner) == expected + (others or Counter())
    await _assert_surveys_are_known(owner)


async def _stored_sums(owner: Owner) -> dict[Any, Any]:
    rows = await owner.fetch("SELECT * FROM interaction_sum")
    return {(row["workspace_id"], row["feature_id"]): tuple(row.values())[2:] for row in rows}


async def _expected_sums(owner: Owner) -> dict[Any, Any]:
    totals = defaultdict(list)
    for row in await owner.fetch(INTERACTIONS):
        if row["first_used_at"]:
            totals[row["workspace_id"], row["feature_id"]].append(row["total_interaction_count"])
    return {feature: (len(total), sum(total), max(total)) for feature, total in totals.items()}


def _series(survey: Any) -> list[Series]:
    ids = {"workspace": "workspace_id", "product": "product_id", "feature": "origin_id"}
    return [(kind, survey[column]) for kind, column in ids.items()]


async def _assert_surveys_are_known(owner: Owner) -> None:
    """An interaction refers to its open survey only; exactly one rating of the same customer completes a survey."""
    known = [tuple(row.values()) for row in await owner.fetch(KNOWN)]
    rows = await owner.fetch(SURVEYS)
    assert sorted(known) == sorted(_key(row) for row in rows if row["status"] == "PENDING")
    answers = [tuple(row.values()) for row in await owner.fetch(ANSWERS)]
    assert sorted(answers) == sorted(_key(row) for row in rows if row["status"] == "COMPLETED")


KNOWN = "SELECT workspace_id, feature_id, user_email, open_survey_id FROM interaction WHERE open_survey_id IS NOT NULL"
ANSWERS = f"""
    SELECT workspace_id, origin_id, coalesce(guid, user_email), survey_id FROM ({FEEDBACK}) AS f
    WHERE survey_id IS NOT NULL
"""


def _key(row: Any) -> tuple[Any, ...]:
    return row["workspace_id"], row["origin_id"], row["guid"] or row["user_email"], row["id"]
