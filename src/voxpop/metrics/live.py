"""The metrics of campaigns by day: as they were aggregated, or from the counts as they are this second."""

from collections.abc import Iterable, Sequence
from datetime import date
from fractions import Fraction

from msgspec import Struct

from voxpop.db.pool import Tx
from voxpop.metrics import daily_store, formulas, scores
from voxpop.metrics.daily import measure_of, measured, total_responses
from voxpop.metrics.daily_store import DailyMetric, Wanted
from voxpop.types import WorkspaceId


class Summary(Struct, frozen=True):
    """What several days amount to; the days are None where nobody asked for any and there are none."""

    total_responses: int
    average_score: float
    period_from: date | None
    period_to: date | None


async def list_aggregated(tx: Tx, workspace: WorkspaceId, wanted: Wanted) -> list[DailyMetric]:
    """Newest first, then by the campaign's name."""
    return in_order(await daily_store.list_daily_metrics(tx, workspace, wanted))


async def list_live(tx: Tx, workspace: WorkspaceId, wanted: Wanted) -> list[DailyMetric]:
    """Newest first, then by the campaign's name."""
    tallies = await daily_store.list_tallies(tx, workspace, wanted)
    return in_order(measured(tally) for tally in tallies if any(tally.counts))


def summarise(rows: Sequence[DailyMetric], wanted: Wanted) -> Summary:
    """`rows` are newest first. The average is that of all responses together (F75), 0 without any."""
    first, last = (rows[-1].date, rows[0].date) if rows else (None, None)
    return Summary(total_responses(rows), _average(rows), wanted.date_from or first, wanted.date_to or last)


def in_order(rows: Iterable[DailyMetric]) -> list[DailyMetric]:
    """Newest first, then by the campaign's name, whatever its case."""
    by_name = sorted(rows, key=lambda row: (_folded(row.campaign_name), row.campaign_name, row.campaign_id))
    return sorted(by_name, key=lambda row: row.date, reverse=True)


def _average(rows: Sequence[DailyMetric]) -> float:
    """Of one survey type the score of the added counts. Of several, whose counts can't be added, the weighted mean."""
    if len({row.survey_type_code for row in rows}) == 1:
        counts: Sequence[int] = []
        for row in rows:
            counts = scores.add(counts, row.counts)
        return formulas.score(measure_of(rows[0]), counts)
    responses = total_responses(rows)
    added = sum(Fraction(str(row.score_value)) * row.total_responses for row in rows)
    return scores.half_up(Fraction(added, responses), 2) if responses else 0.0


def _folded(name: str) -> str:
    return name.casefold().replace("ё", "е")  # by code point ё would come after я
