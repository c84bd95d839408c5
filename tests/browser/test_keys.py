"""Keyboard shortcuts in Chromium: on other keyboards, without a matching button, and where the focus goes."""

import re

import pytest
from playwright.async_api import expect
from tests.support.agents import Agent
from tests.support.inbox import InboxSite, Status

pytestmark = pytest.mark.browser


async def press_foreign_key(agent: Agent, key: str, code: str, shift: bool = False) -> None:
    """Presses a key of a keyboard with another alphabet, which Playwright does not know."""
    await agent.page.locator("html[data-keys]").wait_for(state="attached")
    session = await agent.context.new_cdp_session(agent.page)
    for kind in ("keyDown", "keyUp"):
        stroke = {"type": kind, "key": key, "code": code, "text": key if kind == "keyDown" else ""}
        await session.send("Input.dispatchKeyEvent", stroke | {"modifiers": 8 if shift else 0})


async def test_shortcuts_work_on_a_russian_keyboard(agent: Agent) -> None:
    page = await agent.go("/inbox")
    for key, code in (("о", "KeyJ"), ("о", "KeyJ"), ("л", "KeyK")):
        await press_foreign_key(agent, key, code)
    await expect(page.locator("#TK-6 a")).to_be_focused()
    await press_foreign_key(agent, ",", "Slash", shift=True)
    await expect(page.locator("#keys")).to_be_visible()
    await page.keyboard.press("Escape")
    await press_foreign_key(agent, ".", "Slash")
    await expect(page.locator(".search input")).to_be_focused()
    await press_foreign_key(agent, "о", "KeyJ")
    await expect(page.locator(".search input")).to_have_value("о")
    await page.keyboard.press("Backspace")  # otherwise leaving the field would search for it
    await page.keyboard.press("Escape")
    await press_foreign_key(agent, "к", "KeyR")
    await expect(page.locator("h1")).to_contain_text("TK-6")
    await expect(page.locator(".composer textarea")).to_be_focused()


async def test_a_full_stop_on_a_latin_keyboard_is_not_search(agent: Agent) -> None:
    page = await agent.go("/inbox")
    await agent.press(".")
    await expect(page.locator(".search input")).not_to_be_focused()


async def test_shortcuts_close_and_reopen_a_ticket(agent: Agent, inbox: InboxSite) -> None:
    page = await agent.go("/inbox/TK-6")
    for key, message, status in (("d", "Closed.", Status.CLOSED), ("u", "Reopened.", Status.OPEN)):
        await agent.press(key)
        await expect(page.locator(".undo")).to_contain_text(message)
        assert (await inbox.get("TK-6")).status == status


@pytest.mark.parametrize(("ref", "key", "message"), [("TK-1", "e", "resolved"), ("TK-6", "u", "open")])
async def test_a_shortcut_without_a_button_shows_the_reason(agent: Agent, ref: str, key: str, message: str) -> None:
    page = await agent.go(f"/inbox/{ref}")
    await agent.press(key)
    await expect(page.get_by_role("status").first).to_have_text(f"This ticket is already {message}.")


@pytest.mark.parametrize(
    ("key", "focused"),
    [("r", "[name=body]"), ("n", "[name=body]"), ("p", "[name=priority][aria-current]"), ("t", "[name=tags]")],
)
async def test_a_shortcut_on_a_row_opens_the_ticket_at_that_field(agent: Agent, key: str, focused: str) -> None:
    page = await agent.go("/inbox")
    await agent.press("j", "j", key)
    await expect(page.locator("h1")).to_contain_text("TK-5")
    await expect(page.locator(focused)).to_be_focused()
    kind = "note" if key == "n" else "public"
    await expect(page.locator(f".composer [value={kind}]")).to_be_checked()


async def test_escape_returns_the_focus_to_the_row(agent: Agent) -> None:
    page = await agent.go("/inbox")
    await agent.press("j", "j")
    for key, place in (("a", "#bulk-assignee button >> nth=0"), ("/", ".search input")):
        await agent.press(key)
        await expect(page.locator(place)).to_be_focused()
        await agent.press("Escape")
        await expect(page.locator("#TK-5 .subject a")).to_be_focused()
    await agent.press("j")
    await expect(page.locator("#TK-4 .subject a")).to_be_focused()


async def test_c_opens_the_form_for_a_new_ticket(agent: Agent) -> None:
    page = await agent.go("/inbox")
    await agent.press("c")
    await expect(page.get_by_role("heading", name="Open a ticket for a customer")).to_be_visible()


@pytest.mark.parametrize(
    ("path", "found"),
    [("/inbox/TK-2?in=rating%3D1-2&at=0", r"\?rating=1-2#search$"), ("/low-ratings", r"/low-ratings$")],
)
async def test_search_returns_to_the_list_of_the_address(agent: Agent, path: str, found: str) -> None:
    page = await agent.go(path)
    await agent.press("/")
    await expect(page.locator(".search input")).to_be_focused()
    await expect(page).to_have_url(re.compile(found))
