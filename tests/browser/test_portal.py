"""The portal in Chromium: with the keyboard and the pointer, with JavaScript and without; and accessibility."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect
from tests.browser.conftest import close_contexts, loop_fixture
from tests.support.agents import check_look, each_look, first_look, in_all_looks, picture_of_failure
from tests.support.direction import SUBJECT, YAML, wrong_parts
from tests.support.focus import invisible_stops
from tests.support.http_server import HttpServer
from tests.support.portal import PortalSite

from voxpop.db.pool import Database
from voxpop.tickets.models import Status

pytestmark = pytest.mark.browser


class RunningPortal:
    """A running portal and a browser. `origin` is that of the default workspace."""

    def __init__(self, portal: PortalSite, browser: Browser, port: int) -> None:
        self.portal, self.browser, self.port = portal, browser, port
        self.origin = f"http://localhost:{port}"

    async def visitor(self, **options: Any) -> Page:
        context = await self.browser.new_context(**{"viewport": {"width": 1280, "height": 800}} | options)
        context.set_default_timeout(10_000)
        return await context.new_page()

    async def customer(self, email: str, **options: Any) -> Page:
        """The window of a customer; the session of another client is copied into it."""
        page = await self.visitor(**options)
        await self.sign_in(page.context, email)
        return page

    async def sign_in(self, context: BrowserContext, email: str) -> None:
        jar = (await self.portal.customer(email)).cookies
        await context.add_cookies([{"name": name, "value": jar[name], "url": self.origin} for name in jar])


@loop_fixture()
async def site(chromium: Browser, server: HttpServer, database: Database) -> AsyncIterator[RunningPortal]:
    portal = await PortalSite(database, VOXPOP_SMTP_URL="smtp://127.0.0.1:1").set_up()
    async with server.serving(portal.app):
        yield RunningPortal(portal, chromium, server.port)
        await close_contexts(chromium)
    for each in portal.browsers:
        await each.aclose()


def star(page: Page, number: int) -> Any:
    return page.get_by_role("radio", name=f"{number} of 5 stars")


async def colours(page: Page) -> list[bool]:
    """Which stars of the rating panel are filled."""
    filled = "all => all.map(svg => getComputedStyle(svg).fill !== 'rgba(0, 0, 0, 0)')"
    return list(await page.locator(".rating-input svg").evaluate_all(filled))


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
async def test_a_customer_opens_rates_and_replies_with_the_keyboard(
    site: RunningPortal, scripts: bool
) -> None:  # T1, T2, T5, T6, T9, T20, T24
    page = await site.visitor(java_script_enabled=scripts)
    await page.goto(f"{site.origin}/tickets/new")
    await page.get_by_label("Your name").fill("Gus Gray")
    await page.get_by_label("Email").fill("gus@example.com")
    await page.get_by_label("Subject").fill("Hub skips")
    await page.get_by_label("What happened").fill("It skips under load.")
    await page.get_by_role("button", name="Send").click()
    await expect(page.get_by_role("heading", name="Hub skips")).to_be_visible()
    await expect(page.get_by_text("Thanks, we’ve received your request (TK-1).")).to_be_visible()

    await site.portal.answer("TK-1", "New springs are on their way.")
    await site.portal.set_status("TK-1", Status.RESOLVED)
    await page.goto(f"{site.origin}/tickets/TK-1")
    await expect(page.get_by_text("New springs are on their way.")).to_be_visible()
    await expect(page.get_by_role("button", name="Submit")).to_be_hidden()
    await star(page, 1).focus()
    await page.keyboard.press("Space")
    for _ in range(3):
        await page.keyboard.press("ArrowRight")
    await expect(star(page, 4)).to_be_checked()
    await page.keyboard.press("Tab")
    await page.keyboard.type("Quick and honest")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Thanks for your feedback!")).to_be_in_viewport()
    await expect(page.get_by_role("img", name="4 of 5 stars")).to_be_visible()
    await expect(page.locator("q")).to_have_text("Quick and honest")

    await page.get_by_text("Not solved yet?").click()
    await page.get_by_label("Your reply").fill("It skips again.")
    await page.get_by_role("button", name="Send reply").click()
    await expect(page.locator("#latest")).to_contain_text("It skips again.")
    await expect(page.get_by_text("TK-1 · Open")).to_be_visible()
    await expect(page.locator("q")).to_have_text("Quick and honest")


async def test_stars_follow_the_pointer(site: RunningPortal) -> None:  # T2, T5
    await site.portal.open(Status.RESOLVED)
    page = await site.customer("ann@example.com")
    await page.goto(f"{site.origin}/tickets/TK-1")
    assert await colours(page) == [False] * 5
    await page.locator(".rating-input label").nth(2).hover()
    assert await colours(page) == [True, True, True, False, False]
    await page.locator(".rating-input label").nth(4).click()
    await page.locator(".rating-input label").nth(1).hover()
    assert await colours(page) == [True, True, False, False, False], "a pointer fills the stars up to its own"
    await page.mouse.move(0, 0)
    assert await colours(page) == [True] * 5
    assert await page.locator("#comment").evaluate("box => box.maxLength") == 4000  # the browser counts halves of emoji
    await page.get_by_role("button", name="Submit").click()
    await expect(page.get_by_role("img", name="5 of 5 stars")).to_be_visible()
    amber = await page.locator(".stars svg").first.evaluate("svg => getComputedStyle(svg).fill")
    assert amber == "rgb(239, 165, 29)"


async def test_a_second_open_page_shows_the_first_rating(site: RunningPortal) -> None:  # T6
    await site.portal.open(Status.RESOLVED)
    page = await site.customer("ann@example.com")
    other = await page.context.new_page()
    for each, number in ((page, 5), (other, 1)):
        await each.goto(f"{site.origin}/tickets/TK-1")
        await star(each, number).check(force=True)
    for each in (page, other):
        await each.get_by_role("button", name="Submit").click()
        await expect(each.get_by_role("img", name="5 of 5 stars")).to_be_visible()


async def test_another_customer_and_a_visitor_cannot_open_the_ticket(site: RunningPortal) -> None:  # T8, T26
    await site.portal.open(Status.RESOLVED)
    bob = await site.customer("bob@example.com")
    answer = await bob.goto(f"{site.origin}/tickets/TK-1")
    assert answer is not None
    assert answer.status == 404
    await bob.goto(f"http://acme.localhost:{site.port}/tickets/TK-1")
    await expect(bob).to_have_url(f"http://acme.localhost:{site.port}/tickets/login?next=%2Ftickets%2FTK-1")


async def test_a_customer_of_another_workspace_finds_no_ticket(site: RunningPortal) -> None:  # T26
    await site.portal.open(Status.RESOLVED)
    page = await site.visitor()
    origin = f"http://acme.localhost:{site.port}"
    jar = (await site.portal.customer("ann@example.com", "acme")).cookies
    await page.context.add_cookies([{"name": name, "value": jar[name], "url": origin} for name in jar])
    await page.goto(f"{origin}/tickets")
    await expect(page.get_by_text("Nothing here yet.")).to_be_visible()
    answer = await page.goto(f"{origin}/tickets/TK-1")
    assert answer is not None
    assert answer.status == 404


@pytest.mark.parametrize("spent_by", ["use", "age"])
async def test_a_used_or_expired_link_offers_a_new_one(site: RunningPortal, owner: Any, spent_by: str) -> None:  # T23
    page = await site.visitor()
    await site.portal.browser().submit("/tickets/login", email="ann@example.com")
    link = site.origin + "/" + (await site.portal.last_link("ann@example.com")).split("/", 3)[3]
    await page.goto(link)
    if spent_by == "age":
        await owner.execute("UPDATE magic_link SET expires_at = now()")
    await page.get_by_role("button", name="See my tickets").click()
    if spent_by == "use":
        await expect(page.get_by_role("heading", name="Your tickets")).to_be_visible()
        await page.context.clear_cookies()
        await page.goto(link)
    await expect(page.get_by_role("heading", name="This link has expired or was already used")).to_be_visible()
    await page.get_by_role("link", name="Mail me a link").click()
    await page.get_by_label("Email").fill("ann@example.com")
    await page.get_by_role("button", name="Mail me a link").click()
    await expect(page.get_by_role("status").first).to_contain_text("A link is on its way to you.")


async def test_a_form_from_a_sibling_host_is_rejected(site: RunningPortal) -> None:
    await site.portal.open(Status.RESOLVED)
    page = await site.customer("ann@example.com", bypass_csp=True)
    await page.goto(f"http://acme.localhost:{site.port}/tickets/new")
    form = f"<form method=post action='{site.origin}/tickets/TK-1/rating'><input name=rating value=1></form>"
    await page.evaluate("form => { document.body.innerHTML = form; document.forms[0].submit() }", form)
    await expect(page.get_by_role("heading", name="You don’t have access")).to_be_visible()
    assert not (await site.portal.ticket("TK-1")).is_rated


async def prepare(site: RunningPortal) -> None:
    """TK-1 shows the rating panel, TK-2 is rated, TK-3 rated and reopened, TK-4 has a long conversation."""
    ann = await site.portal.customer()
    for _ in range(4):
        ref = await site.portal.open()
        await site.portal.answer(ref, "A set of springs is on its way, see https://example.com/parts.")
    await site.portal.set_status("TK-1", Status.RESOLVED)
    for ref in ("TK-2", "TK-3"):
        await site.portal.set_status(ref, Status.CLOSED)
        await ann.submit(f"/tickets/{ref}/rating", rating=4, comment="Quick and honest.")
    await site.portal.set_status("TK-3", Status.OPEN)
    for number in range(60):
        await site.portal.answer("TK-4", f"Answer {number}")


async def choose(page: Page) -> None:
    await page.locator("input[value='4']").check(force=True)


async def show_earlier(page: Page) -> None:
    await page.locator(".more-entries").first.click()
    await page.wait_for_url("**/*before=*")


async def overfill(page: Page) -> None:
    await choose(page)
    await page.locator("#comment").evaluate("box => { box.maxLength = 9999; box.value = 'x'.repeat(2001) }")
    await page.locator(".rating-form .button").click()
    await page.wait_for_selector("#comment-error")


async def send_nothing(page: Page) -> None:
    await page.locator(".form").evaluate("form => { form.noValidate = true; form.requestSubmit() }")
    await page.wait_for_selector("#subject-error")


async def stay(page: Page) -> None:
    """Leaves the page as it is."""


STATES = {
    "unrated": ("/tickets/TK-1", stay),
    "chosen": ("/tickets/TK-1", choose),
    "error": ("/tickets/TK-1", overfill),
    "rated": ("/tickets/TK-2", stay),
    "reopened": ("/tickets/TK-3", stay),
    "in progress": ("/tickets/TK-4", stay),
    "earlier": ("/tickets/TK-4", show_earlier),
    "list": ("/tickets", stay),
    "new": ("/tickets/new", stay),
    "new with errors": ("/tickets/new", send_nothing),
}


@pytest.mark.slow
async def test_the_focus_is_always_visible(site: RunningPortal) -> None:
    await prepare(site)
    page = await site.customer("ann@example.com")
    for state, (path, act) in STATES.items():
        await page.goto(f"{site.origin}{path}")
        await act(page)
        assert (state, await invisible_stops(page)) == (state, [])


@in_all_looks
async def test_axe_finds_nothing_in_any_state(site: RunningPortal, locale: str) -> None:
    await prepare(site)
    page = await site.customer("ann@example.com", **first_look(locale))
    for state, (path, act) in STATES.items():
        await page.goto(f"{site.origin}{path}")
        await act(page)
        await check_targets_too(page, state, locale)
    await page.context.clear_cookies()
    await page.goto(f"{site.origin}/tickets/new")
    await check_targets_too(page, "new for a visitor", locale)
    await site.sign_in(page.context, "new@example.com")
    await page.goto(f"{site.origin}/tickets")
    await check_targets_too(page, "empty list", locale)


async def check_targets_too(page: Page, state: str, locale: str) -> None:
    """Axe allows targets of 24 px. Those of customers have 44 px."""
    name = f"portal/{state.replace(' ', '-')}"
    async for look in each_look(page, locale):
        await check_look(page, name, look)
        async with picture_of_failure(page, f"{name}-{look}"):
            assert (name, look, await small_targets(page)) == (name, look, [])


async def small_targets(page: Page) -> list[str]:
    """Leaves out links in messages. In a list, the whole row is the target of its link."""
    measure = """all => all.filter(each => each.offsetParent && !each.closest('.message, .tickets li, .skip'))
        .filter(each => each.getBoundingClientRect().height < 44).map(each => each.outerHTML.slice(0, 80))"""
    return list(await page.locator("a, button, summary, textarea, input:not([type=hidden])").evaluate_all(measure))


@in_all_looks
async def test_texts_have_their_own_direction_and_white_space(site: RunningPortal, locale: str) -> None:
    ref = await site.portal.open(Status.RESOLVED, subject=SUBJECT, description=YAML)
    await site.portal.answer(ref, YAML)
    page = await site.customer("ann@example.com", **first_look(locale))
    for path in ("/tickets", "/tickets/new", f"/tickets/{ref}"):
        await page.goto(f"{site.origin}{path}")
        async for look in each_look(page, locale):
            async with picture_of_failure(page, f"portal/right-to-left-{path.rpartition('/')[2]}-{look}"):
                assert (path, look, await wrong_parts(page)) == (path, look, [])
    assert await page.locator(".message .text").last.evaluate("(element) => element.textContent") == YAML
    await page.context.close()


@pytest.mark.parametrize("has_script", [True, False])
async def test_the_length_of_a_field_is_counted_in_characters(site: RunningPortal, has_script: bool) -> None:
    """An emoji is one character of the server, and two units of the browser's own limit."""
    page = await site.visitor(java_script_enabled=has_script)
    await page.goto(f"{site.origin}/tickets/new")
    subject = page.get_by_label("Subject")
    await subject.fill("🙂" * 150 + "x" * 49)
    await subject.press_sequentially("yz")
    value = await subject.input_value()
    assert value.startswith("🙂" * 150 + "x" * 49 + "y")
    if has_script:
        assert value.endswith("xy")
        await subject.press("Home")
        await subject.press_sequentially("ab")
        assert await subject.input_value() == value, "a full field takes no more, wherever the caret is"


async def test_emoji_reach_the_server_up_to_its_limit(site: RunningPortal) -> None:
    page = await site.customer("ann@example.com")
    ref = await site.portal.open(email="ann@example.com")
    await page.goto(f"{site.origin}/tickets/{ref}")
    await page.locator("textarea[name=body]").first.fill("🙂" * 1500)
    await page.get_by_role("button", name="Send").first.click()
    await expect(page.get_by_text("🙂" * 1500).first).to_be_visible()
