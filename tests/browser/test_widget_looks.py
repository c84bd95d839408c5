"""How the widget looks and reads: every scale, narrow windows, dark, from the right, and what a page may change."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from litestar import Litestar
from playwright.async_api import Browser, Page, Route, expect
from tests.browser.conftest import close_contexts, loop_fixture
from tests.support.agents import ARTEFACTS, TOO_WIDE
from tests.support.axe import violations
from tests.support.http_server import HttpServer
from tests.support.widget_host import SHOP, ShopServer, Visitor, card

from voxpop.web import widget_files

pytestmark = pytest.mark.browser

USER = {"email": "ann@example.com"}
OPTIONS: dict[str, Any] = {"key": "pk_1_test", "user": USER}
LONG = "Very satisfied with everything that this feature does for me and for all of my colleagues"


def question(low: int, high: int, display: str = "auto", **more: Any) -> dict[str, Any]:
    texts = {"question": "How satisfied are you?", "thanks": "Thank you!", "comment_label": None}
    scale = {"scale_min": low, "scale_max": high, "display": display, "labels": {"min": "Very poor", "max": LONG}}
    return {"survey_id": f"{low} {high} {display}", "survey_type": "TYPE"} | texts | scale | more


# Each question with the class of its scale and the names of its lowest and highest choice.
QUESTIONS = [
    (question(0, 1, labels={"min": None, "max": None}), "thumbs", "Thumbs down", "Thumbs up"),
    (question(1, 5), "stars", "1 of 5: Very poor", f"5 of 5: {LONG}"),
    (question(0, 10), "numbers", "0 of 10: Very poor", f"10 of 10: {LONG}"),
    (question(-3, 3, "smileys"), "smileys", "-3 of 3: Very poor", f"3 of 3: {LONG}"),
    (question(1, 10, "stars"), "stars", "1 of 10: Very poor", f"10 of 10: {LONG}"),
    (question(0, 100, "stars"), "slider", "", ""),
]
SMALL_TARGETS = """cards => cards.flatMap((card) => [...card.querySelectorAll(".choices label, button")])
    .map((each) => [each.className, each.getBoundingClientRect()])
    .filter(([, box]) => box.width && (box.width < 24 || box.height < 43.9))"""


class Server:
    """Answers the widget's calls with the question that a test sets."""

    def __init__(self) -> None:
        self.ask: dict[str, Any] = question(1, 5)
        self.calls: list[dict[str, Any]] = []

    async def answer(self, route: Route) -> None:
        request = route.request
        headers = {"access-control-allow-origin": "*", "access-control-allow-headers": "*, authorization"}
        if request.method == "POST":
            call = request.url.rpartition("/")[2]
            self.calls.append({"call": call} | (request.post_data_json or {}))
            body = {"ask": self.ask} if call in ("track", "form") else {"feedback_id": "1", "thanks": "Thank you!"}
            await route.fulfill(json=body, headers=headers)
        else:
            await route.fulfill(status=204, headers=headers)


@loop_fixture()
async def shop(server: HttpServer) -> AsyncIterator[ShopServer]:
    """It has the files of the widget; a test answers the calls."""
    made = ShopServer(Litestar(widget_files.ROUTES, logging_config=None))
    made.options = OPTIONS
    async with server.serving(made):
        yield made


@loop_fixture()
async def calls(chromium: Browser, server: HttpServer, shop: ShopServer) -> AsyncIterator[tuple[Server, Visitor]]:
    answers = Server()
    visitor = await Visitor.of(chromium, f"http://{SHOP}:{server.port}", viewport={"width": 320, "height": 640})
    await visitor.context.route("**/api/v1/widget/*", answers.answer)
    yield answers, visitor
    await close_contexts(chromium)
    assert visitor.errors == []


async def ask(page: Page, **options: Any) -> None:
    """Shows the question of the server afresh."""
    await page.evaluate(
        "options => { voxpop('reset'); voxpop('init', options); voxpop('track', 'a', 'b'); }", OPTIONS | options
    )
    await expect(card(page)).to_be_visible()


@pytest.mark.parametrize("options", [{"theme": "light"}, {"theme": "dark", "locale": "ar"}], ids=["light", "dark"])
async def test_every_scale_fits_a_narrow_window_and_reads_well(
    calls: tuple[Server, Visitor], options: dict[str, Any]
) -> None:
    answers, visitor = calls
    page = await visitor.page()
    for number, (asked, display, lowest, highest) in enumerate(QUESTIONS):
        answers.ask = asked
        await ask(page, **options)
        await expect(page.locator(f".scale.{display}")).to_be_visible()
        if lowest:
            radios = page.get_by_role("radio")
            await expect(radios.first).to_have_accessible_name(lowest)
            await expect(radios.last).to_have_accessible_name(highest)
            await radios.last.check(force=True)
        else:
            await page.get_by_role("slider").press("Space")
            await expect(page.get_by_role("slider")).to_have_value("50")
        await expect(page.get_by_role("button", name="Send")).to_be_visible()
        assert await page.evaluate(TOO_WIDE) == []
        assert await page.locator(".card").evaluate_all(SMALL_TARGETS) == []
        assert (asked["survey_id"], await violations(page)) == (asked["survey_id"], [])
        ARTEFACTS.joinpath("widget").mkdir(parents=True, exist_ok=True)
        await page.screenshot(path=ARTEFACTS / "widget" / f"{number}-{options['theme']}.png")


async def test_the_button_that_is_always_there_opens_the_form_and_gets_the_focus_back(
    calls: tuple[Server, Visitor],
) -> None:
    answers, visitor = calls
    answers.ask = question(1, 10) | {"survey_id": None}
    page = await visitor.page()
    await page.emulate_media(reduced_motion="reduce")
    options = {"button": {"product": "pms", "feature": "dashboard", "text": "Rate us"}, "position": "top-left"}
    await page.evaluate("options => voxpop('init', options)", OPTIONS | options)
    await page.get_by_role("button", name="Rate us").press("Enter")
    await expect(page.get_by_role("radio").first).to_be_focused()
    box = await card(page).bounding_box()
    assert box
    assert (box["x"], box["y"]) == (16, 16)
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("button", name="Rate us")).to_be_focused()
    await page.keyboard.press("Enter")
    await page.get_by_role("radio").first.press("Space")
    await page.get_by_role("button", name="Send").press("Enter")
    await expect(page.get_by_role("button", name="Close")).to_be_focused()
    await page.keyboard.press("Escape")  # closing the thanks is no refusal
    sent = [{name: call[name] for name in call if name not in ("user", "locale")} for call in answers.calls]
    form = {"call": "form", "product": "pms", "feature": "dashboard"}
    assert sent == [form, form, {"call": "answer", "product": "pms", "feature": "dashboard", "score": 1}]


async def test_a_page_changes_texts_colours_and_motion(calls: tuple[Server, Visitor], shop: ShopServer) -> None:
    answers, visitor = calls
    shop.style = "voxpop-survey { --voxpop-accent: rgb(10, 107, 79); --voxpop-width: 250px }"
    page = await visitor.page()
    await page.emulate_media(reduced_motion="reduce", color_scheme="dark")
    await ask(page, texts={"send": "Los"}, locale="de")
    await page.get_by_role("radio").first.check(force=True)
    send = page.get_by_role("button", name="Los", exact=True)
    assert await send.evaluate("each => getComputedStyle(each).backgroundColor") == "rgb(10, 107, 79)"
    look = await card(page).evaluate("each => { const s = getComputedStyle(each); return [s.width, s.animationName]; }")
    assert look == ["250px", "none"]
    await expect(page.locator("voxpop-survey[dark]")).to_have_count(1)
    await page.emulate_media(color_scheme="light")
    await expect(page.locator("voxpop-survey[dark]")).to_have_count(0)
    assert answers.calls[0]["locale"] == "de"
