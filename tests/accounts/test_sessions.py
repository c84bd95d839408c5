"""Sessions: where they are valid and how they end; the API never opens one."""

from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest
from tests.support.sites import AGENT, OWNER, PASSWORD, Browser, Site

from voxpop.accounts import sessions
from voxpop.accounts.models import ClientInfo, NewSession, SessionKind, SessionRow
from voxpop.accounts.sessions import TTL
from voxpop.db.pool import Database
from voxpop.types import utcnow, uuid7

PROFILE, API = "/settings/profile", "/api/csat/v1/products"
COOKIE = "voxpop-member"
Owner = asyncpg.Connection


async def status(browser: Browser, path: str = PROFILE) -> int:
    return (await browser.get(path)).status_code


async def session_id(browser: Browser) -> str:
    return (browser.cookies.get(COOKIE) or "")[:32]


async def test_an_ended_session_is_refused_at_once_in_every_process(site: Site, live_db: str) -> None:  # T25
    owner = await site.owner(password=PASSWORD)
    lost = site.browser()
    await lost.submit("/login", email=OWNER, password=PASSWORD)
    database = await Database.open(live_db, size=2)
    async with Site(database).browser() as elsewhere:
        elsewhere.cookies.update(lost.cookies)
        assert (await status(lost), await status(elsewhere)) == (200, 200)
        answer = await owner.submit(f"/settings/sessions/{await session_id(lost)}/revoke")
        assert answer.status_code == 303
        assert (await status(lost), await status(elsewhere), await status(owner)) == (303, 303, 200)
    await database.close()


async def test_a_member_neither_sees_nor_ends_sessions_of_others(site: Site) -> None:
    owner = await site.owner()
    agent = await site.accept_invitation(owner, AGENT, "agent")
    assert (await agent.get("/settings/sessions")).text.count("<li>") == 1
    for unknown in (await session_id(owner), str(uuid4())):
        assert (await agent.submit(f"/settings/sessions/{unknown}/revoke")).status_code == 404
    assert (await agent.submit("/settings/sessions/nonsense/revoke")).status_code == 400
    assert await status(owner) == 200


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("last_seen_at = last_seen_at - interval '2 days 23 hours'", 200),
        ("last_seen_at = last_seen_at - interval '3 days'", 303),
        ("expires_at = expires_at - interval '29 days 23 hours'", 200),
        ("expires_at = expires_at - interval '30 days'", 303),
        ("secret_hash = 'x'", 303),
    ],
)
async def test_a_session_expires(site: Site, owner: Owner, change: str, expected: int) -> None:
    browser = await site.owner()
    await owner.execute(f"UPDATE session SET {change}")
    assert await status(browser) == expected
    assert await status(browser) == expected  # a refused request does not renew it


async def test_the_last_use_is_stored_at_most_once_a_minute(site: Site, owner: Owner) -> None:
    browser = await site.owner()
    await owner.execute("UPDATE session SET last_seen_at = now() - interval '2 minutes'")
    await status(browser)
    stored = await owner.fetchval("SELECT last_seen_at FROM session")
    assert stored > await owner.fetchval("SELECT now() - interval '1 minute'")
    await status(browser)
    assert await owner.fetchval("SELECT last_seen_at FROM session") == stored


async def test_a_session_is_valid_in_its_own_workspace_only(site: Site) -> None:  # T26
    browser, other = await site.owner(), await site.owner("acme", "other@example.com")
    cookies = [each.cookies.get(COOKIE) for each in (browser, other)]
    for thief, stolen in ((browser, cookies[1]), (other, cookies[0])):
        thief.cookies.clear()
        answer = await thief.get(PROFILE, headers={"cookie": f"{COOKIE}={stolen}"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=%2Fsettings%2Fprofile")


@pytest.mark.parametrize("cookie", ["", "x", "0" * 32, "0" * 32 + "A" * 43, "'; --", "0" * 5000])
async def test_an_invented_cookie_is_ignored(site: Site, cookie: str) -> None:
    assert (await site.browser().get(PROFILE, headers={"cookie": f"{COOKIE}={cookie}"})).status_code == 303


async def test_only_the_hash_of_a_session_is_stored(site: Site, owner: Owner) -> None:
    browser = await site.owner()
    assert (browser.cookies.get(COOKIE) or "")[32:] not in str(await owner.fetch("TABLE session"))


async def test_a_signed_in_member_may_read_the_api_and_no_more(site: Site) -> None:  # G1
    browser = await site.owner()
    assert await status(browser, API) == 200
    assert (await browser.post(API, json={"key": "a", "name": "A"})).status_code == 401
    assert await status(browser, "/api/v1/workspace") == 403
    foreign = await browser.get(API, headers={"sec-fetch-site": "same-site"})
    assert (foreign.status_code, foreign.json()["code"]) == (401, "UNAUTHORIZED")
    with_key = await browser.get(API, headers={"authorization": "Bearer nonsense"})
    assert with_key.status_code == 401


async def test_the_api_accepts_no_session_of_another_host_or_of_a_customer(site: Site) -> None:  # G1, T26
    browser = await site.owner()
    assert (await site.browser("acme").get(API, headers={"cookie": f"{COOKIE}={browser.cookies.get(COOKIE)}"})
            ).status_code == 401  # fmt: skip
    customer = site.browser()
    await customer.submit("/tickets/login", email="c@example.com")
    await customer.use_link(await site.last_link("c@example.com"))
    cookie = customer.cookies.get("voxpop-customer")
    assert await status(customer, API) == 401
    assert (await site.browser().get(API, headers={"cookie": f"{COOKIE}={cookie}"})).status_code == 401


async def test_no_response_of_the_api_sets_a_cookie(site: Site, owner: Owner) -> None:  # G1
    browser = await site.owner()
    before = await owner.fetchval("SELECT count(*) FROM session")
    for path in (API, "/api/v1/workspace", "/health/check", "/openapi.json"):
        for client in (browser, site.browser()):
            assert "set-cookie" not in (await client.get(path)).headers
    assert await owner.fetchval("SELECT count(*) FROM session") == before


async def test_a_guest_is_not_a_customer_with_a_verified_address(site: Site) -> None:  # T24
    ticket = uuid7()
    guest = NewSession(SessionKind.GUEST, email="c@example.com", name="C", ticket_id=ticket)
    async with site.database.transaction(site.workspace_id()) as tx:
        key = await sessions.open_session(tx, site.workspace_id(), guest, ClientInfo(), utcnow())
        (session,) = await sessions.look_up_sessions(tx, site.workspace_id(), [key.id])
    assert session is not None
    customer = session.customer()
    assert customer is not None
    assert (customer.ticket_id, customer.email_folded, session.member()) == (ticket, "c@example.com", None)
    browser = site.browser(cookie=f"voxpop-customer={key}")
    assert await status(browser, "/tickets/login") == 200  # a guest may still sign in
    assert await status(browser) == 303


async def customer(site: Site, email: str, slug: str = "default") -> Browser:
    browser = site.browser(slug)
    await browser.submit("/tickets/login", email=email)
    await browser.use_link(await site.last_link(email, slug))
    return browser


async def test_a_customer_signs_out_on_all_devices_and_no_other_customer_does(site: Site, owner: Owner) -> None:
    ann, phone = await customer(site, "ann@example.com"), await customer(site, "Ann@Example.com")
    others = [await customer(site, "bob@example.com"), await customer(site, "ann@example.com", "acme")]
    guest = site.browser()
    ticket = {"name": "Ann", "email": "ann@example.com", "subject": "Help", "description": "It stops."}
    await guest.submit("/tickets/new", **ticket)
    answer = await guest.submit("/tickets/logout", everywhere="yes")
    assert (await status(ann, "/tickets"), await status(phone, "/tickets")) == (200, 200), (
        "the address of a guest is not verified"
    )

    await guest.submit("/tickets/new", **ticket)
    assert "Sign out on all devices" in (await ann.get("/tickets")).text
    answer = await ann.submit("/tickets/logout", everywhere="yes")
    assert (answer.status_code, answer.headers["location"]) == (303, "/tickets/login")
    assert (await status(ann, "/tickets"), await status(phone, "/tickets")) == (303, 303)
    assert [await status(each, "/tickets") for each in others] == [200, 200]
    assert "Sign out on all devices" not in (await guest.get("/tickets")).text
    assert sorted(row["kind"] for row in await owner.fetch("TABLE session")) == ["customer", "customer", "guest"]


async def test_a_customer_signs_out_on_one_device(site: Site) -> None:
    ann, phone = await customer(site, "ann@example.com"), await customer(site, "ann@example.com")
    await ann.submit("/tickets/logout")
    assert (await status(ann, "/tickets"), await status(phone, "/tickets")) == (303, 200)


@pytest.mark.parametrize(
    ("user_agent", "device"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox, Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36", "Chrome, Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge, Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1", "Safari, iPhone"),
        ("Mozilla/5.0 (Linux; Android 16) Chrome/140.0 Mobile Safari/537.36", "Chrome, Android"),
        ("curl/8.0", "curl/8.0"),
        (None, ""),
    ],
)
def test_a_session_names_its_browser_and_system(user_agent: str | None, device: str) -> None:
    assert SessionRow(uuid7(), user_agent, None, utcnow(), utcnow()).device == device


async def test_expired_sessions_are_deleted(site: Site, owner: Owner) -> None:
    browser = await site.owner()
    async with site.database.transaction(site.workspace_id()) as tx:
        idle = NewSession(SessionKind.CUSTOMER, email="c@example.com")
        long_ago = utcnow() - TTL[idle.kind].idle - timedelta(seconds=1)
        await sessions.open_session(tx, site.workspace_id(), idle, ClientInfo(), long_ago)
    await sessions.purge(site.database, utcnow())
    assert await owner.fetchval("SELECT count(*) FROM session") == 1
    assert await status(browser) == 200


TICKET = {"name": "Gus", "email": "gus@example.com", "subject": "Where?", "description": "Order 1."}
CUSTOMER_COOKIE = "voxpop-customer"


async def portal_browser(site: Site, kind: str) -> Browser:
    """The browser of a signed-in customer or of a guest."""
    browser = site.browser()
    if kind == "guest":
        await browser.submit("/tickets/new", **TICKET)
    else:
        await browser.submit("/tickets/login", email="c@example.com")
        await browser.use_link(await site.last_link("c@example.com"))
    return browser


@pytest.mark.parametrize(
    ("kind", "column", "age", "expected"),
    [
        ("customer", "last_seen_at", "13 days 23 hours", 200),
        ("customer", "last_seen_at", "14 days", 303),
        ("customer", "expires_at", "89 days 23 hours", 200),
        ("customer", "expires_at", "90 days", 303),
        ("guest", "last_seen_at", "6 days 23 hours", 200),
        ("guest", "last_seen_at", "7 days", 303),
        ("guest", "expires_at", "29 days 23 hours", 200),
        ("guest", "expires_at", "30 days", 303),
    ],
)
async def test_a_portal_session_expires(
    site: Site, owner: Owner, kind: str, column: str, age: str, expected: int
) -> None:  # T23, T24
    browser = await portal_browser(site, kind)
    await owner.execute(f"UPDATE session SET {column} = {column} - interval '{age}'")
    assert await status(browser, "/tickets") == expected


@pytest.mark.parametrize("first", ["customer", "guest"])
async def test_a_new_sign_in_ends_the_browsers_portal_session(site: Site, owner: Owner, first: str) -> None:
    browser = await portal_browser(site, first)
    cookie = browser.cookies.get(CUSTOMER_COOKIE)
    assert await status(browser, "/tickets") == 200
    await browser.submit("/tickets/login", email="d@example.com")
    await browser.use_link(await site.last_link("d@example.com"))
    assert await status(browser, "/tickets") == 200
    assert await owner.fetchval("SELECT count(*) FROM session") == 1
    assert (await site.browser().get("/tickets", headers={"cookie": f"{CUSTOMER_COOKIE}={cookie}"})).status_code == 303
