"""Find in Chromium: it opens on every page by Ctrl K, works by keyboard, and axe finds nothing."""

import pytest
from playwright.async_api import Browser, expect
from tests.support.agents import Agent, check_page, first_look, in_all_looks, window
from tests.support.inbox import InboxSite

pytestmark = pytest.mark.browser


async def open_find(agent: Agent, path: str = "/inbox") -> None:
    page = await agent.go(path)
    await page.locator("html[data-find]").wait_for(state="attached")
    await page.keyboard.press("Control+k")
    await expect(page.locator("#find-dialog [role=option]").first).to_be_visible()


@in_all_looks
async def test_axe_finds_nothing_on_the_dialog_and_the_page(
    chromium: Browser, inbox: InboxSite, origin: str, locale: str
) -> None:
    agent = await window(chromium, inbox, origin, **first_look(locale))
    await open_find(agent)
    for name, text in (("hits", "hub"), ("none", "nothing here")):
        await agent.page.locator("#find-dialog input").fill(text)
        await agent.page.wait_for_function(
            "n => document.querySelectorAll('#find-results a').length === n", arg=0 if name == "none" else 1
        )
        await check_page(agent.page, f"find/{name}", locale)
    await agent.go("/find?q=parcel")
    await check_page(agent.page, "find/page", locale)
    await agent.context.close()


async def test_a_ticket_is_found_and_opened_by_keyboard(agent: Agent) -> None:
    await open_find(agent)
    page = agent.page
    await page.keyboard.type("lost parc", delay=5)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/inbox/TK-2")


async def test_arrows_choose_and_escape_closes(agent: Agent) -> None:
    await open_find(agent, "/settings/profile")
    page = agent.page
    options = page.locator("#find-dialog [role=option]")
    await expect(options.nth(0)).to_have_attribute("aria-selected", "true")
    await page.keyboard.press("ArrowDown")
    await expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    chosen = await options.nth(1).get_attribute("id")
    await expect(page.locator("#find-dialog input")).to_have_attribute("aria-activedescendant", chosen or "")
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("ArrowUp")
    await expect(options.last).to_have_attribute("aria-selected", "true")
    await page.keyboard.press("Escape")
    await expect(page.locator("#find-dialog")).to_be_hidden()


async def test_shortcuts_of_the_page_sleep_while_one_types(agent: Agent) -> None:
    await open_find(agent)
    await agent.page.keyboard.type("cx")
    await expect(agent.page.locator("#find-dialog input")).to_have_value("cx")
    assert agent.page.url.endswith("/inbox")
    assert await agent.page.locator("tbody :checked").count() == 0


async def test_the_link_opens_the_dialog_or_without_script_the_page(
    chromium: Browser, inbox: InboxSite, origin: str, agent: Agent
) -> None:
    page = await agent.go("/inbox")
    await page.locator("html[data-find]").wait_for(state="attached")
    await page.locator("a.find").click()
    await expect(page.locator("#find-dialog")).to_be_visible()
    plain = await window(chromium, inbox, origin, java_script_enabled=False)
    await (await plain.go("/inbox")).locator("a.find").click()
    await plain.page.locator("main input").fill("parcel")
    await plain.page.locator("main input").press("Enter")
    await expect(plain.page.locator(".found a").first).to_contain_text("Lost parcel")
    await plain.context.close()
