"""Forms on a slow line in Chromium: a second click, or Back and another click, creates nothing twice."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from litestar.types import Message, Receive, Scope, Send
from playwright.async_api import Browser, Page, expect
from tests.browser.conftest import close_contexts, loop_fixture
from tests.support.agents import Agent, window
from tests.support.http_server import HttpServer
from tests.support.inbox import InboxSite
from tests.support.invariants import Owner

pytestmark = pytest.mark.browser

HELD_SECONDS, BETWEEN_CLICKS = 0.8, 0.3
TICKETS, MESSAGES = "SELECT count(*) FROM ticket", "SELECT count(*) FROM ticket_message"
with_and_without_scripts = pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])


@loop_fixture()
async def slow_origin(chromium: Browser, server: HttpServer, inbox: InboxSite) -> AsyncIterator[str]:
    """The inbox site on a slow line: responses to forms arrive late."""

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        async def hold(message: Message) -> None:
            if message["type"] == "http.response.start" and scope["method"] == "POST":  # type: ignore[typeddict-item]
                await asyncio.sleep(HELD_SECONDS)
            await send(message)

        await inbox.app(scope, receive, hold)

    async with server.serving(slow) as origin:
        yield origin
        await close_contexts(chromium)


async def click_twice(page: Page, name: str) -> None:
    """At the place of the button, because Playwright would wait for the response before it looks for it again."""
    button = page.get_by_role("button", name=name, exact=True)
    await button.scroll_into_view_if_needed()
    box = await button.bounding_box()
    assert box is not None
    await page.mouse.click(box["x"] + 9, box["y"] + 9)
    await asyncio.sleep(BETWEEN_CLICKS)
    await page.mouse.click(box["x"] + 9, box["y"] + 9)


async def fill_ticket(page: Page, name: str) -> None:
    await page.get_by_label(name).fill("Gus Gray")
    await page.get_by_label("Email").fill("gus@example.com")
    await page.get_by_label("Subject").fill("Hub skips")
    await page.locator("#description").fill("It skips under load.")


@with_and_without_scripts
async def test_a_visitor_clicks_twice(chromium: Browser, slow_origin: str, owner: Owner, scripts: bool) -> None:
    page = await (await chromium.new_context(java_script_enabled=scripts)).new_page()
    await page.goto(f"{slow_origin}/tickets/new")
    await fill_ticket(page, "Your name")
    await click_twice(page, "Send")
    await expect(page.get_by_text("Thanks, we’ve received your request")).to_be_visible()
    assert await owner.fetchval(TICKETS) == 7
    before = await owner.fetchval(MESSAGES)
    await page.get_by_label("Your reply").fill("Still.")
    await click_twice(page, "Send reply")
    await expect(page.get_by_text("Still.")).to_have_count(1)
    await expect(page.get_by_label("Your reply")).to_have_value("")
    assert await owner.fetchval(MESSAGES) == before + 1


@with_and_without_scripts
async def test_an_agent_clicks_twice(
    chromium: Browser, inbox: InboxSite, slow_origin: str, owner: Owner, scripts: bool
) -> None:
    agent = await window(chromium, inbox, slow_origin, java_script_enabled=scripts)
    page = await agent.go("/inbox/new")
    await fill_ticket(page, "Customer’s name")
    await click_twice(page, "Create ticket")
    await expect(page.get_by_text("Ticket opened.")).to_be_visible()
    assert await owner.fetchval(TICKETS) == 7
    before = await owner.fetchval(MESSAGES)
    await page.locator(".composer textarea").fill("On its way.")
    await page.get_by_role("button", name="Send and change the status").click()
    await click_twice(page, "Send and resolve")
    await expect(page.get_by_text("On its way.")).to_have_count(1)
    await expect(page.get_by_text("Reply added.")).to_be_visible()
    assert await owner.fetchval(MESSAGES) == before + 1


async def test_back_and_send_again_creates_nothing(agent: Agent, owner: Owner) -> None:
    page = await agent.go("/inbox/new")
    for subject, tickets in (("Hub skips", 7), ("Hub skips", 7), ("Pump leaks", 8)):
        await fill_ticket(page, "Customer’s name")
        await page.get_by_label("Subject").fill(subject)
        await page.get_by_role("button", name="Create ticket").click()
        await expect(page.get_by_role("heading", name=subject)).to_be_visible()
        assert await owner.fetchval(TICKETS) == tickets
        await page.go_back()
    await agent.go("/inbox/new")
    await fill_ticket(page, "Customer’s name")
    await page.get_by_role("button", name="Create ticket").click()
    await expect(page.get_by_role("heading", name="Hub skips")).to_be_visible()
    assert await owner.fetchval(TICKETS) == 9


async def test_the_key_of_a_second_click_is_still_shown(
    chromium: Browser, inbox: InboxSite, slow_origin: str, owner: Owner
) -> None:
    boss = await window(chromium, inbox, slow_origin, member="owner_browser")
    page = await boss.go("/settings/keys")
    await page.get_by_label("Name of the key").fill("Shop")
    await page.get_by_role("checkbox").first.check()
    await click_twice(page, "Create key")
    await expect(page.locator("#secret")).to_contain_text("vxp_")
    assert await owner.fetchval("SELECT count(*) FROM api_key") == 1
