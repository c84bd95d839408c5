"""The overview: its numbers are those of the API, each leads to the ratings behind it, and its address is its state."""

import re
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from tests.support.clients import expect_ok
from tests.support.dashboards import FEEDBACK, SERIES, TODAY, Ratings, set_today
from tests.support.inbox import InboxSite
from tests.support.overview import MOVES, answer, fill, rows_of, words_of

PATH = "/overview"


@pytest.fixture(autouse=True)
def today_of_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    set_today(monkeypatch, module="overview_pages")


async def page_of(site: InboxSite, query: str = "") -> str:
    response = await site.owner_browser.get(f"{PATH}?{query}")
    assert response.status_code == 200, response.text
    return response.text


async def count_ratings(site: InboxSite, address: str) -> int:
    """The number of ratings that the API has under the address of the page of feedback."""
    split = urlsplit(address)
    assert split.path == "/feedback"
    query = dict(parse_qsl(split.query)) | {"limit": "100"}
    found = expect_ok(await site.owner_browser.get(FEEDBACK, params=query))
    assert not found["has_more"]
    return len(found["data"])


async def test_a_workspace_without_ratings_says_how_to_get_some(site: InboxSite) -> None:
    words = words_of(await page_of(site))
    assert "No ratings yet" in words
    assert "Collect your first rating" in words


async def test_a_period_without_ratings_is_not_a_workspace_without_ratings(site: InboxSite, given: Ratings) -> None:
    await given.give(TODAY - timedelta(days=300), [9] * 5)
    words = words_of(await page_of(site, "days=7"))
    assert "No ratings in this period" in words
    assert "No ratings yet" not in words
    assert "5 answers in 365 days" in words_of(await page_of(site, "days=365"))


async def test_a_card_has_the_numbers_of_the_api(site: InboxSite, given: Ratings) -> None:
    await fill(given)
    acme = await site.owner("acme", "acme@example.com")
    words, theirs = words_of(await page_of(site)), words_of((await acme.get(PATH)).text)
    (row,) = expect_ok(await site.owner_browser.get(SERIES, params={"kind": "workspace"}))["data"]
    arm = max(row["high"] - row["score"], row["score"] - row["low"])
    assert f"{row['score']:.1f} ± {arm:.1f}" in words
    assert f"{row['responses']} answers in 90 days" in words
    assert row["change"]["verdict"] == "up"
    assert f"clearly up {row['change']['difference']:.1f}" in words
    assert "No ratings yet" in theirs


async def test_numbers_lead_to_exactly_the_ratings_behind_them(site: InboxSite, given: Ratings) -> None:
    await fill(given)
    await given.give(TODAY - timedelta(days=10), [1, 5], survey_type="CSAT")
    page = await page_of(site)
    answers = {"numbers": 3, "moved": 1}  # the column of the number of answers
    for table, column in answers.items():
        rows = rows_of(page, f'id="{table}"')
        counts = [int(row["cells"][column]) for row in rows]
        assert sum(counts) == 75
        assert [await count_ratings(site, row["href"]) for row in rows] == counts
    bars = re.findall(r'<a href="(/feedback[^"]+)" tabindex="-1">', page.replace("&amp;", "&"))
    assert bars == [row["href"] for row in rows_of(page, 'id="numbers"')]


async def test_contributions_are_sorted_by_size_and_add_up(site: InboxSite, given: Ratings) -> None:
    await fill(given)
    page = await page_of(site)
    rows = rows_of(page, 'id="moved"')
    assert [row["cells"][0] for row in rows] == ["Delivery", "Returns"]
    parts = [float(row["cells"][-1].replace("−", "-")) for row in rows]
    total = re.search(r"Part of \+([\d.]+)", words_of(page))
    assert total is not None
    assert parts[0] > 0 > parts[1]
    assert sum(parts) == pytest.approx(float(total[1]), abs=0.11)


async def test_the_smallest_contributions_are_one_row(site: InboxSite, given: Ratings) -> None:
    await fill(given)
    for number in range(9):
        campaign = await given.campaigns.open("NPS", f"Small {number}")
        await answer(given, campaign, TODAY - timedelta(days=10), [8])
    rows = rows_of(await page_of(site), 'id="moved"')
    assert len(rows) == 9
    assert rows[-1]["cells"][:2] == ["3 others", "3"]
    assert rows[-1]["href"] == "/campaigns"


async def test_few_answers_have_no_score(site: InboxSite, given: Ratings) -> None:
    campaign = await given.campaigns.open("NPS", "New")
    await answer(given, campaign, TODAY - timedelta(days=10), [10, 0, 9, 9])
    page = await page_of(site)
    assert "too few answers too few to compare 4 answers in 90 days" in words_of(page)
    assert "small-n" in page
    assert rows_of(page, 'id="moved"')[0]["cells"][1:4] == ["4", "too few answers", ""]


async def test_the_address_is_the_state(site: InboxSite, given: Ratings) -> None:
    await fill(given)
    await given.give(TODAY - timedelta(days=3), [4] * 6, survey_type="CSAT")
    page = await page_of(site, "days=30&compare=none&survey_type=CSAT&kind=product")
    assert "not compared" in words_of(page)
    assert '<a href="/overview?days=7&amp;compare=none&amp;survey_type=CSAT&amp;kind=product">7 days</a>' in page
    assert "6 answers by day, 1 November 2026 to 30 November 2026" in words_of(page)
    assert '<option value="none" selected>' in page
    chosen = await page_of(site, "from=2026-08-01&to=2026-08-31")
    assert "32 answers by day, 1 August 2026 to 31 August 2026" in words_of(chosen)
    assert 'name="from" value="2026-08-01"' in chosen


@pytest.mark.parametrize(
    "query",
    [
        "to=0001-01-01",
        "to=9999-99-99",
        "from=yesterday",
        "from=2026-12-01",
        "from=1999-12-31&to=2026-01-01",
        "from=2026-02-02&to=2026-02-01",
    ],
)
async def test_dates_that_cannot_be_shown_are_refused_in_words(site: InboxSite, given: Ratings, query: str) -> None:
    await fill(given)
    page = await page_of(site, query)
    assert 'role="alert"' in page
    assert "These dates cannot be shown. Here are the last 90 days instead." in words_of(page)


@pytest.mark.parametrize("query", ["days=9", "compare=x", "survey_type=NOPE", "kind=tag", "from=&to="])
async def test_unknown_words_in_the_address_count_as_the_default(site: InboxSite, given: Ratings, query: str) -> None:
    await fill(given)
    assert "75 answers by week" in words_of(await page_of(site, query))


async def test_comments_are_linked_to_what_they_are_about(site: InboxSite, given: Ratings) -> None:
    await fill(given)
    ticket = await site.rated(2, "Slow <b>answer</b>")
    orders, tickets = await page_of(site), await page_of(site, "survey_type=CSAT")
    assert "Order customer-" in words_of(orders)
    assert f'<a href="/inbox/{ticket.ref}">{ticket.ref}</a>' in tickets
    assert "Slow &lt;b&gt;answer&lt;/b&gt;" in tickets
    assert 'aria-label="Rating: 2 of 5"' in tickets


async def test_agents_see_the_contributions_of_their_own_ratings_only(site: InboxSite) -> None:
    for assignee in ("owner@example.com", "agent@example.com"):
        account = await site.account(assignee)
        for stars in (5, 4, 1, 2, 5):
            await site.rated(stars, assignee_id=account)
    owner_rows = rows_of(await page_of(site, "kind=agent"), 'id="moved"')
    assert [row["cells"][0] for row in owner_rows] == ["agent", "Owner"]
    agent_page = (await site.agent.get(f"{PATH}?kind=agent")).text
    assert [row["cells"][0] for row in rows_of(agent_page, 'id="moved"')] == ["agent"]
    assert "10 answers in 90 days" in words_of(agent_page)


async def test_the_csv_has_what_is_seen(site: InboxSite, given: Ratings) -> None:
    await fill(given)
    page = (await page_of(site, "days=30")).replace("&amp;", "&")
    chart, movers = re.findall(r'href="(/api/v1/series[^"]+|/overview.csv[^"]*)" download', page)
    points = (await site.owner_browser.get(chart)).text.splitlines()
    assert len(points) == 1 + 30
    series = (await site.owner_browser.get(movers)).text.splitlines()
    assert {line.split(",")[2].strip('"') for line in series[1:]} == set(MOVES)
