"""The ledger of asks: how a survey opens and ends, that it ends once, and what it adds to the funnel."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any, TypeAlias
from uuid import UUID, uuid4

import asyncpg
import pytest
from tests.conftest import Make

from voxpop.db.pool import Database
from voxpop.feedback.models import NewFeedback, Origin, Source
from voxpop.metrics.models import ScoreIncrement, Series, SeriesKind, Stage, SurveyIncrement
from voxpop.surveys import service as surveys
from voxpop.surveys.models import NewSurvey, Status, SurveyClosure
from voxpop.types import FeedbackId, SurveyId, WorkspaceId, uuid7

Owner: TypeAlias = "asyncpg.Connection[Any]"
ASKED_AT, NOW = datetime(2026, 3, 4, 23, tzinfo=UTC), datetime(2026, 3, 5, 1, tzinfo=UTC)
DAY = date(2026, 3, 5)
SERIES = (Series(SeriesKind.WORKSPACE, UUID(int=1)), Series(SeriesKind.FEATURE, UUID(int=2)))
ENDS = [
    (Status.COMPLETED, Stage.COMPLETED),
    (Status.DISMISSED, Stage.DISMISSED),
    (Status.WITHDRAWN, Stage.WITHDRAWN),
    (Status.EXPIRED, Stage.EXPIRED),
]


@pytest.fixture
async def ours(make: Make) -> WorkspaceId:
    return await make.workspace("ours")


@pytest.fixture
async def theirs(make: Make) -> WorkspaceId:
    return await make.workspace("theirs")


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


def answer_to(survey: NewSurvey, source: Source = Source.PROMPTED) -> NewFeedback:
    return NewFeedback(
        id=FeedbackId(uuid7()),
        survey_id=survey.id if source is Source.PROMPTED else None,
        survey_type="CSAT10",
        scale_min=1,
        origin=Origin.FEATURE,
        origin_id=survey.origin_id,
        source=source,
        score=8,
        day=DAY,
        series=SERIES,
    )


async def ask(database: Database, workspace: WorkspaceId, count: int = 1) -> list[NewSurvey]:
    new = [new_survey() for _ in range(count)]
    async with database.transaction(workspace) as tx:
        await surveys.open_surveys(tx, workspace, new, ASKED_AT, DAY)
    return new


async def end(
    database: Database, workspace: WorkspaceId, status: Status, *ended: NewSurvey
) -> Sequence[SurveyIncrement]:
    async with database.transaction(workspace) as tx:
        endings = [SurveyClosure(survey.id, status, survey.series) for survey in ended]
        return await surveys.close_surveys(tx, workspace, endings, NOW, DAY)


async def statuses(owner: Owner) -> dict[UUID, str]:
    return {row["id"]: row["status"] for row in await owner.fetch("SELECT id, status FROM survey")}


async def test_asking_opens_surveys(database: Database, owner: Owner, ours: WorkspaceId) -> None:
    new = [new_survey(), new_survey()]
    async with database.transaction(ours) as tx:
        moved = await surveys.open_surveys(tx, ours, new, ASKED_AT, DAY)
    assert moved == [SurveyIncrement(Stage.OPENED, DAY, SERIES)] * 2
    rows = await owner.fetch("SELECT * FROM survey ORDER BY id")
    assert [row["id"] for row in rows] == sorted(one.id for one in new)
    assert {row["workspace_id"] for row in rows} == {ours}
    assert {(row["status"], row["user_email"], row["scheduled_at"]) for row in rows} == {
        ("PENDING", "ann@example.com", ASKED_AT)
    }


async def test_nobody_to_ask_and_nothing_to_end(database: Database, owner: Owner, ours: WorkspaceId) -> None:
    async with database.transaction(ours) as tx:
        assert await surveys.open_surveys(tx, ours, [], NOW, DAY) == []
        assert await surveys.close_surveys(tx, ours, [], NOW, DAY) == []
    assert await statuses(owner) == {}


@pytest.mark.parametrize(("status", "stage"), ENDS)
async def test_a_survey_ends(database: Database, owner: Owner, ours: WorkspaceId, status: Status, stage: Stage) -> None:
    (survey,) = await ask(database, ours)
    assert await end(database, ours, status, survey) == [SurveyIncrement(stage, DAY, SERIES)]
    row = await owner.fetchrow("SELECT status, completed_at, create_time, last_update_time FROM survey")
    assert row is not None
    assert tuple(row) == (status, NOW if status is Status.COMPLETED else None, ASKED_AT, NOW)


@pytest.mark.parametrize("first", [status for status, _ in ENDS])
@pytest.mark.parametrize("second", [status for status, _ in ENDS])
async def test_a_survey_ends_once(
    database: Database, owner: Owner, ours: WorkspaceId, first: Status, second: Status
) -> None:
    (survey,) = await ask(database, ours)
    await end(database, ours, first, survey)
    assert await end(database, ours, second, survey) == []
    assert await statuses(owner) == {survey.id: first}


async def test_of_a_batch_only_the_open_ones_end(database: Database, owner: Owner, ours: WorkspaceId) -> None:
    ended, open_, untouched = await ask(database, ours, 3)
    await end(database, ours, Status.EXPIRED, ended)
    unknown = new_survey()
    moved = await end(database, ours, Status.DISMISSED, unknown, open_, ended)
    assert moved == [SurveyIncrement(Stage.DISMISSED, DAY, SERIES)]
    expected = {ended.id: "EXPIRED", open_.id: "DISMISSED", untouched.id: "PENDING"}
    assert await statuses(owner) == expected


async def test_each_of_a_batch_ends_in_its_own_way(database: Database, owner: Owner, ours: WorkspaceId) -> None:
    asked = await ask(database, ours, len(ENDS))
    endings = [SurveyClosure(survey.id, status, SERIES) for survey, (status, _) in zip(asked, ENDS, strict=True)]
    async with database.transaction(ours) as tx:
        moved = await surveys.close_surveys(tx, ours, endings[::-1], NOW, DAY)
    assert [one.stage for one in moved] == [stage for _, stage in reversed(ENDS)]
    assert await statuses(owner) == {ending.survey: ending.status for ending in endings}


async def test_a_neighbours_survey_stays_open(
    database: Database, owner: Owner, ours: WorkspaceId, theirs: WorkspaceId
) -> None:
    (survey,) = await ask(database, theirs)
    assert await end(database, ours, Status.DISMISSED, survey) == []
    assert await statuses(owner) == {survey.id: "PENDING"}


async def test_of_many_who_end_the_same_surveys_one_does(database: Database, owner: Owner, ours: WorkspaceId) -> None:
    """Sixteen at once, half of them in the opposite order: no deadlock, and each survey moves once."""
    asked = await ask(database, ours, 20)
    crowd = [end(database, ours, ENDS[number % 4][0], *(asked if number % 2 else asked[::-1])) for number in range(16)]
    async with asyncio.timeout(20):
        moved = [one for batch in await asyncio.gather(*crowd) for one in batch]
    assert len(moved) == 20
    stages = dict(ENDS)
    assert sorted(one.stage for one in moved) == sorted(
        stages[Status(status)] for status in (await statuses(owner)).values()
    )


async def test_an_answer_ends_the_survey_and_records_the_rating(
    database: Database, owner: Owner, ours: WorkspaceId
) -> None:
    (survey,) = await ask(database, ours)
    async with database.transaction(ours) as tx:
        added = await surveys.record_answers(
            tx, ours, [SurveyClosure(survey.id, Status.COMPLETED, SERIES)], [answer_to(survey)], NOW, DAY
        )
    assert added == ([ScoreIncrement("CSAT10", 7, DAY, SERIES)], [SurveyIncrement(Stage.COMPLETED, DAY, SERIES)])
    assert await statuses(owner) == {survey.id: "COMPLETED"}
    row = await owner.fetchrow("SELECT survey_id, score, series_kinds, series_ids, day FROM feedback")
    assert row is not None
    assert tuple(row) == (survey.id, 8, [one.kind for one in SERIES], [one.id for one in SERIES], DAY)


async def test_a_voluntary_rating_makes_a_survey_needless(database: Database, owner: Owner, ours: WorkspaceId) -> None:
    (survey,) = await ask(database, ours)
    ending, rating = SurveyClosure(survey.id, Status.WITHDRAWN, SERIES), answer_to(survey, Source.VOLUNTARY)
    async with database.transaction(ours) as tx:
        _, moved = await surveys.record_answers(tx, ours, [ending], [rating], NOW, DAY)
    assert [one.stage for one in moved] == [Stage.WITHDRAWN]
    assert await statuses(owner) == {survey.id: "WITHDRAWN"}
    assert await owner.fetchval("SELECT survey_id FROM feedback") is None


async def test_a_survey_has_one_answer(database: Database, owner: Owner, ours: WorkspaceId) -> None:
    (survey,) = await ask(database, ours)
    async with database.transaction(ours) as tx:
        await surveys.record_answers(tx, ours, [], [answer_to(survey)], NOW, DAY)
    with pytest.raises(asyncpg.UniqueViolationError, match="feedback_survey_answered_once"):
        async with database.transaction(ours) as tx:
            await surveys.record_answers(tx, ours, [], [answer_to(survey)], NOW, DAY)
    assert await owner.fetchval("SELECT count(*) FROM feedback") == 1
