"""A signed-in member's browser window, and the checks made on each page of it."""

from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, Page
from tests.support.axe import violations
from tests.support.inbox import InboxSite, Requester

# Each context starts two pages for suggestions below the address bar, which a headless Chromium never shows. They cost
# half of a context. Chromium uses only the last of these switches, so this one repeats Playwright's own.
DISABLED_FEATURES = [
    *("WebUIOmniboxPopup", "WebUIOmniboxAimPopup"),
    *("AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades", "LensOverlay"),
    *("HttpsFirstBalancedModeAutoEnable", "MediaRouter", "PaintHolding", "ThirdPartyStoragePartitioning"),
    *("AvoidCorsURLLoaderRestartOnRedirect", "OptimizationHints", "NetworkTimeServiceQuerying", "AimEnabled"),
    "PreconnectToSearch",
]
CHROMIUM: dict[str, Any] = {
    "executable_path": "/usr/bin/chromium",
    "args": [
        *("--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"),
        f"--disable-features={','.join(DISABLED_FEATURES)}",
    ],
}
ARTEFACTS = Path(__file__).parents[1] / "artefacts"
LOOKS = [(1280, "light", "en"), (1280, "dark", "ru"), (390, "dark", "en"), (390, "light", "ru")]
BOB = Requester("Bob Berg", "bob@example.com")
LONG = "A subject that is so long that no column of any table on any screen of this world has room for the whole of it"

# Elements wider than the window, except those in parts that scroll by themselves.
TOO_WIDE = """document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll("body *")]
    .filter((each) => each.getBoundingClientRect().right > innerWidth)
    .filter((each) => !each.closest(".views, .sidebar nav"))
    .map((each) => each.outerHTML.slice(0, 80))"""


class Agent:
    """A signed-in agent's window, and the errors that it logged."""

    def __init__(self, context: BrowserContext, page: Page, origin: str) -> None:
        self.context, self.page, self.origin = context, page, origin
        self.errors: list[str] = []
        page.on("console", lambda line: self.errors.append(line.text) if line.type == "error" else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    async def go(self, path: str) -> Page:
        await self.page.goto(self.origin + path)
        return self.page

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.page.locator("html[data-keys]").wait_for(state="attached")
            await self.page.keyboard.press(key)

    @property
    def focused(self) -> Any:
        return self.page.locator(":focus")


async def window(chromium: Browser, inbox: InboxSite, origin: str, *, member: str = "agent", **options: Any) -> Agent:
    """A window of a signed-in member: "agent" or "owner_browser"."""
    context = await chromium.new_context(**({"viewport": {"width": 1280, "height": 800}, "locale": "en"} | options))
    cookies = [{"name": name, "value": value, "url": origin} for name, value in getattr(inbox, member).cookies.items()]
    await context.add_cookies(cookies)  # type: ignore[arg-type]
    return Agent(context, await context.new_page(), origin)


async def check_page(page: Page, name: str) -> None:
    """Saves a screenshot, and checks that nothing is wider than the window and that axe finds nothing."""
    picture = ARTEFACTS / f"{name}.png"
    picture.parent.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=picture)
    assert (name, await page.evaluate(TOO_WIDE)) == (name, [])
    assert (name, await violations(page)) == (name, [])
