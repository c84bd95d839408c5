"""Pages, static files, and the third-party files among them."""

import importlib.util
import re
from collections.abc import AsyncIterator
from pathlib import Path
from types import ModuleType

import httpx
import pytest
from jinja2 import UndefinedError
from litestar import Litestar, Request, Response
from litestar.datastructures import State

from voxpop.config.loading import load
from voxpop.errors import AppError, NotFound
from voxpop.web import pages, static
from voxpop.web.openapi.sections import ApiSection
from voxpop.workspaces import first_run_pages

ROOT = Path(__file__).parent.parent.parent


def handle_error(request: Request, error: AppError) -> Response[str]:
    return pages.error_page(error, "0193-trace")


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    state = State({"settings": load(env={"VOXPOP_BASE_URL": "https://voxpop.test"})})
    routes = [*first_run_pages.routes([ApiSection("/api/thing/v1", "Things")])[:1], *pages.ROUTES]
    app = Litestar(routes, state=state, exception_handlers={AppError: handle_error}, openapi_config=None)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        yield client


@pytest.fixture
def assets() -> ModuleType:
    spec = importlib.util.spec_from_file_location("assets", ROOT / "build_tools/assets.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


async def test_the_start_page_links_to_the_other_pages(client: httpx.AsyncClient) -> None:
    page = (await client.get("/")).text
    links = set(re.findall(r'<a href="([^"]*)"', page))
    assert {"/login", "/inbox", "/tickets"} <= links
    assert {"/docs", "/reference", "/openapi.json", "/health/ready", "/openapi/api/thing/v1"} <= links
    assert "API=https://voxpop.test/api/csat/v1" in page
    assert "voxpop key create" in page


async def test_pages_have_a_strict_content_security_policy(client: httpx.AsyncClient) -> None:
    response = await client.get("/")
    policy = response.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert response.headers["referrer-policy"] == "same-origin"
    assert re.findall(r"<style|style=|onclick|<script(?![^>]*src)", response.text) == []


async def test_static_files_of_a_page_are_served_and_cached_for_ever(client: httpx.AsyncClient) -> None:
    addresses = re.findall(r'"(/static/[^"]*)"', (await client.get("/")).text)
    assert len(addresses) >= 3
    for address in addresses:
        response = await client.get(address)
        assert (response.status_code, response.headers["cache-control"]) == (200, static.IMMUTABLE)


async def test_the_url_of_an_old_version_is_not_cached(client: httpx.AsyncClient) -> None:
    response = await client.get("/static/voxpop.css?v=000000000000")
    assert (response.status_code, response.headers["cache-control"]) == (200, "no-cache")
    again = await client.get("/static/voxpop.css", headers={"if-none-match": response.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_a_static_url_changes_with_the_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(static, "_paths", lambda: {"a.css": tmp_path / "a.css"})
    (tmp_path / "a.css").write_text("a {}")
    before = static.static_url("a.css")
    (tmp_path / "a.css").write_text("b { color: red }")
    static._find_file.cache_clear()
    assert static.static_url("a.css") != before


async def test_static_files_are_compressed_if_the_client_accepts_it(client: httpx.AsyncClient) -> None:
    plain = await client.get("/static/voxpop.css", headers={"accept-encoding": "identity"})
    compressed = await client.get("/static/voxpop.css", headers={"accept-encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert compressed.headers["content-encoding"] == "gzip"
    assert plain.text == compressed.text == (static.ROOT / "voxpop.css").read_text()
    assert int(compressed.headers["content-length"]) < 15_000


def test_every_class_of_a_stylesheet_is_used() -> None:
    """Each class is in some page or script."""
    scripts = [path for path in static.ROOT.rglob("*.js") if path.parent.name not in {"scalar", "swagger"}]
    pages_and_scripts = [*(static.ROOT.parent / "templates").rglob("*.html"), *scripts]
    used = {word for path in pages_and_scripts for word in re.findall(r"[\w-]+", path.read_text("utf-8"))}
    for sheet in ("voxpop.css", "guide.css", "work.css", "dashboards.css"):
        rules = re.sub(r'/\*.*?\*/|"[^"]*"', "", (static.ROOT / sheet).read_text("utf-8"), flags=re.DOTALL)
        assert set(re.findall(r"\.([a-z][\w-]*)", rules)) - used == set(), sheet


@pytest.mark.parametrize(
    "name", ["nothing.css", "../web/pages.py", "%2e%2e/types.py", "..%2fconfig.py", "/etc/passwd", ""]
)
async def test_only_static_files_are_served(client: httpx.AsyncClient, name: str) -> None:
    assert (await client.get(f"/static/{name}")).status_code == 404


async def test_the_icon_is_served(client: httpx.AsyncClient) -> None:
    response = await client.get("/favicon.ico")
    assert response.headers["content-type"] == "image/svg+xml"
    assert response.text.startswith("<svg")


async def test_an_error_has_a_page(client: httpx.AsyncClient) -> None:
    response = await client.get("/static/nothing.css")
    assert response.status_code == 404
    assert "Page not found" in response.text
    assert "0193-trace" in response.text


def test_an_error_message_is_escaped() -> None:
    assert "<script>alert" not in pages.error_page(NotFound("<script>alert(1)</script>"), "t").content


def test_a_missing_template_variable_raises_an_error() -> None:
    with pytest.raises(UndefinedError):
        pages.render("workspaces/start.html", url="https://voxpop.test")


def test_third_party_files_match_the_lock(assets: ModuleType) -> None:
    assert assets.complete()


def test_a_tarball_that_differs_from_the_lock_is_rejected(assets: ModuleType) -> None:
    package = {"name": "x", "version": "1", "integrity": assets.integrity(b"what was locked")}
    assets.check(b"what was locked", package)
    with pytest.raises(SystemExit, match="is not what"):
        assets.check(b"something else", package)
