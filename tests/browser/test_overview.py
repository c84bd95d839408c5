"""The overview in Chromium: accessible, live within a second, without layout shift, by keyboard, without script."""

import gzip
import re
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, Page, expect
from tests.support.agents import Agent, check_page, first_look, in_all_looks, window
from tests.support.features import Feature
from tests.support.inbox import InboxSite
from tests.support.invariants import Owner
from tests.support.overview import fill, ratings_of
from tests.support.sites import shown_secret

from voxpop.types import utcnow
from voxpop.web import static

pytestmark = pytest.mark.browser

LIVE_MS = 1000  # from a rating to the page
MAX_WEIGHT = 100_000  # bytes of script and style, compressed
SHIFT = """() => { window.shift = 0; new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) window.shift += entry.value; }).observe({type: "layout-shift"}); }"""
STATES = {
    "overview": "/overview",
    "days": "/overview?days=7",
    "year": "/overview?days=365&compare=year",
    "alone": "/overview?compare=none&survey_type=CSAT",
    "refused": "/overview?from=2026-02-02&to=2026-02-01",
    "long": "/overview?from=2000-01-01&grain=day",
    "empty": "/overview?from=2020-01-01&to=2020-01-31",
}


async def open_overview(agent: Agent, inbox: InboxSite, query: str = "") -> Page:
    await fill(ratings_of(inbox), utcnow().date())
    page = await agent.go(f"/overview{query}")
    await page.locator("html[data-dashboard]").wait_for(state="attached")
    await expect(page.locator(".live:not(.pending)")).to_have_text("Live")
    return page


async def open_feature(inbox: InboxSite) -> Feature:
    """A feature behind the API, with a key of its own."""
    made = await inbox.owner_browser.submit("/settings/keys", name="Shop", scopes=["ingest", "manage"])
    client = inbox.browser()
    client.headers = httpx.Headers({"authorization": f"Bearer {shown_secret(made)}"})
    return await Feature.open(client)  # type: ignore[arg-type]


@in_all_looks
async def test_axe_finds_nothing_on_the_overview(
    chromium: Browser, inbox: InboxSite, owner: Owner, origin: str, locale: str
) -> None:
    empty = await window(chromium, inbox, origin, member="owner_browser", **first_look(locale))
    await fill(ratings_of(inbox), utcnow().date())
    for name, path in STATES.items():
        page = await empty.go(path)
        await page.locator("html[data-dashboard]").wait_for(state="attached")
        await check_page(page, f"overview/{name}", locale)
    await page.goto(f"{origin}/overview")
    await page.locator("summary").click()
    await page.locator("[popovertarget=dates]").click()
    await check_page(page, "overview/open", locale)
    await owner.execute("DELETE FROM score_count")  # as if there never was a rating
    await page.goto(f"{origin}/overview")
    await page.locator(".page-empty .dotted").wait_for()
    await check_page(page, "overview/never", locale)
    await empty.context.close()


async def test_a_rating_is_on_the_page_within_a_second_and_nothing_moves(agent: Agent, inbox: InboxSite) -> None:
    feature = await open_feature(inbox)
    for score in range(6):
        await feature.rate(score + 3, email=f"u{score}@example.com", comment="Good")
    page = await open_overview(agent, inbox, "?survey_type=CSAT10")
    answers = page.locator(".card[aria-current] .n")
    await expect(answers).to_have_text("6 answers in 90 days")
    await page.locator("summary").click()
    await page.locator("#numbers .scroll").focus()
    await page.evaluate(SHIFT)
    await feature.rate(10, comment="Even better")
    await expect(answers).to_have_text("7 answers in 90 days", timeout=LIVE_MS)
    await expect(page.locator(".comments li").first).to_contain_text("Even better")
    await expect(page.locator("figcaption")).to_contain_text("7 answers")
    assert await page.evaluate("window.shift") == 0
    assert await page.locator("#numbers").get_attribute("open") is not None


async def test_the_first_rating_of_a_survey_type_makes_a_card(agent: Agent, inbox: InboxSite) -> None:
    feature = await open_feature(inbox)
    page = await agent.go("/overview?days=7&survey_type=CSAT10")
    await expect(page.locator(".live:not(.pending)")).to_have_text("Live")
    await expect(page.locator(".card[aria-current]")).to_contain_text("CSAT")
    await feature.rate(9)
    await expect(page.locator(".card[aria-current] h2")).to_contain_text("CSAT10", timeout=LIVE_MS)


async def test_a_card_opens_its_chart_without_a_reload(agent: Agent, inbox: InboxSite) -> None:
    page = await open_overview(agent, inbox)
    await page.evaluate("window.isSame = true")
    await page.locator(".card", has_text="CSAT").locator("h2 a").click()
    await expect(page.locator("figcaption h2")).to_have_text("CSAT")
    assert page.url.endswith("/overview?survey_type=CSAT#chart")
    await page.go_back()
    await expect(page.locator("figcaption h2")).to_have_text("NPS")
    assert await page.evaluate("window.isSame") is True
    await page.get_by_role("link", name="Day", exact=True).click()
    await expect(page.locator("figcaption p").first).to_contain_text("by day")
    assert page.url.endswith("/overview?grain=day#chart")
    assert await page.evaluate("window.isSame") is True
    await page.reload()
    await expect(page.locator(".card[aria-current] h2")).to_contain_text("NPS")
    await expect(page.locator(".grains [aria-current]")).to_have_text("Day")


async def test_the_chart_is_read_by_keyboard(agent: Agent, inbox: InboxSite) -> None:
    page = await open_overview(agent, inbox, "?days=30")
    await page.locator(".frame").focus()
    await page.keyboard.press("End")
    point = page.locator(".point")
    await expect(point).to_contain_text("0 answers")
    for _ in range(10):
        await page.keyboard.press("ArrowLeft")
    await expect(point).to_contain_text("75 answers")
    await page.keyboard.press("Escape")
    await expect(point).to_be_hidden()
    await page.keyboard.press("End")
    await page.keyboard.press("Enter")
    today = utcnow().date()
    await page.wait_for_url(f"**/feedback?*from={today}&to={today}")
    agent.errors.clear()  # the page of feedback may not be there


async def test_the_script_draws_what_the_server_has_drawn(agent: Agent, inbox: InboxSite) -> None:
    """The canvas lies exactly above the SVG, in its colours."""
    page = await open_overview(agent, inbox)
    boxes: list[dict[str, Any]] = [
        await page.locator(selector).evaluate("each => each.getBoundingClientRect().toJSON()")
        for selector in (".frame .lines", ".frame .u-over", ".frame canvas")
    ]
    assert boxes[1] == pytest.approx(boxes[0], abs=1)
    assert boxes[2] == pytest.approx(boxes[0], abs=1)
    assert "drawn" in (await page.locator(".frame").get_attribute("class") or "")


async def test_everything_works_without_script(chromium: Browser, inbox: InboxSite, origin: str) -> None:
    await fill(ratings_of(inbox), utcnow().date())
    agent = await window(chromium, inbox, origin, java_script_enabled=False)
    page = await agent.go("/overview")
    assert "M" in (await page.locator(".lines .score-line").get_attribute("d") or "")
    await page.locator(".periods a", has_text="30 days").click()
    await page.locator("select[name=compare]").select_option("none")
    await page.locator(".compare button").click()
    assert page.url == f"{origin}/overview?days=30&compare=none"
    await page.locator("[popovertarget=dates]").click()
    await page.locator("#from").fill("2026-01-01")
    await page.locator("#dates .main").click()
    assert "from=2026-01-01" in page.url
    assert "compare=none" in page.url
    await agent.context.close()


async def test_script_and_style_of_a_page_are_small(agent: Agent, inbox: InboxSite) -> None:
    loaded: set[str] = set()
    agent.page.on("request", lambda request: loaded.add(request.url))
    await open_overview(agent, inbox)
    names = {match[1] for url in loaded if (match := re.search(r"/static/([^?]+\.(?:js|css))", url))}
    assert {"dashboards.css", "dashboards/main.js", "vendor/uplot/uPlot.iife.min.js"} <= names
    assert sum(len(gzip.compress((static.ROOT / name).read_bytes())) for name in names) < MAX_WEIGHT
