"""The start page and the documentation in a browser: complete, and without requests to other sites."""

from typing import TYPE_CHECKING, Annotated

import pytest
from litestar import Litestar, post
from litestar.datastructures import State
from litestar.params import JSONBody
from msgspec import Meta, Struct

from voxpop.config.loading import load
from voxpop.types import Scope
from voxpop.web import pages
from voxpop.web.guide import pages as guide_pages
from voxpop.web.openapi.docs import ApiDocs
from voxpop.web.openapi.sections import ApiSection
from voxpop.workspaces import first_run_pages

if TYPE_CHECKING:
    from .conftest import WatchedPage

pytestmark = pytest.mark.browser

PAGES = ["/", "/docs", "/reference", "/guide", "/guide/contract", "/guide/configuration", "/guide?q=key"]
SECTION = ApiSection("/api/thing/v1", "Things")


class Thing(Struct):
    name: Annotated[str, Meta(examples=["Pump"])]


@post(
    "/api/thing/v1/things",
    opt={"scope": Scope.MANAGE},
    tags=["Things"],
    summary="Make a thing",
    description="It is made at once.",
)
async def make_thing(data: JSONBody[Thing]) -> Thing:
    return data


@pytest.fixture(scope="module")
def app() -> Litestar:
    state = State({"settings": load(env={"VOXPOP_BASE_URL": "http://voxpop.test"})})
    return Litestar(
        [make_thing, *first_run_pages.routes([SECTION])[:1], *pages.ROUTES, *guide_pages.ROUTES],
        state=state,
        plugins=[ApiDocs([SECTION])],
    )


@pytest.mark.parametrize("path", [SECTION.swagger_path, SECTION.scalar_path, "/docs", "/reference"])
async def test_documentation_loads_nothing_from_other_sites(watched: "WatchedPage", path: str) -> None:  # C11
    page = await watched.go(path)
    if path in (SECTION.swagger_path, "/docs"):
        await page.get_by_text("/api/thing/v1/things").first.click()
    await page.get_by_text("It is made at once.").first.wait_for()
    assert (watched.outside, watched.errors) == ([], [])
    assert await page.locator("main").count() == 1


async def test_a_request_can_be_tried_with_a_key(watched: "WatchedPage") -> None:
    page = await watched.go("/docs")
    await page.get_by_role("button", name="Authorize").click()
    await page.locator("#auth-bearer-value").first.fill("vp_key")
    await page.get_by_role("button", name="Apply credentials").first.click()
    await page.get_by_role("button", name="Close").first.click()
    await page.get_by_text("/api/thing/v1/things").first.click()
    await page.get_by_role("button", name="Try it out").click()
    async with page.expect_request("**/api/thing/v1/things") as sent:
        await page.get_by_role("button", name="Execute").click()
    request = await sent.value
    assert request.headers["authorization"] == "Bearer vp_key"
    assert request.post_data_json == {"name": "Pump"}


async def test_the_first_commands_can_be_copied(watched: "WatchedPage") -> None:
    await watched.page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=watched.origin)
    page = await watched.go("/")
    await page.get_by_role("button", name="Copy").first.click()
    await page.get_by_role("button", name="Copied").wait_for()
    copied = await page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("KEY=$(voxpop key create")
    assert copied.count("curl ") == 5
    assert (watched.outside, watched.errors) == ([], [])


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("path", PAGES)
async def test_no_page_is_wider_than_the_window(watched: "WatchedPage", path: str, width: int) -> None:
    await watched.page.set_viewport_size({"width": width, "height": 800})
    page = await watched.go(path)
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
