"""Accessibility violations found by axe-core; build_tools/assets.py downloads its script."""

from pathlib import Path

from playwright.async_api import Page

SCRIPT = Path(__file__).parents[1] / "vendor" / "axe" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# The rules whose result depends on the colors and the width; the others judge the document.
RULES_OF_LOOKS = ["color-contrast", "link-in-text-block", "target-size", "scrollable-region-focusable", "meta-viewport"]


# Colors are judged as they stay: what fades in is seen when it has ended, also within the elements of the widget.
# Elements are collected for violations only, because those of kept rules take two fifths of the time.
RUN = """async (rules) => {
    const shadows = [...document.querySelectorAll("*")].map((each) => each.shadowRoot).filter(Boolean);
    const animations = [document, ...shadows].flatMap((root) => root.getAnimations());
    const ending = animations.filter((each) => each.effect.getComputedTiming().endTime < Infinity);
    await Promise.allSettled(ending.filter((each) => each.playState === "running").map((each) => each.finished));
    const found = await axe.run(document, {runOnly: rules, resultTypes: ["violations"]});
    return found.violations.map(({id, nodes}) => ({id, nodes: nodes.map(({html}) => html)}));
}"""


async def violations(page: Page, *rules: str) -> list[str]:
    """Each violated rule with its elements; of these rules, or of all."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(SCRIPT.read_text("utf-8"))  # not a script of the page, because its policy would refuse it
    found = await page.evaluate(RUN, list(rules) or RULES)
    return [f"{rule['id']}: {[html[:120] for html in rule['nodes']]}" for rule in found]
