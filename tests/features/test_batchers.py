"""Batches of any size give the same results as an oracle that takes one operation at a time."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import accumulate, cycle, groupby
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.factories import Factory
from tests.support.feature_invariants import assert_counts_agree
from tests.support.features import Feature
from tests.support.invariants import Owner

from voxpop.db.pool import Database
from voxpop.features import service
from voxpop.features.models import FeatureUser, NewRating
from voxpop.feedback.models import Source
from voxpop.types import WorkspaceId

COOL_DOWN = timedelta(days=180)
THRESHOLDS = {"a": (1, 2), "b": (3, 1)}  # of uses and of refusals


class Step(NamedTuple):
    """One operation. `cut` ends the batch before it, as another kind or another time does."""

    what: str
    feature: str
    email: str
    days: int
    cut: bool

    @property
    def work(self) -> str:
        return self.what if self.what in ("use", "reject") else "rate"


STEPS = st.lists(
    st.builds(
        Step,
        st.sampled_from(["use"] * 6 + ["reject"] * 2 + ["prompted", "voluntary"]),
        st.sampled_from(["a"] * 6 + ["b"] * 2 + ["nothing"]),
        st.sampled_from(["u@x.com"] * 3 + ["U@x.com"]),
        st.sampled_from([0] * 12 + [1, 179, 180]),
        st.booleans(),
    ),
    min_size=10,
    max_size=40,
)


@dataclass
class Row:
    """The state of a customer on a feature."""

    uses: int = 0
    total: int = 0
    refusals: int = 0
    rated_at: datetime | None = None
    open: bool = False


@dataclass
class Rules:
    """The oracle: plain dictionaries, one operation after another."""

    rows: dict[tuple[str, str], Row] = field(default_factory=dict)
    ended: Counter[str] = field(default_factory=Counter)
    tied: Counter[bool] = field(default_factory=Counter)

    def take(self, step: Step, now: datetime) -> tuple[int, int, int, bool] | None:
        """Uses, total, refusals and whether to ask; of a rating the first three are not answered, but all the same."""
        if step.feature not in THRESHOLDS:
            return None
        row = self.rows.setdefault((step.feature, step.email), Row())
        ask = getattr(self, step.work)(step, row, now)
        return row.uses, row.total, row.refusals, ask

    def use(self, step: Step, row: Row, now: datetime) -> bool:
        cooling = row.rated_at is not None and now - row.rated_at < COOL_DOWN
        row.total += 1
        row.uses += not cooling
        most_uses, most_refusals = THRESHOLDS[step.feature]
        ask = row.uses >= most_uses and row.refusals < most_refusals and not cooling
        row.open = row.open or ask
        return ask

    def reject(self, step: Step, row: Row, now: datetime) -> bool:
        row.uses, row.refusals = 0, row.refusals + 1
        self.end(row, "DISMISSED")
        return False

    def rate(self, step: Step, row: Row, now: datetime) -> bool:
        self.tied[row.open and step.what == "prompted"] += 1
        self.end(row, "COMPLETED" if step.what == "prompted" else "WITHDRAWN")
        row.uses, row.refusals, row.rated_at = 0, 0, now
        return False

    def end(self, row: Row, status: str) -> None:
        self.ended[status] += row.open
        row.open = False

    @property
    def surveys(self) -> Counter[str]:
        return +(self.ended + Counter(PENDING=sum(row.open for row in self.rows.values())))


def batches(steps: list[Step]) -> list[list[Step]]:
    """Consecutive steps of one kind and one time form a batch, up to a cut."""
    numbers = accumulate(step.cut or step.days > 0 for step in steps)
    numbered = groupby(zip(numbers, steps, strict=True), lambda pair: (pair[0], pair[1].work))
    return [[step for _, step in batch] for _, batch in numbered]


async def run(database: Database, workspace: WorkspaceId, batch: list[Step]) -> list[Any]:
    people = [FeatureUser("pms", step.feature, step.email) for step in batch]
    async with database.transaction(workspace) as tx:
        match batch[0].work:
            case "use":
                return list(await service.increment(tx, workspace, people))
            case "reject":
                return list(await service.reject(tx, workspace, people))
        scores = cycle((10, 1, 7))
        ratings = [
            NewRating(person, next(scores), Source(step.what), None, None)
            for person, step in zip(people, batch, strict=True)
        ]
        return list(await service.rate(tx, workspace, ratings))


def answered(answer: Any) -> tuple[int, int, int, bool] | None:
    if answer is None:
        return None
    ask = answer.should_request_feedback
    return answer.interaction_count, answer.total_interaction_count, answer.rejection_count, ask


def test_steps_are_cut_into_batches_in_their_order() -> None:
    kinds = [("use", 0, False), ("use", 0, False), ("use", 0, True), ("use", 180, False)]
    kinds += [("prompted", 0, False), ("voluntary", 0, False), ("reject", 0, False)]
    steps = [Step(what, "a", "u@x.com", days, cut) for what, days, cut in kinds]
    assert batches(steps) == [steps[:2], steps[2:3], steps[3:4], steps[4:6], steps[6:]]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
async def test_batches_give_the_same_results_as_single_operations(
    steps: list[Step], database: Database, make: Factory, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:  # C28, C29, C33, C34, C35, C36, C37, C38, C41, C42, C43, C44, C45, C47
    await forget(owner)
    workspace = await make.workspace(f"w{await owner.fetchval('SELECT count(*) FROM workspace')}")
    client = await make.client(workspace)
    for key, (uses, refusals) in THRESHOLDS.items():
        await Feature.open(client, key=key, uses=uses, refusals=refusals)
    rules, now = Rules(), datetime(2026, 1, 1, tzinfo=UTC)
    for batch in batches(steps):
        now += timedelta(days=batch[0].days)
        monkeypatch.setattr(service, "utcnow", lambda now=now: now)
        answers = await run(database, workspace, batch)
        expected = [rules.take(step, now) for step in batch]
        if batch[0].work == "rate":
            assert [answer is None for answer in answers] == [one is None for one in expected]
        else:
            assert [answered(answer) for answer in answers] == expected
    await assert_rows(rules, client, owner, workspace)


async def forget(owner: Owner) -> None:
    """Deletes the rows of earlier examples, which every check would read again."""
    for table in ("feedback", "survey", "interaction", "interaction_sum", "survey_count", "score_count"):
        await owner.execute(f"DELETE FROM {table}")


async def assert_rows(rules: Rules, client: Any, owner: Owner, workspace: WorkspaceId) -> None:
    for (key, email), row in rules.rows.items():
        assert await Feature(client, key=key).counts(email) == (row.uses, row.total, row.refusals)
    statuses = await owner.fetch("SELECT status FROM survey WHERE workspace_id = $1", workspace)
    assert Counter(row["status"] for row in statuses) == rules.surveys
    ties = await owner.fetch("SELECT survey_id FROM feedback WHERE workspace_id = $1", workspace)
    assert Counter(row["survey_id"] is not None for row in ties) == +rules.tied
    await assert_counts_agree(owner)
