"""What moved a score most: the series of a kind by the size of their contributions. Changes nothing."""

from collections.abc import Sequence
from fractions import Fraction

from msgspec import Struct
from msgspec.structs import replace

from voxpop.dashboards.entries import (
    Entry,
    GroupKey,
    Sides,
    compared,
    contribution_of,
    load_entries,
    pool,
    row_of,
    totals_of,
    with_names,
)
from voxpop.dashboards.figures import rounded
from voxpop.dashboards.models import Kind, SeriesKey, SeriesRow
from voxpop.dashboards.page_models import PageState
from voxpop.dashboards.viewer import Viewer
from voxpop.db.pool import Tx
from voxpop.i18n import name_key
from voxpop.metrics import formulas

KINDS = (Kind.CAMPAIGN, Kind.PRODUCT, Kind.FEATURE, Kind.AGENT)  # of which each rating counts under one at most
MAX_ROWS = 8


class Movers(Struct, frozen=True):
    """The series of a kind that moved the score of a survey type most.

    `kinds` are those with ratings, `others` are the remaining series together. `difference` is the change of the
    score of all, None without a comparison; `most` is the largest contribution.
    """

    kinds: list[Kind]
    kind: Kind
    rows: list[SeriesRow]
    others: SeriesRow | None
    other_count: int
    difference: float | None
    most: float

    @property
    def all_rows(self) -> list[SeriesRow]:
        """Those of the table."""
        return [*self.rows, *([self.others] if self.others else [])]


async def list_movers(tx: Tx, viewer: Viewer, state: PageState, survey_type: str) -> Movers | None:
    """None if no series has ratings of the survey type."""
    before = state.before()
    found = await load_entries(tx, viewer, KINDS, state.period, before.period if before else None)
    found = [one for one in found if one.survey_type.code == survey_type]
    visible = [one for one in found if viewer.may_see(one.key)]
    kinds = [kind for kind in KINDS if any(one.key.kind is kind for one in visible)]
    if not kinds:
        return None
    kind = next((each for each in kinds if each == state.own.get("kind")), kinds[0])
    named = await with_names(tx, viewer, [one for one in visible if one.key.kind is kind], "")
    totals = totals_of(one for one in found if one.key.kind is kind) if before else {}
    entries = compared(named, viewer.minimum) if before else named
    entries.sort(
        key=lambda one: (-abs(contribution_of(one, totals) or 0), -sum(one.later), name_key(one.name), one.key.id)
    )
    rows = [row_of(one, totals, viewer) for one in entries[:MAX_ROWS]]
    others = _others(viewer, entries[MAX_ROWS:], compare=before is not None)
    other_row = row_of(others, totals, viewer) if others else None
    shown = [*rows, *([other_row] if other_row else [])]
    return Movers(
        kinds,
        kind,
        rows,
        other_row,
        other_count=len(entries[MAX_ROWS:]),
        difference=_difference(totals.get(GroupKey(kind, survey_type))),
        most=max((abs(row.contribution or 0) for row in shown), default=0),
    )


def _others(viewer: Viewer, rest: Sequence[Entry], *, compare: bool) -> Entry | None:
    """The remaining series as one. Its contribution is the sum of theirs."""
    if not rest:
        return None
    first = rest[0]
    together = replace(
        first,
        key=SeriesKey(first.key.kind, viewer.workspace),
        name="",
        earlier=pool(one.earlier for one in rest),
        later=pool(one.later for one in rest),
        comparison=None,
    )
    if not compare:
        return together
    measure = first.survey_type.measure
    return replace(together, comparison=formulas.compare(measure, together.earlier, together.later, viewer.minimum))


def _difference(total: Sides | None) -> float | None:
    if total is None or total.earlier.score is None or total.later.score is None:
        return None
    return rounded(Fraction(total.later.score) - Fraction(total.earlier.score))
