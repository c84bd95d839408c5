"""No page moves while it loads, in Chromium: wide and on a phone, for members, customers and visitors."""

import pytest
from playwright.async_api import Browser, BrowserContext, Page
from tests.support.agents import BOB, window
from tests.support.inbox import InboxSite

pytestmark = pytest.mark.browser

LIMIT = 0.001  # cumulative layout shift
OBSERVE = """window.shift = 0;
    new PerformanceObserver((list) => { for (const entry of list.getEntries()) window.shift += entry.value; })
        .observe({type: "layout-shift", buffered: true});"""
# The reference of the API is hidden until it has settled.
IS_SHOWN = "() => getComputedStyle(document.querySelector('#api') ?? document.body).visibility === 'visible'"
SETTLE = "() => new Promise((done) => setTimeout(() => requestAnimationFrame(() => done(window.shift)), 400))"

MOVE = """const move = () => setTimeout(() => document.querySelector(".head").before("moved"), 50);
    new PerformanceObserver(move).observe({type: "paint", buffered: true});"""

MEMBER_PATHS = [
    *("/inbox", "/inbox?status=", "/inbox?text=nothing", "/inbox?priority=Urgent&tag=hubs", "/inbox?text=parcel"),
    *("/inbox/TK-1", "/inbox/TK-6", "/inbox/TK-6?in=status%3Dunresolved", "/inbox/TK-999", "/inbox/new"),
    *(
        "/low-ratings",
        "/low-ratings?days=30",
        "/low-ratings?by=period",
        "/agents",
        "/settings",
        "/settings/keys",
        "/settings/install",
        "/settings/workspace",
        "/settings/badges",
        "/settings/mail",
    ),
    *("/settings/profile", "/settings/sessions", "/feedback", "/feedback?text=parcel", "/feedback?score_min=x"),
    "/",
]
LINKS = "links => links.map((link) => link.pathname + link.search)"  # of the sidebar
PUBLIC_PATHS = [
    "/",
    "/guide",
    "/guide/configuration",
    "/guide?q=kafka",
    "/docs",
    "/reference",
    "/login",
    "/tickets/login",
    "/tickets/new",
    "/nowhere",
    "/login/link?token=x",
]
CUSTOMER_PATHS = ["/tickets", "/tickets/TK-2", "/tickets/TK-6", "/tickets/new"]
LOOKS = [(width, locale, zone) for width in (1280, 390) for locale, zone in (("en", "UTC"), ("ru", "Asia/Tokyo"))]


async def shifts(page: Page, origin: str, paths: list[str]) -> dict[str, float]:
    """The pages that moved too much, with their shift."""
    await page.add_init_script(OBSERVE)
    moved: dict[str, float] = {}
    for path in paths:
        await page.goto(origin + path)
        await page.wait_for_function(IS_SHOWN)
        if (shift := await page.evaluate(SETTLE)) > LIMIT:
            moved[path] = shift
    return moved


@pytest.mark.slow
@pytest.mark.parametrize(("width", "locale", "zone"), LOOKS)
async def test_no_page_moves_while_it_loads(
    chromium: Browser, inbox: InboxSite, origin: str, width: int, locale: str, zone: str
) -> None:
    look = {"viewport": {"width": width, "height": 800}, "locale": locale, "timezone_id": zone}
    await inbox.agent.submit("/inbox/TK-6/reply", body="We look into it", kind="public")
    owner = await window(chromium, inbox, origin, member="owner_browser", **look)
    sidebar = await (await owner.go("/inbox")).eval_on_selector_all(".sidebar nav a", LINKS)
    moved = await shifts(owner.page, origin, list(dict.fromkeys([*MEMBER_PATHS, *sidebar])))
    await owner.context.close()
    visitor = await chromium.new_context(**look)
    moved |= await shifts(await visitor.new_page(), origin, PUBLIC_PATHS)
    await sign_in_customer(visitor, inbox, origin)
    moved |= await shifts(await visitor.new_page(), origin, CUSTOMER_PATHS)
    await visitor.close()
    assert moved == {}


async def sign_in_customer(context: BrowserContext, inbox: InboxSite, origin: str) -> None:
    browser = inbox.browser()
    await browser.submit("/tickets/login", email=BOB.email)
    await browser.use_link(await inbox.last_link(BOB.email))
    cookies = [{"name": name, "value": value, "url": origin} for name, value in browser.cookies.items()]
    await context.add_cookies(cookies)  # type: ignore[arg-type]


async def test_a_page_that_moves_is_noticed(chromium: Browser, inbox: InboxSite, origin: str) -> None:
    agent = await window(chromium, inbox, origin)
    await agent.page.add_init_script(MOVE)
    assert set(await shifts(agent.page, origin, ["/inbox"])) == {"/inbox"}
    await agent.context.close()
