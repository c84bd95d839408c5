"""Elements that are hidden, the indicator of live updates, and the copy button, in Chromium."""

import re

import pytest
from playwright.async_api import Browser, expect
from tests.support.agents import window
from tests.support.inbox import InboxSite

pytestmark = pytest.mark.browser

PATHS = ["/", "/inbox", "/inbox/TK-1", "/inbox/new", "/low-ratings", "/settings", "/settings/keys", "/tickets/new"]
STREAMS = re.compile("/inbox/changes|/api/v1/stream")
SHOWN_ALTHOUGH_HIDDEN = """[...document.querySelectorAll("[hidden]")]
    .filter((each) => getComputedStyle(each).display !== "none").map((each) => each.outerHTML.slice(0, 80))"""


@pytest.mark.parametrize("java_script", [True, False])
async def test_hidden_hides_on_every_page(chromium: Browser, inbox: InboxSite, origin: str, java_script: bool) -> None:
    owner = await window(chromium, inbox, origin, member="owner_browser", java_script_enabled=java_script)
    for path in PATHS:
        page = await owner.go(path)
        assert (path, await page.evaluate(SHOWN_ALTHOUGH_HIDDEN)) == (path, [])
    await owner.context.close()


async def test_the_page_is_not_live_without_javascript(chromium: Browser, inbox: InboxSite, origin: str) -> None:
    agent = await window(chromium, inbox, origin, java_script_enabled=False)
    await expect((await agent.go("/inbox")).locator(".live")).to_be_hidden()
    await agent.context.close()


@pytest.mark.parametrize("path", ["/inbox", "/inbox/TK-6", "/overview"])
async def test_a_page_says_when_live_updates_stop_and_work_again(
    chromium: Browser, inbox: InboxSite, origin: str, path: str
) -> None:
    agent = await window(chromium, inbox, origin)
    await agent.context.route(STREAMS, lambda route: route.abort())
    page = await agent.go(path)
    live = page.locator(".live")
    await expect(live).to_contain_text("Offline", timeout=15_000)
    await agent.context.unroute(STREAMS)
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await (expect(live).to_be_hidden() if path == "/inbox/TK-6" else expect(live).to_have_text("Live"))
    await agent.context.close()


@pytest.mark.parametrize("copies", [True, False])
async def test_a_new_key_is_copied_or_selected_without_the_clipboard_api(
    chromium: Browser, inbox: InboxSite, origin: str, copies: bool
) -> None:
    owner = await window(chromium, inbox, origin, member="owner_browser")
    await owner.page.add_init_script(
        "Object.defineProperty(navigator, 'clipboard', {value: undefined});"
        f"document.execCommand = () => {str(copies).lower()};"
    )
    page = await owner.go("/settings/keys")
    await page.get_by_label("Name of the key").fill("Shop")
    await page.get_by_role("checkbox").first.check()
    await page.get_by_role("button", name="Create key").click()
    await page.get_by_role("button", name="Copy").click()
    await expect(page.locator("[data-copy]")).to_have_text("Copied" if copies else "Selected: press Ctrl C")
    assert await page.evaluate("String(getSelection())") == await page.locator("#secret").inner_text()
    assert owner.errors == []
    await owner.context.close()
