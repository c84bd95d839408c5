"""A survey type's formula: what its counts amount to, as the description of campaigns defines it; pure."""

from collections.abc import Sequence
from enum import StrEnum

from msgspec import Struct

from voxpop.metrics import scores


class Formula(StrEnum):
    """`nps`: promoters less detractors, -100 to 100. `share`: the satisfied in percent. `mean`: points of the scale."""

    NPS = "nps"
    SHARE = "share"
    MEAN = "mean"


class Measure(Struct, frozen=True):
    """What is needed of a survey type to compute its score; the satisfied range is that of `share` alone."""

    formula: Formula
    scale_min: int
    satisfied_min: int | None = None
    satisfied_max: int | None = None


class Groups(Struct, frozen=True):
    """The three groups of NPS: 9-10, 7-8, 0-6."""

    promoters: int
    passives: int
    detractors: int


def score(measure: Measure, counts: Sequence[int]) -> float:
    """Two decimals, ties away from zero (F83); 0 where nobody answered (F70)."""
    if measure.formula is Formula.NPS:
        value = scores.nps(counts, measure.scale_min)
    elif measure.formula is Formula.MEAN:
        value = scores.mean(counts, measure.scale_min)
    else:
        share = scores.share(counts, measure.scale_min, measure.satisfied_min or 0, measure.satisfied_max or 0)
        value = None if share is None else 100 * share
    return 0.0 if value is None else scores.half_up(value, 2)


def groups(measure: Measure, counts: Sequence[int]) -> Groups | None:
    """None for other formulas than NPS (F77)."""
    if measure.formula is not Formula.NPS:
        return None
    within = [*([0] * measure.scale_min), *counts, *([0] * 11)]
    return Groups(sum(within[9:11]), sum(within[7:9]), sum(within[:7]))
