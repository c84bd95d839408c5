"""Intervals: how often they cover the true score, computed exactly for small samples and simulated for large ones."""

import math
import random
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import combinations_with_replacement
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voxpop.metrics import scores
from voxpop.metrics.formulas import Formula, Measure, exact_score, interval
from voxpop.metrics.scores import Share

NPS = Measure(Formula.NPS, 0, 10)
CSAT = Measure(Formula.SHARE, 1, 5, 4, 5)
CES = Measure(Formula.MEAN, 1, 5)
SIZES = (5, 10, 30, 100)
SHARES = [share / 100 for share in range(5, 96)]
NPS_MIXES = [
    (0.5, 0.3, 0.2), (0.7, 0.2, 0.1), (0.9, 0.07, 0.03), (0.34, 0.33, 0.33),
    (0.1, 0.2, 0.7), (0.2, 0.6, 0.2), (0.4, 0.2, 0.4), (0.05, 0.9, 0.05),
]  # fmt: skip
STAR_MIXES = [
    (0.2, 0.2, 0.2, 0.2, 0.2), (0.02, 0.02, 0.03, 0.03, 0.9), (0.1, 0.1, 0.2, 0.3, 0.3),
    (0.35, 0.1, 0.1, 0.1, 0.35), (0.8, 0.1, 0.05, 0.03, 0.02),
]  # fmt: skip
DRAWS = 1500


@pytest.mark.parametrize("size", SIZES)
def test_wilson_covers_a_share(size: int) -> None:
    intervals = [scores.wilson(Share(part, size)) for part in range(size + 1)]
    coverages = [
        sum(
            math.comb(size, part) * share**part * (1 - share) ** (size - part)
            for part, one in enumerate(intervals)
            if one.low <= share <= one.high
        )
        for share in SHARES
    ]
    assert 0.94 <= sum(coverages) / len(coverages) <= 0.97
    assert min(coverages) >= 0.90


class Outcome(NamedTuple):
    counts: list[int]
    probability: float


def outcomes(size: int, mix: Sequence[float]) -> Iterator[Outcome]:
    """Every result of a sample of answers in three groups, with its probability."""
    for first in range(size + 1):
        for second in range(size + 1 - first):
            third = size - first - second
            ways = math.comb(size, first) * math.comb(size - first, second)
            yield (
                [first, second, third],
                ways * math.prod(p**n for p, n in zip(mix, (first, second, third), strict=True)),
            )


@pytest.mark.parametrize("size", SIZES)
def test_nps_intervals_cover_the_true_score(size: int) -> None:
    coverages = dict.fromkeys(NPS_MIXES, 0.0)
    for mix in NPS_MIXES:
        truth = 100 * (mix[0] - mix[2])
        for (promoters, _, detractors), probability in outcomes(size, mix):
            one = scores.estimate_interval(scores.adjusted_nps(promoters, detractors, size)).clip(-100, 100)
            if one.low <= truth <= one.high:
                coverages[mix] += probability
    assert min(coverages.values()) >= 0.90, coverages


def star_outcomes(size: int, mix: Sequence[float]) -> Iterator[Outcome]:
    """Every result of a small sample with its probability, or as many random ones of a large sample as DRAWS."""
    if size > 10:
        chance = random.Random(size)  # noqa: S311
        for _ in range(DRAWS):
            answers = chance.choices(range(5), mix, k=size)
            yield Outcome([answers.count(index) for index in range(5)], 1 / DRAWS)
        return
    for scores_given in combinations_with_replacement(range(5), size):
        counts = [scores_given.count(index) for index in range(5)]
        ways = math.factorial(size) / math.prod(map(math.factorial, counts))
        yield Outcome(counts, ways * math.prod(p**n for p, n in zip(mix, counts, strict=True)))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("mix", STAR_MIXES)
def test_mean_intervals_cover_the_true_mean(mix: Sequence[float], size: int) -> None:
    truth = sum(score * probability for score, probability in enumerate(mix, 1))
    covered = 0.0
    for counts, probability in star_outcomes(size, mix):
        one = interval(CES, counts)
        assert one is not None
        covered += probability * (one.low <= truth <= one.high)
    assert covered >= 0.93


COUNTS = {
    measure: st.lists(st.integers(0, 50), min_size=size, max_size=size)
    for measure, size in {NPS: 11, CSAT: 5, CES: 5}.items()
}
CASES = st.sampled_from(list(COUNTS)).flatmap(lambda measure: st.tuples(st.just(measure), COUNTS[measure]))


@given(CASES)
def test_an_interval_contains_its_score_and_stays_in_the_range(case: tuple[Measure, list[int]]) -> None:
    measure, counts = case
    found, value = interval(measure, counts), exact_score(measure, counts)
    if not any(counts):
        assert found is value is None
        return
    assert found is not None
    assert value is not None
    assert measure.range.low <= found.low - 1e-9 <= value <= found.high + 1e-9 or found.low == measure.range.low
    assert found.low - 1e-9 <= value <= found.high + 1e-9
    assert found.high <= measure.range.high
    assert found.low < found.high


@given(CASES, st.integers(2, 9))
def test_more_answers_of_the_same_kind_narrow_an_interval(case: tuple[Measure, list[int]], times: int) -> None:
    measure, counts = case
    few, many = interval(measure, counts), interval(measure, [times * count for count in counts])
    assert (few is None) == (many is None)
    if few and many:
        assert many.high - many.low < few.high - few.low


@pytest.mark.parametrize(
    ("share", "low", "high"),
    # From the article of Newcombe (1998), table I, method 3: the score interval without continuity correction.
    [(Share(81, 263), 0.2553, 0.3662), (Share(15, 148), 0.0624, 0.1605), (Share(0, 20), 0.0, 0.1611),
     (Share(1, 29), 0.0061, 0.1718)],
)  # fmt: skip
def test_wilson_equals_published_examples(share: Share, low: float, high: float) -> None:
    found = scores.wilson(share)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


@pytest.mark.parametrize(
    ("later", "earlier", "low", "high"),
    # From the second article of Newcombe (1998), table II, method 10.
    [(Share(56, 70), Share(48, 80), 0.0524, 0.3339), (Share(9, 10), Share(3, 10), 0.1705, 0.8090),
     (Share(10, 10), Share(0, 20), 0.6791, 1.0), (Share(5, 56), Share(0, 29), -0.0381, 0.1926)],
)  # fmt: skip
def test_newcombe_equals_published_examples(later: Share, earlier: Share, low: float, high: float) -> None:
    found = scores.newcombe(earlier, later)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


def test_equal_answers_have_an_interval_with_a_width() -> None:
    found = interval(CES, [0, 0, 0, 0, 5])
    assert found is not None
    assert found.high == 5
    assert 3 < found.low < 5


@given(st.lists(st.integers(0, 20), min_size=5, max_size=5), st.fractions(0, 1))
def test_a_quantile_is_that_of_the_sorted_list(counts: list[int], share: Fraction) -> None:
    answers = [score for score, count in enumerate(counts, 1) for _ in range(count)]
    oracle = next((one for rank, one in enumerate(answers, 1) if Fraction(rank, len(answers)) >= share), None)
    assert scores.quantile(counts, 1, share) == oracle


def test_a_distribution_lists_every_score() -> None:
    assert [(one.score, one.count) for one in scores.distribution([2, 0, 1], 0, 4)] == [
        (0, 2), (1, 0), (2, 1), (3, 0), (4, 0),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("opened", "completed", "rate"), [(0, 0, None), (8, 2, 25), (2, 8, 100), (0, 3, 100), (3, 1, Fraction(100, 3))]
)
def test_a_response_rate_is_at_most_all(opened: int, completed: int, rate: Fraction | None) -> None:
    assert scores.response_rate(opened, completed) == rate
