"""Low ratings: which scores are low, their shares with changes, and the page over HTTP."""

import csv
import io
import re
from collections.abc import Sequence
from datetime import timedelta
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from tests.support.dashboards import Ratings, feedback_rows
from tests.support.forms import form_data, forms_of
from tests.support.inbox import AGENT, Browser, InboxSite
from tests.support.invariants import Owner

from voxpop.dashboards.low_ratings import LowScores, low_type
from voxpop.dashboards.models import ScoredType
from voxpop.metrics.formulas import Formula, Measure
from voxpop.metrics.models import Series, SeriesKind
from voxpop.types import utcnow

TODAY = utcnow().date()


@pytest.mark.parametrize(
    ("scale", "higher_is_better", "low"),
    [
        ((1, 5), True, [1, 2]), ((1, 10), True, [1, 2, 3, 4]), ((0, 10), True, [0, 1, 2, 3]), ((1, 7), True, [1, 2]),
        ((0, 100), True, list(range(40))), ((1, 2), True, []), ((1, 3), True, [1]), ((-2, 2), True, [-2, -1]),
        ((1, 5), False, [4, 5]), ((0, 10), False, [7, 8, 9, 10]),
    ],
)  # fmt: skip
def test_low_are_the_lower_two_fifths_of_the_scores(
    scale: tuple[int, int], higher_is_better: bool, low: Sequence[int]
) -> None:
    for formula in Formula:
        found = LowScores.of(low_type(ScoredType("X", Measure(formula, *scale, 1, 1), higher_is_better)))
        assert list(range(found.first, found.last + 1)) == list(low)
        assert found.exist is bool(low)


async def shares(browser: Browser, query: str = "") -> list[list[str]]:
    """The rows of the table: name, ratings, low ones, their share, the difference and the verdict."""
    page = await browser.get(f"/low-ratings?{query}")
    assert page.status_code == 200, page.text
    table = page.text.partition('class="table series-list share-list"')[2].partition("</table>")[0]
    table = re.sub(r'<span class="words">.*?</span>', "", table)  # the same number with its word, for phones
    rows = re.findall(r"<tr class.*?</tr>", table, re.DOTALL)
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in rows]
    return [[" ".join(unescape(re.sub("<[^>]+>", "", cell)).split()) for cell in row] for row in cells]


async def comments(browser: Browser, query: str = "") -> list[str]:
    page = (await browser.get(f"/low-ratings?{query}")).text
    cells = re.findall(r'<td class="subject"><div><a [^>]*><bdi>(.*?)</bdi>', page)
    return [re.sub("<[^>]+>", "", cell) for cell in cells]


async def give_stars(given: Ratings, ago: int, stars: Sequence[int], *series: Series, **fields: Any) -> None:
    await given.give(TODAY - timedelta(days=ago), stars, *series, survey_type="CSAT", **fields)


async def test_tickets_with_low_ratings_are_listed_with_their_comments_and_tags(site: InboxSite) -> None:  # T29, T15
    await site.rated(1, "Never again", "Lost parcel", tags=("delivery", "parcel"))
    await site.rated(2, None, "Late parcel", tags=("delivery",))
    await site.rated(5, "Fine", "Quick", tags=("delivery",))
    page = (await site.agent.get("/low-ratings")).text
    assert "All-time average: 2.7 (3 ratings)" in re.sub("<[^>]+>", "", page)
    assert "2 low ratings" in page
    assert await comments(site.agent) == ["No comment", "Never again"]
    assert [row[:3] for row in await shares(site.agent)] == [["delivery", "3", "2"], ["parcel", "1", "1"]]
    for query in ("tag=parcel&days=30", "tag=PARCEL"):
        assert await comments(site.agent, query) == ["Never again"]
    assert "No low ratings in this period" in (await site.agent.get("/low-ratings?tag=unknown")).text


async def test_shares_have_a_verdict_against_the_period_before(site: InboxSite, given: Ratings) -> None:
    worse, same = await given.tag("worse"), await given.tag("same")
    agent = Series(SeriesKind.AGENT, await site.account(AGENT))
    await give_stars(given, 20, [5] * 40 + [1], worse, same, agent)
    await give_stars(given, 3, [5] * 20 + [2] * 20, worse)
    await give_stars(given, 3, [5] * 38 + [1] * 2, same, agent)
    await give_stars(given, 3, [1] * 3, await given.tag("few"))
    assert await shares(site.owner_browser, "days=7&from=" + str(TODAY - timedelta(days=14))) == [
        ["worse", "40", "20", "50.0% ± 14.8", "+47.6%", "clearly up"],
        ["few", "3", "3", "too few answers", "", "too few to compare"],
        ["same", "40", "2", "5.0% ± 11.5", "+2.6%", "no clear change"],
    ]
    by_agent = "by=agent&from=" + str(TODAY - timedelta(days=14))
    assert [row[:3] for row in await shares(site.owner_browser, by_agent)] == [["agent", "40", "2"]]
    assert await shares(site.owner_browser, "by=product") == []
    assert (await shares(site.owner_browser, "compare=none"))[0][4:] == ["", "not compared"]


async def test_each_part_of_the_period_is_compared_with_the_one_before(site: InboxSite, given: Ratings) -> None:
    await give_stars(given, 8, [5] * 40 + [1])
    await give_stars(given, 7, [5] * 20 + [2] * 20)
    await give_stars(given, 6, [1] * 4)
    rows = await shares(site.owner_browser, "by=period&days=7")
    assert [row[1:] for row in rows[:5]] == [["0", "0", "", "", "too few to compare"]] * 5
    assert rows[6][1:] == ["4", "4", "too few answers", "", "too few to compare"]
    rows = await shares(site.owner_browser, f"by=period&from={TODAY - timedelta(days=7)}")
    assert rows[-1][1:] == ["40", "20", "50.0% ± 14.8", "+47.6%", "clearly up"]


@pytest.mark.parametrize("by", ["tag", "agent", "period"])
async def test_numbers_lead_to_as_many_ratings(site: InboxSite, given: Ratings, by: str) -> None:
    tag, agent = await given.tag("billing"), Series(SeriesKind.AGENT, await site.account(AGENT))
    for ago in (0, 5, 40):
        await give_stars(given, ago, [1, 2, 3, 5, 5], tag, agent)
    page = (await site.owner_browser.get(f"/low-ratings?by={by}")).text
    cells = re.findall(r'<td class="number (?:answers|low)"><a href="([^"]*)">(?:<span class="figure">)?(\d+)</', page)
    assert {"15", "6"} <= {count for _, count in cells} or by == "period"
    for href, count in cells:
        listed = (await site.owner_browser.get(unescape(href))).text
        assert re.search(rf">{count} ratings?<", listed), href


async def test_the_list_is_searched_and_narrowed(site: InboxSite, given: Ratings) -> None:
    tag = await given.tag("billing")
    await give_stars(given, 3, [1], tag, comment="so slow")
    await give_stars(given, 2, [2], comment="never <again>")
    await give_stars(given, 1, [3], comment="fine")
    await given.give(TODAY, [0], comment="another scale")
    await give_stars(given, 100, [1], comment="long ago")
    assert await comments(site.agent) == ["never &lt;again&gt;", "so slow"]
    assert await comments(site.agent, "text=SLOW") == ["so slow"]
    assert await comments(site.agent, f"series=tag:{tag.id}") == ["so slow"]
    assert await comments(site.agent, "survey_type=NPS") == ["another scale"]
    assert await comments(site.agent, "days=365") == ["never &lt;again&gt;", "so slow", "long ago"]
    assert await comments(site.agent, "handled=true") == []
    assert await comments(site.agent, f"series=tag:{uuid4()}") == []
    assert await comments(site.agent, "survey_type=XXX&by=x&days=x&compare=x&after=x") == await comments(site.agent)
    wrong = (await site.agent.get("/low-ratings?series=tag:1&handled=maybe&text=" + "x" * 201)).text
    assert "series, handled, text" in wrong or {"series", "handled", "text"} == set(
        re.findall(r"series|handled|text", wrong.partition("left out:")[2].partition("</b>")[0])
    )
    assert "never &lt;again&gt;" in wrong
    other = await site.owner("acme", "other@example.com")
    assert "There are no ratings at all." in (await other.get("/low-ratings")).text


async def test_an_agent_sees_only_their_own_share(site: InboxSite, given: Ratings) -> None:
    mine, other = Series(SeriesKind.AGENT, await site.account(AGENT)), Series(SeriesKind.AGENT, uuid4())
    await give_stars(given, 3, [1], mine, comment="mine")
    await give_stars(given, 2, [2], other, comment="other")
    assert [row[0] for row in await shares(site.agent, "by=agent")] == ["agent"]
    assert len(await shares(site.owner_browser, "by=agent")) == 2
    assert await comments(site.agent, f"series=agent:{other.id}") == []
    assert await comments(site.owner_browser, f"series=agent:{other.id}") == ["other"]
    assert str(other.id) not in (await site.agent.get("/low-ratings.csv?by=agent")).text


async def test_ratings_are_marked_as_handled_and_leave_the_list(site: InboxSite, given: Ratings, owner: Owner) -> None:
    await give_stars(given, 3, [1], comment="a & b")
    (row,) = await feedback_rows(site.agent)  # type: ignore[arg-type]
    page = (await site.agent.get("/low-ratings?handled=false&text=a&days=30&tag=")).text
    form = next(form for form in forms_of(page) if form.action.startswith("/low-ratings/marks"))
    answer = await site.agent.post(form.action, data={"do": "handled", "feedback": row["id"]})
    location = answer.headers["location"]
    assert location == f"/low-ratings?text=a&handled=false&days=30&done=marked&undo=unhandled.{row['id']}"
    page = (await site.agent.get(location)).text
    assert "1 rating marked as handled." in page
    assert "No low ratings in this period" in page
    again = await site.agent.post(form.action, data={"do": "handled", "feedback": row["id"]})
    assert again.headers["location"].endswith("&done=marked")
    undo = next(form for form in forms_of(page) if ("undo", "yes") in form.values)
    await site.agent.post(undo.action, data=form_data(undo) | {"do": "unhandled"})
    assert await comments(site.agent, "handled=false") == ["a &amp; b"]
    nothing = await site.agent.submit("/low-ratings/marks?days=30", do="handled")
    assert nothing.status_code == 400
    assert "Select at least one rating." in nothing.text
    for fields in ({"do": "delete", "feedback": row["id"]}, {"do": "read", "feedback": "x"}):
        assert (await site.agent.submit("/low-ratings/marks", **fields)).status_code == 400
    other = await site.owner("acme", "other@example.com")
    assert (await other.submit("/low-ratings/marks", do="read", feedback=row["id"])).status_code == 404
    assert await owner.fetchval("SELECT read_at FROM feedback") is None


async def test_csv_has_the_rows_of_the_table(site: InboxSite, given: Ratings) -> None:
    tag = await given.tag("=1+1")
    await give_stars(given, 3, [1] * 3 + [5] * 3, tag)
    answer = await site.agent.get("/low-ratings.csv?days=7")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.text.startswith("\ufeffby,")
    (row,) = csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff")))
    assert row == {
        "by": "tag", "name": "'=1+1", "survey_type": "CSAT", "from": str(TODAY - timedelta(days=6)), "to": str(TODAY),
        "rated": "6", "low": "3", "rate": "50.0", "rate_low": "18.76", "rate_high": "81.24", "difference": "",
        "verdict": "too_few",
    }  # fmt: skip
    assert len((await site.agent.get("/low-ratings.csv?by=period&days=7")).text.splitlines()) == 8
    assert (await site.agent.get("/low-ratings.csv?delimiter=%3B")).text.startswith("\ufeffby;name;")


async def test_pages_of_many_low_ratings_continue(site: InboxSite, given: Ratings) -> None:
    for ago in range(26):
        await give_stars(given, ago, [1, 2], comment=f"n{ago}")
    page = (await site.agent.get("/low-ratings")).text
    following = re.search(r'href="([^"]*)" rel="next"', page)
    assert following
    second = (await site.agent.get(unescape(following[1]))).text
    assert "n25" in second
    assert 'rel="first"' in second
    assert 'rel="next"' not in second
