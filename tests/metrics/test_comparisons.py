"""Comparisons: verdicts, false discoveries in lists, and the contributions of groups to a change."""

import random
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voxpop.metrics import formulas, scores
from voxpop.metrics.formulas import Comparison, Formula, Measure, Verdict, compare, confirm, exact_score
from voxpop.metrics.scores import GroupScore, Share

NPS = Measure(Formula.NPS, 0, 10)
CSAT = Measure(Formula.SHARE, 1, 5, 4, 5)
CES = Measure(Formula.MEAN, 1, 5)
MEASURES = {NPS: 11, CSAT: 5, CES: 5}


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Measure, list[int], list[int]]:
    measure = draw(st.sampled_from(list(MEASURES)))
    counts = st.lists(st.integers(0, 40), min_size=MEASURES[measure], max_size=MEASURES[measure])
    return measure, draw(counts), draw(counts)


@given(pairs(), st.integers(1, 100))
def test_a_verdict_follows_from_the_interval(case: tuple[Measure, list[int], list[int]], minimum: int) -> None:
    measure, earlier, later = case
    found = compare(measure, earlier, later, minimum)
    if min(sum(earlier), sum(later)) < max(5, minimum):
        assert found == Comparison(Verdict.TOO_FEW)
        return
    assert found.interval is not None
    before, after = exact_score(measure, earlier), exact_score(measure, later)
    assert found.difference == after - before  # type: ignore[operator]
    width = measure.range.high - measure.range.low
    assert -width <= found.interval.low < found.interval.high <= width
    expected = Verdict.UP if found.interval.low > 0 else Verdict.DOWN if found.interval.high < 0 else None
    assert found.verdict == (expected or Verdict.NO_CLEAR_CHANGE)
    assert (found.p_value < 0.0500001) == found.verdict.is_clear


@given(pairs())
def test_exchanging_the_periods_turns_a_comparison_around(case: tuple[Measure, list[int], list[int]]) -> None:
    measure, earlier, later = case
    one, other = compare(measure, earlier, later, 5), compare(measure, later, earlier, 5)
    if one.interval and other.interval and one.difference is not None:
        assert one.difference == -(other.difference or 0)
        assert one.interval.low == pytest.approx(-other.interval.high)
        assert one.p_value == pytest.approx(other.p_value)


@pytest.mark.parametrize("measure", MEASURES)
def test_the_p_value_is_the_level_at_which_the_interval_touches_zero(
    measure: Measure, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = MEASURES[measure]
    earlier, later = [9] * (size - 1) + [1], [2] * (size - 1) + [30]
    found = compare(measure, earlier, later, 5)
    assert found.verdict is Verdict.UP
    assert 0 < found.p_value < 0.01
    z = formulas.scores.critical_value(found.p_value, float("inf"))
    if measure is CSAT:
        shares = Share(sum(earlier[3:]), sum(earlier)), Share(sum(later[3:]), sum(later))
        assert scores.newcombe(*shares, z).low == pytest.approx(0, abs=1e-9)
    monkeypatch.setattr(scores, "ALPHA", found.p_value)
    if measure is not CSAT:
        touching = compare(measure, earlier, later, 5).interval
        assert touching is not None
        assert touching.low == pytest.approx(0, abs=1e-4)


@pytest.mark.parametrize("measure", MEASURES)
def test_equal_scores_rarely_differ(measure: Measure) -> None:
    chance = random.Random(7)  # noqa: S311
    size = MEASURES[measure]
    clear = 0
    for _ in range(600):
        one, other = (chance.choices(range(size), k=40) for _ in range(2))
        counts = ([each.count(index) for index in range(size)] for each in (one, other))
        clear += compare(measure, *counts, 5).verdict.is_clear
    assert clear / 600 < 0.08


def benjamini_hochberg(p_values: list[float], q: float) -> list[bool]:
    """The definition: the largest k with p(k) <= k q / m, and all values up to it."""
    ordered = sorted(p_values)
    largest = max((k for k in range(1, len(ordered) + 1) if ordered[k - 1] <= k * q / len(ordered)), default=0)
    return [any(p <= bound for bound in ordered[:largest]) for p in p_values]


@given(st.lists(st.floats(0, 0.2)))
def test_discoveries_are_those_of_the_definition(p_values: list[float]) -> None:
    assert scores.discoveries(p_values, 0.05) == benjamini_hochberg(p_values, 0.05)


def test_a_list_keeps_few_false_changes() -> None:
    """Of 400 series without a change some twenty differ by chance; together hardly any of them stands out."""
    chance = random.Random(11)  # noqa: S311
    compared = []
    for _ in range(400):
        one, other = (chance.choices(range(5), k=60) for _ in range(2))
        compared.append(compare(CES, [one.count(i) for i in range(5)], [other.count(i) for i in range(5)], 5))
    assert sum(each.verdict.is_clear for each in compared) >= 8
    assert sum(each.verdict.is_clear for each in confirm(compared)) <= 1
    changed = compare(CES, [60, 30, 10, 0, 0], [0, 0, 10, 30, 60], 5)
    assert confirm([*compared, changed])[-1] == changed


def test_rows_with_too_few_answers_do_not_count_in_a_list() -> None:
    weak = Comparison(Verdict.UP, Fraction(1), scores.Interval(0.1, 2), 0.04)
    few = Comparison(Verdict.TOO_FEW)
    assert confirm([weak, *[few] * 50]) == [weak, *[few] * 50]
    unclear = Comparison(Verdict.NO_CLEAR_CHANGE, Fraction(1), scores.Interval(-1, 2))
    assert [each.verdict for each in confirm([weak, unclear])] == [Verdict.NO_CLEAR_CHANGE] * 2


@given(
    st.sampled_from(list(MEASURES)).flatmap(
        lambda measure: st.tuples(
            st.just(measure),
            st.lists(
                st.lists(st.integers(0, 9), min_size=2 * MEASURES[measure], max_size=2 * MEASURES[measure]),
                min_size=1,
                max_size=5,
            ),
        )
    )
)
def test_contributions_add_up_to_the_change_exactly(case: tuple[Measure, list[list[int]]]) -> None:
    measure, both = case
    size = MEASURES[measure]

    def group(counts: list[int]) -> GroupScore:
        return GroupScore(sum(counts), exact_score(measure, counts))

    earlier, later = [counts[:size] for counts in both], [counts[size:] for counts in both]
    totals = [group([sum(column) for column in zip(*side, strict=True)]) for side in (earlier, later)]
    parts = [
        scores.contribution(group(before), group(after), *totals) for before, after in zip(earlier, later, strict=True)
    ]
    if totals[0].score is None or totals[1].score is None:
        assert parts == [None] * len(both)
    else:
        assert sum(part for part in parts if part is not None) == totals[1].score - totals[0].score


def test_a_group_contributes_by_its_weight_too() -> None:
    """A group of low scores that grows pulls the total down, although its own score stays."""
    low, high = GroupScore(10, Fraction(2)), GroupScore(10, Fraction(4))
    grown = GroupScore(30, Fraction(2))
    totals = GroupScore(20, Fraction(3)), GroupScore(40, Fraction(5, 2))
    assert scores.contribution(low, grown, *totals) == Fraction(-3, 16)
    assert scores.contribution(high, high, *totals) == Fraction(-5, 16)
