"""Whether a person who goes through a page by Tab sees where he is: by pictures with the focus and without."""

from playwright.async_api import FloatRect, Page

MOST = 60  # stops on a page
# The place around what is focused; a row or a label may show the focus of what is in it.
PLACE = """() => {
    const at = document.activeElement;
    if (!at || at === document.body) return null;
    const {x, y, width, height} = (at.closest("tr, label, li") ?? at).getBoundingClientRect();
    return [at.outerHTML.slice(0, 120), x - 6, y - 6, width + 12, height + 12];
}"""


async def unseen_stops(page: Page) -> list[str]:
    """Where the focus looks like none."""
    unseen: list[str] = []
    known: set[str] = set()
    for _ in range(MOST):
        await page.keyboard.press("Tab")
        place = await page.evaluate(PLACE)
        if place is None or place[0] in known:
            break
        known.add(place[0])
        with_focus = await picture(page, place)
        await page.evaluate("() => { window.at = document.activeElement; window.at.blur(); }")
        if with_focus == await picture(page, place):
            unseen.append(place[0])
        await page.evaluate("() => window.at.focus({focusVisible: true})")
    assert known, "nothing can be focused"
    return unseen


async def picture(page: Page, place: list[float]) -> bytes:
    size = page.viewport_size
    assert size is not None
    _, x, y, width, height = place
    left, top = max(0, x), max(0, y)
    clip = FloatRect(x=left, y=top, width=min(width, size["width"] - left), height=min(height, size["height"] - top))
    return await page.screenshot(clip=clip, caret="hide", animations="disabled")
