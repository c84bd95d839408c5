"""The page of ratings over HTTP: filters, the open rating, marks, notes and tags, and the numbers that lead there."""

import re
from datetime import date, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from tests.support.clients import expect_ok
from tests.support.dashboards import FEEDBACK, SERIES, Ratings, feedback_rows
from tests.support.forms import form_data, forms_of
from tests.support.inbox import AGENT, Browser, InboxSite
from tests.support.invariants import Owner
from tests.support.overview import ratings_of

from voxpop.metrics.models import Series, SeriesKind
from voxpop.types import utcnow
from voxpop.workspaces import service as workspaces
from voxpop.workspaces.models import WorkspaceChange

TODAY = utcnow().date()


async def shown(browser: Browser, path: str = "/feedback") -> list[str]:
    """The comments of the rows, or `-` without one, in order."""
    page = await browser.get(path)
    assert page.status_code == 200, page.text
    cells = re.findall(r'<td class="subject"><div><a [^>]*><bdi>(.*?)</bdi>', page.text)
    return ["-" if "No comment" in cell else re.sub("<[^>]+>", "", cell) for cell in cells]


async def ids(browser: Browser, **query: Any) -> list[str]:
    return [row["id"] for row in await feedback_rows(browser, **query)]  # type: ignore[arg-type]


async def test_ratings_of_all_origins_lead_to_what_they_are_about(site: InboxSite, given: Ratings) -> None:
    ticket = await site.rated(2, "Never again", "Lost parcel", tags=("delivery",))
    campaign = await given.campaign("After an order")
    await given.campaigns.answer(campaign.id, 9)  # type: ignore[arg-type]
    page = (await site.agent.get("/feedback")).text
    assert f'<a href="/inbox/{ticket.ref}"' in page
    assert f'<a href="/campaigns/{campaign.id}" title="After an order"' in page
    assert "Never again" in page
    assert "2 ratings" in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["fast", "so slow", "-"]),
        ("text=SLOW", ["so slow"]),
        ("text=nothing", []),
        ("score_min=3", ["fast", "-"]),
        ("score_max=2", ["so slow"]),
        ("score_min=2&score_max=2&has_comment=true", ["so slow"]),
        ("has_comment=false", ["-"]),
        ("survey_type=CSAT", ["so slow"]),
        ("origin=ticket", []),
        ("source=voluntary", []),
        ("read=false&handled=false", ["fast", "so slow", "-"]),
        ("read=true", []),
        ("tag=unknown", []),
        ("agent=noone@example.com", []),
        (f"from={TODAY}", ["fast"]),
        (f"from={TODAY - timedelta(days=2)}&to={TODAY - timedelta(days=1)}", ["so slow"]),
        ("series=tag:0192f1c0-0000-7000-8000-000000000000", []),
        ("unknown=1&after=x", ["fast", "so slow", "-"]),
    ],
)
async def test_filters_narrow_the_list(site: InboxSite, given: Ratings, query: str, found: list[str]) -> None:
    await given.give(TODAY - timedelta(days=5), [10])
    await given.give(TODAY - timedelta(days=1), [2], survey_type="CSAT", comment="so slow")
    await given.give(TODAY, [9], comment="fast")
    await ratings_of(site, "acme").give(TODAY, [1], comment="theirs")
    page = (await site.agent.get(f"/feedback?{query}")).text
    assert await shown(site.agent, f"/feedback?{query}") == found
    assert f"{len(found)} rating" in page
    exported = re.search(r'href="(/api/v1/feedback\.csv\?[^"]*)"', page)
    assert exported
    lines = (await site.agent.get(exported[1].replace("&amp;", "&"))).text.splitlines()
    assert len(lines) == len(found) + 1


@pytest.mark.parametrize(
    ("query", "refused"),
    [
        ("score_min=x", "score_min"), ("score_min=101", "score_min"), ("score_min=4&score_max=3", "score_min"),
        ("survey_type=XXX", "survey_type"), ("from=2026-02-30", "from"), (f"from={TODAY}&to=2026-03-01", "from"),
        ("read=maybe&origin=mail", "read, origin"), ("series=tag:1", "series"), ("series=x", "series"),
        ("origin_id=1", "origin_id"), ("text=" + "x" * 201, "text"), ("agent=" + "x" * 300, "agent"),
    ],
)  # fmt: skip
async def test_filters_that_cannot_be_read_are_left_out_and_named(
    site: InboxSite, given: Ratings, query: str, refused: str
) -> None:
    await given.give(date(2026, 2, 1), [3], comment="fast")
    page = await site.agent.get(f"/feedback?{query}")
    assert page.status_code == 200
    named = re.search(r'left out:</?[^<]*<b dir="auto">([^<]*)</b>|left out: <b dir="auto">([^<]*)</b>', page.text)
    assert named
    assert set((named[1] or named[2]).split(", ")) == set(refused.split(", "))
    assert "fast" in page.text


@pytest.mark.parametrize("query", ["from=0001-01-01&to=9999-12-31", "to=0001-01-01", "from=9999-12-31"])
async def test_days_at_the_ends_of_the_calendar(site: InboxSite, given: Ratings, query: str) -> None:
    await given.give(TODAY, [3], comment="fast")
    found = ["fast"] if "&" in query else []
    assert await shown(site.agent, f"/feedback?{query}") == found
    assert len(expect_ok(await site.agent.get(f"{FEEDBACK}?{query}"))["data"]) == len(found)
    assert f"{len(found)} rating" in (await site.agent.get(f"/feedback?{query}")).text


async def test_a_form_without_script_gets_a_short_address(site: InboxSite) -> None:
    answer = await site.agent.get("/feedback?text=a+b&survey_type=&from=&after=x")
    assert (answer.status_code, answer.headers["location"]) == (303, "/feedback?text=a+b&after=x")


@pytest.mark.parametrize(
    "query", ["tag=unknown", "agent=0192f1c0-0000-7000-8000-000000000000", "score_max=4&from=2026-01-01&read=true"]
)
async def test_the_form_of_filters_keeps_every_filter(site: InboxSite, query: str) -> None:
    form = next(form for form in forms_of((await site.agent.get(f"/feedback?{query}")).text) if form.method == "get")
    assert {(name, values[0]) for name, values in parse_qs(query).items()} <= set(form.values)


async def test_pages_continue_and_go_back(site: InboxSite, given: Ratings) -> None:
    for number in range(53):
        await given.give(TODAY - timedelta(days=number), [5], comment=f"n{number}")
    first = (await site.agent.get("/feedback")).text
    following = re.search(r'href="([^"]*)" rel="next"', first)
    assert following
    assert "1–50 of 53" in first
    second = (await site.agent.get(following[1].replace("&amp;", "&"))).text
    assert "51–53 of 53" in second
    assert re.search(r'href="/feedback" rel="prev"', second)


async def test_a_search_marks_its_words_in_the_comment(site: InboxSite, given: Ratings) -> None:
    long = "many words " * 30
    await given.give(TODAY, [5], comment=f"{long} it exports <b>slowly</b> today {long}")
    page = (await site.agent.get("/feedback?text=export+slow")).text
    row = page[page.index('<td class="subject">') :]
    assert re.findall("<mark>([^<]*)</mark>", row) == ["exports", "slowly"]
    assert "&lt;b&gt;" in row
    assert "…" in row.partition("</td>")[0]


async def test_the_open_rating_shows_all_about_it(site: InboxSite, given: Ratings) -> None:
    await site.rated(2, "Never\n\nagain", "Lost parcel", tags=("delivery",), assignee_id=await site.account(AGENT))
    (rating,) = await ids(site.agent)
    page = (await site.agent.get(f"/feedback?score_max=2&open={rating}")).text
    panel = page[page.index("<aside") :]
    for text in ("Never\n\nagain", "Lost parcel", "Ann@Example.com", "Agent", "delivery", "series=agent:"):
        assert text in panel
    assert f'action="/feedback/{rating}/notes?score_max=2&amp;open={rating}"' in panel
    for wrong in (str(uuid4()), "x"):
        answer = await site.agent.get(f"/feedback?open={wrong}")
        assert answer.status_code == 404
        assert "There is no rating" in answer.text
    other = await site.owner("acme", "other@example.com")
    assert (await other.get(f"/feedback?open={rating}")).status_code == 404


async def marks(owner: Owner) -> list[tuple[bool, bool]]:
    rows = await owner.fetch("SELECT read_at IS NOT NULL, handled_at IS NOT NULL FROM feedback ORDER BY score")
    return [tuple(row) for row in rows]


async def test_marks_are_set_for_several_ratings_and_undone(site: InboxSite, given: Ratings, owner: Owner) -> None:
    await given.give(TODAY, [1, 2, 3])
    third, second, first = await ids(site.agent)
    ordered = [row["id"] for row in sorted(await feedback_rows(site.agent), key=lambda row: row["score"])]  # type: ignore[arg-type]
    assert set(ordered) == {first, second, third}
    path = "/feedback/marks?score_max=3"
    await site.agent.submit(path, do="read", feedback=ordered[:1])
    answer = await site.agent.submit(path, do="read", feedback=ordered[:2])
    location = answer.headers["location"]
    assert location == f"/feedback?score_max=3&done=marked&undo=unread.{ordered[1]}"  # the first was read before
    assert await marks(owner) == [(True, False), (True, False), (False, False)]
    page = (await site.agent.get(location)).text
    assert "1 rating marked as read." in page
    undo = next(form for form in forms_of(page) if ("undo", "yes") in form.values)
    answer = await site.agent.post(undo.action, data=form_data(undo) | {"do": "unread"})
    assert answer.headers["location"] == "/feedback?score_max=3&done=undone"
    assert await marks(owner) == [(True, False), (False, False), (False, False)]
    await site.agent.submit(path, do="handled", feedback=ordered)
    again = await site.agent.submit(path, do="handled", feedback=ordered)
    assert again.headers["location"] == "/feedback?score_max=3&done=marked"
    assert "Nothing to change." in (await site.agent.get(again.headers["location"])).text
    assert await marks(owner) == [(True, True), (False, True), (False, True)]
    assert await owner.fetchval("SELECT DISTINCT handled_by FROM feedback") == f"member:{AGENT}"


async def test_marks_that_cannot_be_set_change_nothing(site: InboxSite, given: Ratings, owner: Owner) -> None:
    await given.give(TODAY, [1])
    (rating,) = await ids(site.agent)
    nothing = await site.agent.submit("/feedback/marks?score_max=3", do="read")
    assert nothing.status_code == 400
    assert "Select at least one rating." in nothing.text
    assert 'value="3"' in nothing.text
    for fields, status in (
        ({"do": "read", "feedback": [rating, str(uuid4())]}, 404),
        ({"do": "delete", "feedback": [rating]}, 400),
        ({"do": "read", "feedback": ["x"]}, 400),
        ({"do": "read", "feedback": [rating] * 51}, 400),
        ({"feedback": [rating]}, 400),
    ):
        assert (await site.agent.submit("/feedback/marks", **fields)).status_code == status, fields  # type: ignore[arg-type]
    other = await site.owner("acme", "other@example.com")
    assert (await other.submit("/feedback/marks", do="read", feedback=[rating])).status_code == 404
    cross = await site.agent.post(
        "/feedback/marks", data={"do": "read", "feedback": rating}, headers={"sec-fetch-site": "cross-site"}
    )
    assert cross.status_code == 403
    visitor = await site.browser().submit("/feedback/marks", do="read", feedback=[rating])
    assert visitor.headers["location"].startswith("/login")
    assert await marks(owner) == [(False, False)]


async def test_notes_are_saved_shown_and_removed(site: InboxSite, given: Ratings, owner: Owner) -> None:
    await given.give(TODAY, [1])
    (rating,) = await ids(site.agent)
    path = f"/feedback/{rating}/notes?score_max=3"
    answer = await site.agent.submit(path, notes="\r\nCalled\r\nback \r\n")
    assert answer.headers["location"] == f"/feedback?score_max=3&open={rating}&done=notes"
    page = (await site.agent.get(answer.headers["location"])).text
    assert ">Called\nback</textarea>" in page
    assert "Notes saved." in page
    first = await owner.fetchrow("SELECT notes, notes_updated_by, notes_updated_at, last_update_time FROM feedback")
    await site.owner_browser.submit(path, notes="Called\r\nback")  # a second click, and another member
    assert (
        await owner.fetchrow("SELECT notes, notes_updated_by, notes_updated_at, last_update_time FROM feedback")
        == first
    )
    await site.agent.submit(path, notes=" ")
    assert await owner.fetchval("SELECT notes FROM feedback") is None
    long = await site.agent.submit(path, notes="x" * 10_001)
    assert long.status_code == 400
    assert "Use at most 10,000 characters." in long.text
    assert "x" * 10_001 in long.text
    assert (await site.agent.submit("/feedback/1/notes", notes="x")).status_code == 400
    assert (await site.agent.submit(f"/feedback/{uuid4()}/notes", notes="x")).status_code == 404


async def test_tags_are_saved_and_explained(site: InboxSite, owner: Owner) -> None:
    await site.rated(2, tags=("delivery",))
    (rating,) = await ids(site.agent)
    path = f"/feedback/{rating}/tags"
    answer = await site.agent.submit(path, tags="DELIVERY, VIP , ,vip")
    assert answer.headers["location"] == f"/feedback?open={rating}&done=tags"
    assert (await feedback_rows(site.agent))[0]["tags"] == ["delivery", "VIP"]  # type: ignore[arg-type]
    changed = await owner.fetchval("SELECT last_update_time FROM feedback")
    await site.agent.submit(path, tags="vip, delivery")
    assert await owner.fetchval("SELECT last_update_time FROM feedback") == changed
    long = await site.agent.submit(path, tags="x" * 201)
    assert long.status_code == 400
    assert "Use at most 50 tags of at most 200 characters." in long.text
    await site.agent.submit(path, tags="")
    assert (await feedback_rows(site.agent))[0]["tags"] == []  # type: ignore[arg-type]


async def test_an_unchanged_form_changes_nothing(site: InboxSite, owner: Owner) -> None:
    await site.rated(2, tags=("VIP  Gold", "Straße"))
    (rating,) = await ids(site.agent)
    before = await owner.fetch("SELECT f::text FROM feedback f")
    page = (await site.agent.get(f"/feedback?open={rating}")).text
    editors = [form for form in forms_of(page) if form.is_editor]
    assert [form.action for form in editors] == [f"/feedback/{rating}/tags?open={rating}"]
    assert (await site.agent.post(editors[0].action, data=form_data(editors[0]))).status_code == 303
    assert await owner.fetch("SELECT f::text FROM feedback f") == before


async def test_numbers_of_dashboards_lead_to_as_many_ratings(
    site: InboxSite, given: Ratings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voxpop.dashboards.feedback_list.COUNT_LIMIT", 2)
    tag = await given.tag("billing")
    for ago in (0, 3, 9, 40, 100):
        day = TODAY - timedelta(days=ago)
        await given.give(day, [0, 3, 9], tag)
        await given.give(day, [1, 5], tag, survey_type="CSAT")
    first = TODAY - timedelta(days=89)
    for row in expect_ok(await site.agent.get(SERIES))["data"]:
        query = f"series={row['kind']}:{row['id']}&survey_type={row['survey_type']}&from={first}&to={TODAY}"
        assert f">{row['responses']} ratings<" in (await site.agent.get(f"/feedback?{query}")).text
        series = f"{SERIES}/{row['kind']}/{row['id']}"
        detail = expect_ok(await site.agent.get(series, params={"survey_type": row["survey_type"]}))
        for each in detail["total"]["distribution"]:
            bounds = f"{query}&score_min={each['score']}&score_max={each['score']}"
            page = (await site.agent.get(f"/feedback?{bounds}")).text
            assert re.search(rf">{each['count']} ratings?<", page), bounds
    assert ">25 ratings<" in (await site.agent.get("/feedback")).text
    assert "more than 2 ratings" in (await site.agent.get("/feedback?read=false")).text


async def test_agents_find_no_ratings_by_other_agents(site: InboxSite, given: Ratings) -> None:
    mine, other = await site.account(AGENT), uuid4()
    for agent in (mine, other):
        await given.give(TODAY, [5], Series(SeriesKind.AGENT, agent), survey_type="CSAT", comment=str(agent))
    for browser, visible in ((site.agent, [mine]), (site.owner_browser, [mine, other])):
        for agent in (mine, other):
            found = [str(agent)] if agent in visible else []
            for query in (f"series=agent:{agent}", f"agent={agent}"):
                assert await shown(browser, f"/feedback?{query}") == found
                assert len(expect_ok(await browser.get(f"{FEEDBACK}?{query}"))["data"]) == len(found)
    async with site.database.transaction(site.workspace_id()) as tx:
        change = WorkspaceChange(agents_see_all=True)
        await workspaces.change_workspace(tx, site.workspace_id(), change, utcnow(), "test")
    assert await shown(site.agent, f"/feedback?series=agent:{other}") == [str(other)]


async def test_an_empty_list_names_the_next_step(site: InboxSite) -> None:
    assert "Collect your first rating" in (await site.agent.get("/feedback")).text
    assert "Show all ratings" in (await site.agent.get("/feedback?score_max=2")).text


async def test_the_page_is_translated(site: InboxSite, given: Ratings) -> None:
    await given.give(date(2026, 1, 5), [5])
    (rating,) = await ids(site.agent)
    page = (await site.agent.get(f"/feedback?open={rating}", headers={"accept-language": "ru"})).text
    for words in ("Отзывы", "1 оценка", "Внутренние заметки", "Отметить обработанной"):
        assert words in page


def test_addresses_are_read_as_they_are_written() -> None:
    from voxpop.dashboards.feedback_page_models import FeedbackView, Undo

    for view in (
        FeedbackView({}),
        FeedbackView({"text": "a b&c"}, ("x", "y"), "1"),
        FeedbackView({"from": "2026-01-01"}),
    ):
        assert FeedbackView.read(parse_qs(urlsplit(view.address).query)) == view
    assert Undo.parse("read.1.2") == Undo("read", ["1", "2"])
    for wrong in ("", "read", "x.1", ".1"):
        assert Undo.parse(wrong) is None
