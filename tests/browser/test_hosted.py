"""The hosted page of a survey and the page that unsubscribes, in Chromium: with scripts and without, in every look."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, expect
from tests.browser.conftest import close_contexts, loop_fixture
from tests.support.agents import check_look, each_look, first_look, in_all_looks
from tests.support.direction import wrong_parts
from tests.support.hosted import TEXTS, HostedSite, path_of
from tests.support.http_server import HttpServer
from tests.support.images import png
from tests.support.invariants import Owner

from voxpop.db.pool import Database
from voxpop.surveys.mailing.service import write_due_emails
from voxpop.types import utcnow

pytestmark = pytest.mark.browser

LABELS = {"label_min": "Not at all likely", "label_max": "Extremely likely", "comment_label": "Why this score?"}


@loop_fixture()
async def site(chromium: Browser, server: HttpServer, database: Database) -> AsyncIterator[HostedSite]:
    site = await HostedSite(database).set_up()
    async with server.serving(site.app):
        yield site
        await close_contexts(chromium)
    for browser in site.browsers:
        await browser.aclose()


@loop_fixture()
async def origin(server: HttpServer) -> str:
    return f"http://localhost:{server.port}"


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
async def test_a_customer_answers_with_the_keyboard(
    chromium: Browser, site: HostedSite, origin: str, owner: Owner, scripts: bool
) -> None:
    """A link of the email has chosen a score. Another one is taken, and one press stores it."""
    code = await site.survey_type("LIKELY", 0, 10, translations={}, language="en", question="How likely?", **LABELS)
    path = await site.link(survey_type_code=code)
    context = await chromium.new_context(java_script_enabled=scripts)
    page = await context.new_page()
    await page.goto(f"{origin}{path}?score=7")
    group = page.get_by_role("radiogroup", name="How likely?")
    await expect(group.get_by_role("radio", name="7", exact=True)).to_be_checked()
    assert await owner.fetchval("SELECT count(*) FROM feedback") == 0
    await page.keyboard.press("Tab")
    for _ in range(3):
        await page.keyboard.press("ArrowRight")
    await expect(group.get_by_role("radio", name="10 of 10: Extremely likely")).to_be_checked()
    await page.keyboard.press("Tab")
    await expect(page.get_by_label("Why this score?")).to_be_focused()
    await page.keyboard.type("Fast & quiet")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Спасибо!")).to_be_visible()
    assert page.url == f"{origin}{path}"
    assert tuple(await owner.fetchrow("SELECT score, comment FROM feedback")) == (10, "Fast & quiet")
    await page.reload()
    await expect(page.get_by_role("heading", name="Спасибо!")).to_be_visible()
    await page.go_back()
    assert await owner.fetchval("SELECT count(*) FROM feedback") == 1


async def pages(site: HostedSite, owner: Owner) -> dict[str, str]:
    """The path of each page, by its name: every kind of scale, a refused form's, and the ends."""
    logo = png(120, 40)
    await owner.execute(
        "UPDATE workspace SET name = 'Harbour Hotels', accent = '#0f766e', logo = $1, logo_hash = 'h',"
        " logo_type = 'image/png', logo_width = 120, logo_height = 40 WHERE slug = 'default'",
        logo,
    )
    scales = {"numbers": (0, 10), "stars": (1, 5), "smileys": (1, 5), "thumbs": (0, 1)}
    found = {}
    for display, (low, high) in scales.items():
        texts = {"en": TEXTS["en"] | LABELS, "ar": TEXTS["ar"]}
        code = await site.survey_type(display.upper(), low, high, display=display, translations=texts)
        found[display] = f"{await site.link(survey_type_code=code, language='en')}?score={high - 1}"
    code = await site.survey_type("LONG", 0, 100, question="Q" * 300)
    found["long"] = f"{await site.link(survey_type_code=code)}?score=42"
    found["arabic"] = f"{await site.link(survey_type_code='NUMBERS', language='ar')}?score=8"
    found["closed"], found["thanks"] = await site.link(language="en"), await site.link(language="ar")
    await owner.execute("UPDATE survey SET status = 'EXPIRED' WHERE id = $1", survey_of(found["closed"]))
    await site.visitor.submit(found["thanks"], score="5")
    return found


def survey_of(path: str) -> str:
    """The survey's id in a link."""
    return path.removeprefix("/s/")[:32]


@in_all_looks
async def test_axe_finds_nothing_on_hosted_pages(
    chromium: Browser, site: HostedSite, origin: str, owner: Owner, locale: str
) -> None:
    page = await (await chromium.new_context(**first_look(locale))).new_page()
    for name, path in (await pages(site, owner)).items():
        await page.goto(f"{origin}{path}")
        await check_looks(page, f"hosted-{name}", locale)
    await site.api.open(channels=["email"], language="en" if locale == "en" else None)
    await site.api.order(email="ann@example.com")
    await write_due_emails(site.database, origin, utcnow())
    (email,) = await site.emails()
    await page.goto(f"{origin}{path_of(email.unsubscribe or '')}")
    await check_looks(page, "unsubscribe", locale)
    await page.get_by_role("button").click()
    await check_looks(page, "unsubscribed", locale)
    await page.set_content(email.html or "")
    await check_looks(page, "survey-email", locale)


async def check_looks(page: Page, name: str, locale: str) -> None:
    async for look in each_look(page, locale):
        await check_look(page, name, look)
        assert await wrong_parts(page) == []
