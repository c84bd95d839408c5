"""Signing in and out: passwords, magic links, the first owner. Refusals do not reveal which accounts exist."""

import asyncio
import re
import time

import asyncpg
import pytest
from tests.support.sites import ADMIN, AGENT, OWNER, PASSWORD, Browser, Site

from voxpop.accounts import sign_in
from voxpop.types import utcnow

CUSTOMER = "Joanna@Example.com"


async def signed_in(browser: Browser, path: str = "/settings/profile") -> bool:
    return (await browser.get(path)).status_code == 200


async def test_a_member_signs_in_by_password(site: Site) -> None:
    await site.owner(password=PASSWORD)
    browser = site.browser()
    answer = await browser.submit("/login", email="OWNER@example.com ", password=PASSWORD)
    assert (answer.status_code, answer.headers["location"]) == (303, "/overview")
    assert await signed_in(browser)


async def test_members_start_on_the_page_of_their_role_or_of_their_choice(site: Site) -> None:
    owner = await site.owner(password=PASSWORD)
    agent = await site.accept_invitation(owner, AGENT, "agent")
    admin = await site.accept_invitation(owner, ADMIN, "admin")
    starts = {OWNER: "/overview", ADMIN: "/overview", AGENT: "/inbox"}
    for email, path in starts.items():
        await site.browser().submit("/login/mail", email=email)
        assert (await site.browser().use_link(await site.last_link(email))).headers["location"] == path
    for browser, chosen in ((admin, "inbox"), (agent, "overview"), (owner, "inbox"), (owner, "nonsense")):
        assert (await browser.submit("/settings/preferences", start_page=chosen)).status_code == 303
        expected = "/overview" if chosen == "nonsense" else f"/{chosen}"
        assert (await browser.get("/login")).headers["location"] == expected
        assert f'<a class="brand" href="{expected}"' in (await browser.get("/feedback")).text
    page = (await admin.get("/settings/profile")).text
    assert '<option value="inbox" selected>' in page


async def test_the_sign_in_email_has_the_language_of_the_member(site: Site) -> None:
    """That of the browser only for members who chose none, as on their pages."""
    owner = await site.owner()
    agent = await site.accept_invitation(owner, AGENT, "agent")
    russian = site.browser(**{"accept-language": "ru"})
    for browser, email, language, subject in (
        (owner, OWNER, "ru", "Вход"), (owner, OWNER, "en", "Sign in"), (agent, AGENT, "", "Вход"),
    ):  # fmt: skip
        await browser.submit("/settings/profile", name="Ann", language=language)
        await (russian if language != "ru" else site.browser()).submit("/login/mail", email=email)
        assert (await site.emails())[-1].subject.startswith(subject)


@pytest.mark.parametrize(
    ("email", "password"),
    [
        (OWNER, "wrong"),
        ("unknown@example.com", PASSWORD),
        (AGENT, ""),
        (OWNER, ""),
        ("", ""),
        (OWNER, PASSWORD.upper()),
    ],
)
async def test_every_wrong_sign_in_gets_the_same_response(site: Site, email: str, password: str) -> None:
    owner = await site.owner(password=PASSWORD)
    await site.accept_invitation(owner, AGENT, "agent")  # has no password
    browser = site.browser()
    answer = await browser.submit("/login", email=email, password=password)
    assert answer.status_code == 400
    assert "Wrong email address or password." in answer.text
    assert "set-cookie" not in answer.headers
    assert not await signed_in(browser)


async def test_an_unknown_address_takes_as_much_work(site: Site) -> None:
    """Compares CPU time, because other processes may be busy at the same time."""
    await site.owner(password=PASSWORD)
    seconds = {}
    for email in (OWNER, "unknown@example.com"):
        times = []
        for _ in range(4):
            start = time.process_time()
            await site.browser().submit("/login", email=email, password="wrong")
            times.append(time.process_time() - start)
        seconds[email] = min(times)
    assert seconds["unknown@example.com"] > seconds[OWNER] / 2


async def test_a_password_is_refused_in_a_workspace_without_that_member(site: Site) -> None:  # T26
    await site.owner(password=PASSWORD)
    assert (await site.browser("acme").submit("/login", email=OWNER, password=PASSWORD)).status_code == 400


async def test_the_cookie_is_hidden_from_scripts_and_other_sites(site: Site) -> None:
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
        assert (await browser.get("/login")).headers.get("location") == "/overview"
        header = (await browser.get("/settings/profile")).headers["strict-transport-security"]
        assert header == "max-age=31536000"


async def test_every_sign_in_opens_a_new_session_and_ends_the_old_one(site: Site) -> None:  # no session fixation
    await site.owner(password=PASSWORD)
    browser = site.browser()
    browser.cookies.set("voxpop-member", "0" * 32 + "A" * 43, "voxpop.test")  # set by an attacker
    cookies = set()
    for _ in range(3):
        await browser.submit("/login", email=OWNER, password=PASSWORD)
        cookies.add(browser.cookies.get("voxpop-member", domain="voxpop.test"))
    assert len(cookies) == 3
    page = (await browser.get("/settings/sessions")).text
    assert page.count("<li>") == 2  # this one, and that of the first owner's browser


async def test_a_member_signs_in_by_emagic_link(site: Site) -> None:
    await site.owner()
    browser = site.browser()
    answer = await browser.submit("/login/mail", email=OWNER, next="/settings/keys")
    assert answer.headers["location"] == "/login?sent"
    link = await site.last_link(OWNER)
    assert link.startswith("http://voxpop.test/login/link?token=")
    assert (await browser.use_link(link)).headers["location"] == "/settings/keys"
    assert await signed_in(browser)


async def test_the_response_does_not_reveal_whether_an_address_is_a_members(site: Site) -> None:
    await site.owner()
    known = await site.browser().submit("/login/mail", email=OWNER)
    unknown = await site.browser().submit("/login/mail", email="unknown@example.com")
    assert (known.status_code, known.headers["location"]) == (unknown.status_code, unknown.headers["location"])
    assert [email.to for email in await site.emails()] == [OWNER]


async def test_a_customer_signs_in_by_emagic_link_only(site: Site) -> None:  # T23
    browser = site.browser()
    answer = await browser.submit("/tickets/login", email=CUSTOMER)
    assert answer.headers["location"] == "/tickets/login?sent"
    assert "A link is on its way" in (await site.with_smtp().browser().get("/tickets/login?sent")).text
    answer = await browser.use_link(await site.last_link(CUSTOMER))
    assert answer.headers["location"] == "/tickets"
    assert answer.headers["set-cookie"].startswith("voxpop-customer=")
    assert (await browser.get("/tickets/login")).status_code == 303
    assert not await signed_in(browser)  # not as a member


@pytest.mark.parametrize("path", ["/login", "/login?sent", "/tickets/login", "/tickets/login?sent"])
async def test_sign_in_pages_say_where_the_link_is_if_no_email_is_sent(site: Site, path: str) -> None:
    page = (await site.browser().get(path)).text
    sending = (await site.with_smtp().browser().get(path)).text
    assert ("in the settings under “Outgoing email”" in page, "Outgoing email" in sending) == (True, False)
    assert ("on its way" in page, "send you" in page, "Email me" in page) == (False, False, False)


async def test_an_unknown_customer_address_gets_the_same_response(site: Site) -> None:  # T23
    answers = [await site.browser().submit("/tickets/login", email=email) for email in (CUSTOMER, "new@example.com")]
    assert len({(answer.status_code, answer.headers["location"], answer.text) for answer in answers}) == 1


async def test_opening_a_link_does_not_use_it_up(site: Site) -> None:  # T23
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
    path, _, token = link.removeprefix("http://voxpop.test").partition("?token=")
    answers = await asyncio.gather(*(site.browser().submit(path, token=token) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [303, 400, 400, 400, 400]
    replayed = await site.browser().get(link)
    assert (replayed.status_code, "has expired or was already used" in replayed.text) == (400, True)


async def test_a_used_link_in_a_browser_that_is_signed_in_goes_on(site: Site) -> None:  # T23
    owner, customer = await site.owner(), site.browser()
    for browser, path, email, page in (
        (owner, "/login/mail", OWNER, "/inbox"),
        (customer, "/tickets/login", CUSTOMER, "/tickets"),
    ):
        await browser.submit(path, email=email)
        link = await site.last_link(email)
        assert (await browser.use_link(link)).status_code == 303
        opened = await browser.get(link)
        path, _, token = link.partition("?token=")
        pressed = await browser.submit(path, token=token)
        assert [(each.status_code, each.headers["location"]) for each in (opened, pressed)] == [(303, page)] * 2
        assert (await site.browser().get(link)).status_code == 400


async def test_the_start_page_offers_the_inbox_to_a_member_and_sign_in_to_everyone_else(site: Site) -> None:
    owner = await site.owner()
    for browser, is_member in ((owner, True), (site.browser(), False), (site.browser("acme"), False)):
        page = (await browser.get("/")).text
        header = page[page.index("<header>") : page.index("</header>")]
        assert ("Sign in" in header, "Inbox" in header) == (not is_member, is_member)
    other_host = await site.browser().get("/", headers={"host": "nowhere.voxpop.test"})
    assert (other_host.status_code, "Sign in" in other_host.text) == (200, True)


@pytest.mark.parametrize(
    ("kind", "almost", "remainder"),
    [
        ("customer", "59 minutes", "1 minute"),
        ("member", "59 minutes", "1 minute"),
        ("owner", "6 days 23 hours", "1 hour"),
    ],
)
async def test_a_link_works_until_it_expires(
    site: Site, owner: "asyncpg.Connection", kind: str, almost: str, remainder: str
) -> None:  # T23
    if kind == "owner":
        link = await sign_in.create_first_owner_link(site.database, site.settings.public_url, utcnow()) or ""
    else:
        await site.owner()
        path, email = {"customer": ("/tickets/login", CUSTOMER), "member": ("/login/mail", OWNER)}[kind]
        await site.browser().submit(path, email=email)
        link = await site.last_link(email)
    path, _, token = link.removeprefix("http://voxpop.test").partition("?token=")
    await owner.execute(f"UPDATE magic_link SET expires_at = expires_at - interval '{almost}'")
    assert (await site.browser().get(link)).status_code == 200
    await owner.execute(f"UPDATE magic_link SET expires_at = expires_at - interval '{remainder}'")
    assert (await site.browser().get(link)).status_code == 400
    fields = {"email": "late@example.com", "name": "L"} if kind == "owner" else {}
    answer = await site.browser().submit(path, token=token, **fields)
    assert (answer.status_code, "set-cookie" in answer.headers) == (400, False)
    if kind == "owner":
        assert await sign_in.create_first_owner_link(site.database, site.settings.public_url, utcnow())


async def test_only_the_hash_of_a_link_is_stored(site: Site, owner: "asyncpg.Connection") -> None:  # T23
    await site.browser().submit("/tickets/login", email=CUSTOMER)
    token = (await site.last_link(CUSTOMER)).partition("?token=")[2]
    stored = str(await owner.fetch("TABLE magic_link"))
    assert token[32:] not in stored


@pytest.mark.parametrize("token", ["", "x", "0" * 32 + "A" * 43, "\x00"])
async def test_an_invented_token_is_refused(site: Site, token: str) -> None:
    for path in ("/login/link", "/tickets/login/link", "/login/invitation", "/login/owner"):
        fields = {"email": OWNER, "name": "O"} if path == "/login/owner" else {}
        answer = await site.browser().submit(path, token=token, **fields)
        assert (answer.status_code, "set-cookie" in answer.headers) == (400, False)


async def test_a_link_works_at_its_own_path_and_host_only(site: Site) -> None:  # T26
    await site.owner()
    await site.browser().submit("/tickets/login", email=OWNER)
    path, _, token = (await site.last_link(OWNER)).removeprefix("http://voxpop.test").partition("?token=")
    assert (await site.browser().submit("/login/link", token=token)).status_code == 400
    assert (await site.browser("acme").submit(path, token=token)).status_code == 400
    assert (await site.browser().submit(path, token=token)).status_code == 303


@pytest.mark.parametrize(
    "following", ["//evil.test", "https://evil.test", "/\\evil.test", "evil.test", "javascript:alert(1)", "/a\nb", "\\"]
)
async def test_sign_in_never_redirects_to_another_host(site: Site, following: str) -> None:
    await site.owner(password=PASSWORD)
    browser = site.browser()
    answer = await browser.submit("/login", email=OWNER, password=PASSWORD, next=following)
    assert answer.headers["location"] == "/overview"
    assert (await browser.get("/login", params={"next": following})).headers["location"] == "/overview"
    await browser.submit("/login/mail", email=OWNER, next=following)
    assert (await site.browser().use_link(await site.last_link(OWNER))).headers["location"] == "/overview"


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
async def test_a_customer_is_redirected_to_the_requested_page_of_this_host(
    site: Site, following: str, location: str
) -> None:
    browser = site.browser()
    await browser.submit("/tickets/login", email=CUSTOMER, next=following)
    assert (await browser.use_link(await site.last_link(CUSTOMER))).headers["location"] == location
    again = await browser.get("/tickets/login", params={"next": following})
    assert (again.status_code, again.headers["location"]) == (303, location)


async def test_the_requested_page_is_kept_while_signing_in(site: Site) -> None:
    await site.owner(password=PASSWORD)
    browser = site.browser()
    answer = await browser.get("/settings/keys?x=1&y=%D1%8F")
    assert answer.headers["location"] == "/login?next=%2Fsettings%2Fkeys%3Fx%3D1%26y%3D%25D1%258F"
    page = (await browser.get(answer.headers["location"])).text
    following = re.search(r'name="next" value="([^"]*)"', page)
    assert following is not None
    assert following[1] == "/settings/keys?x=1&amp;y=%D1%8F"


async def test_signing_out_ends_the_session_as_well_as_the_cookie(site: Site) -> None:
    browser = await site.owner()
    cookie = browser.cookies.get("voxpop-member")
    answer = await browser.submit("/logout")
    assert answer.headers["location"] == "/login"
    assert "voxpop-member" not in browser.cookies
    browser.cookies.set("voxpop-member", cookie or "", "voxpop.test")
    assert not await signed_in(browser)


async def test_the_first_owner_signs_in_by_the_printed_link(site: Site) -> None:
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


async def test_the_printed_link_gives_no_access_to_an_existing_account(site: Site) -> None:  # T26
    await site.owner()
    async with site.database.transaction(site.workspace_id("acme")) as tx:
        link = await sign_in.create_owner_link(tx, site.workspaces["acme"], site.settings.public_url, utcnow())
    answer = await site.browser("acme").use_link(link, email=OWNER.upper(), name="Someone else")
    assert (answer.status_code, "set-cookie" in answer.headers) == (409, False)
    other = await site.browser("acme").use_link(link, email="other@example.com", name="Other")
    assert other.status_code == 303  # a refusal does not use the link up


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"email": "no address", "name": "A"}, "Enter an email address"),
        ({"email": OWNER, "name": "  "}, "Enter your name"),
        ({"email": OWNER, "name": "A", "password": "short"}, "Choose a stronger password"),
        ({"email": OWNER, "name": "A", "password": OWNER}, "Choose a stronger password"),
    ],
)
async def test_each_field_error_is_shown_beside_its_field(site: Site, fields: dict[str, str], message: str) -> None:
    link = await sign_in.create_first_owner_link(site.database, site.settings.public_url, utcnow())
    answer = await site.browser().use_link(link or "", **fields)
    assert answer.status_code == 400
    assert message in answer.text
    assert 'aria-invalid="true"' in answer.text
