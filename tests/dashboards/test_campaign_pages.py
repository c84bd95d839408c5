"""The pages of campaigns: their figures are those of the API, and each leads to the ratings behind it."""

import html
import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from tests.support.dashboards import TODAY, set_today
from tests.support.inbox import InboxSite
from tests.support.invariants import Owner
from tests.support.overview import answer, fill, ratings_of, rows_of, words_of
from tests.support.sites import Browser

from voxpop.types import CampaignId


@pytest.fixture
async def inbox(inbox: InboxSite, monkeypatch: pytest.MonkeyPatch) -> InboxSite:
    for module in ("campaign_pages", "feature_pages", "feedback_api"):
        set_today(monkeypatch, module=module)
    await fill(ratings_of(inbox))
    return inbox


async def open_campaign(inbox: InboxSite, name: str, survey_type: str = "NPS") -> CampaignId:
    return await ratings_of(inbox).campaigns.open(survey_type, name)


async def listed(browser: Browser, query: str = "") -> list[str]:
    """The names of the campaigns on the page, in order."""
    page = (await browser.get(f"/campaigns{query}")).text
    return re.findall(r'<th scope="row"><a href="[^"]+"><bdi>([^<]+)</bdi>', page)


async def test_the_list_has_the_figures_of_the_api(member: Browser) -> None:
    page = (await member.get("/campaigns")).text
    api = (await member.get("/api/v1/series?kind=campaign&sort=name")).json()["data"]
    rows = sorted(rows_of(page, "series-list"), key=lambda row: str(row["cells"][0]))
    for row, expected in zip(rows, api, strict=True):
        assert row["href"] == f"/campaigns/{expected['id']}"
        name, state, answers, score, difference, verdict = row["cells"]
        assert (name, state) == (f"{expected['name']} NPS", "Running")
        assert answers == f"{expected['responses']} {expected['responses']} answers"  # as a figure or in words
        assert score.startswith(f"{expected['score']:.1f}".replace("-", "−"))
        assert difference == f"{expected['change']['difference']:+.1f}".replace("-", "−")
        assert verdict == {"up": "clearly up", "down": "clearly down"}[expected["change"]["verdict"]]


async def test_the_list_is_sorted_and_filtered_by_its_address(inbox: InboxSite, member: Browser, owner: Owner) -> None:
    await open_campaign(inbox, "Ёлка", "CSAT")
    await open_campaign(inbox, "Zebra")
    await owner.execute("UPDATE campaign SET active = false WHERE name = 'Zebra'")
    assert await listed(member) == ["Zebra", "Ёлка", "Returns", "Delivery"]
    assert await listed(member, "?sort=name") == ["Delivery", "Returns", "Zebra", "Ёлка"]
    assert await listed(member, "?sort=score") == ["Delivery", "Returns", "Zebra", "Ёлка"]
    assert await listed(member, "?sort=score&direction=asc") == ["Returns", "Delivery", "Zebra", "Ёлка"]
    assert await listed(member, "?name=ёЛ") == ["Ёлка"]
    assert await listed(member, "?state=paused") == ["Zebra"]
    assert await listed(member, "?survey_type=CSAT&state=running") == ["Ёлка"]
    assert await listed(member, "?name=none") == []
    for unknown in ("?sort=x&direction=y&state=z&page=0&days=8&compare=w", "?page=-1", "?page=9999999999", "?page=²"):
        assert len(await listed(member, unknown)) == 4
    page = (await member.get("/campaigns?name=r&state=paused")).text
    assert all(words in words_of(page) for words in ("Running (2)", "Paused (1)", "Ended (0)"))
    assert (await member.get("/campaigns?name=%00")).status_code == 400


async def test_a_long_list_has_pages(inbox: InboxSite, member: Browser) -> None:
    for number in range(51):
        await open_campaign(inbox, f"C{number:02}")
    first, second = await listed(member, "?sort=name"), await listed(member, "?sort=name&page=2")
    assert (len(first), second) == (50, ["C50", "Delivery", "Returns"])
    page = (await member.get("/campaigns?sort=name")).text
    assert "Page 1 of 2" in page
    assert 'href="/campaigns?sort=name&amp;page=2"' in page
    assert await listed(member, "?sort=name&page=3") == second


async def test_the_page_of_a_campaign_leads_to_the_ratings_behind_its_figures(member: Browser) -> None:
    path = str(rows_of((await member.get("/campaigns?sort=name")).text, "series-list")[0]["href"])
    page = (await member.get(path)).text
    links = [html.unescape(link) for link in re.findall(r'href="(/feedback\?[^"]+score_min[^"]+)"', page)]
    counts = [row["cells"][2] for row in rows_of(page, 'class="table distribution"')]
    assert len(links) == len(counts) == 11
    assert sum(map(int, counts)) == 60
    for link, count in zip(links, counts, strict=True):
        found = await member.get(f"/api/v1{link}&limit=100")
        assert len(found.json()["data"]) == int(count), link


async def test_the_funnel_has_the_steps_of_the_period(member: Browser) -> None:
    path = str(rows_of((await member.get("/campaigns?sort=name")).text, "series-list")[0]["href"])
    detail = (await member.get(f"/api/v1/series/campaign/{path.rpartition('/')[2]}")).json()
    steps = rows_of((await member.get(path)).text, 'class="table steps"')
    assert [(row["cells"][0], int(row["cells"][2])) for row in steps] == [
        (name, detail["funnel"][step])
        for name, step in (("Opened", "opened"), ("Shown", "shown"), ("Answered", "completed"), ("Expired", "expired"))
    ]
    assert steps[2]["cells"][2] == "60"
    ratings = await member.get(f"/api/v1{steps[2]['href']}&limit=100")
    assert len(ratings.json()["data"]) == 60


async def test_the_answers_in_the_list_lead_to_the_ratings(member: Browser) -> None:
    page = (await member.get("/campaigns?days=30")).text
    cells = re.findall(r'<td class="number answers"><a href="([^"]+)"><span class="figure">(\d+)<', page)
    assert len(cells) == 2
    for link, count in cells:
        ratings = await member.get(f"/api/v1{html.unescape(link)}&limit=100")
        assert len(ratings.json()["data"]) == int(count)


async def test_a_campaign_without_ratings_says_what_to_do(inbox: InboxSite, member: Browser) -> None:
    path = f"/campaigns/{await open_campaign(inbox, 'Quiet')}"
    page = words_of((await member.get(path)).text)
    assert "No ratings in this period" in page
    assert "How to send events" in page
    assert "No comments in this period." in page


async def test_below_the_minimum_a_score_is_hidden_but_its_answers_are_not(inbox: InboxSite, member: Browser) -> None:
    campaign = await open_campaign(inbox, "Few")
    await answer(ratings_of(inbox), campaign, TODAY - timedelta(days=1), [10, 9, 8, 7])
    (row,) = rows_of((await member.get("/campaigns?name=Few")).text, "series-list")
    assert row["cells"][2:4] == ["4 4 answers", "too few answers"]
    assert "4 answers in 90 days" in words_of((await member.get(f"/campaigns/{campaign}")).text)


async def test_a_deleted_campaign_leaves_the_list_and_keeps_its_page(inbox: InboxSite, member: Browser) -> None:
    path = str(rows_of((await member.get("/campaigns?sort=name")).text, "series-list")[0]["href"])
    await member.submit(f"{path}/delete")
    assert await listed(member) == ["Returns"]
    page = (await member.get(path)).text
    assert all(words in words_of(page) for words in ("Delivery", "Deleted", "60 answers in 90 days"))
    assert f"{path}/edit" not in page


async def test_agents_see_a_campaign_without_its_actions(inbox: InboxSite, member: Browser) -> None:
    path = str(rows_of((await member.get("/campaigns?sort=name")).text, "series-list")[0]["href"])
    owners, agents = (await member.get(path)).text, (await inbox.agent.get(path)).text
    assert f'action="{path}/pause"' in owners
    assert "60 answers in 90 days" in words_of(agents)
    assert 'method="post" action="/campaigns' not in agents


async def test_campaigns_of_another_workspace_are_not_found(inbox: InboxSite, member: Browser) -> None:
    boss = await inbox.owner("acme", "boss@example.com")
    path = str(rows_of((await member.get("/campaigns?sort=name")).text, "series-list")[0]["href"])
    for address in (path, f"/campaigns/{uuid4()}"):
        assert (await boss.get(address)).status_code == 404
    assert (await boss.get("/campaigns/x")).status_code == 400
    page = (await boss.get("/campaigns")).text
    assert "No campaigns yet" in page
    assert 'href="/campaigns/new"' in page


async def test_texts_of_people_are_escaped(inbox: InboxSite, member: Browser) -> None:
    name: Any = "<img src=x> & \u202e"
    campaign = await open_campaign(inbox, name)
    for address in ("/campaigns", f"/campaigns/{campaign}", f"/campaigns/{campaign}/edit"):
        page = (await member.get(address)).text
        assert "<img" not in page
        assert "&lt;img src=x&gt; &amp;" in page
