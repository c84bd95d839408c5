"""The guard of every page: CSRF protection, strict headers, the pages that are open, and forms that are refused."""

import re
from collections.abc import Iterator

import pytest
from litestar.routes import HTTPRoute
from tests.support.sites import AGENT, OWNER, PASSWORD, Browser, Site

from voxpop.auth.guards import PageAccess
from voxpop.web.csrf import is_cross_site

ANY_ID = "01939d54-2f8e-7cc1-9a5e-5b0c1f4e8a77"
SAFE = {"GET", "HEAD", "OPTIONS"}
PAGES = [
    "/settings", "/settings/keys", "/settings/workspace", "/settings/mail", "/settings/sessions", "/settings/profile",
    "/login", "/login?sent", "/tickets/login", "/tickets/login?sent", "/login/link?token=x", "/login/owner",
]  # fmt: skip


def page_routes(site: Site) -> Iterator[tuple[str, str]]:
    """The method and path of every page's route."""
    for route in site.app.app.routes:  # type: ignore[attr-defined]
        assert isinstance(route, HTTPRoute)
        for method, (handler, _) in route.route_handler_map.items():
            if isinstance(handler.opt.get("page"), PageAccess):
                yield str(method), re.sub(r"\{[^}]*\}", ANY_ID, route.path_format)


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "", "origin": "https://evil.test"},
        {"sec-fetch-site": "", "origin": "http://acme.voxpop.test"},
        {"sec-fetch-site": "", "origin": "http://voxpop.test:8000"},
        {"sec-fetch-site": "", "origin": "null"},
        {"sec-fetch-site": "", "origin": "http://voxpop.test.evil.test"},
        {"sec-fetch-site": "same-origin", "origin": "https://evil.test"},
    ],
)
async def test_a_form_of_another_site_changes_nothing(site: Site, headers: dict[str, str]) -> None:
    browser = await site.owner()
    browser.headers.update(headers)
    changing = [(method, path) for method, path in page_routes(site) if method not in SAFE]
    assert len(changing) >= 18
    for method, path in changing:
        assert (await browser.request(method, path, data={"name": "x"})).status_code == 403, path
    assert (await browser.get("/settings")).status_code == 200


@pytest.mark.parametrize(
    ("headers", "is_foreign"),
    [
        ({"host": "a.test"}, False),
        ({"host": "a.test", "sec-fetch-site": "none"}, False),
        ({"host": "a.test", "origin": "https://a.test"}, False),
        ({"host": "a.test:443", "origin": "https://a.test"}, False),
        ({"host": "A.test", "origin": "http://a.test:80"}, False),
        ({"host": "a.test:8000", "origin": "http://a.test:8000"}, False),
        ({"host": "a.test:8000", "origin": "http://a.test"}, True),
        ({"host": "[::1]:8000", "origin": "http://[::1]:8000"}, False),
        ({"host": "a.test", "origin": "http://[::1"}, True),
        ({"origin": "http://a.test"}, True),
        ({"origin": ""}, True),
    ],
)
def test_a_cross_site_request_is_recognised_by_its_headers(headers: dict[str, str], is_foreign: bool) -> None:
    assert is_cross_site(headers) is is_foreign


async def test_a_client_without_browser_headers_may_send_a_form(site: Site) -> None:
    await site.owner(password=PASSWORD)
    browser = site.browser()
    del browser.headers["sec-fetch-site"]
    assert (await browser.submit("/login", email=OWNER, password=PASSWORD)).status_code == 303


@pytest.mark.parametrize("locale", ["en", "ru"])
async def test_pages_have_no_inline_code_and_are_never_cached(site: Site, locale: str) -> None:
    owner = await site.owner()
    await site.accept_invitation(owner, AGENT, "agent")
    await owner.submit("/settings/invitations", email="x@example.com", role="admin")
    for path in PAGES:
        answer = await (owner if path.startswith("/settings") else site.browser()).get(
            path, headers={"accept-language": locale}
        )
        assert f'<html lang="{locale}"' in answer.text
        assert re.findall(r"<style|style=|\son\w+=|<script(?![^>]*src)", answer.text) == [], path
        policy = answer.headers["content-security-policy"]
        assert "unsafe" not in policy
        assert {"script-src 'self'", "frame-ancestors 'none'", "form-action 'self'"} <= set(policy.split("; "))
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"


async def test_pages_are_shown_in_russian(site: Site) -> None:
    owner = await site.owner()
    owner.headers["accept-language"] = "ru-RU,ru;q=0.9"
    assert "1 сотрудник" in (await owner.get("/settings")).text
    assert "Страница не найдена" in (await owner.get("/nothing")).text
    answer = await owner.submit("/login", email=OWNER, password="wrong")
    assert "Неверный адрес почты или пароль" in answer.text
    await owner.submit("/login/mail", email=OWNER)
    assert (await site.emails())[-1].subject == "Вход: default"


async def test_only_sign_in_pages_are_open(site: Site) -> None:  # G1
    opened = set()
    for method, path in page_routes(site):
        answer = await site.browser().request(method, path)
        if method == "GET" and answer.status_code != 303:  # addresses of forms lead to their pages
            opened.add(path)
    link_pages = {"/login/link", "/login/invitation", "/login/owner", "/tickets/login/link"}
    public = {f"/logo/{ANY_ID}", f"/s/{ANY_ID}", f"/unsubscribe/{ANY_ID}"}
    redirects = {"/unhappy"}  # the old path of the low ratings
    missing = {"/demo-shop"}  # 404 unless the demo is served
    assert opened - redirects - missing == {"/login", "/tickets/login", "/tickets/new"} | link_pages | public


async def status_of_form(browser: Browser, body: bytes, media: str = "application/x-www-form-urlencoded") -> int:
    answer = await browser.post("/settings/profile", content=body, headers={"content-type": media})
    return answer.status_code


async def test_a_body_that_is_not_the_expected_form_is_refused(site: Site) -> None:  # G2, G4
    browser = await site.owner()
    assert await status_of_form(browser, b"name=Ann") == 303
    assert await status_of_form(browser, b'{"name": "Ann"}', "application/json") == 303
    assert await status_of_form(browser, b"name=a&name=b") == 400
    assert await status_of_form(browser, b"name=%00") == 400
    assert await status_of_form(browser, b"name=%ff") == 400
    assert await status_of_form(browser, b"\xff") == 400
    assert await status_of_form(browser, b"") == 400
    assert await status_of_form(browser, b"other=1") == 400
    assert await status_of_form(browser, b"&".join([b"a=1"] * 2000)) == 400
    assert await status_of_form(browser, b'{"name": 1}', "application/json") == 400
    assert await status_of_form(browser, b"<name/>", "application/xml") == 415
    assert await status_of_form(browser, b"name=" + b"x" * 2**21) == 413
