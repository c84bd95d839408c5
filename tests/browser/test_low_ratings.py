"""The pages of low ratings and agents in Chromium: keyboard, live updates, without scripts, and their look."""

import re

import pytest
from playwright.async_api import Browser, expect
from tests.support.agents import Agent, check_page, first_look, in_all_looks, window
from tests.support.inbox import AGENT, InboxSite

from voxpop.types import utcnow

pytestmark = pytest.mark.browser

ROWS = ".rows tbody tr"


async def test_low_ratings_are_handled_by_keyboard_and_appear_live(agent: Agent, inbox: InboxSite) -> None:
    page = await agent.go("/low-ratings?handled=false")
    await expect(page.locator(ROWS)).to_have_count(1)
    await expect(page.locator(".live")).to_have_text("Live")
    await inbox.rated(2, "Too late", "New ticket", tags=("delivery",), rated_at=utcnow())
    await expect(page.locator(ROWS)).to_have_count(2)
    await expect(page.locator(".share-list tbody tr").first).to_contain_text("delivery")
    await agent.press("j", "e")
    await expect(page.locator(".undo")).to_contain_text("1 rating marked as handled.")
    await expect(page.locator(ROWS)).to_have_count(1)
    await agent.press("z")
    await expect(page.locator(ROWS)).to_have_count(2)
    await agent.press("/")
    await page.keyboard.type("late")
    await page.keyboard.press("Enter")
    await expect(page.locator(ROWS)).to_have_count(1)
    await expect(page).to_have_url(re.compile(r"handled=false&text=late|text=late&handled=false"))
    await agent.press("Escape", "j", "Enter")
    await expect(page.locator(".open-rating q")).to_have_text("Too late")


async def test_the_tabs_and_rows_change_the_list_without_a_reload(agent: Agent) -> None:
    page = await agent.go("/low-ratings")
    await page.evaluate("window.kept = true")
    await page.get_by_role("link", name="By agent").click()
    await expect(page).to_have_url(re.compile(r"by=agent"))
    await expect(page.locator(".shares")).to_contain_text("No rating of this survey type has an assignee.")
    await page.get_by_role("link", name="By tag").click()
    await page.locator(".share-list").get_by_role("link", name="warranty").click()
    await expect(page.locator(".low-ratings > .section-head h2")).to_have_text("0 low ratings of warranty")
    await expect(page.locator(".share-list tr[aria-current]")).to_contain_text("warranty")
    await expect(page.locator("figcaption h2")).to_have_text("Share of low ratings, CSAT, warranty")
    await expect(page.locator(".frame.drawn")).to_be_visible()
    assert await page.evaluate("window.kept")


async def test_the_page_works_without_scripts(chromium: Browser, inbox: InboxSite, origin: str) -> None:
    agent = await window(chromium, inbox, origin, java_script_enabled=False)
    page = await agent.go("/low-ratings")
    await page.locator("[name=text]").fill("again")
    await page.locator(".filters").get_by_role("button", name="Apply").click()
    await expect(page.locator(ROWS)).to_have_count(1)
    await page.locator(".pick input").last.check()
    await page.locator(".bulk").get_by_role("button", name="Mark as handled", exact=False).first.click()
    await expect(page.locator(ROWS)).to_contain_text("Handled")
    await agent.context.close()


@in_all_looks
async def test_axe_finds_nothing(chromium: Browser, inbox: InboxSite, origin: str, locale: str) -> None:
    account = await inbox.account(AGENT)
    for number in range(6):
        await inbox.rated(1 + number % 5, "A comment", tags=("delivery",), assignee_id=account)
    owner = await window(chromium, inbox, origin, member="owner_browser", **first_look(locale))
    agent = await window(chromium, inbox, origin, **first_look(locale))
    for who, name, path in (
        (owner, "tags", "/low-ratings"),
        (owner, "period", "/low-ratings?by=period&days=7&text=comment"),
        (owner, "narrowed", "/low-ratings?by=agent&tag=unknown"),
        (owner, "none", "/low-ratings?from=2020-01-01&to=2020-01-02"),
        (owner, "agents", "/agents"),
        (owner, "agents-none", "/agents?from=2020-01-01&to=2020-01-02"),
        (owner, "agent", f"/agents?agent={account}&days=7"),
        (agent, "own", "/agents"),
        (owner, "settings", "/settings/workspace"),
    ):
        await who.go(path)
        await check_page(who.page, f"low-ratings/{name}", locale)
    assert owner.errors == agent.errors == []
    await owner.context.close()
    await agent.context.close()
