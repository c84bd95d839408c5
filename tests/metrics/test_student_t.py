"""Student's t against a printed table, and against closed forms."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voxpop.metrics.student_t import critical_value, two_sided_tail

# Critical values of two-sided tests, as printed in tables: degrees of freedom, then alpha 0.10, 0.05, 0.01.
TABLE = """
1    6.3138  12.7062  63.6567
2    2.9200   4.3027   9.9248
3    2.3534   3.1824   5.8409
4    2.1318   2.7764   4.6041
5    2.0150   2.5706   4.0321
6    1.9432   2.4469   3.7074
8    1.8595   2.3060   3.3554
10   1.8125   2.2281   3.1693
15   1.7531   2.1314   2.9467
20   1.7247   2.0860   2.8453
29   1.6991   2.0452   2.7564
30   1.6973   2.0423   2.7500
40   1.6839   2.0211   2.7045
60   1.6706   2.0003   2.6603
120  1.6577   1.9799   2.6174
1000 1.6464   1.9623   2.5808
inf  1.6449   1.9600   2.5758
"""
ROWS = [[float(cell) for cell in line.split()] for line in TABLE.strip().splitlines()]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row[0]))
def test_critical_values_are_those_of_the_table(row: list[float]) -> None:
    degrees, *values = row
    for alpha, value in zip((0.10, 0.05, 0.01), values, strict=True):
        assert round(critical_value(alpha, degrees), 4) == value
        assert two_sided_tail(critical_value(alpha, degrees), degrees) == pytest.approx(alpha, rel=1e-6)


@given(st.floats(-50, 50))
def test_the_tail_is_that_of_the_closed_forms(t: float) -> None:
    assert two_sided_tail(t, 1) == pytest.approx(1 - 2 * math.atan(abs(t)) / math.pi, abs=1e-7)
    assert two_sided_tail(t, 2) == pytest.approx(1 - abs(t) / math.sqrt(2 + t * t), abs=1e-7)
    assert two_sided_tail(t, 10**6) == pytest.approx(two_sided_tail(t, math.inf), abs=1e-6)


@pytest.mark.parametrize("alpha", [0.2, 0.05, 0.001])
def test_the_series_continues_the_bisection(alpha: float) -> None:
    below, above = critical_value(alpha, 29.999999), critical_value(alpha, 30)
    assert 0 <= below - above < 1e-5
    assert critical_value(alpha, 12.5) > critical_value(alpha, 12.6)


@pytest.mark.parametrize("degrees", [1, 7.5, 100, 10**7])
def test_the_tail_falls_from_one_to_zero(degrees: float) -> None:
    tails = [two_sided_tail(t / 10, degrees) for t in range(300)]
    assert tails[0] == 1
    assert tails == sorted(tails, reverse=True)
    assert all(0 <= tail <= 1 for tail in tails)
    assert two_sided_tail(-2, degrees) == two_sided_tail(2, degrees)
