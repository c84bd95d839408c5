"""A signed-in member's browser window, and the checks made on each page of it."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from playwright.async_api import Browser, BrowserContext, Page, ViewportSize
from tests.support.axe import RULES, RULES_OF_LOOKS, violations
from tests.support.inbox import InboxSite, Requester

# Each context starts two pages for suggestions below the address bar, which a headless Chromium never shows. They cost
# half of a context. Chromium uses only the last of these switches, so this one repeats Playwright's own.
DISABLED_FEATURES = [
    *("WebUIOmniboxPopup", "WebUIOmniboxAimPopup"),
    *("AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades", "LensOverlay"),
    *("HttpsFirstBalancedModeAutoEnable", "MediaRouter", "PaintHolding", "ThirdPartyStoragePartitioning"),
    *("AvoidCorsURLLoaderRestartOnRedirect", "OptimizationHints", "NetworkTimeServiceQuerying", "AimEnabled"),
    "PreconnectToSearch",
    "SpareRendererForSitePerProcess",
]
CHROMIUM: dict[str, Any] = {
    "executable_path": "/usr/bin/chromium",
    "args": [
        *("--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"),
        *("--disable-gpu", "--in-process-gpu"),
        f"--disable-features={','.join(DISABLED_FEATURES)}",
    ],
}
ARTEFACTS = Path(__file__).parents[1] / "artefacts"
WIDE, NARROW = 1280, 390
# Changes of colors have ended.
REDRAWN = """() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => {
    for (const each of document.getAnimations()) if (each instanceof CSSTransition) each.finish();
    done();
})))"""
BOB = Requester("Bob Berg", "bob@example.com")
LONG = "A subject that is so long that no column of any table on any screen of this world has room for the whole of it"

# The document if it is wider than the window, with its elements that are, except in parts that scroll by themselves.
TOO_WIDE = """document.documentElement.scrollWidth <= innerWidth ? [] : [document.documentElement,
    ...[...document.querySelectorAll("body *")]
        .filter((each) => each.getBoundingClientRect().right > innerWidth)
        .filter((each) => !each.closest(".views, .sidebar nav"))].map((each) => each.outerHTML.slice(0, 80))"""


class Look(NamedTuple):
    """How a page is shown, and the rules of axe that it is checked for."""

    width: int
    scheme: str
    locale: str
    rules: Sequence[str]

    def __str__(self) -> str:
        return f"{self.width}-{self.scheme}-{self.locale}"

    @property
    def options(self) -> dict[str, Any]:
        """For a context whose pages axe may examine."""
        return {"viewport": self._size, "color_scheme": self.scheme, "locale": self.locale, "bypass_csp": True}

    async def show(self, page: Page) -> None:
        """Gives a page this width and these colors. Each width has its own colors in a language."""
        if page.viewport_size == self._size:
            return
        await page.set_viewport_size(self._size)
        await page.emulate_media(color_scheme=self.scheme)  # type: ignore[arg-type]
        await page.evaluate(REDRAWN)

    @property
    def _size(self) -> ViewportSize:
        return {"width": self.width, "height": 800}


# Pages are loaded and used in the first look of a language, and then shown in its second one. The first look gets every
# rule, the second one those that depend on the look: so every rule sees each width and each language.
LOOKS = {
    "en": [Look(WIDE, "light", "en", RULES), Look(NARROW, "dark", "en", RULES_OF_LOOKS)],
    "ru": [Look(NARROW, "light", "ru", RULES), Look(WIDE, "dark", "ru", RULES_OF_LOOKS)],
}


def in_all_looks(test: Callable[..., Any]) -> Any:
    """Runs a test of looks once for each language."""
    return pytest.mark.slow(pytest.mark.parametrize("locale", LOOKS)(test))


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


def first_look(locale: str) -> dict[str, Any]:
    """The options of a context for `check_page`."""
    return LOOKS[locale][0].options


async def each_look(page: Page, locale: str) -> AsyncIterator[Look]:
    """Shows a page in both looks of a language, and then again in the first one."""
    for look in LOOKS[locale]:
        await look.show(page)
        yield look
    await LOOKS[locale][0].show(page)


async def check_page(page: Page, name: str, locale: str) -> None:
    """In both looks of the language."""
    async for look in each_look(page, locale):
        await check_look(page, name, look)


async def check_look(page: Page, name: str, look: Look) -> None:
    """Checks that nothing is wider than the window and that axe finds nothing."""
    async with picture_of_failure(page, f"{name}-{look}"):
        assert (name, look, await page.evaluate(TOO_WIDE)) == (name, look, [])
        assert (name, look, await violations(page, *look.rules)) == (name, look, [])


@asynccontextmanager
async def picture_of_failure(page: Page, name: str) -> AsyncIterator[None]:
    """Saves a screenshot of the page if a check in the block fails."""
    try:
        yield
    except AssertionError:
        picture = ARTEFACTS / f"{name}.png"
        picture.parent.mkdir(parents=True, exist_ok=True)
        await page.screenshot(path=picture, full_page=True)
        raise


async def go_narrow(agent: Agent, path: str, locale: str) -> Look:
    """Opens a page for what it has on narrow screens only, in the narrow look of the language."""
    look = next(look for look in LOOKS[locale] if look.width == NARROW)
    await look.show(agent.page)
    await agent.go(path)
    return look
