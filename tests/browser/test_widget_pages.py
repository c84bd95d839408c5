"""The demo shop, and the settings page "Install", in Chromium."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, expect
from tests.browser.conftest import close_contexts, loop_fixture
from tests.support.agents import check_page, first_look, in_all_looks, window
from tests.support.http_server import HttpServer
from tests.support.inbox import InboxSite
from tests.support.sites import Site

from voxpop.db.pool import Database
from voxpop.widget import demo_shop
from voxpop.workspaces import service as workspaces

pytestmark = pytest.mark.browser


@loop_fixture()
async def shop(server: HttpServer, database: Database) -> AsyncIterator[str]:
    """The origin of a demo, whose shop is open."""
    site = await Site(database, VOXPOP_DEMO="true", VOXPOP_BASE_URL=f"http://127.0.0.1:{server.port}").set_up()
    async with database.transaction(site.workspace_id()) as tx:
        await workspaces.mark_demo_data(tx, site.workspace_id())
    await demo_shop.prepare(database, site.workspace_id(), site.settings.public_url)
    async with server.serving(site.app) as origin:
        yield origin


async def find_presents(page: Page, times: int) -> None:
    for use in range(times):
        await page.locator("[data-tag]").nth(use % 5).click()
        await expect(page.locator("#calls li")).to_have_count(use + 1)


@in_all_looks
async def test_the_demo_shop_asks_after_five_uses_and_tells_what_happened(
    chromium: Browser, shop: str, locale: str
) -> None:
    context = await chromium.new_context(**first_look(locale))
    page, errors = await context.new_page(), list[str]()
    page.on("console", lambda line: errors.append(line.text) if line.type in ("error", "warning") else None)
    await page.goto(f"{shop}/demo-shop")
    await expect(page.locator("html")).to_have_attribute("lang", locale)
    await find_presents(page, 4)
    await expect(page.get_by_role("dialog")).to_be_hidden()
    await page.locator("[data-tag]").nth(4).click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    await expect(page.locator("#uses")).to_have_js_property("value", 5)
    await check_page(page, "demo-shop/asks", locale)
    await page.get_by_role("radio").nth(8).check(force=True)
    await page.locator(".send").click()
    await expect(page.locator("#calls li").first).to_contain_text("/widget/answer")
    await page.keyboard.press("Escape")
    await page.locator(".launcher").click()
    await expect(page.get_by_role("radio").first).to_be_focused()
    assert errors == []
    await close_contexts(chromium)


async def test_the_preview_shows_each_survey_type_as_chosen(chromium: Browser, inbox: InboxSite, origin: str) -> None:
    owner = await window(chromium, inbox, origin, member="owner_browser", **first_look("en"))
    page = await owner.go("/settings/install")
    await page.get_by_label("Survey type").select_option("NPS")
    await expect(page.get_by_role("radio")).to_have_count(11)
    await page.get_by_label("Survey type").select_option("CSAT")
    await page.get_by_label("Shown as").select_option("smileys")
    await page.get_by_label("Theme").select_option("dark")
    await expect(page.locator(".scale.smileys")).to_be_visible()
    await expect(page.locator("voxpop-survey[dark]")).to_be_visible()
    await check_page(page, "install/preview", "en")
    assert owner.errors == []
