"""Checks that the focus is visible at each stop of the Tab key, by screenshots with the focus and without."""

from playwright.async_api import FloatRect, Page

MAX_STOPS = 60  # on one page
# The area around the focused element; its row or label may show the focus instead.
AREA = """() => {
    const at = document.activeElement;
    if (!at || at === document.body) return null;
    const {x, y, width, height} = (at.closest("tr, label, li") ?? at).getBoundingClientRect();
    return [at.outerHTML.slice(0, 120), x - 6, y - 6, width + 12, height + 12];
}"""


async def invisible_stops(page: Page) -> list[str]:
    """The stops at which the focus is invisible."""
    invisible: list[str] = []
    known: set[str] = set()
    for _ in range(MAX_STOPS):
        await page.keyboard.press("Tab")
        area = await page.evaluate(AREA)
        if area is None or area[0] in known:
            break
        known.add(area[0])
        with_focus = await picture(page, area)
        await page.evaluate("() => { window.at = document.activeElement; window.at.blur(); }")
        if with_focus == await picture(page, area):
            invisible.append(area[0])
        await page.evaluate("() => window.at.focus({focusVisible: true})")
    assert known, "nothing can be focused"
    return invisible


async def picture(page: Page, area: list[float]) -> bytes:
    size = page.viewport_size
    assert size is not None
    _, x, y, width, height = area
    left, top = max(0, x), max(0, y)
    clip = FloatRect(x=left, y=top, width=min(width, size["width"] - left), height=min(height, size["height"] - top))
    return await page.screenshot(clip=clip, caret="hide", animations="disabled")
