"""Surveys of any origin: how one opens, closes once and is answered, and what each step adds to the counts."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from tests.support.factories import Factory
from tests.support.invariants import Owner

from voxpop.db.pool import Database
from voxpop.feedback.models import Source
from voxpop.metrics.models import Series, SeriesKind, Stage, SurveyIncrement
from voxpop.surveys import service as surveys
from voxpop.surveys.models import Answer, NewSurvey, Status, SurveyClosure, with_workspace
from voxpop.types import Origin, SurveyId, WorkspaceId, uuid7
from voxpop.workspaces.models import Workspace

ASKED_AT, NOW = datetime(2026, 3, 4, 23, tzinfo=UTC), datetime(2026, 3, 5, 1, tzinfo=UTC)
DAY = date(2026, 3, 5)
SERIES = (Series(SeriesKind.PRODUCT, UUID(int=1)), Series(Origin.FEATURE, UUID(int=2)))
SOURCE = Series(SeriesKind.FEATURE_PROMPTED, UUID(int=2))
ENDS = [
    (Status.COMPLETED, Stage.COMPLETED),
    (Status.DISMISSED, Stage.DISMISSED),
    (Status.WITHDRAWN, Stage.WITHDRAWN),
    (Status.EXPIRED, Stage.EXPIRED),
]


@pytest.fixture
async def ours(make: Factory) -> Workspace:
    return workspace_of(await make.workspace("ours"))


@pytest.fixture
async def theirs(make: Factory) -> Workspace:
    return workspace_of(await make.workspace("theirs"))


def workspace_of(workspace: WorkspaceId) -> Workspace:
    return Workspace(workspace, "any", "UTC", 180)


def new_survey() -> NewSurvey:
    return NewSurvey(
        id=SurveyId(uuid7()),
        survey_type="CSAT10",
        origin=Origin.FEATURE,
        origin_id=uuid4(),
        scheduled_at=ASKED_AT,
        series=SERIES,
        user_email="ann@example.com",
    )


def answer_to(survey: NewSurvey | None, source: Source = Source.PROMPTED, score: int = 8) -> Answer:
    return Answer(
        origin=Origin.FEATURE,
        origin_id=survey.origin_id if survey else uuid4(),
        open_survey=survey.id if survey else None,
        survey_type="CSAT10",
        scale_min=1,
        score=score,
        source=source,
        series=SERIES,
        score_series=(SOURCE,),
        user_email="ann@example.com",
    )


def increment(workspace: Workspace, stage: Stage, count: int = 1) -> SurveyIncrement:
    return SurveyIncrement(stage, DAY, with_workspace(workspace.id, SERIES), count)


async def open_surveys(database: Database, workspace: Workspace, count: int = 1) -> list[NewSurvey]:
    new = [new_survey() for _ in range(count)]
    async with database.transaction(workspace.id) as tx:
        await surveys.open_surveys(tx, workspace, new, ASKED_AT)
    return new


async def close(
    database: Database, workspace: Workspace, status: Status, *closed: NewSurvey
) -> Sequence[SurveyIncrement]:
    closures = [SurveyClosure(survey.id, status, survey.series) for survey in closed]
    async with database.transaction(workspace.id) as tx:
        return await surveys.close_surveys(tx, workspace, closures, NOW)


async def record(database: Database, workspace: Workspace, *answers: Answer, opening: Sequence[NewSurvey] = ()) -> Any:
    async with database.transaction(workspace.id) as tx:
        earlier = await surveys.open_surveys(tx, workspace, opening, NOW)
        return await surveys.record_answers(tx, workspace, answers, NOW, earlier)


async def statuses(owner: Owner) -> dict[UUID, str]:
    return {row["id"]: row["status"] for row in await owner.fetch("SELECT id, status FROM survey")}


async def survey_counts(owner: Owner) -> dict[tuple[str, str], list[int]]:
    """Of every series and grain how many surveys were opened, completed and withdrawn."""
    rows = await owner.fetch("SELECT series_kind, grain, opened, completed, withdrawn FROM survey_count")
    return {(row[0], row[1]): list(row)[2:] for row in rows}


async def score_counts(owner: Owner) -> dict[tuple[str, str], list[int]]:
    rows = await owner.fetch("SELECT series_kind, grain, counts FROM score_count")
    return {(row[0], row[1]): row[2] for row in rows}


async def test_new_surveys_are_pending(database: Database, owner: Owner, ours: Workspace) -> None:
    new = [new_survey(), new_survey()]
    async with database.transaction(ours.id) as tx:
        added = await surveys.open_surveys(tx, ours, new, NOW)
    assert added == [increment(ours, Stage.OPENED, 2)]
    rows = await owner.fetch("SELECT * FROM survey ORDER BY id")
    assert [row["id"] for row in rows] == sorted(one.id for one in new)
    assert {row["workspace_id"] for row in rows} == {ours.id}
    assert {(row["status"], row["user_email"], row["scheduled_at"]) for row in rows} == {
        ("PENDING", "ann@example.com", ASKED_AT)
    }


async def test_empty_batches_change_nothing(database: Database, owner: Owner, ours: Workspace) -> None:
    async with database.transaction(ours.id) as tx:
        assert await surveys.open_surveys(tx, ours, [], NOW) == []
        assert await surveys.close_surveys(tx, ours, [], NOW) == []
        assert await surveys.record_answers(tx, ours, [], NOW) == []
    assert await statuses(owner) == {}


@pytest.mark.parametrize(("status", "stage"), ENDS)
async def test_a_survey_closes_with_its_status_and_stage(
    database: Database, owner: Owner, ours: Workspace, status: Status, stage: Stage
) -> None:
    (survey,) = await open_surveys(database, ours)
    assert await close(database, ours, status, survey) == [increment(ours, stage)]
    row = await owner.fetchrow("SELECT status, completed_at, create_time, last_update_time FROM survey")
    assert row is not None
    assert tuple(row) == (status, NOW if status is Status.COMPLETED else None, ASKED_AT, NOW)


@pytest.mark.parametrize("first", [status for status, _ in ENDS])
@pytest.mark.parametrize("second", [status for status, _ in ENDS])
async def test_a_survey_closes_once(
    database: Database, owner: Owner, ours: Workspace, first: Status, second: Status
) -> None:
    (survey,) = await open_surveys(database, ours)
    await close(database, ours, first, survey)
    assert await close(database, ours, second, survey) == []
    assert await statuses(owner) == {survey.id: first}


async def test_only_the_open_surveys_of_a_batch_close(database: Database, owner: Owner, ours: Workspace) -> None:
    closed, open_, untouched = await open_surveys(database, ours, 3)
    await close(database, ours, Status.EXPIRED, closed)
    unknown = new_survey()
    added = await close(database, ours, Status.DISMISSED, unknown, open_, closed)
    assert added == [increment(ours, Stage.DISMISSED)]
    expected = {closed.id: "EXPIRED", open_.id: "DISMISSED", untouched.id: "PENDING"}
    assert await statuses(owner) == expected


async def test_each_survey_of_a_batch_gets_its_own_status(database: Database, owner: Owner, ours: Workspace) -> None:
    asked = await open_surveys(database, ours, len(ENDS))
    closures = [SurveyClosure(survey.id, status, SERIES) for survey, (status, _) in zip(asked, ENDS, strict=True)]
    async with database.transaction(ours.id) as tx:
        added = await surveys.close_surveys(tx, ours, closures[::-1], NOW)
    assert [one.stage for one in added] == [stage for _, stage in reversed(ENDS)]
    assert await statuses(owner) == {closure.survey: closure.status for closure in closures}


async def test_the_survey_of_another_workspace_stays_open(
    database: Database, owner: Owner, ours: Workspace, theirs: Workspace
) -> None:
    (survey,) = await open_surveys(database, theirs)
    assert await close(database, ours, Status.DISMISSED, survey) == []
    assert await statuses(owner) == {survey.id: "PENDING"}


async def test_surveys_closed_concurrently_close_once(database: Database, owner: Owner, ours: Workspace) -> None:
    """Sixteen at once, half of them in the opposite order: no deadlock, and each survey is counted once."""
    asked = await open_surveys(database, ours, 20)
    crowd = [
        close(database, ours, ENDS[number % 4][0], *(asked if number % 2 else asked[::-1])) for number in range(16)
    ]
    async with asyncio.timeout(20):
        added = [one for batch in await asyncio.gather(*crowd) for one in batch]
    counted: Counter[Stage] = Counter()
    for one in added:
        counted[one.stage] += one.count
    stages = dict(ENDS)
    assert counted == Counter(stages[Status(status)] for status in (await statuses(owner)).values())
    assert counted.total() == 20


async def test_an_answer_completes_the_survey_and_is_stored(database: Database, owner: Owner, ours: Workspace) -> None:
    (survey,) = await open_surveys(database, ours)
    (stored,) = await record(database, ours, answer_to(survey))
    assert await statuses(owner) == {survey.id: "COMPLETED"}
    row = await owner.fetchrow("SELECT id, survey_id, score, series_kinds, series_ids, day FROM feedback")
    series = [*with_workspace(ours.id, SERIES), SOURCE]
    assert row is not None
    assert tuple(row) == (stored.id, survey.id, 8, [one.kind for one in series], [one.id for one in series], DAY)
    assert await owner.fetchval("SELECT count(*) FROM outbox WHERE key = $1", str(stored.id)) == 1


async def test_an_answer_adds_to_all_counts(database: Database, owner: Owner, ours: Workspace) -> None:
    (survey,) = await open_surveys(database, ours)
    await record(database, ours, answer_to(survey))
    both = [(kind, grain) for kind in ("workspace", "product", "feature") for grain in ("day", "month")]
    assert await survey_counts(owner) == {key: [0, 1, 0] for key in both}
    scored = [*both, ("feature_prompted", "day"), ("feature_prompted", "month")]
    assert await score_counts(owner) == {key: [0] * 7 + [1] for key in scored}


async def test_a_survey_opened_with_its_answer_is_counted_too(
    database: Database, owner: Owner, ours: Workspace
) -> None:
    survey = new_survey()
    await record(database, ours, answer_to(survey), opening=[survey])
    assert (await survey_counts(owner))["workspace", "day"] == [1, 1, 0]


async def test_a_voluntary_answer_withdraws_the_survey(database: Database, owner: Owner, ours: Workspace) -> None:
    (survey,) = await open_surveys(database, ours)
    (stored,) = await record(database, ours, answer_to(survey, Source.VOLUNTARY))
    assert stored.survey_id is None
    assert await statuses(owner) == {survey.id: "WITHDRAWN"}
    assert (await survey_counts(owner))["workspace", "day"] == [0, 0, 1]
    assert await owner.fetchval("SELECT survey_id FROM feedback") is None


async def test_the_first_answer_of_a_batch_closes_the_survey(database: Database, owner: Owner, ours: Workspace) -> None:
    one, other = await open_surveys(database, ours, 2)
    answers = answer_to(one), answer_to(None), answer_to(other, Source.VOLUNTARY), answer_to(one), answer_to(other)
    stored = await record(database, ours, *answers)
    assert [row.survey_id for row in stored] == [one.id, None, None, None, None]
    assert await statuses(owner) == {one.id: "COMPLETED", other.id: "WITHDRAWN"}
    assert (await survey_counts(owner))["workspace", "day"] == [0, 1, 1]
    assert (await score_counts(owner))["workspace", "day"] == [0] * 7 + [5]


async def test_rows_come_back_in_the_order_of_the_answers(database: Database, owner: Owner, ours: Workspace) -> None:
    scores = [7, 1, 9, 3]
    stored = await record(database, ours, *(answer_to(None, score=score) for score in scores))
    kept = {row["id"]: row["score"] for row in await owner.fetch("SELECT id, score FROM feedback")}
    assert [kept[row.id] for row in stored] == scores


async def test_a_survey_has_one_answer(database: Database, owner: Owner, ours: Workspace) -> None:
    (survey,) = await open_surveys(database, ours)
    await record(database, ours, answer_to(survey))
    with pytest.raises(asyncpg.UniqueViolationError, match="feedback_survey_answered_once"):
        await record(database, ours, answer_to(survey))
    assert await owner.fetchval("SELECT count(*) FROM feedback") == 1
