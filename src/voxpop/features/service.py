"""Use, refuse, rate: the works of three gates. Each takes a batch in one transaction, and answers items as if alone.

Locks are taken in one order: interactions, surveys, feedback, counts. Features that do not exist answer None.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from voxpop.db.pool import Tx
from voxpop.db.query import Query
from voxpop.features import store
from voxpop.features.models import (
    SCALE_MIN,
    SURVEY_TYPE,
    Added,
    Counters,
    FeatureUser,
    InteractionRow,
    NewRating,
    Rated,
    count_by_user,
    source_series,
)
from voxpop.features.prompting import count_of, should_prompt
from voxpop.metrics import service as metrics
from voxpop.metrics.models import SurveyIncrement
from voxpop.surveys import service as surveys
from voxpop.surveys.models import Answer, NewSurvey, Status, SurveyClosure
from voxpop.types import FeatureId, Origin, SurveyId, WorkspaceId, utcnow, uuid7
from voxpop.workspaces import service as workspaces

Rows = Mapping[FeatureUser, InteractionRow]


async def use(tx: Tx, ident: WorkspaceId, people: Sequence[FeatureUser]) -> list[Counters | None]:
    """Counts one use for each; the first that makes the product ask opens a survey."""
    sizes, now = count_by_user(people), utcnow()
    rows = await _touch(tx, ident, store.USED, sizes, now)
    answers = _answer_uses(people, sizes, rows)
    asking = {
        person for person, answer in zip(people, answers, strict=True) if answer and answer.should_request_feedback
    }
    opening = {person: row for person, row in rows.items() if person in asking and row.open_survey_id is None}
    moved = await _open_surveys(tx, ident, opening, now) if opening else []
    await _add_sums(tx, ident, sizes, rows)
    await metrics.add_counts(tx, ident, surveys=moved)
    return answers


async def reject(tx: Tx, ident: WorkspaceId, people: Sequence[FeatureUser]) -> list[Counters | None]:
    """Counts one refusal for each, sets the uses to zero, and dismisses the survey that was open."""
    sizes, now = count_by_user(people), utcnow()
    rows = await _touch(tx, ident, store.REJECTED, sizes, now)
    endings = [_ending(row.open_survey_id, row) for row in rows.values() if row.open_survey_id]
    moved: list[SurveyIncrement] = []
    if endings:
        moved = await surveys.close_surveys(tx, await workspaces.get_workspace(tx, ident), endings, now)
    await _forget_surveys(tx, ident, rows)
    await _add_sums(tx, ident, dict.fromkeys(sizes, 0), rows)
    await metrics.add_counts(tx, ident, surveys=moved)
    return _answer_rejections(people, sizes, rows)


async def rate(tx: Tx, ident: WorkspaceId, ratings: Sequence[NewRating]) -> list[Rated | None]:
    """Stores each rating. A prompted one answers the open survey, a voluntary one makes it needless."""
    now = utcnow()
    rows = await _touch(tx, ident, store.RATED, count_by_user([rating.person for rating in ratings]), now)
    answers = [_answer(rating, rows[rating.person]) for rating in ratings if rating.person in rows]
    if not answers:
        return [None] * len(ratings)
    workspace = await workspaces.get_workspace(tx, ident)
    await _forget_surveys(tx, ident, rows)
    stored = iter(await surveys.record_answers(tx, workspace, answers, now))
    return [Rated(next(stored).id, rating, now) if rating.person in rows else None for rating in ratings]


async def _touch(
    tx: Tx, workspace: WorkspaceId, query: "Query[InteractionRow]", sizes: Mapping[FeatureUser, int], now: datetime
) -> dict[FeatureUser, InteractionRow]:
    people = list(sizes)
    return {people[row.place - 1]: row for row in await store.upsert_interactions(tx, workspace, query, sizes, now)}


def _answer_uses(people: Sequence[FeatureUser], sizes: Mapping[FeatureUser, int], rows: Rows) -> list[Counters | None]:
    """The answer of each, in order: use k of n has the counts that it would have had alone."""
    seen: dict[FeatureUser, int] = defaultdict(int)
    answers: list[Counters | None] = []
    for person in people:
        seen[person] += 1
        row = rows.get(person)
        answers.append(None if row is None else _after_use(person, row, seen[person], sizes[person]))
    return answers


def _after_use(person: FeatureUser, row: InteractionRow, place: int, size: int) -> Counters:
    uses = row.interaction_count if row.in_cooldown else count_of(row.interaction_count, place, size)
    ask = should_prompt(
        uses, row.interaction_threshold, row.rejection_count, row.rejection_threshold, cooling=row.in_cooldown
    )
    return _counters(person, row, uses, count_of(row.total_interaction_count, place, size), row.rejection_count, ask)


def _answer_rejections(
    people: Sequence[FeatureUser], sizes: Mapping[FeatureUser, int], rows: Rows
) -> list[Counters | None]:
    """A refusal never asks."""
    seen: dict[FeatureUser, int] = defaultdict(int)
    answers: list[Counters | None] = []
    for person in people:
        seen[person] += 1
        if row := rows.get(person):
            count = count_of(row.rejection_count, seen[person], sizes[person])
            answers.append(_counters(person, row, 0, row.total_interaction_count, count, False))
        else:
            answers.append(None)
    return answers


def _counters(person: FeatureUser, row: InteractionRow, uses: int, total: int, rejections: int, ask: bool) -> Counters:
    return Counters(
        person.email,
        uses,
        total,
        row.interaction_threshold,
        rejections,
        row.rejection_threshold,
        ask,
        row.first_used_at or row.updated_at,
        row.updated_at,
    )


async def _open_surveys(tx: Tx, workspace: WorkspaceId, opening: Rows, now: datetime) -> list[SurveyIncrement]:
    """Opens the surveys that are due, and notes them on the interactions, which are locked already."""
    new = [_survey(person, row, now) for person, row in opening.items()]
    moved = await surveys.open_surveys(tx, await workspaces.get_workspace(tx, workspace), new, now)
    noted = [(row.feature_id, person.email, one.id) for (person, row), one in zip(opening.items(), new, strict=True)]
    await store.set_open_surveys(tx, workspace, noted)
    return moved


async def _add_sums(tx: Tx, workspace: WorkspaceId, uses: Mapping[FeatureUser, int], rows: Rows) -> None:
    sums: dict[FeatureId, Added] = {}
    for person, row in rows.items():
        old = sums.get(row.feature_id, Added(row.feature_id, 0, 0, 0))
        most = max(old.most, row.total_interaction_count)
        sums[row.feature_id] = Added(row.feature_id, old.users + row.fresh, old.uses + uses[person], most)
    if added := [one for one in sums.values() if one.users or one.uses]:
        await store.add_sums(tx, workspace, added)


async def _forget_surveys(tx: Tx, workspace: WorkspaceId, rows: Rows) -> None:
    closed = [(row.feature_id, person.email, None) for person, row in rows.items() if row.open_survey_id]
    await store.set_open_surveys(tx, workspace, closed)


def _ending(survey: SurveyId, row: InteractionRow) -> SurveyClosure:
    return SurveyClosure(survey, Status.DISMISSED, row.series)


def _survey(person: FeatureUser, row: InteractionRow, now: datetime) -> NewSurvey:
    return NewSurvey(
        id=SurveyId(uuid7()),
        survey_type=SURVEY_TYPE,
        origin=Origin.FEATURE,
        origin_id=row.feature_id,
        scheduled_at=now,
        series=row.series,
        user_email=person.email,
    )


def _answer(rating: NewRating, row: InteractionRow) -> Answer:
    return Answer(
        origin=Origin.FEATURE,
        origin_id=row.feature_id,
        open_survey=row.open_survey_id,
        survey_type=SURVEY_TYPE,
        scale_min=SCALE_MIN,
        score=rating.rating,
        source=rating.source,
        series=row.series,
        score_series=(source_series(rating.source, row.feature_id),),
        user_email=rating.person.email,
        comment=rating.comment,
        user_agent=rating.user_agent,
    )
