"""Lists of series: scores, changes, contributions, filters, sorts and pages."""

import csv
import io
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any
from uuid import uuid4

import pytest
from tests.support.clients import error_code, expect_ok, invalid_fields
from tests.support.dashboards import SERIES, TODAY, Ratings

from voxpop.metrics.formulas import Formula, Measure, compare, interval
from voxpop.metrics.models import Series, SeriesKind
from voxpop.metrics.scores import half_up

NPS = Measure(Formula.NPS, 0, 10)
NOVEMBER = {"from": "2026-11-01", "to": "2026-11-30"}
OCTOBER_DAY, NOVEMBER_DAY = date(2026, 10, 20), date(2026, 11, 10)


def nps_counts(scores: list[int]) -> list[int]:
    return [scores.count(score) for score in range(11)]


async def test_a_row_has_the_score_its_interval_and_its_change(ours: Ratings, theirs: Ratings) -> None:
    campaign = await ours.campaign("After an order")
    earlier, later = [0, 3, 6, 7, 8, 9] * 4, [10] * 20 + [7] * 5
    await ours.give(OCTOBER_DAY, earlier, campaign)
    await ours.give(NOVEMBER_DAY, later, campaign)
    await theirs.give(NOVEMBER_DAY, [0] * 9, campaign)
    (row,) = await ours.list(kind="campaign", **NOVEMBER)
    found = interval(NPS, nps_counts(later))
    change = compare(NPS, nps_counts(earlier), nps_counts(later), 5)
    assert found is not None
    assert change.interval is not None
    assert change.difference is not None
    assert row == {
        "kind": "campaign",
        "id": str(campaign.id),
        "name": "After an order",
        "survey_type": "NPS",
        "responses": 25,
        "score": 80.0,
        "low": half_up(Fraction(found.low), 2),
        "high": half_up(Fraction(found.high), 2),
        "change": {
            "difference": half_up(change.difference, 2),
            "low": half_up(Fraction(change.interval.low), 2),
            "high": half_up(Fraction(change.interval.high), 2),
            "verdict": "up",
            "is_better": True,
        },
        "contribution": half_up(change.difference, 2),
    }
    (without,) = await ours.list(kind="campaign", compare="none", **NOVEMBER)
    assert (without["score"], without["change"], without["contribution"]) == (80.0, None, None)


async def test_few_answers_have_no_score_but_a_number(ours: Ratings) -> None:
    campaign = await ours.campaign("Quiet")
    await ours.give(OCTOBER_DAY, [9] * 3, campaign)
    await ours.give(NOVEMBER_DAY, [9] * 4, campaign)
    (row,) = await ours.list(kind="campaign", **NOVEMBER)
    assert [row[name] for name in ("responses", "score", "low", "high")] == [4, None, None, None]
    assert row["change"] == {"difference": None, "low": None, "high": None, "verdict": "too_few", "is_better": True}
    assert row["contribution"] == 0.0
    expect_ok(await ours.client.patch("/api/v1/workspace", json={"minimum_answers": 2}))
    (row,) = await ours.list(kind="campaign", **NOVEMBER)
    assert (row["score"], row["change"]["verdict"]) == (100.0, "too_few")


async def test_every_kind_is_listed_with_its_name(ours: Ratings) -> None:
    tag = await ours.tag("billing")
    series = [await ours.campaign("Orders"), tag, Series(SeriesKind.TICKETS, ours.client.workspace)]
    await ours.give(NOVEMBER_DAY, [5], *series)
    assert sorted((row["kind"], row["name"]) for row in await ours.list()) == [
        ("campaign", "Orders"),
        ("tag", "billing"),
        ("tickets", "ours"),
        ("workspace", "ours"),
    ]


async def test_a_row_is_a_series_and_survey_type_with_a_rating_in_either_period(ours: Ratings) -> None:
    gone, new = await ours.campaign("Gone"), await ours.campaign("New")
    old = await ours.campaign("Old")
    await ours.give(date(2026, 5, 1), [9], old)
    await ours.give(OCTOBER_DAY, [9], gone)
    await ours.give(NOVEMBER_DAY, [9], new)
    await ours.give(NOVEMBER_DAY, [5], new, survey_type="CSAT")
    rows = await ours.list(kind="campaign", sort="name", **NOVEMBER)
    assert [(row["name"], row["survey_type"], row["responses"]) for row in rows] == [
        ("Gone", "NPS", 0),
        ("New", "CSAT", 1),
        ("New", "NPS", 1),
    ]
    assert [row["name"] for row in await ours.list(kind="campaign", compare="none", **NOVEMBER)] == ["New", "New"]
    await ours.campaigns.delete(new.id)  # type: ignore[arg-type]
    assert len(await ours.list(kind="campaign", survey_type="NPS", **NOVEMBER)) == 2
    await ours.give(date(2025, 11, 30), [9], old)
    assert [row["name"] for row in await ours.list(kind="campaign", compare="year", **NOVEMBER)] == [
        "New",
        "New",
        "Old",
    ]


@pytest.mark.parametrize("minimum", [1, 5])
async def test_contributions_add_up_to_the_change_of_the_total(ours: Ratings, minimum: int) -> None:
    expect_ok(await ours.client.patch("/api/v1/workspace", json={"minimum_answers": minimum}))
    earlier, later = (
        {"a": [9] * 8 + [3] * 4, "b": [0] * 5, "d": [10] * 3},
        {"a": [9] * 20 + [7] * 3, "b": [2] * 6, "c": [10] * 9},
    )
    for name in "abcd":
        campaign = await ours.campaign(name)
        await ours.give(OCTOBER_DAY, earlier.get(name, []), campaign)
        await ours.give(NOVEMBER_DAY, later.get(name, []), campaign)
    rows = await ours.list(kind="campaign", **NOVEMBER)
    (total,) = await ours.list(kind="workspace", **NOVEMBER)
    assert total["contribution"] is None
    assert sum(row["contribution"] for row in rows) == pytest.approx(total["change"]["difference"], abs=0.021)
    filtered = await ours.list(kind="campaign", name_part="A", **NOVEMBER)
    assert filtered[0]["contribution"] == next(row["contribution"] for row in rows if row["name"] == "a")


async def test_a_change_must_stand_out_among_all_rows(ours: Ratings) -> None:
    """A difference that is clear alone is not clear among twenty rows without a change."""
    weak = await ours.campaign("Weak")
    await ours.give(OCTOBER_DAY, [9] * 15 + [3] * 15, weak)
    await ours.give(NOVEMBER_DAY, [9] * 23 + [3] * 7, weak)
    (alone,) = await ours.list(kind="campaign", **NOVEMBER)
    assert alone["change"]["verdict"] == "up"
    for number in range(20):
        campaign = await ours.campaign(f"Steady {number}")
        await ours.give(OCTOBER_DAY, [9, 3] * 10, campaign)
        await ours.give(NOVEMBER_DAY, [9, 3] * 10, campaign)
    rows = await ours.list(kind="campaign", limit=1, sort="change", **NOVEMBER)
    assert {row["change"]["verdict"] for row in rows} == {"no_clear_change"}
    (named,) = await ours.list(kind="campaign", name_part="weak", **NOVEMBER)
    assert named["change"]["verdict"] == "up"


async def test_names_are_searched_in_any_case_and_literally(ours: Ratings) -> None:  # F19
    for name in ("Заказ ОПЛАЧЕН", "100% off", "100 off", "a_b"):
        await ours.give(NOVEMBER_DAY, [9], await ours.campaign(name))
    for part, names in (("оплаЧен", ["Заказ ОПЛАЧЕН"]), ("0% O", ["100% off"]), ("_", ["a_b"]), ("x", [])):
        assert [row["name"] for row in await ours.list(kind="campaign", name_part=part)] == names


async def fill(ours: Ratings) -> None:
    """Series with equal scores, equal names, and without a score."""
    plan: dict[str, tuple[list[int], list[int]]] = {
        "Ёлка": ([9] * 6, [9] * 6), "елка": ([9] * 6, [9] * 6), "Жук": ([0] * 6, [9] * 6), "same": ([], [3] * 6),
        "Same": ([9] * 9, []), "few": ([9] * 2, [9] * 2), "Zoo": ([7] * 6, [8] * 7), "abc": ([5] * 8, [10] * 8),
    }  # fmt: skip
    for name, (earlier, later) in plan.items():
        campaign = await ours.campaign(name)
        await ours.give(OCTOBER_DAY, earlier, campaign)
        await ours.give(NOVEMBER_DAY, later, campaign)


@pytest.mark.parametrize("sort", ["name", "responses", "score", "change"])
@pytest.mark.parametrize("direction", ["asc", "desc"])
async def test_pages_follow_each_other_in_every_order(ours: Ratings, sort: str, direction: str) -> None:
    await fill(ours)
    query: dict[str, Any] = {"kind": "campaign", "sort": sort, "direction": direction} | NOVEMBER
    rows = await ours.list(**query)
    assert await ours.list(limit=3, **query) == await ours.list(limit=1, **query) == rows
    assert len(rows) == 8

    def value(row: dict[str, Any]) -> Any:
        if sort == "name":
            return row["name"].casefold().replace("ё", "е")
        return row["change"]["difference"] if sort == "change" else row[sort]

    values = [value(row) for row in rows]
    known = [each for each in values if each is not None]
    assert values == sorted(known, reverse=direction == "desc") + [None] * (len(values) - len(known))
    for before, after in pairwise(rows):
        if value(before) == value(after):
            keys = [(row["name"].casefold().replace("ё", "е"), row["name"], row["id"]) for row in (before, after)]
            assert keys == sorted(keys)


async def test_a_cursor_that_does_not_fit_gives_the_first_page(ours: Ratings) -> None:  # C56
    await fill(ours)
    first = expect_ok(await ours.client.get(SERIES, params={"limit": 3}))
    other = expect_ok(await ours.client.get(SERIES, params={"limit": 3, "sort": "name"}))["next_cursor"]
    broken = "WyJyZXNwb25zZXMiLCJkZXNjIiwiMS8wIixbXV0"  # ["responses","desc","1/0",[]]
    for cursor in ("", "x", "%%%", other, broken, "Ж", "A" * 5000):
        assert expect_ok(await ours.client.get(SERIES, params={"limit": 3, "cursor": cursor})) == first


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"kind": "ticket"}, "kind"), ({"kind": ""}, "kind"), ({"sort": "x"}, "sort"),
        ({"direction": "up"}, "direction"),
        ({"compare": "week"}, "compare"), ({"survey_type": "XXX"}, "survey_type"), ({"survey_type": ""}, "survey_type"),
        ({"limit": "0"}, "limit"), ({"limit": "101"}, "limit"), ({"limit": "x"}, "limit"),
        ({"unknown": "1"}, "unknown"),
        ({"from": "2026-11-31"}, "from"), ({"from": "11/01/2026"}, "from"), ({"to": "x"}, "to"), ({"from": ""}, "from"),
        ({"from": "1999-12-31"}, "from"), ({"to": "1999-12-31"}, "to"), ({"grain": "day"}, "grain"),
        ({"from": "2026-11-02", "to": "2026-11-01"}, "from"), ({"from": "2026-12-01"}, "from"),
        ({"kind": ["tag", "agent"]}, "kind"), ({"from": ["2026-11-01", "2026-11-01"]}, "from"),
        ({"name_part": "x" * 201}, "name_part"), ({"date_from": "2026-11-01"}, "date_from"),
    ],
)  # fmt: skip
async def test_a_wrong_parameter_is_named(ours: Ratings, query: dict[str, Any], field: str) -> None:  # G2
    for path in (SERIES, f"{SERIES}.json", f"{SERIES}.csv"):
        assert invalid_fields(await ours.client.get(path, params=query)) == [field]


async def test_the_last_ninety_days_are_the_default(ours: Ratings) -> None:
    campaign = await ours.campaign("Always")
    for ago in (0, 89, 90, 179, 180):
        await ours.give(TODAY - timedelta(days=ago), [9], campaign)
    (row,) = await ours.list(kind="campaign")
    assert row["responses"] == 2
    (same,) = await ours.list(kind="campaign", to="2999-01-01")
    assert same == row
    (until,) = await ours.list(kind="campaign", to=str(TODAY - timedelta(days=1)))
    assert until["responses"] == 2
    (since,) = await ours.list(kind="campaign", **{"from": str(TODAY - timedelta(days=90))})
    assert since["responses"] == 3


async def test_a_list_as_csv_has_a_line_for_each_row(ours: Ratings) -> None:
    await fill(ours)
    await ours.give(NOVEMBER_DAY, [9] * 6, await ours.campaign("=SUM(A1)"))
    rows = await ours.list(sort="name")
    answer = await ours.client.get(f"{SERIES}.csv", params={"sort": "name"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="series.csv"'
    lines = list(csv.DictReader(io.StringIO(answer.text)))
    assert [line["name"].removeprefix("'") for line in lines] == [row["name"] for row in rows]
    assert "'=SUM(A1)" in [line["name"] for line in lines]
    for line, row in zip(lines, rows, strict=True):
        assert line["score"] == ("" if row["score"] is None else str(row["score"]))
        assert line["verdict"] == row["change"]["verdict"]
        assert line["is_better"] == "true"
        assert line["contribution"] == ("" if row["contribution"] is None else str(row["contribution"]))
    semicolons = await ours.client.get(f"{SERIES}.csv", params={"sort": "name", "delimiter": ";", "bom": "true"})
    assert semicolons.text.startswith("\ufeffkind;id;name;")
    assert [each[2] for each in csv.reader(io.StringIO(semicolons.text), delimiter=";")][1:] == [
        line["name"] for line in lines
    ]
    assert ';"\'=SUM(A1)";' in semicolons.text
    assert error_code(await ours.client.get(f"{SERIES}.csv", params={"delimiter": "|"}))[0] == 400
    limited = await ours.client.get(f"{SERIES}.csv", params={"limit": 2})
    assert len(limited.text.splitlines()) == 3
    as_json = expect_ok(await ours.client.get(f"{SERIES}.json", params={"limit": 2}))
    assert as_json == expect_ok(await ours.client.get(SERIES, params={"limit": 2}))


async def test_a_long_scale_is_counted_in_full(ours: Ratings) -> None:
    percent = {
        "code": "PCT", "name": "Percent", "question": "?", "thanks": "!", "scale_min": 0, "scale_max": 100,
        "formula": "mean", "formula_description": "mean", "higher_is_better": False,
    }  # fmt: skip
    expect_ok(await ours.client.post("/api/v1/survey-types", json=percent), 201)
    campaign = Series(SeriesKind.TAG, uuid4())
    await ours.give(NOVEMBER_DAY, [100, 100, 50, 0, 100], campaign, survey_type="PCT")
    (row,) = await ours.list(survey_type="PCT", kind="workspace")
    assert (row["score"], row["responses"], row["change"]["is_better"]) == (70.0, 5, False)
    assert error_code(await ours.client.get(f"{SERIES}/tag/{campaign.id}")) == (404, "NOT_FOUND")
