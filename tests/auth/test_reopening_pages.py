"""An address to which a form is sent can be opened: it leads to the page of the form."""

import pytest
from litestar.routes import HTTPRoute
from tests.support.portal import PortalSite

from voxpop.db.pool import Database

ID = "01939d54-2f8e-7cc1-9a5e-5b0c1f4e8a77"
QUERIES = {"/survey-types/edit": "?code=NPS"}  # a code can have characters that no path may have


async def test_no_address_of_a_form_is_a_405_when_it_is_opened(database: Database) -> None:
    site = await PortalSite(database).set_up()
    assert await site.open() == "TK-1"
    browser = await site.owner()
    await browser.submit("/tickets/login", email="ann@example.com")
    await browser.use_link(await site.last_link("ann@example.com"))
    forms = 0
    for route in site.app.app.routes:  # type: ignore[attr-defined]
        assert isinstance(route, HTTPRoute)
        if "POST" in route.methods and not route.path_format.startswith("/api/"):
            names = [part[1:-1] for part in route.path_format.split("/") if part.startswith("{")]
            path = route.path_format.format(**{name: "TK-1" if name == "ref" else ID for name in names})
            opened = await browser.get(path + QUERIES.get(path, ""))
            if opened.status_code == 303:
                opened = await browser.get(opened.headers["location"])
            is_spent_link = opened.status_code == 400 and "already used" in opened.text
            is_unknown = opened.status_code == 404 and ID in path
            assert opened.status_code in (200, 303) or is_spent_link or is_unknown, path
            forms += 1
    assert forms > 30
    await browser.aclose()


@pytest.mark.parametrize(
    ("path", "page"),
    [
        ("/settings/members/x/role", "/settings"),
        ("/settings/password", "/settings/profile"),
        ("/settings/keys/x/revoke", "/settings/keys"),
        ("/inbox/bulk?status=open", "/inbox?status=open"),
        ("/inbox/TK-7/reply?sort=oldest&at=3", "/inbox/TK-7?sort=oldest&at=3"),
        ("/inbox/%D0%AF/tags", "/inbox/%D0%AF"),
        ("/tickets/logout", "/tickets"),
        ("/logout", "/login"),
    ],
)
async def test_the_page_of_a_form_is_above_it(database: Database, path: str, page: str) -> None:
    browser = (await PortalSite(database).set_up()).browser()
    opened = await browser.get(path)
    assert (opened.status_code, opened.headers["location"]) == (303, page)
    await browser.aclose()
