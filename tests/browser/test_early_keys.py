"""Keys pressed while a page loads, in Chromium: they are kept, and acted on as soon as the page can."""

import asyncio
import re

import pytest
from playwright.async_api import Page, Route, expect
from tests.support.agents import Agent
from tests.support.inbox import InboxSite, Status

pytestmark = pytest.mark.browser

DELAY = 0.7  # seconds


async def slow(route: Route) -> None:
    await asyncio.sleep(DELAY)
    await route.continue_()


async def type_keys(page: Page, *keys: str) -> None:
    """Without waiting for anything, as users type."""
    for key in keys:
        await page.keyboard.press(key)


async def test_keys_pressed_before_the_scripts_run_are_acted_on(agent: Agent) -> None:
    await agent.context.route("**/static/inbox/main.js*", slow)
    await agent.page.goto(f"{agent.origin}/inbox", wait_until="commit")
    await agent.page.locator("script[src*='early_keys']").wait_for(state="attached")
    await type_keys(agent.page, "j", "j", "x")
    await expect(agent.page.locator("#TK-5 .subject a")).to_be_focused()
    await expect(agent.page.locator("#TK-5 input")).to_be_checked()


async def test_keys_pressed_while_the_next_page_is_on_its_way_are_for_that_page(agent: Agent, inbox: InboxSite) -> None:
    page = await agent.go("/inbox")
    await agent.context.route(re.compile(r"/inbox/TK-"), slow)
    await agent.press("j", "Enter")
    await type_keys(page, "e", "j", "e")
    await expect(page.locator("h1")).to_contain_text("TK-5")
    await expect(page.locator(".undo")).to_contain_text("TK-5: Resolved.")
    assert [(await inbox.get(ref)).status for ref in ("TK-6", "TK-5", "TK-4")] == [*[Status.RESOLVED] * 2, Status.OPEN]


async def test_a_reply_is_typed_while_the_ticket_loads(agent: Agent, inbox: InboxSite) -> None:
    page = await agent.go("/inbox")
    await agent.context.route(re.compile(r"/inbox/TK-"), slow)
    await agent.press("j", "j")
    await type_keys(page, "r", *"On irs", "Backspace", "Backspace", *"ts way", "Enter", *"e")
    await expect(page.locator(".composer textarea")).to_have_value("On its way\ne")
    await type_keys(page, "Backspace", "Control+Enter")
    await expect(page.locator(".message").last).to_contain_text("On its way")
    assert [message.body for message in await inbox.messages("TK-5")] == ["On its way"]
    assert (await inbox.get("TK-5")).status == Status.IN_PROGRESS


async def test_a_held_key_acts_once(agent: Agent, inbox: InboxSite) -> None:
    await inbox.agent.submit("/settings/preferences", next_after_resolving="yes")
    page = await agent.go("/inbox?status=unresolved")
    await agent.press("j", "Enter")
    await page.locator(".list-position").wait_for()
    await page.locator("html[data-keys]").wait_for(state="attached")
    for _ in range(5):
        await page.keyboard.down("e")
    await page.keyboard.up("e")
    await expect(page.locator(".undo")).to_contain_text("TK-6: Resolved.")
    assert (await inbox.get("TK-5")).status == Status.OPEN


@pytest.mark.parametrize("key", ["x", "o", "r", "n", "a", "e", "d", "p", "t"])
async def test_a_key_that_needs_a_row_says_so(agent: Agent, key: str) -> None:
    page = await agent.go("/inbox")
    await agent.press(key)
    await expect(page.get_by_role("status").filter(has_text="Choose a ticket first")).to_be_visible()


async def test_back_in_the_list_the_row_of_the_ticket_has_the_focus(agent: Agent) -> None:
    page = await agent.go("/inbox")
    await agent.press("j", "j", "Enter")
    await page.locator(".back").click()
    await expect(page.locator("#TK-5 .subject a")).to_be_focused()
