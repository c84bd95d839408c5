"""What axe-core finds wrong with a page; the script is what build_tools/assets.py puts beside the tests."""

from pathlib import Path

from playwright.async_api import Page

SCRIPT = Path(__file__).parents[1] / "vendor" / "axe" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


async def violations(page: Page, *rules: str) -> list[str]:
    """Each rule that is broken, with the elements that break it; of these rules, else of all."""
    await page.evaluate(SCRIPT.read_text("utf-8"))  # not as a script of the page, which its policy would refuse
    found = await page.evaluate("rules => axe.run(document, {runOnly: rules})", list(rules) or RULES)
    return [f"{each['id']}: {[node['html'][:120] for node in each['nodes']]}" for each in found["violations"]]
