"""The start page and the demo: the first steps with a key, what is set up, and a visitor who changes nothing."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest
from tests.support.clients import Client
from tests.support.forms import enabled_actions
from tests.support.inbox import InboxSite
from tests.support.invariants import Owner
from tests.support.sites import AGENT, OWNER, Browser, Site

from voxpop.accounts.members import DEMO_EMAIL
from voxpop.auth.guards import PageAccess
from voxpop.db.pool import Database
from voxpop.web.csrf import SAFE_METHODS

EXPLORE = 'action="/demo"'
CLOSED = ["/settings", "/settings/keys", "/settings/mail", "/settings/sessions"]
OPENED = ["/overview", "/inbox", "/inbox/new", "/low-ratings", "/campaigns", "/settings/workspace", "/settings/profile"]
ANY_ID = "01939d54-2f8e-7cc1-9a5e-5b0c1f4e8a77"


@pytest.fixture
async def site(database: Database) -> Site:
    return await Site(database, VOXPOP_DEMO="true").set_up()


@pytest.fixture
async def visitor(site: Site, owner: Owner) -> AsyncIterator[Browser]:
    """A visitor of the demo in the default workspace, signed in."""
    await owner.execute("UPDATE workspace SET has_demo_data = true WHERE slug = 'default'")
    browser = site.browser()
    answer = await browser.submit("/demo")
    assert (answer.status_code, answer.headers["location"]) == (303, "/overview")
    return browser


def button_texts(page: httpx.Response) -> list[str]:
    return [text.strip() for text in re.findall(r"<button[^>]*>([^<]*)</button>", page.text)]


async def test_a_visitor_sees_the_modules_and_no_status(site: Site) -> None:
    page = await site.browser().get("/")
    assert page.status_code == 200
    for title in ("Product features", "Support tickets", "Campaigns"):
        assert f">{title}</h2>" in page.text
    assert "KEY=$(voxpop key create --workspace default" in page.text
    assert "Status" not in page.text
    assert EXPLORE not in page.text  # no demo data
    assert "--workspace acme" in (await site.browser("acme").get("/")).text


async def test_an_admin_sees_what_is_set_up_and_gets_a_key_once(site: Site) -> None:
    owner = await site.owner()
    page = await owner.get("/")
    assert "No mail server is set up" in page.text
    assert "No brokers are set" in page.text
    assert "0 keys" in page.text
    form = {"idempotency_key": "one"}
    created = await owner.submit("/start/key", **form)
    (key,) = set(re.findall(r"KEY=(vxp_\S+)", created.text))
    assert created.text.count(f"KEY={key}") == 3
    assert created.headers["cache-control"] == "no-store"
    assert "1 key" in created.text
    again = await owner.submit("/start/key", **form)
    assert again.status_code == 409
    assert "vxp_" not in again.text
    assert "1 key" in again.text
    headers = {"authorization": f"Bearer {key}"}
    assert (await site.browser().get("/api/v1/workspace", headers=headers)).json()["slug"] == "default"
    agent = await site.accept_invitation(owner, AGENT, "agent")
    assert "No brokers are set" not in (await agent.get("/")).text
    assert (await agent.submit("/start/key")).status_code == 403
    assert "vxp_" not in (await owner.get("/")).text


async def test_exploring_the_demo_is_the_first_button(site: Site, visitor: Browser) -> None:
    assert button_texts(await site.browser().get("/"))[0] == "Explore the demo"
    assert EXPLORE not in (await visitor.get("/")).text
    assert EXPLORE not in (await site.browser("acme").get("/")).text  # has no demo data
    assert (await site.browser("acme").submit("/demo")).status_code == 404
    second = await visitor.submit("/demo")
    assert (second.status_code, "set-cookie" in second.headers) == (303, False)


async def test_a_member_stays_signed_in(site: Site, visitor: Browser) -> None:
    owner = await site.owner()
    assert (await owner.submit("/demo")).headers["location"] == "/overview"
    assert (await owner.get("/settings/keys")).status_code == 200


async def test_the_visitor_reads_pages_but_no_settings_of_keys_members_and_mail(visitor: Browser) -> None:
    assert {path: (await visitor.get(path)).status_code for path in OPENED} == dict.fromkeys(OPENED, 200)
    assert {path: (await visitor.get(path)).status_code for path in CLOSED} == dict.fromkeys(CLOSED, 403)
    assert "You are exploring the demo" in (await visitor.get("/inbox")).text
    assert "changes nothing" in (await visitor.get("/settings/keys")).text
    assert 'href="/settings/keys"' not in (await visitor.get("/settings/profile")).text


async def full_paths(site: InboxSite, owner: Owner) -> list[str]:
    """The pages of a workspace that has something of everything."""
    admin = site.owner_browser
    await site.rated(1, "Slow", tags=("billing",), assignee_id=await site.account(AGENT))
    await site.open()
    await admin.submit("/inbox/views", name="Mine", query="status=Open")
    form = {"name": "Orders", "survey_type_code": "NPS", "trigger_type": "ORDER_COMPLETED", "delay_hours": "1"}
    campaign = (await admin.submit("/campaigns/new", **form, active="on")).headers["location"].partition("?")[0]
    await admin.submit("/features/products/new", key="shop", name="Shop")
    product = await owner.fetchval("SELECT id FROM product")
    thresholds = {"interaction_threshold": "2", "rejection_threshold": "1"}
    await admin.submit("/features/new", product=str(product), feature_key="export", name="Export", **thresholds)
    feature, rating = await owner.fetchval("SELECT id FROM feature"), await owner.fetchval("SELECT id FROM feedback")
    return [
        *("/overview", "/inbox", "/inbox/new", "/inbox/TK-1", "/inbox/TK-2", "/feedback", f"/feedback?open={rating}"),
        *("/low-ratings", "/campaigns", "/campaigns/new", campaign, f"{campaign}/edit", "/survey-types"),
        *("/survey-types/new", "/survey-types/edit?code=NPS", "/features", "/features/new", "/features/products/new"),
        *(f"/features/products/{product}", f"/features/products/{product}/edit", f"/features/{feature}"),
        *(f"/features/{feature}/edit", "/agents", "/settings/workspace", "/settings/profile"),
        f"/settings/badges?series=campaign:{campaign.rpartition('/')[2]}",
    ]


async def test_every_control_that_changes_something_is_disabled(database: Database, owner: Owner) -> None:
    """On every page that needs no id, and on those of something that exists. An admin can use each control."""
    site = await InboxSite(database, VOXPOP_DEMO="true").set_up()
    routes = [(path, access) for method, path, access in page_routes(site) if method == "GET"]
    opened = [path for path, access in routes if access.has_sidebar and access.in_demo and ANY_ID not in path]
    paths = [*await full_paths(site, owner), *opened]
    await owner.execute("UPDATE workspace SET has_demo_data = true WHERE slug = 'default'")
    visitor = site.browser()
    await visitor.submit("/demo")
    usable: set[str] = set()
    for path in paths:
        page = await visitor.get(path)
        assert page.status_code == 200 or path in opened, path  # some need a parameter
        assert enabled_actions(page.text) <= {"/logout"}, path
        usable |= enabled_actions((await site.owner_browser.get(path)).text)
    assert len(usable) > 25


async def test_the_visitor_changes_nothing(site: Site, visitor: Browser) -> None:
    forms = [
        path for method, path, access in page_routes(site) if method not in SAFE_METHODS and access.role is not None
    ]
    assert len(forms) > 25
    statuses = {path: (await visitor.submit(path, name="x")).status_code for path in forms}
    assert statuses == dict.fromkeys(forms, 403)
    changes = [("PATCH", f"/api/v1/feedback/{ANY_ID}"), ("POST", "/api/v1/campaigns"), ("POST", "/api/v1/tickets")]
    answers = [(await visitor.request(method, path, json={"read": True})).status_code for method, path in changes]
    assert set(answers) <= {401, 403}
    assert (await visitor.get("/api/v1/series")).status_code == 200
    assert (await visitor.get("/api/v1/workspace")).status_code == 403
    assert (await visitor.submit("/logout")).status_code == 303


def page_routes(site: Site) -> list[tuple[str, str, PageAccess]]:
    """The method, path and access of every page's route."""
    return [
        (str(method), re.sub(r"\{[^}]*\}", ANY_ID, route.path_format), handler.opt["page"])
        for route in site.app.app.routes  # type: ignore[attr-defined]
        for method, (handler, _) in route.route_handler_map.items()
        if isinstance(handler.opt.get("page"), PageAccess)
    ]


async def test_the_visitor_is_no_colleague(site: Site, visitor: Browser, client: Client) -> None:
    owner = await site.owner(email=OWNER)
    assert DEMO_EMAIL not in (await owner.get("/settings")).text
    assert DEMO_EMAIL not in (await owner.get("/inbox/new")).text


async def test_without_the_option_there_is_no_demo(site: Site, visitor: Browser, database: Database) -> None:
    """Neither a new visitor, nor one who came while it was shown."""
    plain = Site(database)
    plain.workspaces, plain.browsers = site.workspaces, site.browsers
    assert EXPLORE not in (await plain.browser().get("/")).text
    assert (await plain.browser().submit("/demo")).status_code == 404
    moved = plain.move(visitor)
    assert (await moved.get("/inbox")).headers["location"].startswith("/login")
    assert (await moved.get("/api/v1/series")).status_code == 401
