"""The settings page of badges: the preview, the switch, and snippets whose addresses are open to everyone."""

import re
from datetime import timedelta
from html import unescape
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from tests.support.dashboards import Ratings
from tests.support.inbox import InboxSite
from tests.support.sites import Browser

from voxpop.types import utcnow

PATH = "/settings/badges"
TODAY = utcnow().date()
TEXT = "4.7 / 5 from 10 ratings, last 90 days"


@pytest.fixture
async def series(given: Ratings) -> str:
    """A campaign with a hostile name, as addresses name it."""
    campaign = await given.campaign('After "an" <b>order</b>', "CSAT")
    await given.give(TODAY - timedelta(days=1), [5] * 7 + [4] * 3, campaign, survey_type="CSAT")
    return f"{campaign.kind}:{campaign.id}"


def snippets(page: str) -> dict[str, str]:
    """The texts to paste, by their form."""
    found = re.findall(r'<code id="snippet-(\w+)"[^>]*>([^<]*)</code>', page)
    return {form: unescape(text) for form, text in found}


async def switch(browser: Browser, series: str, public: str) -> str:
    answer = await browser.submit(PATH, series=series, public=public, survey_type="CSAT", days="30")
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def test_a_badge_is_previewed_switched_on_and_pasted(site: InboxSite, series: str) -> None:
    owner, everyone = site.owner_browser, site.browser()
    preview = (await owner.get(PATH, params={"series": series})).text
    assert f"<title>{TEXT}</title>" in preview
    assert "Off: only members see this preview." in preview
    assert "<b>order" not in preview
    assert snippets(preview) == {}
    for _ in range(2):
        location = await switch(owner, series, "on")
    assert location.startswith(f"{PATH}?series=campaign%3A")
    page = (await owner.get(location)).text
    assert "Badge switched on" in page
    assert "1 badge is on" in page
    texts = snippets(page)
    image = re.fullmatch(r'<img src="([^"]+)" alt="Customer rating" height="24">', texts["html"])
    markdown = re.fullmatch(r"!\[Customer rating\]\(([^)]+)\)", texts["markdown"])
    assert image is not None
    assert markdown is not None
    assert unescape(image[1]) == markdown[1]
    for address, media_type in ((markdown[1], "image/svg+xml"), (texts["json"], "application/json")):
        assert "survey_type=CSAT&days=30" in address
        shown = await everyone.get(urlsplit(address)._replace(scheme="", netloc="").geturl())
        assert (shown.status_code, shown.headers["content-type"]) == (200, media_type)
        assert TEXT.replace("90", "30") in shown.text or '"score":4.7' in shown.text
    for _ in range(2):
        assert (await switch(owner, series, "")).endswith("done=off")
    assert (await everyone.get(urlsplit(markdown[1])._replace(scheme="", netloc="").geturl())).status_code == 404


async def test_pages_with_a_chart_lead_to_the_badge_of_their_series(site: InboxSite, series: str) -> None:
    for path, words in ((f"/campaigns/{series.partition(':')[2]}", f"series={series}"), ("/overview", "workspace:")):
        page = unescape((await site.owner_browser.get(path)).text).replace("%3A", ":")
        assert f"{PATH}?" in page
        assert words in page[page.index(f"{PATH}?") :].partition('"')[0]
        assert PATH not in (await site.agent.get(path)).text


async def test_every_kind_of_series_can_be_chosen(site: InboxSite, series: str, given: Ratings) -> None:
    await given.give(TODAY, [5] * 5, await given.tag("billing"), survey_type="CSAT")
    page = (await site.owner_browser.get(PATH)).text
    kinds = re.findall(r'<optgroup label="([^"]+)">', page)
    assert kinds == ["Workspace", "All tickets", "Campaign", "Tag at the time"]
    for value in re.findall(r'<option value="(\w+:[^"]+)"', page):
        shown = await site.owner_browser.get(PATH, params={"series": value, "survey_type": "XXX", "days": "x"})
        assert shown.status_code == 200
        assert "<svg xmlns" in shown.text


async def test_unknown_series_are_refused(site: InboxSite, series: str) -> None:
    owner = site.owner_browser
    other = await site.owner("acme", "acme@example.com")
    for wrong, status in ((f"campaign:{uuid4()}", 404), ("campaign:1", 400), ("x", 400)):
        assert (await owner.get(PATH, params={"series": wrong})).status_code == status
        assert (await owner.submit(PATH, series=wrong, public="on")).status_code == status
    assert (await other.submit(PATH, series=series, public="on")).status_code == 404
    assert "on</h2>" not in (await owner.get(PATH)).text
