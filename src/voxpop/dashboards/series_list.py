"""Lists series with their scores and changes: filtered, sorted and page by page. Changes nothing."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import NamedTuple
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from voxpop.dashboards import series_store as store
from voxpop.dashboards.cursors import ListPosition, decode_position, encode_position
from voxpop.dashboards.figures import change_of, figures_of, rounded
from voxpop.dashboards.models import Direction, Kind, ListQuery, ScoredType, SeriesKey, SeriesRow, SortKey
from voxpop.dashboards.viewer import Viewer
from voxpop.db.pool import Tx
from voxpop.i18n import name_key
from voxpop.metrics import formulas, scores
from voxpop.metrics import service as metrics
from voxpop.metrics.formulas import Comparison
from voxpop.metrics.models import SeriesCounts
from voxpop.metrics.scores import GroupScore


class SeriesPage(Struct, frozen=True):
    """One page of a list. `next_cursor` is None on the last page."""

    rows: list[SeriesRow]
    next_cursor: str | None


class Entry(Struct, frozen=True):
    """A series and survey type with its counts in both periods; its name and comparison are added later."""

    key: SeriesKey
    survey_type: ScoredType
    earlier: Sequence[int]
    later: Sequence[int]
    name: str = ""
    comparison: Comparison | None = None

    @property
    def sides(self) -> "Sides":
        """The scores of both periods."""
        measure = self.survey_type.measure
        return Sides(
            *(GroupScore(sum(side), formulas.exact_score(measure, side)) for side in (self.earlier, self.later))
        )


class Sides(NamedTuple):
    """The scores of the earlier and the later period."""

    earlier: GroupScore
    later: GroupScore


class GroupKey(NamedTuple):
    """Series of one kind and survey type share a total."""

    kind: Kind
    survey_type: str


Totals = dict[GroupKey, Sides]


async def list_series(
    tx: Tx, viewer: Viewer, query: ListQuery, cursor: str | None = None, limit: int | None = None
) -> SeriesPage:
    """One page of the series with a rating in either period; without a limit, all of them from the cursor on."""
    entries, totals = await _load(tx, viewer, query)
    sorted_entries = sort_entries(entries, query, viewer.minimum)
    if after := decode_position(cursor, query.sort, query.direction):
        sorted_entries = [one for one in sorted_entries if after.precedes(_position(one, query, viewer.minimum))]
    shown = sorted_entries if limit is None else sorted_entries[:limit]
    has_more = len(sorted_entries) > len(shown)
    return SeriesPage(
        [_row(one, totals, viewer) for one in shown],
        encode_position(_position(shown[-1], query, viewer.minimum)) if has_more else None,
    )


def sort_entries(entries: Iterable[Entry], query: ListQuery, minimum: int) -> list[Entry]:
    """By the sort of the query, those without a value last; ties by name, id, survey type and kind."""
    by_ties = sorted(entries, key=_ties)
    if query.sort is SortKey.NAME:
        return sorted(by_ties, key=lambda one: name_key(one.name), reverse=query.direction is Direction.DESC)
    values = {id(one): _value(one, query.sort, minimum) for one in by_ties}
    known = [one for one in by_ties if values[id(one)] is not None]
    known.sort(key=lambda one: values[id(one)] or Fraction(), reverse=query.direction is Direction.DESC)
    return [*known, *(one for one in by_ties if values[id(one)] is None)]


class Loaded(NamedTuple):
    """The entries of a query, and the totals of their kinds and survey types."""

    entries: list[Entry]
    totals: Totals


async def _load(tx: Tx, viewer: Viewer, query: ListQuery) -> Loaded:
    earlier = query.compare.earlier(query.period)
    periods = [query.period, *([earlier] if earlier else [])]
    kinds = [query.kind] if query.kind else list(Kind)
    wanted = viewer.survey_type(query.survey_type) if query.survey_type is not None else None
    scale_size = max((each.scale_size for each in viewer.types.values()), default=1)
    counts = await metrics.list_series_totals(tx, viewer.workspace, kinds, periods, viewer.today, scale_size)
    entries = _entries(counts, viewer)
    totals = _totals(entries) if earlier else {}
    visible = [one for one in entries if viewer.may_see(one.key) and wanted in (None, one.survey_type)]
    named = await _with_names(tx, viewer, visible, query.name_part)
    return Loaded(_compared(named, viewer.minimum) if earlier else named, totals)


def _entries(counts: Iterable[SeriesCounts], viewer: Viewer) -> list[Entry]:
    """Those with a rating in either period. The first period is the later one."""
    sides: dict[tuple[str, UUID, str], dict[int, list[int]]] = defaultdict(dict)
    for one in counts:
        if any(one.counts):
            sides[one.kind, one.id, one.survey_type][one.period] = one.counts
    return [
        Entry(SeriesKey(Kind(kind), series_id), viewer.types[code], periods.get(1, []), periods.get(0, []))
        for (kind, series_id, code), periods in sides.items()
    ]


def _totals(entries: Iterable[Entry]) -> Totals:
    """The pooled scores of all series of a kind and survey type, for the kinds whose series do not overlap."""
    groups: dict[GroupKey, list[Entry]] = defaultdict(list)
    for one in entries:
        if one.key.kind.has_parts:
            groups[GroupKey(one.key.kind, one.survey_type.code)].append(one)
    return {
        key: Entry(
            group[0].key, group[0].survey_type, _pool(one.earlier for one in group), _pool(one.later for one in group)
        ).sides
        for key, group in groups.items()
    }


def _pool(many: Iterable[Sequence[int]]) -> Sequence[int]:
    total: Sequence[int] = []
    for counts in many:
        total = scores.add(total, counts)
    return total


async def _with_names(tx: Tx, viewer: Viewer, entries: Iterable[Entry], name_part: str) -> list[Entry]:
    """The entries whose name has that part, in any case (F19)."""
    entries = list(entries)
    keys = list(dict.fromkeys(one.key for one in entries))
    rows = await store.list_series_names(tx, viewer.workspace, keys)
    names = {SeriesKey(Kind(row.kind), row.id): row.name or str(row.id) for row in rows}
    part = name_part.casefold()
    return [replace(one, name=names[one.key]) for one in entries if part in names[one.key].casefold()]


def _compared(entries: Sequence[Entry], minimum: int) -> list[Entry]:
    """With the change of each, confirmed among all."""
    comparisons = formulas.confirm(
        [formulas.compare(one.survey_type.measure, one.earlier, one.later, minimum) for one in entries]
    )
    return [replace(one, comparison=found) for one, found in zip(entries, comparisons, strict=True)]


def _row(entry: Entry, totals: Totals, viewer: Viewer) -> SeriesRow:
    figures = figures_of(entry.survey_type.measure, entry.later, viewer.minimum)
    return SeriesRow(
        entry.key.kind,
        entry.key.id,
        entry.name,
        entry.survey_type.code,
        figures.responses,
        figures.score,
        figures.low,
        figures.high,
        None if entry.comparison is None else change_of(entry.survey_type, entry.comparison),
        rounded(contribution_of(entry, totals)),
    )


def contribution_of(entry: Entry, totals: Totals) -> Fraction | None:
    """The exact part of the series in the change of its total; None without a comparison or a total."""
    total = totals.get(GroupKey(entry.key.kind, entry.survey_type.code))
    return None if total is None else scores.contribution(*entry.sides, *total)


def _value(entry: Entry, sort: SortKey, minimum: int) -> Fraction | None:
    if sort is SortKey.RESPONSES:
        return Fraction(sum(entry.later))
    if sort is SortKey.CHANGE:
        return entry.comparison.difference if entry.comparison else None
    return formulas.exact_score(entry.survey_type.measure, entry.later) if sum(entry.later) >= minimum else None


def _ties(entry: Entry) -> list[str]:
    return [name_key(entry.name), entry.name, entry.key.id.hex, entry.survey_type.code, entry.key.kind]


def _position(entry: Entry, query: ListQuery, minimum: int) -> ListPosition:
    if query.sort is SortKey.NAME:
        return ListPosition(query.sort, query.direction, name_key(entry.name), _ties(entry))
    value = _value(entry, query.sort, minimum)
    return ListPosition(query.sort, query.direction, None if value is None else str(value), _ties(entry))
