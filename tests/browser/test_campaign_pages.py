"""The pages of campaigns, survey types and features in Chromium: accessible, live, by keyboard, without script."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from playwright.async_api import Browser, Page, expect
from tests.browser.conftest import loop_fixture
from tests.support.agents import Agent, check_page, first_look, in_all_looks, window
from tests.support.inbox import InboxSite
from tests.support.overview import answer, fill, ratings_of

from voxpop.features import service as features
from voxpop.features.models import FeatureUser, NewRating
from voxpop.feedback.models import Source
from voxpop.types import CampaignId, utcnow

pytestmark = pytest.mark.browser

LIVE_MS = 1000  # from a rating to the page
SHIFT = """() => { window.shift = 0; new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) window.shift += entry.value;
    }).observe({type: "layout-shift", buffered: true}); }"""
LONG = "A name so long that no column of any table has room for the whole of it, which happens"
USER = FeatureUser("shop", "export-csv", "ann.with.a.very.long.address@a-very-long-name-of-a-company.example.com")

Act = Callable[[Page], Awaitable[None]]


class Places:
    """What was made for the tests: the paths of a campaign, a product and a feature."""

    campaign_id: CampaignId
    campaign: str
    product: str
    feature: str


@loop_fixture()
async def places(inbox: InboxSite) -> AsyncIterator[Places]:
    made, ratings = Places(), ratings_of(inbox)
    await fill(ratings, utcnow().date())
    made.campaign_id = await ratings.campaigns.open("NPS", LONG)
    await answer(ratings, made.campaign_id, utcnow().date(), [9, 10, 8, 3, 10, 10])
    made.campaign = f"/campaigns/{made.campaign_id}"
    browser = inbox.owner_browser
    await browser.submit("/features/products/new", key="shop", name="Shop")
    made.product = await _link(inbox, "/features/products/")
    product = made.product.rpartition("/")[2]
    thresholds = {"interaction_threshold": "1", "rejection_threshold": "1"}
    await browser.submit("/features/new", product=product, feature_key="export-csv", name="", **thresholds)
    made.feature = await _link(inbox, "/features/")
    workspace = inbox.workspace_id()
    for step in (features.increment, features.reject):
        async with inbox.database.transaction(workspace) as tx:
            await step(tx, workspace, [USER])
    yield made


async def _link(inbox: InboxSite, start: str) -> str:
    """The first link of the list to a page that has an id."""
    found = re.search(f'href="({start}[0-9a-f-]{{36}})"', (await inbox.owner_browser.get("/features")).text)
    assert found is not None
    return found[1]


async def do_nothing(page: Page) -> None:
    """Leaves the page as it was loaded."""


async def submit_empty(page: Page) -> None:
    """Sends the form without the checks of the browser, so that the server shows its errors."""
    await page.locator("main form.form").evaluate(
        "form => { form.noValidate = true; for (const each of form.querySelectorAll('input:not([type=hidden])'))"
        " each.value = ''; form.querySelector('.main').click(); }"
    )
    await page.locator(".field-error").first.wait_for()


async def ask_to_delete(page: Page) -> None:
    await page.locator("[popovertarget=delete]").first.click()
    await expect(page.locator("#delete")).to_be_visible()


def states(places: Places) -> dict[str, tuple[str, Act]]:
    return {
        "campaigns": ("/campaigns", do_nothing),
        "none found": ("/campaigns?name=none", do_nothing),
        "campaign": (places.campaign, do_nothing),
        "campaign deletion": (places.campaign, ask_to_delete),
        "new campaign": ("/campaigns/new", do_nothing),
        "campaign wrong": ("/campaigns/new", submit_empty),
        "campaign edited": (f"{places.campaign}/edit", do_nothing),
        "survey types": ("/survey-types", do_nothing),
        "new type": ("/survey-types/new", do_nothing),
        "type wrong": ("/survey-types/new", submit_empty),
        "type in use": ("/survey-types/edit?code=CSAT10", do_nothing),
        "type edited": ("/survey-types/edit?code=CES", do_nothing),
        "features": ("/features", do_nothing),
        "feature": (places.feature, do_nothing),
        "product": (places.product, ask_to_delete),
        "feature edited": (f"{places.feature}/edit", submit_empty),
        "new feature": ("/features/new", do_nothing),
        "new product": ("/features/products/new", submit_empty),
    }


@in_all_looks
async def test_axe_finds_nothing_and_nothing_moves(
    chromium: Browser, inbox: InboxSite, places: Places, origin: str, locale: str
) -> None:
    owner = await window(chromium, inbox, origin, member="owner_browser", **first_look(locale))
    for name, (path, act) in states(places).items():
        page = await owner.go(path)
        await page.wait_for_load_state("networkidle")
        await page.evaluate(SHIFT)
        assert (name, await page.evaluate("new Promise(done => setTimeout(() => done(window.shift)))")) == (name, 0)
        await act(page)
        await check_page(page, f"campaigns/{name.replace(' ', '-')}", locale)
    assert [error for error in owner.errors if "400" not in error] == []
    await owner.context.close()


async def test_the_first_campaign_and_product_are_one_step_away(
    chromium: Browser, inbox: InboxSite, origin: str
) -> None:
    owner = await window(chromium, inbox, origin, member="owner_browser")
    for path, form in (("/campaigns", "/campaigns/new"), ("/features", "/features/products/new")):
        page = await owner.go(path)
        await page.locator(".empty-state a").click()
        assert page.url == origin + form
    assert owner.errors == []


async def test_the_preview_follows_what_is_typed(chromium: Browser, inbox: InboxSite, origin: str) -> None:
    owner = await window(chromium, inbox, origin, member="owner_browser")
    page = await owner.go("/survey-types/new")
    preview = page.locator(".preview")
    await expect(page.locator("[name=preview]")).to_be_hidden()
    await page.locator("#question").fill("How easy <b>was</b> it?")
    await expect(preview).to_contain_text("How easy <b>was</b> it?")
    await page.locator("#scale_max").fill("7")
    await expect(preview.locator(".scale").first).to_have_text("1234567")
    await page.locator("#language_0").fill("de")
    await page.locator("#question_0").fill("War es leicht?")
    await expect(preview.locator("[lang=de]")).to_contain_text("War es leicht?")
    await expect(page.locator("#question")).to_have_value("How easy <b>was</b> it?")
    page = await owner.go("/campaigns/new")
    await page.locator("#survey_type_code").select_option("CSAT10")
    await expect(page.locator(".preview")).to_contain_text("How satisfied are you with this feature?")
    assert owner.errors == []


async def test_campaigns_and_types_are_made_without_script(chromium: Browser, inbox: InboxSite, origin: str) -> None:
    owner = await window(chromium, inbox, origin, member="owner_browser", java_script_enabled=False)
    page = await owner.go("/survey-types/new")
    for field, text in (("name", "Effort"), ("code", "CES7"), ("question", "How easy?"), ("thanks", "Thanks!")):
        await page.locator(f"#{field}").fill(text)
    await page.locator("[name=preview]").click()
    await expect(page.locator(".preview")).to_contain_text("How easy?")
    await page.locator(".main").click()
    await expect(page.locator(".toast")).to_have_text("Survey type created")
    page = await owner.go("/campaigns/new")
    await page.locator("#name").fill("Orders")
    await page.locator("#survey_type_code").select_option("CES7")
    await page.locator("[name=preview]").click()
    await expect(page.locator(".preview")).to_contain_text("How easy?")
    await page.locator(".main").click()
    await expect(page.locator("h1")).to_have_text("Orders")
    await page.locator("[popovertarget=pause]").first.click()
    await page.locator("#pause .main").click()
    await expect(page.locator(".badge")).to_have_text("Paused")
    await page.locator("form[action$=resume] button").click()
    await expect(page.locator(".badge")).to_have_text("Running")
    await page.context.close()


async def test_a_campaign_is_deleted_by_keyboard(
    chromium: Browser, inbox: InboxSite, places: Places, origin: str
) -> None:
    owner = await window(chromium, inbox, origin, member="owner_browser")
    page = await owner.go(places.campaign)
    await page.locator("[popovertarget=delete]").first.focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#delete")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.locator("#delete")).to_be_hidden()
    await expect(page.locator("[popovertarget=delete]").first).to_be_focused()
    await page.keyboard.press("Enter")  # the dialog opens with the focus on Cancel
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.locator(".toast")).to_have_text("Campaign deleted")
    await expect(page.locator("table")).not_to_contain_text(LONG)


async def test_thresholds_are_saved_in_the_list(
    chromium: Browser, inbox: InboxSite, places: Places, origin: str
) -> None:
    owner = await window(chromium, inbox, origin, member="owner_browser")
    page = await owner.go("/features?days=30")
    await page.locator("[name=interaction_threshold]").fill("9")
    await page.keyboard.press("Enter")
    await expect(page.locator(".toast")).to_have_text("Saved")
    assert page.url.startswith(f"{origin}/features?days=30")
    await expect(page.locator("[name=interaction_threshold]")).to_have_value("9")
    assert owner.errors == []


async def test_a_rating_is_on_the_page_of_its_feature_within_a_second(
    agent: Agent, inbox: InboxSite, places: Places
) -> None:
    page = await agent.go(places.feature)
    await expect(page.locator(".live:not(.pending)")).to_have_text("Live")
    await page.evaluate(SHIFT)
    for path, words in ((places.feature, "Even better"), ("/features", None)):
        if words is None:
            page = await agent.go(path)
            await expect(page.locator(".live:not(.pending)")).to_have_text("Live")
            await expect(page.locator(".feature-list .answers .figure").last).to_have_text("1")
        async with inbox.database.transaction(inbox.workspace_id()) as tx:
            rating = NewRating(USER, 9, Source.VOLUNTARY, "Even better", None)
            await features.rate(tx, inbox.workspace_id(), [rating])
        if words:
            await expect(page.locator(".comments")).to_contain_text(words, timeout=LIVE_MS)
        else:
            await expect(page.locator(".feature-list .answers .figure").last).to_have_text("2", timeout=LIVE_MS)
