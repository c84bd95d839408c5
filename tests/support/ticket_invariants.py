"""Invariant: survey counts and score counts agree with the surveys and the feedback of tickets."""

from collections import Counter
from typing import Any

from tests.support.invariants import Owner, count_scores, count_stages, stored_score_counts, stored_survey_counts

SURVEYS = """
    SELECT s.*, time_zone FROM survey s JOIN workspace w ON w.id = s.workspace_id WHERE origin = 'ticket'
"""
FEEDBACK = "SELECT * FROM feedback WHERE origin = 'ticket'"


async def assert_counts_agree(owner: Owner) -> None:
    """Recounts the rows. Only tickets may have opened surveys."""
    assert await stored_survey_counts(owner) == await expected_survey_counts(owner)
    assert await stored_score_counts(owner) == await expected_score_counts(owner)


async def expected_survey_counts(owner: Owner) -> Counter[Any]:
    return count_stages(
        await owner.fetch(SURVEYS),
        lambda survey: [(kind, survey["workspace_id"]) for kind in ("workspace", "tickets")],
    )


async def expected_score_counts(owner: Owner) -> Counter[Any]:
    return count_scores(await owner.fetch(FEEDBACK))
