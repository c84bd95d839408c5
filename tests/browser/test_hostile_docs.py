"""Markup and scripts in an API description are shown as text."""

from typing import TYPE_CHECKING, Annotated

import pytest
from litestar import Litestar, post
from litestar.params import JSONBody
from msgspec import Meta, Struct

from voxpop.web.openapi.docs import ApiDocs
from voxpop.web.static import static_file

if TYPE_CHECKING:
    from .conftest import WatchedPage

pytestmark = pytest.mark.browser

SCRIPT = "</script><script>window.ran = 1</script><img src='/x' onerror='window.ran = 1'>"


class Thing(Struct):
    name: Annotated[str, Meta(examples=["Pump"], description=f"Its name. {SCRIPT}")]


@post("/things", tags=["Things"], summary=f"Make a thing. {SCRIPT}", description=f"At once. {SCRIPT}")
async def make_thing(data: JSONBody[Thing]) -> Thing:
    return data


@pytest.fixture(scope="module")
def app() -> Litestar:
    return Litestar([make_thing, static_file], plugins=[ApiDocs([])])


@pytest.mark.parametrize("path", ["/docs", "/reference"])
async def test_a_description_never_becomes_a_script(watched: "WatchedPage", path: str) -> None:
    page = await watched.go(path)
    if path == "/docs":
        await page.get_by_text("Make a thing.").first.click()
    await page.get_by_text("At once.").first.wait_for()
    assert await page.evaluate("window.ran") is None
    assert watched.outside == []
