"""Drafts on a ticket's page in Chromium: unsent text is kept until it is sent."""

import pytest
from playwright.async_api import Browser, Locator, Page, expect
from tests.support.agents import Agent, window
from tests.support.inbox import InboxSite

pytestmark = pytest.mark.browser

JUMPS = """() => new Promise((resolve) => {
    new PerformanceObserver((list) => resolve(list.getEntries().map(each => each.value)))
        .observe({type: "layout-shift", buffered: true});
    setTimeout(resolve, 300, []);
})"""
STORED = "Object.keys(localStorage)"
WORDS = "Dear Bob,\n\nhalf\na\nreply"


def written(page: Page) -> Locator:
    return page.locator(".composer textarea")


async def test_a_draft_survives_other_changes_and_a_reload(agent: Agent) -> None:
    page = await agent.go("/inbox/TK-6")
    await agent.press("n")
    await page.keyboard.type(WORDS)
    await agent.press("Escape", "p", "ArrowUp", "Enter")
    await expect(page.locator(".activity").last).to_contain_text("set the priority to High")
    await agent.press("e")
    await expect(page.locator(".undo")).to_be_visible()
    await page.reload()
    await expect(written(page)).to_have_value(WORDS)
    await expect(page.locator(".composer [value=note]")).to_be_checked()
    await agent.go("/inbox/TK-5")
    await expect(written(page)).to_have_value("")


async def test_a_draft_is_removed_once_sent_or_emptied(agent: Agent) -> None:
    page = await agent.go("/inbox/TK-6")
    for send in ("Control+Enter", "Control+a"):
        await agent.press("r")
        await page.keyboard.type(WORDS)
        await page.keyboard.press(send)
        if send == "Control+a":
            await page.keyboard.press("Backspace")
        else:
            await expect(page.locator(".message").last).to_contain_text("half")
        await expect(written(page)).to_have_value("")
        await page.reload()
        await agent.press("n")
        await expect(written(page)).to_have_value("")


async def test_a_draft_is_kept_for_its_author_only(agent: Agent, inbox: InboxSite, origin: str) -> None:
    page = await agent.go("/inbox/TK-6")
    await agent.press("r")
    await page.keyboard.type(WORDS)
    kept = await agent.context.cookies()
    await agent.context.clear_cookies()
    await page.keyboard.press("Control+Enter")
    await expect(page).to_have_url(f"{origin}/login?next=%2Finbox%2FTK-6")
    await expect(page.get_by_text("Your text is kept in this browser.")).to_be_visible()
    boss = [{"name": name, "value": value, "url": origin} for name, value in inbox.owner_browser.cookies.items()]
    await agent.context.add_cookies(boss)  # type: ignore[arg-type]
    await agent.go("/inbox/TK-6")
    await expect(written(page)).to_have_value("")
    await agent.context.add_cookies(kept)  # type: ignore[arg-type]
    await agent.go("/inbox/TK-6")
    await expect(written(page)).to_have_value(WORDS)


@pytest.mark.parametrize("width", [1280, 390])
async def test_restoring_a_draft_does_not_shift_the_page(
    chromium: Browser, inbox: InboxSite, origin: str, width: int
) -> None:
    agent = await window(chromium, inbox, origin, viewport={"width": width, "height": 800})
    page = await agent.go("/inbox/TK-6")
    await written(page).fill("line\n" * 12)
    await page.reload()
    await expect(written(page)).to_have_value("line\n" * 12)
    assert await page.evaluate(JUMPS) == []
    await agent.context.close()


async def test_a_new_ticket_is_kept_until_it_is_opened(agent: Agent, origin: str) -> None:
    page = await agent.go("/inbox/new")
    await page.get_by_label("Subject").fill("Hub skips")
    await page.get_by_label("Priority").select_option("High")
    await page.reload()
    await expect(page.get_by_label("Subject")).to_have_value("Hub skips")
    await expect(page.get_by_label("Priority")).to_have_value("High")
    await page.get_by_label("Customer’s name").fill("Gus")
    await page.get_by_label("Email").fill("gus@example.com")
    await page.locator("#description").fill("It skips.")
    await page.get_by_role("button", name="Create ticket").click()
    await expect(page.get_by_role("heading", name="Hub skips")).to_be_visible()
    await agent.go("/inbox/new")
    await expect(page.get_by_label("Subject")).to_have_value("")
    assert await page.evaluate(STORED) == []


async def test_signing_out_removes_drafts(agent: Agent, origin: str) -> None:
    page = await agent.go("/inbox/TK-6")
    await written(page).fill(WORDS)
    assert len(await page.evaluate(STORED)) == 1
    await page.get_by_role("button", name="Sign out").click()
    await expect(page).to_have_url(f"{origin}/login")
    assert await page.evaluate(STORED) == []
