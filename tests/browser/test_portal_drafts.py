"""A customer's text in Chromium: it outlives the session, in this browser, for this ticket and address, for a day."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, expect
from tests.browser.conftest import close_contexts, loop_fixture
from tests.browser.test_drafts import JUMPS
from tests.browser.test_portal import RunningPortal, star
from tests.support.axe import violations
from tests.support.http_server import HttpServer
from tests.support.portal import PortalSite

from voxpop.db.pool import Database
from voxpop.tickets.models import Status

pytestmark = pytest.mark.browser

REPLY = "Still leaking.\n\n  Since Monday."
STORED = "Object.keys(localStorage)"
AGE = """hours => { for (const key of Object.keys(localStorage)) {
    const draft = JSON.parse(localStorage[key]);
    localStorage[key] = JSON.stringify({...draft, at: draft.at - hours * 3600000});
} }"""
KEPT, WAITING = "We kept what you wrote.", "Your text is kept in this browser. Sign in to send it."


@loop_fixture()
async def site(chromium: Browser, server: HttpServer, database: Database) -> AsyncIterator[RunningPortal]:
    portal = await PortalSite(database, VOXPOP_SMTP_URL="smtp://127.0.0.1:1").set_up()
    async with server.serving(portal.app):
        yield RunningPortal(portal, chromium, server.port)
        await close_contexts(chromium)
    for each in portal.browsers:
        await each.aclose()


@loop_fixture()
async def ann(site: RunningPortal) -> Page:
    """A customer at TK-1, which is resolved. TK-2 is open."""
    await site.portal.open(Status.RESOLVED)
    await site.portal.open()
    page = await site.customer("ann@example.com")
    await page.goto(f"{site.origin}/tickets/TK-1")
    return page


async def write_reply(page: Page, text: str = REPLY) -> None:
    await page.get_by_text("Not solved yet?").click()
    await page.get_by_label("Your reply").fill(text)


async def sign_in_in_another_tab(site: RunningPortal, page: Page, email: str = "ann@example.com") -> Page:
    """Requests a link on the sign-in page, and opens it in another tab, as a mail program does."""
    await page.get_by_label("Email").fill(email)
    await page.get_by_role("button", name="mail me a link").click()
    await expect(page.get_by_text("A link is on its way")).to_be_visible()
    link = (await site.portal.last_link(email)).split("/", 3)[3]
    tab = await page.context.new_page()
    await tab.goto(f"{site.origin}/{link}")
    await tab.get_by_role("button", name="See my tickets").click()
    return tab


async def test_a_reply_is_offered_after_signing_in(site: RunningPortal, ann: Page) -> None:
    await write_reply(ann)
    await ann.context.clear_cookies()
    await ann.get_by_role("button", name="Send reply").click()
    await expect(ann).to_have_url(f"{site.origin}/tickets/login?next=%2Ftickets%2FTK-1")
    await expect(ann.get_by_text(WAITING)).to_be_visible()
    assert await violations(ann) == []
    tab = await sign_in_in_another_tab(site, ann)
    await expect(tab).to_have_url(f"{site.origin}/tickets/TK-1")
    await expect(tab.get_by_label("Your reply")).to_have_value(REPLY)
    await expect(tab.get_by_label("Your reply")).to_be_in_viewport()
    await expect(tab.get_by_text(KEPT)).to_be_visible()
    assert await violations(tab) == []
    await tab.get_by_role("button", name="Send reply").click()
    await expect(tab.locator("#latest")).to_contain_text("Still leaking.")
    await expect(tab.get_by_label("Your reply")).to_have_value("")
    assert await tab.evaluate(STORED) == []


async def test_a_rating_with_its_comment_is_offered_after_signing_in(site: RunningPortal, ann: Page) -> None:
    await star(ann, 2).check(force=True)
    await ann.locator("#comment").fill("Too slow")
    await ann.context.clear_cookies()
    await ann.get_by_role("button", name="Submit").click()
    tab = await sign_in_in_another_tab(site, ann)
    await expect(star(tab, 2)).to_be_checked()
    await expect(tab.locator("#comment")).to_have_value("Too slow")
    await expect(tab.locator("#comment")).to_be_in_viewport()
    await tab.get_by_role("button", name="Submit").click()
    await expect(tab.get_by_role("heading", name="Thanks for your feedback!")).to_be_visible()
    await expect(tab.locator("q")).to_have_text("Too slow")
    assert await tab.evaluate(STORED) == []


async def test_a_text_is_kept_for_its_ticket_and_address_only(site: RunningPortal, ann: Page) -> None:
    await write_reply(ann)
    await ann.goto(f"{site.origin}/tickets/TK-2")
    await expect(ann.get_by_label("Your reply")).to_have_value("")
    await ann.context.clear_cookies()
    await site.portal.open(email="bob@example.com")
    await site.sign_in(ann.context, "bob@example.com")
    await ann.goto(f"{site.origin}/tickets/TK-3")
    await expect(ann.get_by_label("Your reply")).to_have_value("")
    await ann.context.clear_cookies()
    await site.sign_in(ann.context, "ANN@example.com")
    await ann.goto(f"{site.origin}/tickets/TK-1")
    await expect(ann.get_by_label("Your reply")).to_have_value(REPLY)


async def test_a_text_is_kept_for_a_day(site: RunningPortal, ann: Page) -> None:
    await write_reply(ann)
    for hours, text in ((23.9, REPLY), (0.2, "")):
        await ann.evaluate(AGE, hours)
        await ann.reload()
        await expect(ann.locator("#body")).to_have_value(text)
    assert await ann.evaluate(STORED) == []


@pytest.mark.parametrize("width", [1280, 390])
async def test_restoring_a_text_does_not_shift_the_page(site: RunningPortal, ann: Page, width: int) -> None:
    await ann.set_viewport_size({"width": width, "height": 800})
    await star(ann, 2).check(force=True)
    await ann.locator("#comment").fill("line\n" * 12)
    await write_reply(ann)
    await ann.reload()
    await expect(ann.get_by_text(KEPT)).to_have_count(2)
    assert await ann.evaluate(JUMPS) == []


async def test_a_kept_text_can_be_discarded(ann: Page) -> None:
    await write_reply(ann)
    await ann.reload()
    await ann.get_by_role("button", name="Discard").click()
    await expect(ann.get_by_label("Your reply")).to_have_value("")
    await expect(ann.get_by_text(KEPT)).to_be_hidden()
    assert await ann.evaluate(STORED) == []


@pytest.mark.parametrize("button", ["Sign out", "Sign out on all devices"])
async def test_signing_out_removes_kept_texts(site: RunningPortal, ann: Page, button: str) -> None:
    await write_reply(ann)
    await star(ann, 2).check(force=True)
    assert len(await ann.evaluate(STORED)) == 2
    await ann.goto(f"{site.origin}/tickets")
    await ann.get_by_role("button", name=button, exact=True).click()
    await expect(ann).to_have_url(f"{site.origin}/tickets/login")
    assert await ann.evaluate(STORED) == []


async def test_pages_work_where_the_browser_stores_nothing(site: RunningPortal, ann: Page) -> None:
    errors: list[str] = []
    ann.on("pageerror", lambda error: errors.append(str(error)))
    denied = "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('', 'SecurityError') }})"
    await ann.context.add_init_script(denied)
    await ann.reload()
    await write_reply(ann)
    await ann.get_by_role("button", name="Send reply").click()
    await expect(ann.locator("#latest")).to_contain_text("Still leaking.")
    assert errors == []
