"""Formulas against a slow oracle that works through the answers one by one, in decimals."""

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from voxpop.metrics.formulas import Formula, Measure, NpsGroups, nps_groups, score

NPS = Measure(Formula.NPS, 0, 10)
CSAT = Measure(Formula.SHARE, 1, 5, 4, 5)
CES = Measure(Formula.MEAN, 1, 5)
HUNDREDTH, TEN_THOUSANDTH = Decimal("0.01"), Decimal("0.0001")


def counted(answers: list[int], low: int, high: int) -> list[int]:
    return [answers.count(point) for point in range(low, high + 1)]


def percent(part: int, whole: int) -> float:
    """The ratio to four places, then times 100."""
    return float((Decimal(part) / whole).quantize(TEN_THOUSANDTH, ROUND_HALF_UP) * 100)


@given(st.lists(st.integers(0, 10), min_size=1, max_size=200))
@example([10] + [7] * 799)  # 0.125: a tie
@example([0] + [7] * 799)  # -0.125: a tie, away from zero
def test_nps_equals_the_oracle(answers: list[int]) -> None:  # F80, F83
    promoters, detractors = sum(one >= 9 for one in answers), sum(one <= 6 for one in answers)
    counts = counted(answers, 0, 10)
    assert score(NPS, counts) == percent(promoters - detractors, len(answers))
    assert nps_groups(NPS, counts) == NpsGroups(promoters, len(answers) - promoters - detractors, detractors)


@given(st.lists(st.integers(1, 5), min_size=1, max_size=200))
@example([5] + [1] * 799)  # 0.125: a tie
def test_csat_equals_the_oracle(answers: list[int]) -> None:  # F81, F83
    assert score(CSAT, counted(answers, 1, 5)) == percent(sum(one >= 4 for one in answers), len(answers))


@given(st.lists(st.integers(1, 5), min_size=1, max_size=200))
@example([1] * 199 + [2])  # 1.005: a tie
def test_ces_equals_the_oracle(answers: list[int]) -> None:  # F82, F83
    mean = (Decimal(sum(answers)) / len(answers)).quantize(HUNDREDTH, ROUND_HALF_UP)
    assert score(CES, counted(answers, 1, 5)) == float(mean)


@pytest.mark.parametrize(
    ("measure", "counts", "expected"),
    [
        (NPS, [20, 0, 0, 0, 0, 0, 0, 30, 0, 60, 40], 53.33),
        (NPS, [0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 1], 0),
        (NPS, [2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], -33.33),
        (CSAT, [0, 0, 1, 0, 1], 50),
        (CSAT, [0, 1, 0, 2], 66.67),
        (CES, [0, 0, 0, 1, 1], 4.5),
        (CES, [0, 0, 0, 2, 1], 4.33),
        (Measure(Formula.SHARE, 0, 1, 1, 1), [1, 3], 75),
        (Measure(Formula.MEAN, 1, 7), [0, 0, 0, 0, 0, 1, 1], 6.5),
        *[(measure, [], 0) for measure in (NPS, CSAT, CES)],
    ],
)
def test_scores_equal_the_examples_of_the_contract(
    measure: Measure, counts: list[int], expected: float
) -> None:  # F80-F83
    assert score(measure, counts) == expected


@pytest.mark.parametrize("measure", [CSAT, CES])
def test_other_types_have_no_groups(measure: Measure) -> None:  # F77
    assert nps_groups(measure, [1, 1, 1, 1, 1]) is None
