"""Arithmetic on counts against plain lists of ratings, and the rounding that the contract asks for."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from math import floor
from statistics import mean, median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voxpop.metrics import scores

Ratings = list[int]
SCALES = ((0, 10), (1, 5), (1, 10))


@st.composite
def scale_and_ratings(draw: st.DrawFn, min_size: int = 1) -> tuple[int, int, Ratings]:
    low, high = draw(st.sampled_from(SCALES))
    return low, high, draw(st.lists(st.integers(low, high), min_size=min_size, max_size=50))


def counted(ratings: Ratings, low: int, high: int) -> list[int]:
    return [ratings.count(score) for score in range(low, high + 1)]


@given(scale_and_ratings())
def test_mean_and_median_are_those_of_the_list(case: tuple[int, int, Ratings]) -> None:  # C53, F82
    low, high, ratings = case
    counts = counted(ratings, low, high)
    exact = [Fraction(rating) for rating in ratings]
    assert scores.total(counts) == len(ratings)
    assert scores.mean(counts, low) == mean(exact)
    assert scores.median(counts, low) == median(exact)


@given(scale_and_ratings(), st.integers(-3, 13), st.integers(-3, 13))
def test_share_is_that_of_the_list(case: tuple[int, int, Ratings], start: int, end: int) -> None:  # C53, F81
    low, high, ratings = case
    within = [rating for rating in ratings if start <= rating <= end]
    assert scores.share(counted(ratings, low, high), low, start, end) == Fraction(len(within), len(ratings))


@given(st.lists(st.integers(0, 10), min_size=1, max_size=50))
def test_nps_is_that_of_the_list(ratings: Ratings) -> None:  # F80
    points = [100 if rating >= 9 else -100 if rating <= 6 else 0 for rating in ratings]
    assert scores.nps(counted(ratings, 0, 10)) == Fraction(sum(points), len(ratings))


@given(st.lists(st.integers(1, 10), min_size=1))
def test_nps_depends_on_the_first_score_of_the_scale(ratings: Ratings) -> None:
    assert scores.nps(counted(ratings, 1, 10), 1) == scores.nps(counted(ratings, 0, 10))


@given(scale_and_ratings(min_size=0), st.data())
def test_adding_counts_is_joining_lists(case: tuple[int, int, Ratings], data: st.DataObject) -> None:
    low, high, ratings = case
    shorter = data.draw(st.integers(low, high))
    others = data.draw(st.lists(st.integers(low, shorter), max_size=50))
    a, b = counted(ratings, low, high), counted(others, low, shorter)
    assert scores.add(a, b) == scores.add(b, a) == counted(ratings + others, low, high)


@pytest.mark.parametrize("counts", [[], [0], [0] * 11])
def test_there_is_no_score_without_answers(counts: list[int]) -> None:
    assert scores.total(counts) == 0
    assert scores.mean(counts, 1) is scores.median(counts, 1) is None
    assert scores.share(counts, 1, 6, 10) is scores.nps(counts) is None


def test_nps_equals_the_example_of_the_contract() -> None:  # F80, F83
    counts = [20, 0, 0, 0, 0, 0, 0, 30, 0, 60, 40]
    score = scores.nps(counts)
    assert score is not None
    assert scores.half_up(score, 2) == 53.33


@pytest.mark.parametrize(
    ("value", "places", "rounded"),
    [
        (Fraction("2.125"), 2, 2.13),
        (Fraction("0.125"), 2, 0.13),
        (Fraction("-33.335"), 2, -33.34),
        (Fraction("-0.005"), 2, -0.01),
        (Fraction("1.005"), 2, 1.01),
        (Fraction(200, 3), 2, 66.67),
        (Fraction(100, 3), 2, 33.33),
        (Fraction(-100, 3), 2, -33.33),
        (Fraction(13, 3), 2, 4.33),
        (Fraction(-1, 1000), 2, 0.0),
        (Fraction(5, 2), 0, 3.0),
    ],
)
def test_ties_go_away_from_zero(value: Fraction, places: int, rounded: float) -> None:  # C53, F83
    assert str(scores.half_up(value, places)) == str(rounded)


@given(st.decimals(-1000, 1000, places=4), st.integers(0, 3))
def test_half_up_is_the_float_nearest_to_the_decimal(value: Decimal, places: int) -> None:  # F83
    oracle = value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    assert scores.half_up(Fraction(value), places) == float(oracle)


@given(st.fractions(-1000, 1000), st.booleans())
def test_half_up_int_is_the_nearest(value: Fraction, tie: bool) -> None:  # C50
    value = floor(value) + Fraction(1, 2) if tie else value
    nearest = min((floor(value), floor(value) + 1), key=lambda whole: (abs(value - whole), -abs(whole)))
    assert scores.half_up_int(value) == nearest


@given(st.integers(0, 500), st.integers(1, 500))
def test_percent_is_the_ratio_to_four_places_times_a_hundred(part: int, whole: int) -> None:  # F83
    ratio = Fraction(min(part, whole), whole)
    assert scores.half_up(100 * ratio, 2) == float(100 * Decimal(str(scores.half_up(ratio, 4))))
