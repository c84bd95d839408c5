"""The counts of series as scores with their changes and contributions. Changes nothing."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import NamedTuple
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from voxpop.dashboards import series_store as store
from voxpop.dashboards.figures import change_of, figures_of, rounded
from voxpop.dashboards.models import Kind, ScoredType, SeriesKey, SeriesRow
from voxpop.dashboards.viewer import Viewer
from voxpop.db.pool import Tx
from voxpop.metrics import formulas, scores
from voxpop.metrics import service as metrics
from voxpop.metrics.formulas import Comparison
from voxpop.metrics.models import SeriesCounts
from voxpop.metrics.periods import Period
from voxpop.metrics.scores import GroupScore


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


async def load_entries(
    tx: Tx, viewer: Viewer, kinds: Sequence[Kind], period: Period, earlier: Period | None
) -> list[Entry]:
    """All series of these kinds with a rating in either period, also those that the viewer may not see."""
    periods = [period, *([earlier] if earlier else [])]
    scale_size = max((each.scale_size for each in viewer.types.values()), default=1)
    counts = await metrics.list_series_totals(tx, viewer.workspace, kinds, periods, viewer.today, scale_size)
    return _entries(counts, viewer)


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


def totals_of(entries: Iterable[Entry]) -> Totals:
    """The pooled scores of all series of a kind and survey type, for the kinds whose series do not overlap."""
    groups: dict[GroupKey, list[Entry]] = defaultdict(list)
    for one in entries:
        if one.key.kind.has_parts:
            groups[GroupKey(one.key.kind, one.survey_type.code)].append(one)
    return {
        key: Entry(
            group[0].key, group[0].survey_type, pool(one.earlier for one in group), pool(one.later for one in group)
        ).sides
        for key, group in groups.items()
    }


def pool(many: Iterable[Sequence[int]]) -> Sequence[int]:
    total: Sequence[int] = []
    for counts in many:
        total = scores.add(total, counts)
    return total


async def with_names(tx: Tx, viewer: Viewer, entries: Iterable[Entry], name_part: str) -> list[Entry]:
    """The entries whose name has that part, in any case (F19)."""
    entries = list(entries)
    keys = list(dict.fromkeys(one.key for one in entries))
    rows = await store.list_series_names(tx, viewer.workspace, keys)
    names = {SeriesKey(Kind(row.kind), row.id): row.name or str(row.id) for row in rows}
    part = name_part.casefold()
    return [replace(one, name=names[one.key]) for one in entries if part in names[one.key].casefold()]


def compared(entries: Sequence[Entry], minimum: int) -> list[Entry]:
    """With the change of each, confirmed among all."""
    comparisons = formulas.confirm(
        [formulas.compare(one.survey_type.measure, one.earlier, one.later, minimum) for one in entries]
    )
    return [replace(one, comparison=found) for one, found in zip(entries, comparisons, strict=True)]


def row_of(entry: Entry, totals: Totals, viewer: Viewer) -> SeriesRow:
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
