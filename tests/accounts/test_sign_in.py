"""Signing in and out: passwords, mailed links, the first owner; what is refused, and that refusals tell nothing."""

import asyncio
import re
import time

import asyncpg
import pytest
from tests.accounts.kit import AGENT, OWNER, PASSWORD, Browser, Site

from voxpop.accounts import sign_in
from voxpop.types import utcnow

CUSTOMER = "Joanna@Example.com"


async def signed_in(browser: Browser, path: str = "/settings/profile") -> bool:
    return (await browser.get(path)).status_code == 200


async def test_a_member_signs_in_by_password(site: Site) -> None:
    await site.owner(password=PASSWORD)
    browser = site.browser()
    answer = await browser.submit("/login", email="OWNER@example.com ", password=PASSWORD)
    assert (answer.status_code, answer.headers["location"]) == (303, "/inbox")
    assert await signed_in(browser)


@pytest.mark.parametrize(
    ("email", "password"),
    [(OWNER, "wrong"), ("nobody@example.com", PASSWORD), (AGENT, ""), (OWNER, ""), ("", ""), (OWNER, PASSWORD.upper())],
)
async def test_what_does_not_fit_is_refused_alike(site: Site, email: str, password: str) -> None:
    owner = await site.owner(password=PASSWORD)
    await site.accept_invitation(owner, AGENT, "agent")  # has no password
    browser = site.browser()
    answer = await browser.submit("/login", email=email, password=password)
    assert answer.status_code == 400
    assert "Wrong email address or password." in answer.text
    assert "set-cookie" not in answer.headers
    assert not await signed_in(browser)


async def test_who_is_unknown_takes_as_much_work(site: Site) -> None:
    """In seconds of the processor, as others may use it at the same time."""
    await site.owner(password=PASSWORD)
    took = {}
    for email in (OWNER, "nobody@example.com"):
        times = []
        for _ in range(4):
            began = time.process_time()
            await site.browser().submit("/login", email=email, password="wrong")
            times.append(time.process_time() - began)
        took[email] = min(times)
    assert took["nobody@example.com"] > took[OWNER] / 2


async def test_a_password_of_another_workspace_lets_nobody_in_here(site: Site) -> None:  # T26
    await site.owner(password=PASSWORD)
    assert (await site.browser("acme").submit("/login", email=OWNER, password=PASSWORD)).status_code == 400


async def test_the_cookie_is_kept_from_scripts_and_other_sites(site: Site) -> None:
    await site.owner(password=PASSWORD)
    cookie = (await site.browser().submit("/login", email=OWNER, password=PASSWORD)).headers["set-cookie"]
    name, *attributes = re.split("; ", cookie.lower())
    assert name.startswith("voxpop-member=")
    assert {"httponly", "samesite=lax", "path=/"} <= set(attributes)
    assert not any(each.startswith("domain") or each == "secure" for each in attributes)


async def test_over_https_the_cookie_is_bound_to_the_host(site: Site) -> None:
    await site.owner(password=PASSWORD)
    secure = Site(site.database, VOXPOP_BASE_URL="https://voxpop.test")
    async with secure.browser() as browser:
        cookie = (await browser.submit("/login", email=OWNER, password=PASSWORD)).headers["set-cookie"]
        assert cookie.startswith("__Host-voxpop-member=")
        assert {"secure", "httponly", "path=/"} <= set(cookie.lower().split("; "))
        assert await signed_in(browser)
        assert (await browser.get("/login")).headers.get("location") == "/inbox"
        kept = (await browser.get("/settings/profile")).headers["strict-transport-security"]
        assert kept == "max-age=31536000"


async def test_a_session_is_new_at_every_sign_in_and_the_old_one_ends(site: Site) -> None:  # no fixation
    await site.owner(password=PASSWORD)
    browser = site.browser()
    browser.cookies.set("voxpop-member", "0" * 32 + "A" * 43, "voxpop.test")  # what somebody else put there
    seen = set()
    for _ in range(3):
        await browser.submit("/login", email=OWNER, password=PASSWORD)
        seen.add(browser.cookies.get("voxpop-member", domain="voxpop.test"))
    assert len(seen) == 3
    page = (await browser.get("/settings/sessions")).text
    assert page.count("<li>") == 2  # this one, and that of the first owner's browser


async def test_a_member_signs_in_by_mailed_link(site: Site) -> None:
    await site.owner()
    browser = site.browser()
    answer = await browser.submit("/login/mail", email=OWNER, next="/settings/keys")
    assert answer.headers["location"] == "/login?sent"
    link = await site.last_link(OWNER)
    assert link.startswith("http://voxpop.test/login/link?token=")
    assert (await browser.use_link(link)).headers["location"] == "/settings/keys"
    assert await signed_in(browser)


async def test_nobody_learns_who_is_a_member(site: Site) -> None:
    await site.owner()
    known = await site.browser().submit("/login/mail", email=OWNER)
    unknown = await site.browser().submit("/login/mail", email="nobody@example.com")
    assert (known.status_code, known.headers["location"]) == (unknown.status_code, unknown.headers["location"])
    assert [letter.to for letter in await site.emails()] == [OWNER]


async def test_a_customer_signs_in_by_mailed_link_only(site: Site) -> None:  # T23
    browser = site.browser()
    answer = await browser.submit("/tickets/login", email=CUSTOMER)
    assert answer.headers["location"] == "/tickets/login?sent"
    assert "A link is on its way" in (await browser.get("/tickets/login?sent")).text
    answer = await browser.use_link(await site.last_link(CUSTOMER))
    assert answer.headers["location"] == "/tickets"
    assert answer.headers["set-cookie"].startswith("voxpop-customer=")
    assert (await browser.get("/tickets/login")).status_code == 303
    assert not await signed_in(browser)  # he is no member


async def test_an_unknown_address_gets_the_same_answer(site: Site) -> None:  # T23
    answers = [await site.browser().submit("/tickets/login", email=email) for email in (CUSTOMER, "new@example.com")]
    assert len({(answer.status_code, answer.headers["location"], answer.text) for answer in answers}) == 1


async def test_looking_at_a_link_does_not_use_it(site: Site) -> None:  # T23
    await site.browser().submit("/tickets/login", email=CUSTOMER)
    link = await site.last_link(CUSTOMER)
    for _ in range(3):
        scanned = await site.browser().get(link)
        assert (scanned.status_code, "set-cookie" in scanned.headers) == (200, False)
    assert (await site.browser().use_link(link)).status_code == 303


@pytest.mark.parametrize("kind", ["customer", "member"])
async def test_a_link_works_once(site: Site, kind: str) -> None:  # T23
    if kind == "member":
        await site.owner()
    path, email = {"customer": ("/tickets/login", CUSTOMER), "member": ("/login/mail", OWNER)}[kind]
    await site.browser().submit(path, email=email)
    link = await site.last_link(email)
    door, _, token = link.removeprefix("http://voxpop.test").partition("?token=")
    answers = await asyncio.gather(*(site.browser().submit(door, token=token) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [303, 400, 400, 400, 400]
    replayed = await site.browser().get(link)
    assert (replayed.status_code, "has expired or was already used" in replayed.text) == (400, True)


@pytest.mark.parametrize(
    ("kind", "almost", "rest"),
    [
        ("customer", "59 minutes", "1 minute"),
        ("member", "59 minutes", "1 minute"),
        ("owner", "6 days 23 hours", "1 hour"),
    ],
)
async def test_a_link_is_good_for_its_time(
    site: Site, owner: "asyncpg.Connection", kind: str, almost: str, rest: str
) -> None:  # T23
    if kind == "owner":
        link = await sign_in.create_first_owner_link(site.database, site.settings.public_url, utcnow()) or ""
    else:
        await site.owner()
        path, email = {"customer": ("/tickets/login", CUSTOMER), "member": ("/login/mail", OWNER)}[kind]
        await site.browser().submit(path, email=email)
        link = await site.last_link(email)
    door, _, token = link.removeprefix("http://voxpop.test").partition("?token=")
    await owner.execute(f"UPDATE mailed_link SET expires_at = expires_at - interval '{almost}'")
    assert (await site.browser().get(link)).status_code == 200
    await owner.execute(f"UPDATE mailed_link SET expires_at = expires_at - interval '{rest}'")
    assert (await site.browser().get(link)).status_code == 400
    fields = {"email": "late@example.com", "name": "L"} if kind == "owner" else {}
    answer = await site.browser().submit(door, token=token, **fields)
    assert (answer.status_code, "set-cookie" in answer.headers) == (400, False)
    if kind == "owner":
        assert await sign_in.create_first_owner_link(site.database, site.settings.public_url, utcnow())


async def test_only_the_hash_of_a_link_is_kept(site: Site, owner: "asyncpg.Connection") -> None:  # T23
    await site.browser().submit("/tickets/login", email=CUSTOMER)
    token = (await site.last_link(CUSTOMER)).partition("?token=")[2]
    stored = str(await owner.fetch("TABLE mailed_link"))
    assert token[32:] not in stored


@pytest.mark.parametrize("token", ["", "x", "0" * 32 + "A" * 43, "\x00"])
async def test_a_made_up_link_opens_nothing(site: Site, token: str) -> None:
    for path in ("/login/link", "/tickets/login/link", "/login/invitation", "/login/owner"):
        fields = {"email": OWNER, "name": "O"} if path == "/login/owner" else {}
        answer = await site.browser().submit(path, token=token, **fields)
        assert (answer.status_code, "set-cookie" in answer.headers) == (400, False)


async def test_a_link_opens_its_own_door_at_its_own_host_only(site: Site) -> None:  # T26
    await site.owner()
    await site.browser().submit("/tickets/login", email=OWNER)
    path, _, token = (await site.last_link(OWNER)).removeprefix("http://voxpop.test").partition("?token=")
    assert (await site.browser().submit("/login/link", token=token)).status_code == 400
    assert (await site.browser("acme").submit(path, token=token)).status_code == 400
    assert (await site.browser().submit(path, token=token)).status_code == 303


@pytest.mark.parametrize(
    "following", ["//evil.test", "https://evil.test", "/\\evil.test", "evil.test", "javascript:alert(1)", "/a\nb", "\\"]
)
async def test_no_sign_in_leads_away_from_here(site: Site, following: str) -> None:
    await site.owner(password=PASSWORD)
    browser = site.browser()
    answer = await browser.submit("/login", email=OWNER, password=PASSWORD, next=following)
    assert answer.headers["location"] == "/inbox"
    assert (await browser.get("/login", params={"next": following})).headers["location"] == "/inbox"
    await browser.submit("/login/mail", email=OWNER, next=following)
    assert (await site.browser().use_link(await site.last_link(OWNER))).headers["location"] == "/inbox"


@pytest.mark.parametrize(
    ("following", "location"),
    [
        ("/tickets/TK-7?x=1", "/tickets/TK-7?x=1"),
        ("/tickets/new", "/tickets/new"),
        ("//evil.test", "/tickets"),
        ("https://evil.test", "/tickets"),
        ("/\\evil.test", "/tickets"),
        ("/\tevil.test", "/tickets"),
        ("tickets", "/tickets"),
    ],
)
async def test_a_customer_gets_where_he_was_going_at_this_host(site: Site, following: str, location: str) -> None:
    browser = site.browser()
    await browser.submit("/tickets/login", email=CUSTOMER, next=following)
    assert (await browser.use_link(await site.last_link(CUSTOMER))).headers["location"] == location
    again = await browser.get("/tickets/login", params={"next": following})
    assert (again.status_code, again.headers["location"]) == (303, location)


async def test_who_was_on_the_way_somewhere_gets_there(site: Site) -> None:
    await site.owner(password=PASSWORD)
    browser = site.browser()
    answer = await browser.get("/settings/keys?x=1&y=%D1%8F")
    assert answer.headers["location"] == "/login?next=%2Fsettings%2Fkeys%3Fx%3D1%26y%3D%25D1%258F"
    page = (await browser.get(answer.headers["location"])).text
    following = re.search(r'name="next" value="([^"]*)"', page)
    assert following is not None
    assert following[1] == "/settings/keys?x=1&amp;y=%D1%8F"


async def test_signing_out_ends_the_session_and_not_only_the_cookie(site: Site) -> None:
    browser = await site.owner()
    kept = browser.cookies.get("voxpop-member")
    answer = await browser.submit("/logout")
    assert answer.headers["location"] == "/login"
    assert "voxpop-member" not in browser.cookies
    browser.cookies.set("voxpop-member", kept or "", "voxpop.test")
    assert not await signed_in(browser)


async def test_the_first_owner_comes_by_the_printed_link(site: Site) -> None:
    now = utcnow()
    link = await sign_in.create_first_owner_link(site.database, site.settings.public_url, now)
    assert link is not None
    assert await sign_in.create_first_owner_link(site.database, site.settings.public_url, now) is None
    browser = site.browser()
    assert (await browser.use_link(link, email=OWNER, name="Ann", password=PASSWORD)).headers["location"] == "/settings"
    assert "1 member" in (await browser.get("/settings")).text
    token = link.partition("?token=")[2]
    again = await site.browser().submit("/login/owner", token=token, email="thief@example.com", name="T")
    assert again.status_code == 400
    assert await sign_in.create_first_owner_link(site.database, site.settings.public_url, now) is None


async def test_the_printed_link_opens_no_account_that_exists(site: Site) -> None:  # T26
    await site.owner()
    async with site.database.transaction(site.workspace_id("acme")) as tx:
        link = await sign_in.create_owner_link(tx, site.workspaces["acme"], site.settings.public_url, utcnow())
    answer = await site.browser("acme").use_link(link, email=OWNER.upper(), name="Somebody else")
    assert (answer.status_code, "set-cookie" in answer.headers) == (409, False)
    other = await site.browser("acme").use_link(link, email="other@example.com", name="Other")
    assert other.status_code == 303  # a refusal uses no link up


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"email": "no address", "name": "A"}, "Enter an email address"),
        ({"email": OWNER, "name": "  "}, "Enter your name"),
        ({"email": OWNER, "name": "A", "password": "short"}, "Choose a stronger password"),
        ({"email": OWNER, "name": "A", "password": OWNER}, "Choose a stronger password"),
    ],
)
async def test_what_is_wrong_with_a_form_is_said_beside_it(site: Site, fields: dict[str, str], said: str) -> None:
    link = await sign_in.create_first_owner_link(site.database, site.settings.public_url, utcnow())
    answer = await site.browser().use_link(link or "", **fields)
    assert answer.status_code == 400
    assert said in answer.text
    assert 'aria-invalid="true"' in answer.text
