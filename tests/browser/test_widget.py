"""The widget in Chromium, on a page of another origin with a strict policy."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from playwright.async_api import Browser, Route, expect
from tests.browser.conftest import close_contexts, loop_fixture
from tests.support.axe import violations
from tests.support.campaigns import CampaignApi
from tests.support.factories import Factory
from tests.support.features import Feature
from tests.support.http_server import HttpServer
from tests.support.waiting import eventually
from tests.support.widget import PAGE, WidgetPage
from tests.support.widget_host import SHOP, ShopServer, Visitor, card, events, use

from voxpop.config.loading import load
from voxpop.db.pool import Database

pytestmark = pytest.mark.browser

ANN = "ann@example.com"
CALLS = "**/api/v1/widget/*"
HOSTILE = "*, ::before { all: unset; display: none !important; opacity: 0 !important; font-size: 99px !important }"


class Setting:
    """A feature that asks after three uses, until two refusals; its server, and windows of a shop."""

    def __init__(self, make: Factory, feature: Feature, widget: WidgetPage, shop: ShopServer) -> None:
        self.make, self.feature, self.widget, self.shop = make, feature, widget, shop
        shop.options = {"key": widget.key.text, "user": widget.signed()}

    async def uses(self) -> int:
        """How many uses the server has counted in all."""
        return (await self.feature.counts(ANN))[1]


@loop_fixture()
async def setting(server: HttpServer, database: Database, tmp_path: Path) -> AsyncIterator[Setting]:
    make = Factory(database, load(env={}, directory=tmp_path))
    workspace = await make.workspace("ours")
    feature = await Feature.open(await make.client(workspace))
    widget = await WidgetPage.open(make, workspace, f"http://{SHOP}:{server.port}")
    shop = ShopServer(make.app)
    async with server.serving(shop):
        yield Setting(make, feature, widget, shop)
    await make.close()


@loop_fixture()
async def visitor(chromium: Browser, server: HttpServer, setting: Setting) -> AsyncIterator[Visitor]:
    made = await Visitor.of(chromium, f"http://{SHOP}:{server.port}")
    yield made
    await close_contexts(chromium)
    assert made.errors == []


async def test_a_page_asks_after_the_threshold_and_keeps_the_answer(
    server: HttpServer, setting: Setting, visitor: Visitor, owner: "asyncpg.Connection[Any]"
) -> None:
    page = await visitor.page()
    await use(page, 2)
    await expect(card(page)).to_be_hidden()
    await use(page)
    await expect(card(page)).to_be_visible()
    await expect(page.locator("#use")).to_be_focused()  # the question does not take the focus
    await expect(page.get_by_role("status")).to_contain_text("satisfied")
    scores = page.get_by_role("radiogroup").get_by_role("radio")
    await expect(scores).to_have_count(10)
    await page.locator("#field").focus()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Space")
    await page.keyboard.press("ArrowRight")
    await expect(page.get_by_role("radio", name="2 of 10")).to_be_checked()
    await page.keyboard.press("Tab")
    await page.keyboard.type("Fast & <b>simple</b>")
    assert await violations(page) == []
    await page.keyboard.press("Control+Enter")
    await expect(card(page)).to_contain_text("Thank")
    await page.keyboard.press("Escape")
    await expect(card(page)).to_be_hidden()
    await expect(page.locator("#field")).to_be_focused()
    row = await owner.fetchrow("SELECT score, comment, source FROM feedback")
    assert tuple(row or ()) == (2, "Fast & <b>simple</b>", "prompted")
    assert await visitor.context.cookies() == []
    assert visitor.hosts == {f"{SHOP}:{server.port}", f"127.0.0.1:{server.port}"}
    assert await page.evaluate("Object.keys(localStorage).length + Object.keys(sessionStorage).length") == 0


async def test_a_question_that_is_closed_often_enough_returns_no_more(setting: Setting, visitor: Visitor) -> None:
    page = await visitor.page()
    for refusals in (1, 2):
        await use(page, 3)
        await expect(card(page)).to_be_visible()
        await page.keyboard.press("Escape") if refusals == 1 else await page.get_by_role("button", name="Close").click()
        await expect(card(page)).to_be_hidden()
        await eventually(lambda: refused(setting), refusals)
    await use(page, 4)
    await expect(card(page)).to_be_hidden()


async def refused(setting: Setting) -> int:
    return (await setting.feature.counts(ANN))[2]


async def test_calls_without_network_count_once_when_it_returns(setting: Setting, visitor: Visitor) -> None:
    page = await visitor.page()
    await use(page)
    await page.route(CALLS, lose_response)
    await page.locator("#use").click()
    await eventually(setting.uses, 2)
    await page.reload()  # the page that follows sends the call again, and the next one
    await page.unroute(CALLS)
    await page.locator("#use").click()
    await expect(card(page)).to_be_visible()
    assert await setting.uses() == 3
    await visitor.context.set_offline(True)
    await page.get_by_role("radio", name="9 of 10").check(force=True)
    await page.get_by_role("button", name="Send").click()
    await expect(card(page)).to_contain_text("saved and will be sent later")
    assert await ratings(setting) == 0
    await visitor.context.set_offline(False)
    await eventually(lambda: ratings(setting), 1)
    assert await setting.uses() == 3


async def lose_response(route: Route) -> None:
    """The call reaches the server, and its response gets lost."""
    if route.request.method == "POST":
        await route.fetch()
        await route.abort()
    else:
        await route.continue_()


async def ratings(setting: Setting) -> int:
    found = await setting.feature.client.get("/api/v1/feedback")
    return len(found.json()["data"])


async def test_refused_signatures_and_origins_show_nothing_and_break_nothing(
    setting: Setting, visitor: Visitor
) -> None:
    genuine = setting.shop.options
    setting.shop.options = genuine | {"user": genuine["user"] | {"signature": "v1.9999999999." + "A" * 43}}
    page = await visitor.page()
    await use(page)
    assert [error["code"] for error in await events(page, "error")] == ["SIGNATURE_INVALID"]
    setting.shop.options = genuine | {"user": setting.widget.signed(seconds=-10)}
    await page.reload()
    await page.locator("#use").click()
    await page.wait_for_function("() => seen.some(({code}) => code === 'SIGNATURE_EXPIRED')")
    assert await setting.uses() == 0
    await page.evaluate("options => voxpop('init', options)", genuine)  # a new signature: the call was kept
    await eventually(setting.uses, 1)
    other = await WidgetPage.open(setting.make, await setting.make.workspace("theirs"), PAGE)
    setting.shop.options = {"key": other.key.text, "user": other.signed()}
    foreign = await visitor.page()
    async with foreign.expect_console_message(lambda line: "could not be reached" in line.text):
        await foreign.locator("#use").click()
    await expect(card(foreign)).to_be_hidden()


async def test_an_open_question_survives_a_reload_and_is_answered_in_one_of_two_tabs(
    setting: Setting, visitor: Visitor
) -> None:
    first = await visitor.page()
    await use(first, 3)
    await first.get_by_role("radio", name="7 of 10").check(force=True)
    await first.get_by_role("textbox").last.fill("Half a thou")
    await first.reload()
    await expect(first.get_by_role("radio", name="7 of 10")).to_be_checked()
    await expect(first.get_by_role("textbox").last).to_have_value("Half a thou")
    second = await visitor.page()
    await use(second)
    await expect(card(second)).to_be_visible()
    await first.get_by_role("button", name="Send").click()
    await expect(card(first)).to_contain_text("Thank")
    await expect(card(second)).to_be_hidden()
    assert await ratings(setting) == 1


async def test_a_survey_of_a_campaign_is_shown_after_its_delay(
    setting: Setting, visitor: Visitor, owner: "asyncpg.Connection[Any]"
) -> None:
    campaigns = CampaignApi(setting.feature.client)
    await campaigns.open(delay_hours=2)
    survey = await campaigns.ask(guid=ANN)
    page = await visitor.page()
    await page.evaluate("voxpop('surveys')")
    await page.wait_for_function("() => seen.some(({call}) => call === 'surveys')")
    await expect(card(page)).to_be_hidden()
    await owner.execute("UPDATE survey SET scheduled_at = scheduled_at - interval '2 hours'")
    await page.evaluate("voxpop('surveys')")
    await expect(page.get_by_role("radio")).to_have_count(11)
    assert [ask["survey_id"] for ask in await events(page, "ask")] == [survey]
    await page.get_by_role("radio", name="10 of 10").check(force=True)
    await page.get_by_role("button", name="Send").click()
    await page.wait_for_function("() => seen.some(({event, sent}) => event === 'answer' && sent)")


async def test_no_style_of_the_page_reaches_the_widget(setting: Setting, visitor: Visitor) -> None:
    setting.shop.style = HOSTILE
    page = await visitor.page()
    await page.evaluate("for (let use = 0; use < 3; use++) voxpop('track', 'pms', 'dashboard')")
    await expect(card(page)).to_be_visible()
    box = await card(page).bounding_box()
    assert box
    assert (box["width"], box["x"] + box["width"]) == (400, 1280 - 16)
    assert await card(page).evaluate("each => getComputedStyle(each).fontSize") == "16px"
    await page.get_by_role("radio", name="8 of 10").check(force=True)
    await page.get_by_role("button", name="Send").click()
    await expect(card(page)).to_contain_text("Thank")
