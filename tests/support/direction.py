"""Texts in scripts from right to left, and the parts of a page that do not give them their own direction."""

from playwright.async_api import Page

SUBJECT, NAME, TAG = "تعطل  التصدير TK", "سلمى  خوري", "فواتير  متأخرة"
YAML = "    נושא:\n        - אחת\n\n\n        - export: true\n\tלשונית"

# Texts in a script from right to left that do not stand in it, or whose white space collapses.
WRONG_TEXTS = r"""[...(function* () {
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        const parent = texts.currentNode.parentElement, style = getComputedStyle(parent);
        if (!/[\u0590-\u06ff]/.test(texts.currentNode.data)) continue;
        if (parent.closest("option, script, [aria-hidden]")) continue;
        if (style.direction != "rtl" || style.whiteSpaceCollapse != "preserve" || /left|right/.test(style.textAlign))
            yield parent.outerHTML.slice(0, 200);
    }
})()]"""
FIELDS = "textarea, input:is([type=text], [type=search], [type=email]), option"
WRONG_FIELDS = f"""[...document.querySelectorAll("{FIELDS}")]
    .filter((each) => each.dir != "auto")
    .filter((each) => !each.matches("option") || /[\\u0590-\\u06ff]/.test(each.text))
    .map((each) => each.outerHTML.slice(0, 200))"""


async def wrong_parts(page: Page) -> list[str]:
    """The texts and the text fields of a page that have the wrong direction, or lose white space."""
    wrong: list[str] = await page.evaluate(f"[...{WRONG_TEXTS}, ...{WRONG_FIELDS}]")
    return wrong
