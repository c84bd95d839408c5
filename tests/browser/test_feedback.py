"""The page of ratings in Chromium: keyboard, filters and an open rating without a reload, live updates, its look."""

import re

import pytest
from playwright.async_api import Browser, expect
from tests.support.agents import Agent, check_look, check_page, first_look, go_narrow, in_all_looks, window
from tests.support.dashboards import FEEDBACK
from tests.support.inbox import InboxSite

from voxpop.types import utcnow

pytestmark = pytest.mark.browser

ROWS = ".rows tbody tr"


async def comments(agent: Agent) -> list[str]:
    return [" ".join(text.split()) for text in await agent.page.locator(f"{ROWS} .subject a").all_inner_texts()]


async def test_the_keyboard_moves_opens_and_marks(agent: Agent) -> None:
    page = await agent.go("/feedback")
    links = page.locator(f"{ROWS} .subject a")
    await agent.press("j", "j", "k")
    await expect(links.first).to_be_focused()
    await agent.press("Enter")
    panel = page.locator(".open-rating")
    await expect(panel.locator("q")).to_have_text("Never again")
    await expect(page).to_have_url(re.compile(r"open="))
    await agent.press("j")
    await expect(panel.locator("q")).to_have_text("Quick & honest")
    await agent.press("m")
    await expect(page.locator(".undo")).to_contain_text("1 rating marked as read.")
    await expect(panel).to_contain_text("Read by agent@example.com")
    await agent.press("z")
    await expect(panel).not_to_contain_text("Read by")
    await agent.press("n")
    await page.keyboard.type("Called back")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".toast")).to_contain_text("Notes saved.")
    await expect(panel.locator("#notes")).to_have_value("Called back")
    await agent.press("Escape")
    await expect(panel).to_be_hidden()


async def test_marks_of_the_selected_rows_are_set_and_undone(agent: Agent) -> None:
    page = await agent.go("/feedback?handled=false")
    await agent.press("j", "x", "j", "x")
    await expect(page.locator(".bulk output")).to_have_text("2 selected")
    await agent.press("e")
    await expect(page.locator(".undo")).to_contain_text("2 ratings marked as handled.")
    await expect(page.locator(".empty-state")).to_be_visible()
    await agent.press("z")
    await expect(page.locator(ROWS)).to_have_count(2)
    await agent.press("e")
    await expect(page.locator(".toast").last).to_contain_text("Choose a rating first")


async def test_filters_apply_without_a_reload_and_stay_in_the_address(agent: Agent) -> None:
    page = await agent.go("/feedback")
    await page.evaluate("window.kept = true")
    await agent.press("/")
    await page.keyboard.type("honest")
    await page.keyboard.press("Enter")
    await expect(page.locator(".head .count")).to_have_text("1 rating")
    await expect(page.locator(f"{ROWS} mark")).to_have_text("honest")
    await expect(page).to_have_url(re.compile(r"\?text=honest$"))
    await page.locator("#filter-score_max").fill("2")
    await page.keyboard.press("Enter")
    await expect(page.locator(".empty-state")).to_be_visible()
    await page.go_back()
    await expect(page.locator(ROWS)).to_have_count(1)
    await expect(page.locator("#filter-score_max")).to_have_value("")
    assert await page.evaluate("window.kept")
    await page.reload()
    assert await comments(agent) == ["Quick & honest (unread)"]


async def test_the_dialog_lists_the_shortcuts(agent: Agent) -> None:
    page = await agent.go("/feedback")
    await agent.press("?")
    await expect(page.locator("#keys")).to_contain_text("Mark as handled")
    await agent.press("Escape", "g", "f")
    await expect(page).to_have_url(re.compile(r"/feedback$"))


async def test_new_ratings_and_marks_appear_without_a_reload(agent: Agent, inbox: InboxSite) -> None:
    page = await agent.go("/feedback?has_comment=true")
    await expect(page.locator(".live")).to_have_text("Live")
    await agent.press("j", "x", "Enter")
    await page.locator("#notes").fill("Not sent yet")
    await inbox.rated(3, "Just now", "New ticket", rated_at=utcnow())
    await expect(page.locator(ROWS)).to_have_count(3)
    (rating,) = (await inbox.agent.get(f"{FEEDBACK}?text=again")).json()["data"]
    assert (await inbox.owner_browser.patch(f"{FEEDBACK}/{rating['id']}", json={"handled": True})).status_code == 200
    row = page.locator(f"#r{rating['id']}")
    await expect(row).to_contain_text("Handled")
    await expect(row.locator("input")).to_be_checked()
    await expect(page.locator("#notes")).to_have_value("Not sent yet")


async def test_the_page_works_without_scripts(chromium: Browser, inbox: InboxSite, origin: str) -> None:
    agent = await window(chromium, inbox, origin, java_script_enabled=False)
    page = await agent.go("/feedback")
    await page.locator("[name=text]").fill("honest")
    await page.get_by_role("button", name="Apply").click()
    await expect(page).to_have_url(f"{origin}/feedback?text=honest")
    await page.locator(f"{ROWS} .subject a").click()
    await page.locator(".open-rating").get_by_role("button", name="Mark as handled").click()
    await expect(page.locator(".open-rating")).to_contain_text("Handled by agent@example.com")
    await page.get_by_role("button", name="Undo").click()
    await expect(page.locator(".open-rating")).not_to_contain_text("Handled by")
    await page.locator(".pick input").last.check()
    await page.locator(".bulk").get_by_role("button", name="Mark as read").click()
    await expect(page.locator(".open-rating")).to_contain_text("Read by agent@example.com")
    await agent.context.close()


@in_all_looks
async def test_axe_finds_nothing(chromium: Browser, inbox: InboxSite, origin: str, locale: str) -> None:
    agent = await window(chromium, inbox, origin, **first_look(locale))
    rows = (await inbox.agent.get(FEEDBACK)).json()["data"]
    await inbox.agent.submit(f"/feedback/{rows[0]['id']}/notes", notes="Called back")
    await inbox.agent.submit("/feedback/marks", do="handled", feedback=[rows[0]["id"]])
    for name, path in {
        "list": "/feedback",
        "filtered": "/feedback?text=honest&score_min=2&from=2026-01-01&read=false&tag=hubs",
        "refused": "/feedback?score_min=x",
        "empty": "/feedback?text=nothing",
        "open": f"/feedback?open={rows[0]['id']}",
        "undo": f"/feedback?done=marked&undo=read.{rows[0]['id']}",
    }.items():
        await agent.go(path)
        await check_page(agent.page, f"feedback/{name}", locale)
    for name, keys in (("keys", ["?"]), ("selected", ["j", "x"])):
        await agent.go("/feedback")
        await agent.press(*keys)
        await check_page(agent.page, f"feedback/{name}", locale)
    narrow = await go_narrow(agent, "/feedback", locale)
    await agent.page.locator(".open-filters").click()
    await check_look(agent.page, "feedback/filters", narrow)
    assert agent.errors == []
    await agent.context.close()
