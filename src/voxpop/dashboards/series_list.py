"""Lists series with their scores and changes: filtered, sorted and page by page. Changes nothing."""

from collections.abc import Iterable
from fractions import Fraction
from typing import NamedTuple

from msgspec import Struct

from voxpop.dashboards.cursors import ListPosition, decode_position, encode_position
from voxpop.dashboards.entries import Entry, Totals, compared, load_entries, row_of, totals_of, with_names
from voxpop.dashboards.models import Direction, Kind, ListQuery, SeriesRow, SortKey
from voxpop.dashboards.viewer import Viewer
from voxpop.db.pool import Tx
from voxpop.i18n import name_key
from voxpop.metrics import formulas


class SeriesPage(Struct, frozen=True):
    """One page of a list. `next_cursor` is None on the last page."""

    rows: list[SeriesRow]
    next_cursor: str | None


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
        [row_of(one, totals, viewer) for one in shown],
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
    kinds = [query.kind] if query.kind else list(Kind)
    wanted = viewer.survey_type(query.survey_type) if query.survey_type is not None else None
    found = await load_entries(tx, viewer, kinds, query.period, earlier)
    totals = totals_of(found) if earlier else {}
    visible = [one for one in found if viewer.may_see(one.key) and wanted in (None, one.survey_type)]
    named = await with_names(tx, viewer, visible, query.name_part)
    return Loaded(compared(named, viewer.minimum) if earlier else named, totals)


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
