"""Accessibility violations found by axe-core; build_tools/assets.py downloads its script."""

from pathlib import Path

from playwright.async_api import Page

SCRIPT = Path(__file__).parents[1] / "vendor" / "axe" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


async def violations(page: Page, *rules: str) -> list[str]:
    """Each violated rule with its elements; checks the given rules, or all of them."""
    await page.evaluate(
        SCRIPT.read_text("utf-8")
    )  # as a script of the page, its content security policy would refuse it
    found = await page.evaluate("rules => axe.run(document, {runOnly: rules})", list(rules) or RULES)
    return [f"{each['id']}: {[node['html'][:120] for node in each['nodes']]}" for each in found["violations"]]
