"""Long titles, long replies and narrow places, in Chromium and in two languages."""

import pytest
from playwright.async_api import Browser, Page, expect
from tests.support.agents import LONG, Agent, window
from tests.support.inbox import InboxSite

pytestmark = pytest.mark.browser

LINES = """(element) => {
    const style = getComputedStyle(element);
    return Math.round((element.clientHeight - parseFloat(style.paddingTop)) / parseFloat(style.lineHeight));
}"""
# How far the placeholder of the search field ends before the hint in it.
ROOM = """() => {
    const field = document.querySelector(".search input"), hint = document.querySelector(".search kbd");
    const style = getComputedStyle(field), pen = document.createElement("canvas").getContext("2d");
    pen.font = style.font;
    const start = field.getBoundingClientRect().left + parseFloat(style.paddingLeft);
    return hint.getBoundingClientRect().left - start - pen.measureText(field.placeholder).width;
}"""


async def box(page: Page, selector: str) -> tuple[float, float]:
    """The top and the bottom."""
    found = await page.locator(selector).first.bounding_box()
    assert found is not None
    return found["y"], found["y"] + found["height"]


@pytest.mark.parametrize("width", [1280, 390])
async def test_titles_have_two_lines_at_most(chromium: Browser, inbox: InboxSite, origin: str, width: int) -> None:
    await inbox.open(f"{LONG} {LONG[:80]}")
    agent = await window(chromium, inbox, origin, viewport={"width": width, "height": 800})
    page = await agent.go("/inbox/TK-7")
    title = page.locator("h1")
    assert await title.evaluate(LINES) == 2
    assert await title.get_attribute("title") == f"{LONG} {LONG[:80]}"
    await agent.context.close()


async def test_the_subjects_of_related_tickets_are_readable(agent: Agent) -> None:
    page = await agent.go("/inbox/TK-6")
    link = page.locator(".side li a", has_text="TK-5")
    assert await link.evaluate(LINES) == 2
    shown = await link.evaluate("(link) => link.clientWidth * 2 / (link.scrollWidth / link.textContent.length)")
    assert shown > 40
    assert await page.locator(".side li a", has_text="TK-4").evaluate(LINES) == 1


@pytest.mark.parametrize("grows_by_itself", [True, False])
async def test_the_reply_box_grows_with_the_text(agent: Agent, grows_by_itself: bool) -> None:
    if not grows_by_itself:
        await agent.page.add_init_script(
            "CSS.supports = () => false; addEventListener('DOMContentLoaded', () => {"
            " document.querySelector('textarea').style.fieldSizing = 'fixed'; });"
        )
    page = await agent.go("/inbox/TK-6")
    top, bottom = await box(page, ".composer textarea")
    await agent.press("r")
    await page.keyboard.type("One\nTwo\nThree\nFour\nFive\nSix")
    grown_top, grown_bottom = await box(page, ".composer textarea")
    assert grown_bottom - grown_top >= bottom - top + 3 * 18
    await page.keyboard.type("\nMore" * 40)
    top, bottom = await box(page, ".composer textarea")
    assert bottom - top <= 800 * 0.4 + 1


@pytest.mark.parametrize("locale", ["en", "ru"])
async def test_the_composer_has_one_row_of_buttons_and_the_search_hint_covers_nothing(
    chromium: Browser, inbox: InboxSite, origin: str, locale: str
) -> None:
    agent = await window(chromium, inbox, origin, locale=locale)
    page = await agent.go("/inbox/TK-6")
    tops = {round((await box(page, f".composer {each}"))[0]) for each in (".tabs label", ".main", ".more")}
    assert max(tops) - min(tops) <= 4
    await page.locator(".composer .more").click()
    await expect(page.locator("#send-menu button")).to_have_count(2)
    await expect(page.locator("#send-menu")).to_be_visible()
    await page.keyboard.press("Escape")
    await agent.press("n")
    await expect(page.locator(".composer .more")).to_be_hidden()
    await agent.go("/inbox")
    assert await page.evaluate(ROOM) > 4
    await agent.context.close()
