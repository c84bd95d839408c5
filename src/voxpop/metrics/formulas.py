"""The score of a survey type's counts by its formula, as the contract defines it; pure."""

from collections.abc import Sequence
from enum import StrEnum

from msgspec import Struct

from voxpop.metrics import scores


class Formula(StrEnum):
    """`nps`: promoters minus detractors, -100 to 100. `share`: satisfied answers in percent. `mean`: scale points."""

    NPS = "nps"
    SHARE = "share"
    MEAN = "mean"


class Measure(Struct, frozen=True):
    """The properties of a survey type that its score needs; only `share` has a satisfied range."""

    formula: Formula
    scale_min: int
    satisfied_min: int | None = None
    satisfied_max: int | None = None


class NpsGroups(Struct, frozen=True):
    """The three groups of NPS: 9-10, 7-8, 0-6."""

    promoters: int
    passives: int
    detractors: int


def score(measure: Measure, counts: Sequence[int]) -> float:
    """Two decimals, ties away from zero (F83); 0 without answers (F70)."""
    if measure.formula is Formula.NPS:
        value = scores.nps(counts, measure.scale_min)
    elif measure.formula is Formula.MEAN:
        value = scores.mean(counts, measure.scale_min)
    else:
        share = scores.share(counts, measure.scale_min, measure.satisfied_min or 0, measure.satisfied_max or 0)
        value = None if share is None else 100 * share
    return 0.0 if value is None else scores.half_up(value, 2)


def nps_groups(measure: Measure, counts: Sequence[int]) -> NpsGroups | None:
    """None for a formula other than NPS (F77)."""
    if measure.formula is not Formula.NPS:
        return None
    within = [*([0] * measure.scale_min), *counts, *([0] * 11)]
    return NpsGroups(sum(within[9:11]), sum(within[7:9]), sum(within[:7]))
