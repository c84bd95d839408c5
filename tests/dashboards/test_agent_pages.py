"""The page of agents over HTTP: the rank, small numbers, one agent's chart, and what an agent's session sees."""

import re
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from tests.support.dashboards import Ratings
from tests.support.inbox import AGENT, Browser, InboxSite
from tests.support.invariants import Owner
from tests.support.tickets import member

from voxpop.metrics.models import Series, SeriesKind
from voxpop.types import utcnow

TODAY = utcnow().date()
MINIMUM = {"minimum_answers": "1", "week_start": "monday"}


async def rated(given: Ratings, owner: Owner, name: str, scores: list[int], ago: int = 1) -> UUID:
    """A new agent with these ratings."""
    agent = await member(owner, given.client.workspace, name)
    await given.give(TODAY - timedelta(days=ago), scores, Series(SeriesKind.AGENT, agent), survey_type="CSAT")
    return agent


async def names(browser: Browser, path: str = "/agents") -> list[str]:
    page = await browser.get(path)
    assert page.status_code == 200, page.text
    return re.findall(r'<th scope="row"><a [^>]*><bdi>([^<]*)</bdi>', page.text)


async def test_three_lucky_ratings_do_not_win(site: InboxSite, given: Ratings, owner: Owner) -> None:
    await rated(given, owner, "lucky", [5] * 3)
    await rated(given, owner, "steady", [5] * 95 + [1] * 5)
    await rated(given, owner, "weak", [1] * 20)
    await rated(given, owner, "former", [5] * 9, ago=120)
    await given.give(TODAY, [5], Series(SeriesKind.AGENT, uuid4()), survey_type="NPS")
    assert await names(site.owner_browser) == ["steady", "weak", "former", "lucky"]
    page = (await site.owner_browser.get("/agents")).text
    assert "95.0%" in page
    assert "88.8% to 97.8%" in page
    assert re.findall(r'<tr class="small-n"', page) == ['<tr class="small-n"'] * 3
    assert page.count("too few answers") == 1
    await site.owner_browser.submit("/settings/workspace/dashboards", **MINIMUM)
    assert await names(site.owner_browser) == ["steady", "lucky", "weak", "former"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("sort=name", ["a", "b"]), ("sort=name&direction=desc", ["b", "a"]), ("sort=responses", ["b", "a"]),
        ("sort=score", ["a", "b"]), ("sort=score&direction=asc", ["b", "a"]), ("sort=x&direction=y", ["a", "b"]),
        ("days=7", []), ("days=365", ["a", "b"]), (f"from={TODAY - timedelta(days=20)}", ["a", "b"]),
        ("to=x", ["a", "b"]),
        ("compare=none", ["a", "b"]), ("compare=year", ["a", "b"]),
    ],
)  # fmt: skip
async def test_the_address_has_sort_period_and_comparison(
    site: InboxSite, given: Ratings, owner: Owner, query: str, found: list[str]
) -> None:
    await rated(given, owner, "b", [1] * 9, ago=15)
    await rated(given, owner, "a", [5] * 8, ago=15)
    assert await names(site.owner_browser, f"/agents?{query}") == found


async def test_a_number_leads_to_as_many_ratings(site: InboxSite, given: Ratings, owner: Owner) -> None:
    await rated(given, owner, "a", [5] * 8, ago=15)
    page = (await site.owner_browser.get("/agents?days=30")).text
    link = re.search(r'<td class="number answers"><a href="([^"]*)"><span class="figure">8</span>', page)
    assert link
    assert ">8 ratings<" in (await site.owner_browser.get(link[1].replace("&amp;", "&"))).text


async def test_one_agent_has_a_chart(site: InboxSite, given: Ratings, owner: Owner) -> None:
    agent = await rated(given, owner, "a", [5] * 8)
    page = (await site.owner_browser.get(f"/agents?agent={agent}&days=30")).text
    assert 'id="chart"' in page
    assert 'aria-current="true"' in page
    for unknown in (uuid4(), "x"):
        assert (await site.owner_browser.get(f"/agents?agent={unknown}")).status_code == 404
    other = await site.owner("acme", "other@example.com")
    assert (await other.get(f"/agents?agent={agent}")).status_code == 404
    assert await names(other) == []


async def test_an_agent_sees_only_their_own_row_unless_the_workspace_allows_all(
    site: InboxSite, given: Ratings, owner: Owner
) -> None:
    other = await rated(given, owner, "other", [5] * 8)
    mine = Series(SeriesKind.AGENT, await site.account(AGENT))
    await given.give(TODAY, [5, 4, 1, 1, 1, 1], mine, survey_type="CSAT")
    assert await names(site.owner_browser) == ["other", "agent"]
    assert await names(site.agent) == ["agent"]
    assert "You see your own ratings only." in (await site.agent.get("/agents")).text
    assert (await site.agent.get(f"/agents?agent={other}")).status_code == 404
    assert (await site.agent.get(f"/agents?agent={mine.id}")).status_code == 200
    await site.owner_browser.submit("/settings/workspace/dashboards", **MINIMUM, agents_see_all="on")
    assert await names(site.agent) == ["other", "agent"]
    assert (await site.agent.get(f"/agents?agent={other}")).status_code == 200
    await site.owner_browser.submit("/settings/workspace/dashboards", **MINIMUM)
    assert await names(site.agent) == ["agent"]


async def test_an_empty_list_names_the_next_step(site: InboxSite) -> None:
    page = (await site.owner_browser.get("/agents", headers={"accept-language": "ru"})).text
    assert "За этот период нет обращений с оценкой" in page
    assert "/inbox" in page


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"minimum_answers": "0"}, "Enter a whole number of answers, 1 to 100."),
        ({"minimum_answers": "101"}, "Enter a whole number of answers, 1 to 100."),
        ({"minimum_answers": "5.5"}, "Enter a whole number of answers, 1 to 100."),
        ({"minimum_answers": "٥"}, "Enter a whole number of answers, 1 to 100."),
        ({"minimum_answers": ""}, "Enter a whole number of answers, 1 to 100."),
    ],
)
async def test_settings_of_dashboards_that_do_not_fit_are_explained(
    site: InboxSite, owner: Owner, fields: dict[str, str], error: str
) -> None:
    answer = await site.owner_browser.submit("/settings/workspace/dashboards", **MINIMUM | fields)
    assert answer.status_code == 400
    assert error in answer.text
    assert await owner.fetchval("SELECT minimum_answers FROM workspace WHERE slug = 'default'") == 5


async def test_settings_of_dashboards_are_for_admins_of_the_workspace(site: InboxSite, owner: Owner) -> None:
    path = "/settings/workspace/dashboards"
    assert (await site.agent.submit(path, **MINIMUM, agents_see_all="on")).status_code == 403
    assert (await site.owner_browser.submit(path, minimum_answers="7", week_start="friday")).status_code == 400
    answer = await site.owner_browser.submit(path, minimum_answers="7", week_start="sunday", agents_see_all="on")
    assert answer.headers["location"] == "/settings/workspace?done=saved"
    rows = await owner.fetch("SELECT minimum_answers, week_start, agents_see_all FROM workspace ORDER BY slug DESC")
    assert [tuple(row) for row in rows] == [(7, "sunday", True), (5, "monday", False)]
