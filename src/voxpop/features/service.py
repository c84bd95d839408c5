"""The hot operations of features: count a use, count a rejection, store a rating.

A batcher runs each on a batch in one transaction, and each item gets the result it would have had alone. The order of
locks is that of `surveys/service.py`: first the interactions. An unknown feature gives None.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec.structs import replace

from voxpop.db.pool import Tx
from voxpop.features import store
from voxpop.features.models import (
    SCALE_MIN,
    SURVEY_TYPE,
    Counters,
    FeatureUser,
    InteractionRow,
    NewRating,
    OpenSurvey,
    StoredRating,
    UsageIncrement,
    Use,
    UsedRow,
    count_by_user,
    source_series,
)
from voxpop.features.prompting import count_at, should_prompt
from voxpop.metrics import service as metrics
from voxpop.surveys import service as surveys
from voxpop.surveys.models import Answer, Status, SurveyClosure
from voxpop.types import Origin, SurveyId, WorkspaceId, utcnow
from voxpop.workspaces import service as workspaces

Rows = Mapping[FeatureUser, InteractionRow]


async def increment(tx: Tx, workspace: WorkspaceId, users: Sequence[FeatureUser]) -> list[Counters | None]:
    """Counts one use for each user, as `count_uses`."""
    return await count_uses(tx, workspace, [Use(user) for user in users])


async def count_uses(tx: Tx, workspace: WorkspaceId, uses: Sequence[Use]) -> list[Counters | None]:
    """Counts uses. The first one that reaches the threshold opens a survey. It is one statement.

    A use that shows its prompt marks the survey as shown, as long as there is one.
    """
    sizes = count_by_user([use.user for use in uses])
    shown = _last_shown(uses)
    return _counters_after_uses(uses, sizes, await store.add_uses(tx, workspace, sizes, shown, utcnow()))


async def reject(tx: Tx, workspace: WorkspaceId, users: Sequence[FeatureUser]) -> list[Counters | None]:
    """Counts one rejection for each user, resets the uses, and dismisses the open survey."""
    sizes, now = count_by_user(users), utcnow()
    rows = await _add_rejections(tx, workspace, sizes, now)
    closures = _dismissals(rows)
    if closures:
        closed = await surveys.close_surveys(tx, await workspaces.get_workspace(tx, workspace), closures, now)
        await metrics.add_counts(tx, workspace, surveys=closed)
    return _counters_after_rejections(users, sizes, rows)


async def dismiss_prompts(
    tx: Tx, workspace: WorkspaceId, users: Sequence[FeatureUser], now: datetime
) -> list[SurveyClosure]:
    """Counts one rejection for each user, like `reject`. The caller closes the surveys and counts that."""
    return _dismissals(await _add_rejections(tx, workspace, count_by_user(users), now))


async def rate(tx: Tx, workspace: WorkspaceId, ratings: Sequence[NewRating]) -> list[StoredRating | None]:
    """Stores each rating. It starts the cool-down of its user."""
    now = utcnow()
    answers = await answers_of(tx, workspace, ratings, now)
    known = [answer for answer in answers if answer]
    if not known:
        return [None] * len(ratings)
    stored = iter(await surveys.record_answers(tx, await workspaces.get_workspace(tx, workspace), known, now))
    return [
        StoredRating(next(stored).id, rating, now) if answer else None
        for rating, answer in zip(ratings, answers, strict=True)
    ]


async def answers_of(
    tx: Tx, workspace: WorkspaceId, ratings: Sequence[NewRating], now: datetime
) -> list[Answer | None]:
    """Starts the cool-down of each user. The caller records the answers."""
    rows = await store.set_rated(tx, workspace, count_by_user([rating.user for rating in ratings]), now)
    await _clear_open_surveys(tx, workspace, rows)
    return [_answer(rating, rows[rating.user]) if rating.user in rows else None for rating in ratings]


async def lock_prompted_users(
    tx: Tx, workspace: WorkspaceId, prompts: Sequence[SurveyId]
) -> dict[SurveyId, FeatureUser]:
    """Locks the users of these surveys, before anything else in the transaction. Surveys of other origins have none."""
    return {row.survey: row.user for row in await store.lock_prompted_users(tx, workspace, prompts)}


async def _add_rejections(tx: Tx, workspace: WorkspaceId, users: Mapping[FeatureUser, int], now: datetime) -> Rows:
    rows = await store.add_rejections(tx, workspace, users, now)
    await _clear_open_surveys(tx, workspace, rows)
    await _add_new_users(tx, workspace, rows)
    return rows


def _dismissals(rows: Rows) -> list[SurveyClosure]:
    return [
        SurveyClosure(row.open_survey_id, Status.DISMISSED, row.series) for row in rows.values() if row.open_survey_id
    ]


def _last_shown(uses: Sequence[Use]) -> dict[FeatureUser, int]:
    """The position, among the user's own, of each user's last use that shows its prompt."""
    positions: dict[FeatureUser, int] = defaultdict(int)
    last: dict[FeatureUser, int] = {}
    for use in uses:
        positions[use.user] += 1
        if use.shows:
            last[use.user] = positions[use.user]
    return last


def _counters_after_uses(uses: Sequence[Use], sizes: Mapping[FeatureUser, int], rows: Rows) -> list[Counters | None]:
    """In the order of the batch: use k of n of a user gets the counts that it would have had alone."""
    positions: dict[FeatureUser, int] = defaultdict(int)
    counters: list[Counters | None] = []
    for use in uses:
        positions[use.user] += 1
        row = rows.get(use.user)
        after = None if row is None else _after_use(use.user, row, positions[use.user], sizes[use.user])
        if use.shows and after and after.should_request_feedback and isinstance(row, UsedRow):
            after = replace(after, prompt=row.prompt)
        counters.append(after)
    return counters


def _after_use(user: FeatureUser, row: InteractionRow, position: int, size: int) -> Counters:
    uses = row.interaction_count if row.in_cooldown else count_at(row.interaction_count, position, size)
    prompt = should_prompt(
        uses, row.interaction_threshold, row.rejection_count, row.rejection_threshold, in_cooldown=row.in_cooldown
    )
    total = count_at(row.total_interaction_count, position, size)
    return _counters(user, row, uses, total, row.rejection_count, prompt)


def _counters_after_rejections(
    users: Sequence[FeatureUser], sizes: Mapping[FeatureUser, int], rows: Rows
) -> list[Counters | None]:
    """In the order of the batch. A rejection never prompts."""
    positions: dict[FeatureUser, int] = defaultdict(int)
    counters: list[Counters | None] = []
    for user in users:
        positions[user] += 1
        if row := rows.get(user):
            rejections = count_at(row.rejection_count, positions[user], sizes[user])
            counters.append(_counters(user, row, 0, row.total_interaction_count, rejections, False))
        else:
            counters.append(None)
    return counters


def _counters(user: FeatureUser, row: InteractionRow, uses: int, total: int, rejections: int, prompt: bool) -> Counters:
    return Counters(
        user.user_email,
        uses,
        total,
        row.interaction_threshold,
        rejections,
        row.rejection_threshold,
        prompt,
        row.first_used_at or row.updated_at,
        row.updated_at,
    )


async def _clear_open_surveys(tx: Tx, workspace: WorkspaceId, rows: Rows) -> None:
    cleared = [
        OpenSurvey(row.feature_id, user.user_email, user.is_guid, None)
        for user, row in rows.items()
        if row.open_survey_id
    ]
    await store.set_open_surveys(tx, workspace, cleared)


async def _add_new_users(tx: Tx, workspace: WorkspaceId, rows: Rows) -> None:
    """A user whose first contact is a rejection has no uses yet."""
    new_users = Counter(row.feature_id for row in rows.values() if row.is_new_user)
    if new_users:
        increments = [UsageIncrement(feature, users, 0, 0) for feature, users in new_users.items()]
        await store.add_totals(tx, workspace, increments)


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
        guid=rating.user.user_email if rating.user.is_guid else None,
        user_email=None if rating.user.is_guid else rating.user.user_email,
        comment=rating.comment,
        user_agent=rating.user_agent,
    )
