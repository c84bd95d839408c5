"""Public badges: the rating of a series in one line, for a website. Off unless switched on for the series."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated
from xml.sax.saxutils import escape

from msgspec import Meta, Struct

from voxpop.dashboards import series_store as store
from voxpop.dashboards.models import (
    Compare,
    DetailQuery,
    Direction,
    Kind,
    ListQuery,
    NamedSeries,
    PointGrain,
    ScoredType,
    SeriesKey,
    SortKey,
)
from voxpop.dashboards.series_detail import choose_type, find_series, list_type_codes
from voxpop.dashboards.series_list import list_series
from voxpop.dashboards.series_store import SeriesNameRow
from voxpop.dashboards.viewer import Viewer
from voxpop.db.pool import Tx
from voxpop.errors import NotFound
from voxpop.i18n import name_key
from voxpop.metrics import formulas, scores
from voxpop.metrics import service as metrics
from voxpop.metrics.formulas import Formula
from voxpop.metrics.periods import Period
from voxpop.types import Audit

MAX_DAYS = 365
NOT_ENOUGH = "not enough ratings"
CHARACTER_WIDTH, PADDING, HEIGHT = 6.6, 10, 24  # pixels


class Badge(Struct, frozen=True):
    """The mean of a series, or its NPS, over the last days; null with too few answers."""

    name: Annotated[str, Meta(examples=["NPS after an order"])]
    survey_type: Annotated[str, Meta(examples=["CSAT"])]
    formula: Formula
    score: Annotated[float, Meta(examples=[4.7])] | None
    scale_max: Annotated[int, Meta(examples=[5])]
    responses: Annotated[int, Meta(examples=[312])] | None
    days: Annotated[int, Meta(examples=[90])]

    @property
    def text(self) -> str:
        """For example `4.7 / 5 from 312 ratings, last 90 days`."""
        if self.score is None or self.responses is None:
            return NOT_ENOUGH
        score = f"NPS {self.score:.0f}" if self.formula is Formula.NPS else f"{self.score:.1f} / {self.scale_max}"
        ratings = "1 rating" if self.responses == 1 else f"{self.responses:,} ratings"
        return f"{score} from {ratings}, last {self.days} days"

    @property
    def svg(self) -> str:
        """The text as a picture that reads well on any background."""
        text = escape(self.text)
        width = round(len(self.text) * CHARACTER_WIDTH + 2 * PADDING)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{HEIGHT}" role="img" aria-label="{text}">'
            f'<title>{text}</title><rect width="{width}" height="{HEIGHT}" rx="4" fill="#1f2937"/>'
            f'<text x="{width / 2}" y="16" fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" '
            f'text-anchor="middle" textLength="{width - 2 * PADDING}" lengthAdjust="spacingAndGlyphs">{text}</text>'
            "</svg>"
        )


async def switch_badge(tx: Tx, viewer: Viewer, key: SeriesKey, *, public: bool, audit: Audit) -> None:
    """Shows or hides the badge of a series; NotFound for an unknown series. Repeating it changes nothing."""
    await find_series(tx, viewer, key)
    if public:
        await store.insert_badge(tx, viewer.workspace, key, audit)
    else:
        await store.delete_badge(tx, viewer.workspace, key)


async def has_badge(tx: Tx, viewer: Viewer, key: SeriesKey) -> bool:
    """Whether the badge of the series is public."""
    return await store.badge_exists(tx, viewer.workspace, key)


class BadgePreview(Struct, frozen=True):
    """The badge of a series as it is or would be shown. `types`: the survey types to choose from."""

    key: SeriesKey
    badge: Badge
    types: Sequence[str]
    is_public: bool


async def preview_badge(tx: Tx, viewer: Viewer, key: SeriesKey, survey_type: str, days: int) -> BadgePreview:
    """The first survey type of the series stands for an unknown one. NotFound for an unknown series."""
    row = await find_series(tx, viewer, key)
    types = await list_type_codes(tx, viewer, row, key)
    code = survey_type if survey_type in types else types[0]
    badge = await _draw(tx, viewer, row, key, code, days)
    return BadgePreview(key, badge, types, await has_badge(tx, viewer, key))


async def list_public_badges(tx: Tx, viewer: Viewer) -> list[NamedSeries]:
    """The series whose badge is on, by name."""
    keys = [SeriesKey(Kind(row.kind), row.id) for row in await store.list_badges(tx, viewer.workspace)]
    rows = await store.list_series_names(tx, viewer.workspace, keys)
    named = [NamedSeries(Kind(row.kind), row.id, row.name or str(row.id)) for row in rows]
    return sorted(named, key=lambda one: name_key(one.name))


async def list_candidates(tx: Tx, viewer: Viewer) -> dict[Kind, list[NamedSeries]]:
    """The series to choose from, by kind and name: the workspace, its tickets, and those with ratings within a year."""
    found = {SeriesKey(kind, viewer.workspace): "" for kind in Kind if kind.is_of_workspace}
    year = Period(viewer.today - timedelta(days=MAX_DAYS - 1), viewer.today)
    query = ListQuery(None, None, "", year, Compare.NONE, SortKey.NAME, Direction.ASC)
    found |= {SeriesKey(row.kind, row.id): row.name for row in (await list_series(tx, viewer, query)).rows}
    groups: dict[Kind, list[NamedSeries]] = {kind: [] for kind in Kind}
    for key, name in found.items():
        groups[key.kind].append(NamedSeries(key.kind, key.id, name))
    return {kind: group for kind, group in groups.items() if group}


async def get_badge(tx: Tx, viewer: Viewer, key: SeriesKey, survey_type: str | None, days: int) -> Badge:
    """NotFound for an unknown series, and for one whose badge is off."""
    row = await find_series(tx, viewer, key)
    if not await has_badge(tx, viewer, key):
        raise NotFound.of("Series", key.id)
    return await _draw(tx, viewer, row, key, survey_type, days)


async def _draw(
    tx: Tx, viewer: Viewer, row: SeriesNameRow, key: SeriesKey, survey_type: str | None, days: int
) -> Badge:
    period = Period(viewer.today - timedelta(days=days - 1), viewer.today)
    query = DetailQuery(key, survey_type, period, PointGrain.DAY, Compare.NONE)
    chosen = await choose_type(tx, viewer, row, query)
    months = await metrics.list_months_and_days(tx, viewer.workspace, key.series, chosen.code, period)
    counts = list(metrics.pool_counts(months))
    shown = sum(counts) >= viewer.minimum
    return Badge(
        row.name or "",
        chosen.code,
        chosen.measure.formula,
        _score(chosen, counts) if shown else None,
        chosen.measure.scale_max,
        sum(counts) if shown else None,
        days,
    )


def _score(survey_type: ScoredType, counts: list[int]) -> float | None:
    """NPS as a whole number; otherwise the mean with one decimal, which readers understand without its formula."""
    if survey_type.measure.formula is Formula.NPS:
        value = formulas.exact_score(survey_type.measure, counts)
        return None if value is None else float(scores.half_up_int(value))
    value = scores.mean(counts, survey_type.measure.scale_min)
    return None if value is None else scores.half_up(value, 1)
