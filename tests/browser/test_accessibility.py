"""Accessibility of the sign-in, settings and error pages by axe, in both languages, widths and color schemes."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from playwright.async_api import Browser, Page
from tests.support.agents import check_page, first_look, in_all_looks, window
from tests.support.http_server import HttpServer
from tests.support.images import png
from tests.support.inbox import InboxSite
from tests.support.sites import AGENT, fake_smtp_server

from voxpop.accounts import sign_in
from voxpop.mail import MailSender
from voxpop.types import Audit, utcnow
from voxpop.workspaces.widget import service as widget

pytestmark = pytest.mark.browser

Act = Callable[[Page], Awaitable[None]]


async def magic_links(inbox: InboxSite) -> dict[str, str]:
    """The path of a magic link of each kind."""
    visitor = inbox.browser()
    await visitor.submit("/tickets/login", email="ann@example.com")
    await visitor.submit("/login/mail", email=AGENT)
    invitation = await inbox.invite(inbox.owner_browser, "new@example.com", "admin")
    async with inbox.database.transaction(inbox.workspace_id()) as tx:
        owner_link = await sign_in.create_owner_link(
            tx, inbox.workspaces["default"], inbox.settings.public_url, utcnow()
        )
    links = {
        "customer link": await inbox.last_link("ann@example.com"),
        "member link": await inbox.last_link(AGENT),
        "invitation": invitation,
        "owner link": owner_link,
    }
    return {name: "/" + link.split("/", 3)[3] for name, link in links.items()}


async def set_look(inbox: InboxSite) -> None:
    """Gives the workspace a logo, an accent colour that needs black text, and a publishable key."""
    form = {"name": "Harbour Hotels", "time_zone": "UTC", "cool_down_days": "180", "portal": "on", "csat": "on"}
    answers = [
        await inbox.owner_browser.post("/settings/workspace/logo", files={"logo": ("logo.png", png(120, 40))}),
        await inbox.owner_browser.submit("/settings/workspace", **form, accent="#ffd400"),
    ]
    assert [answer.status_code for answer in answers] == [303, 303]
    async with inbox.database.transaction(inbox.workspace_id()) as tx:
        audit = Audit(utcnow(), "owner")
        await widget.create_publishable_key(tx, inbox.workspace_id(), "Shop", ["https://app.example.com"], audit)


async def do_nothing(page: Page) -> None:
    """Leaves the page as it was loaded."""


async def wait_for_preview(page: Page) -> None:
    await page.locator("voxpop-survey[inline] .card").wait_for()


async def submit_empty(page: Page) -> None:
    """Submits the empty form without the checks of the browser, so that the server shows its errors."""
    await page.locator("main form.form").first.evaluate("form => { form.noValidate = true; form.requestSubmit() }")
    await page.locator("[role=alert], .field-error").first.wait_for()


async def create_key(page: Page) -> None:
    await page.locator("#name").fill("Shop")
    await page.locator("[value=ingest]").check()
    await page.locator(".form .main").click()
    await page.locator(".created").wait_for()


async def invite(page: Page) -> None:
    await page.locator("#email").fill("ivan@почта.рф")
    await page.locator(".form .main").click()
    await page.locator(".created").wait_for()


async def ask_to_remove(page: Page) -> None:
    await page.locator("[popovertarget^=remove]").first.click()


async def open_email(page: Page) -> None:
    await page.locator("summary").first.click()


async def switch_badge_on(page: Page) -> None:
    """Choosing a series sends the form."""
    await page.locator("#series").select_option(index=1)
    await page.locator(".badge-of-series .main").click()
    await page.locator(".snippets button").first.wait_for()


async def fill_key_in(page: Page) -> None:
    await page.locator("[action='/start/key'] button").click()
    await page.locator(".notice").wait_for()


PUBLIC: dict[str, tuple[str, Act]] = {
    "login": ("/login", do_nothing),
    "login sent": ("/login?sent", do_nothing),
    "login wrong": ("/login", submit_empty),
    "customer login": ("/tickets/login", do_nothing),
    "customer login sent": ("/tickets/login?sent", do_nothing),
    "customer login wrong": ("/tickets/login", submit_empty),
    "member link spent": ("/login/link?token=x", do_nothing),
    "customer link spent": ("/tickets/login/link?token=x", do_nothing),
    "invitation spent": ("/login/invitation?token=x", do_nothing),
    "owner link spent": ("/login/owner?token=x", do_nothing),
    "not found": ("/nowhere", do_nothing),
    "start": ("/", do_nothing),
    "guide": ("/guide", do_nothing),
    "document": ("/guide/configuration", do_nothing),
    "guide search": ("/guide?q=Kafka+topic", do_nothing),
    "guide search without result": ("/guide?q=unfindable", do_nothing),
}
SIGNED_IN: dict[str, tuple[str, Act]] = {
    "members": ("/settings", do_nothing),
    "members wrong": ("/settings", submit_empty),
    "invitation link": ("/settings", invite),
    "member removed": ("/settings", ask_to_remove),
    "role changed": ("/settings?done=role", do_nothing),
    "keys": ("/settings/keys", do_nothing),
    "key created": ("/settings/keys", create_key),
    "install": ("/settings/install", wait_for_preview),
    "publishable key": ("/settings/keys/publishable/new", do_nothing),
    "workspace": ("/settings/workspace", do_nothing),
    "badges": ("/settings/badges", do_nothing),
    "badge on": ("/settings/badges", switch_badge_on),
    "email": ("/settings/mail", open_email),
    "profile": ("/settings/profile", do_nothing),
    "sessions": ("/settings/sessions", do_nothing),
    "first run": ("/", do_nothing),
    "first run with a key": ("/", fill_key_in),
    "not found signed in": ("/inbox/TK-999", do_nothing),
}


@in_all_looks
async def test_axe_finds_nothing_on_sign_in_and_settings_pages(
    chromium: Browser, inbox: InboxSite, origin: str, locale: str
) -> None:
    await set_look(inbox)
    owner = await window(chromium, inbox, origin, member="owner_browser", **first_look(locale))
    agent = await window(chromium, inbox, origin, **first_look(locale))
    visitor = await (await chromium.new_context(**first_look(locale))).new_page()  # type: ignore[arg-type]
    public = PUBLIC | {name: (path, do_nothing) for name, path in (await magic_links(inbox)).items()}
    for page, states in (
        (visitor, public),
        (owner.page, SIGNED_IN),
        (agent.page, {"forbidden": ("/settings/keys", do_nothing)}),
    ):
        for name, (path, act) in states.items():
            await page.goto(origin + path)
            await act(page)
            await check_page(page, f"accounts/{name.replace(' ', '-')}", locale)
        await page.context.close()


@in_all_looks
async def test_axe_finds_nothing_on_pages_where_email_is_sent(
    chromium: Browser, inbox: InboxSite, server: HttpServer, locale: str
) -> None:
    sending, unreachable = inbox.with_smtp(), MailSender(inbox.database, "smtp://127.0.0.1:1", "a@voxpop.test")
    async with server.serving(sending.app) as origin:
        page = (await window(chromium, inbox, origin, member="owner_browser", **first_look(locale))).page
        for name, path in (("members", "/settings"), ("login", "/login?sent"), ("never sent", "/settings/mail")):
            await page.goto(origin + path)
            await check_page(page, f"email/{name}", locale)
        await page.locator(".test-email button").click()
        await page.locator(".emails li").wait_for()
        await unreachable.send_due(utcnow())
        await page.goto(f"{origin}/settings/mail")
        await check_page(page, "email/failed", locale)
        await unreachable.release_lease()
        async with fake_smtp_server() as smtp:
            due = utcnow() + timedelta(hours=1)
            assert await MailSender(inbox.database, smtp.url, "a@voxpop.test").send_due(due) == 1
        await page.reload()
        await check_page(page, "email/sent", locale)
        await page.context.close()
