"""The list of ratings of all origins: its filters, its pages, its search, its exports."""

import csv
import io
import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.support.clients import expect_ok, invalid_fields
from tests.support.dashboards import FEEDBACK, TODAY, Ratings, feedback_rows
from tests.support.factories import Factory
from tests.support.features import Feature
from tests.support.invariants import Owner
from tests.support.metrics import noon
from tests.support.tickets import TicketFactory, member

import voxpop.db.migrate
from voxpop.feedback import search_index
from voxpop.metrics.models import Series
from voxpop.types import Origin
from voxpop.worker.jobs import rebuild_search

MIGRATION = (Path(voxpop.db.migrate.__file__).parent / "migrations/0022_feedback_lists.sql").read_text()

FIELDS = [
    "id", "origin", "origin_id", "survey_id", "survey_type", "score", "comment", "source", "user_email", "guid", "day",
    "created_at", "tags", "notes", "read", "handled",
]  # fmt: skip


async def scores(ours: Ratings, **query: Any) -> list[int]:
    return [row["score"] for row in await feedback_rows(ours.client, **query)]


async def test_ratings_of_all_origins_are_in_one_list(ours: Ratings, theirs: Ratings, make: Factory) -> None:
    feature = await Feature.open(ours.client)
    rating = await feature.rate(7, "voluntary", "bob@example.com", comment="Slow")
    ticket = await TicketFactory(make, ours.client.workspace).rated(2, tags=("billing", "Export"))
    campaign = await ours.campaign("After an order")
    await ours.campaigns.answer(campaign.id, 9, at=noon(10))  # type: ignore[arg-type]
    await theirs.give(TODAY, [1])
    rows = {row["origin"]: row for row in await feedback_rows(ours.client)}
    assert list(rows["feature"]) == FIELDS
    first = rows["feature"]
    assert [first[name] for name in ("id", "score", "comment", "source", "survey_type", "user_email")] == [
        rating["id"], 7, "Slow", "voluntary", "CSAT10", "bob@example.com",
    ]  # fmt: skip
    assert (rows["ticket"]["origin_id"], rows["ticket"]["tags"]) == (str(ticket.id), ["billing", "Export"])
    assert (rows["campaign"]["day"], rows["campaign"]["created_at"]) == ("2026-03-10", "2026-03-10T12:00:00.000Z")
    assert [rows["campaign"][name] for name in ("notes", "read", "handled", "tags")] == [None, False, False, []]


async def test_pages_are_newest_first_and_lose_nothing(ours: Ratings) -> None:  # C56
    for ago in range(5):
        await ours.give(TODAY - timedelta(days=ago), [ago, ago, ago])
    rows = await feedback_rows(ours.client)
    assert [row["score"] for row in rows] == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4]
    for limit in (1, 2, 3, 100):
        assert await feedback_rows(ours.client, limit=limit) == rows
    for cursor in ("x", "", "%"):
        assert expect_ok(await ours.client.get(FEEDBACK, params={"cursor": cursor}))["data"] == rows


async def test_conditions_are_combined(ours: Ratings) -> None:
    first, second = await ours.campaign("A"), await ours.campaign("B")
    await ours.campaigns.answer(first.id, 2, 5, 9, at=noon(10))  # type: ignore[arg-type]
    await ours.campaigns.answer(second.id, 3, at=noon(12))  # type: ignore[arg-type]
    await ours.give(TODAY, [4], survey_type="CSAT")
    await ours.give(TODAY, [1], comment="Too slow")
    assert sorted(await scores(ours, origin="campaign", origin_id=str(first.id))) == [2, 5, 9]
    assert await scores(ours, origin_id=str(second.id)) == [3]
    assert await scores(ours, origin="ticket") == []
    assert await scores(ours, survey_type="CSAT") == [4]
    assert await scores(ours, score_min=3, score_max=5, survey_type="NPS") == [3, 5]
    assert await scores(ours, score_max=2) == [1, 2]
    assert await scores(ours, source="voluntary") == []
    assert await scores(ours, has_comment="false") == [4]
    assert len(await scores(ours, has_comment="true")) == 5
    assert await scores(ours, **{"from": "2026-03-11", "to": "2026-03-31"}) == [3]
    assert await scores(ours, **{"from": "2026-03-12"}, survey_type="NPS") == [1, 3]
    assert sorted(await scores(ours, to="2026-03-10", score_min=5)) == [5, 9]
    for unknown in (
        {"origin_id": str(uuid4())},
        {"series": f"tag:{uuid4()}"},
        {"agent": "x@example.com"},
        {"agent": str(uuid4())},
        {"tag": "nothing"},
        {"series": f"workspace:{uuid4()}"},
    ):
        assert await scores(ours, **unknown) == []


async def test_every_filter_lists_what_a_scan_would(ours: Ratings) -> None:
    """Filters read different indexes; many ratings have the same time."""
    tag = await ours.tag("billing")
    for ago, type_code in ((0, "NPS"), (0, "CSAT"), (1, "CSAT10"), (2, "NPS")):
        for comment in (None, "Slow"):
            await ours.give(TODAY - timedelta(days=ago), [1, 3, 5, 5, 2], tag, survey_type=type_code, comment=comment)
    await ours.give(TODAY, [0, 10], survey_type="NPS")
    every = await feedback_rows(ours.client)
    conditions: dict[str, Any] = {
        "survey_type": ("NPS", "CSAT", "CES"), "score_min": (2, 5, 100), "score_max": (0, 1, 5),
        "has_comment": ("true", "false"), "series": (f"tag:{tag.id}",), "from": (str(TODAY - timedelta(days=1)),),
    }  # fmt: skip
    names = list(conditions)
    pairs = [(one, other) for one in names for other in names if one < other]
    for one, other in pairs:
        for query in ({one: first, other: second} for first in conditions[one] for second in conditions[other]):
            if query.get("score_min", -1) > query.get("score_max", 101):
                continue
            listed = await feedback_rows(ours.client, limit=7, **query)
            assert listed == [row for row in every if matches(row, query)], query


def matches(row: dict[str, Any], query: dict[str, Any]) -> bool:
    """Whether a scan of all ratings would find the row. Those of the tag have a score from 1 to 5."""
    return (
        query.get("survey_type", row["survey_type"]) == row["survey_type"]
        and query.get("score_min", -1) <= row["score"] <= query.get("score_max", 101)
        and query.get("has_comment") in (None, str(row["comment"] is not None).lower())
        and ("series" not in query or row["score"] in (1, 2, 3, 5))
        and query.get("from", "") <= row["day"]
    )


async def test_days_are_those_that_ratings_counted_for(ours: Ratings) -> None:
    """A change of the time zone affects later days only."""
    expect_ok(await ours.client.patch("/api/v1/workspace", json={"time_zone": "Pacific/Kiritimati"}))
    await ours.give(date(2026, 3, 10), [5])
    expect_ok(await ours.client.patch("/api/v1/workspace", json={"time_zone": "Pacific/Pago_Pago"}))
    await ours.give(date(2026, 3, 10), [6])
    assert await scores(ours, **{"from": "2026-03-11", "to": "2026-03-11"}) == [5]
    assert await scores(ours, **{"from": "2026-03-10", "to": "2026-03-10"}) == [6]


async def every_series(ours: Ratings, owner: Owner) -> list[tuple[Series, list[str]]]:
    """Each series with the ids of the ratings that are stored with it."""
    found = await owner.fetch(
        """SELECT s.kind, s.id, array_agg(f.id::text) AS ids
           FROM feedback f, unnest(series_kinds, series_ids) s (kind, id) WHERE workspace_id = $1 GROUP BY 1, 2""",
        ours.client.workspace,
    )
    return [(Series(row["kind"], row["id"]), sorted(row["ids"])) for row in found]


async def test_a_series_leads_to_exactly_the_ratings_behind_it(ours: Ratings, make: Factory, owner: Owner) -> None:
    feature, other = await Feature.open(ours.client), await Feature.open(ours.client, key="export")
    for number, (one, source) in enumerate([(feature, "prompted"), (feature, "voluntary"), (other, "voluntary")]):
        await one.use(3, f"user{number}@example.com")
        await one.rate(7, source, f"user{number}@example.com")
    tickets = TicketFactory(make, ours.client.workspace)
    agent = await member(owner, ours.client.workspace, "ines")
    await tickets.rated(2, tags=("billing", "export"), assignee_id=agent)
    await tickets.rated(5, tags=("export",))
    await ours.campaigns.answer((await ours.campaign("A")).id, 9, 3, at=noon(10))  # type: ignore[arg-type]
    all_series = await every_series(ours, owner)
    assert len({series.kind for series, _ in all_series}) == 9
    for series, ids in all_series:
        rows = await feedback_rows(ours.client, series=f"{series.kind}:{series.id}")
        assert sorted(row["id"] for row in rows) == ids, series
    by_kind = {series.kind: (series, ids) for series, ids in all_series}
    for email in ("ines@example.com", "INES@example.com", str(agent)):
        assert sorted(row["id"] for row in await feedback_rows(ours.client, agent=email)) == by_kind["agent"][1]  # type: ignore[index]
    assert await scores(ours, tag="EXPORT") == [5, 2]
    assert await scores(ours, tag="export", agent="ines@example.com") == [2]
    assert await scores(ours, tag="export", score_min=3, origin="ticket") == [5]
    assert await scores(ours, series=f"feature:{uuid4()}", origin="feature") == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"origin": "mail"}, "origin"), ({"origin_id": "1"}, "origin_id"), ({"survey_type": "XXX"}, "survey_type"),
        ({"score_min": "x"}, "score_min"), ({"score_min": 4, "score_max": 3}, "score_min"), ({"source": "x"}, "source"),
        ({"has_comment": "yes"}, "has_comment"), ({"from": "x"}, "from"), ({"to": "2026-02-30"}, "to"),
        ({"from": "2026-03-02", "to": "2026-03-01"}, "from"), ({"read": "maybe"}, "read"),
        ({"handled": "2"}, "handled"),
        ({"series": "tag"}, "series"), ({"series": "ticket:" + str(UUID(int=1))}, "series"),
        ({"series": "tag:1"}, "series"),
        ({"limit": 0}, "limit"), ({"limit": 101}, "limit"), ({"unknown": "x"}, "unknown"), ({"tag": ["a", "b"]}, "tag"),
        ({"text": "x" * 201}, "text"),
    ],
)  # fmt: skip
async def test_a_wrong_parameter_is_named(ours: Ratings, query: dict[str, Any], field: str) -> None:  # G2
    assert invalid_fields(await ours.client.get(FEEDBACK, params=query)) == [field]


async def test_comments_are_searched_by_words(ours: Ratings, theirs: Ratings) -> None:
    texts = {
        1: "The export stops halfway", 2: "Exports are slow", 3: "Ёлка! Доставка опоздала", 4: "Café is great",
        5: "null and void", 6: "stop", 7: "it's 100% fine",
    }  # fmt: skip
    for score, text in texts.items():
        await ours.give(TODAY - timedelta(days=50 * score), [score], comment=text)
        await theirs.give(TODAY, [10], comment=text)
    cases = {
        "export": [1, 2], "EXPORT stop": [1], "stops": [1, 6], "елка": [3], "доставки": [3], "cafe": [4], "null": [5],
        "exp": [1, 2], "100": [7], "missing": [], "halfway export": [1], "!?": [], "'": [], "stop & export": [1],
    }  # fmt: skip
    for text, found in cases.items():
        assert await scores(ours, text=text) == found, text
        assert await scores(ours, text=text, limit=1) == found, text
    assert await scores(ours, text="export", score_min=2) == [2]
    assert await scores(ours, text="export", **{"from": str(TODAY - timedelta(days=60))}) == [1]
    assert await scores(ours, text="export", series=f"workspace:{ours.client.workspace}", score_max=1) == [1]


async def test_a_search_of_many_hits_goes_through_all(ours: Ratings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("voxpop.feedback.lists.MAX_HITS", 3)
    for ago in (0, 1, 8, 9, 40, 300):
        await ours.give(TODAY - timedelta(days=ago), [ago % 11] * 4, comment="slow")
    rows = await feedback_rows(ours.client, text="slow")
    assert len(rows) == 24
    assert rows == await feedback_rows(ours.client)
    assert await feedback_rows(ours.client, text="slow", limit=5) == rows
    assert await scores(ours, text="slow", score_max=3, score_min=3) == [3] * 4


async def test_a_job_indexes_comments_that_an_earlier_version_stored(
    ours: Ratings, theirs: Ratings, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_index, "CHUNK_SIZE", 2)
    for ratings in (ours, theirs):
        await ratings.give(TODAY, [1, 2, 3], comment="Café")
        await ratings.give(TODAY, [4], comment="!!!")
    index = "SELECT feedback_id, create_time, words::text FROM feedback_search ORDER BY feedback_id"
    before = await owner.fetch(index)
    await owner.execute("DELETE FROM feedback_search")
    marks = MIGRATION[MIGRATION.index("INSERT INTO feedback_search") :].partition(";")[0]
    await owner.execute(marks)
    await ours.give(TODAY, [5], comment="Cafe")
    assert await scores(ours, text="cafe") == [5]
    runs = 0
    is_unfinished = True
    while is_unfinished:
        async with ours.database.transaction(ours.client.workspace) as tx:
            is_unfinished = await rebuild_search(tx, ours.client.workspace, TODAY)
        runs += 1
    assert runs == 3
    assert sorted(await scores(ours, text="cafe")) == [1, 2, 3, 5]
    assert await scores(theirs, text="cafe") == []
    async with theirs.database.transaction(theirs.client.workspace) as tx:
        rebuilt = await search_index.rebuild_next(tx, theirs.client.workspace)
        assert rebuilt == sorted(rebuilt)
        rest = await search_index.rebuild_next(tx, theirs.client.workspace, rebuilt[-1])
        assert await search_index.rebuild_next(tx, theirs.client.workspace, rest[-1]) == []
    assert sorted(await scores(theirs, text="cafe")) == [1, 2, 3]
    ids = {row["feedback_id"] for row in before}
    assert [row for row in await owner.fetch(index) if row["feedback_id"] in ids] == before


async def test_csv_has_all_rows_and_no_formulas(ours: Ratings, make: Factory) -> None:
    await TicketFactory(make, ours.client.workspace).rated(2, tags=("billing", "a b"))
    await ours.give(TODAY, [3] * 3, comment='=HYPERLINK("x"), "quoted"\nsecond line')
    rows = await feedback_rows(ours.client)
    answer = await ours.client.get(f"{FEEDBACK}.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    lines = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert list(lines[0]) == FIELDS
    assert [line["id"] for line in lines] == [row["id"] for row in rows]
    by_id = {line["id"]: line for line in lines}
    for row in rows:
        line = by_id[row["id"]]
        assert line["comment"] == ("" if row["comment"] is None else "'" + row["comment"])
        assert line["tags"] == ", ".join(row["tags"])
        assert [line[name] for name in ("score", "day", "created_at", "read")] == [
            str(row["score"]), row["day"], row["created_at"], "false",
        ]  # fmt: skip
    raw = await ours.client.get(f"{FEEDBACK}.csv", params={"raw": "true", "bom": "true", "origin": "feature"})
    assert raw.text.startswith("\ufeffid,")
    assert "'=HYPERLINK" not in raw.text
    assert len(list(csv.DictReader(io.StringIO(raw.text, newline="")))) == 3
    empty = await ours.client.get(f"{FEEDBACK}.csv", params={"tag": "unknown"})
    assert empty.text.splitlines() == [",".join(FIELDS)]


async def test_json_lines_have_the_rows_of_the_list(
    ours: Ratings, make: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voxpop.feedback.lists.CHUNK_SIZE", 2)
    await TicketFactory(make, ours.client.workspace).rated(2, tags=("billing", "a b"))
    await ours.give(TODAY, [3] * 3, comment='Ё "quoted"\nsecond line')
    answer = await ours.client.get(f"{FEEDBACK}.jsonl")
    assert answer.headers["content-type"].startswith("application/jsonl")
    assert [json.loads(line) for line in answer.text.splitlines()] == await feedback_rows(ours.client)
    assert (await ours.client.get(f"{FEEDBACK}.jsonl", params={"tag": "unknown"})).text == ""
    found = await ours.client.get(f"{FEEDBACK}.jsonl", params={"text": "quoted"})
    assert len(found.text.splitlines()) == 3


async def test_counts_of_points_equal_the_ratings_behind_them(ours: Ratings) -> None:
    campaign = await ours.campaign("A")
    for day in (3, 3, 9, 16):
        await ours.campaigns.answer(campaign.id, 5, 9, at=noon(day))  # type: ignore[arg-type]
    shown = await ours.show(campaign, **{"from": "2026-03-01", "to": "2026-03-31"})
    for point in shown["points"]:
        first = date.fromisoformat(point["date"])
        query = {"from": max(str(first), "2026-03-01"), "to": min(str(first + timedelta(days=6)), "2026-03-31")}
        rows = await feedback_rows(ours.client, series=f"{Origin.CAMPAIGN}:{campaign.id}", **query)
        assert len(rows) == point["responses"]
