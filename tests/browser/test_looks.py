"""What axe finds on the doors, on settings and on refusals, in Chromium: in both languages, widths and schemes."""

from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Browser, Page
from tests.accounts.kit import AGENT
from tests.browser.agents import LOOKS, look_at, window
from tests.tickets.office import InboxSite

from voxpop.accounts import sign_in
from voxpop.types import utcnow

pytestmark = pytest.mark.browser

Act = Callable[[Page], Awaitable[None]]


async def links(inbox: InboxSite) -> dict[str, str]:
    """One of each kind, as the path it has."""
    visitor = inbox.browser()
    await visitor.submit("/tickets/login", email="ann@example.com")
    await visitor.submit("/login/mail", email=AGENT)
    await inbox.owner_browser.submit("/settings/invitations", email="new@example.com", role="admin")
    async with inbox.database.transaction(inbox.workspace_id()) as tx:
        founder = await sign_in.create_owner_link(tx, inbox.workspaces["default"], inbox.settings.public_url, utcnow())
    mailed = {
        "customer link": await inbox.last_link("ann@example.com"),
        "member link": await inbox.last_link(AGENT),
        "invitation": await inbox.last_link("new@example.com"),
        "owner link": founder,
    }
    return {name: "/" + link.split("/", 3)[3] for name, link in mailed.items()}


async def stay(page: Page) -> None:
    """As the page comes."""


async def send_wrong(page: Page) -> None:
    """What no browser would let through, so that the server answers."""
    await page.locator("main form.form").first.evaluate("form => { form.noValidate = true; form.requestSubmit() }")
    await page.locator("[role=alert], .wrong").first.wait_for()


async def make_key(page: Page) -> None:
    await page.locator("#name").fill("Shop")
    await page.locator("[value=ingest]").check()
    await page.locator(".form .main").click()
    await page.locator(".made").wait_for()


async def ask_to_remove(page: Page) -> None:
    await page.locator("[popovertarget^=remove]").first.click()


async def open_letter(page: Page) -> None:
    await page.locator("summary").first.click()


OPEN: dict[str, tuple[str, Act]] = {
    "login": ("/login", stay),
    "login sent": ("/login?sent", stay),
    "login wrong": ("/login", send_wrong),
    "customer login": ("/tickets/login", stay),
    "customer login sent": ("/tickets/login?sent", stay),
    "customer login wrong": ("/tickets/login", send_wrong),
    "member link spent": ("/login/link?token=x", stay),
    "customer link spent": ("/tickets/login/link?token=x", stay),
    "invitation spent": ("/login/invitation?token=x", stay),
    "owner link spent": ("/login/owner?token=x", stay),
    "not found": ("/nowhere", stay),
}
INSIDE: dict[str, tuple[str, Act]] = {
    "members": ("/settings", stay),
    "members wrong": ("/settings", send_wrong),
    "member removed": ("/settings", ask_to_remove),
    "role changed": ("/settings?done=role", stay),
    "keys": ("/settings/keys", stay),
    "key made": ("/settings/keys", make_key),
    "workspace": ("/settings/workspace", stay),
    "mail": ("/settings/mail", open_letter),
    "profile": ("/settings/profile", stay),
    "sessions": ("/settings/sessions", stay),
    "not found inside": ("/inbox/TK-999", stay),
}


@pytest.mark.parametrize(("width", "scheme", "locale"), LOOKS)
async def test_axe_finds_nothing_at_doors_and_in_settings(
    chromium: Browser, inbox: InboxSite, origin: str, width: int, scheme: str, locale: str
) -> None:
    look = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme, "locale": locale, "bypass_csp": True}
    boss, agent = [await window(chromium, inbox, origin, who=who, **look) for who in ("boss", "agent")]
    visitor = await (await chromium.new_context(**look)).new_page()  # type: ignore[arg-type]
    opened = OPEN | {name: (path, stay) for name, path in (await links(inbox)).items()}
    for page, states in ((visitor, opened), (boss.page, INSIDE), (agent.page, {"forbidden": ("/settings/keys", stay)})):
        for name, (path, act) in states.items():
            await page.goto(origin + path)
            await act(page)
            await look_at(page, f"people/{name.replace(' ', '-')}-{width}-{scheme}-{locale}")
        await page.context.close()
