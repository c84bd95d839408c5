"""Rate limits: counted for all processes together, before the transaction, and without revealing accounts."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import httpx
import pytest
from tests.support.sites import AGENT, OWNER, PASSWORD, Browser, Site

from voxpop.accounts.errors import LinkSpent
from voxpop.auth.rate_limits import RateLimit, record_attempt
from voxpop.db.pool import Database
from voxpop.errors import RateLimited
from voxpop.types import utcnow
from voxpop.web.client_ip import client_ip

Owner = asyncpg.Connection
POOL = 8  # connections of a test's database


async def test_password_guesses_are_limited_across_processes(site: Site, live_db: str) -> None:
    await site.owner(password=PASSWORD)
    database = await Database.open(live_db, size=2)
    other = Site(database)
    browsers = [site.browser(), other.browser()]
    answers = [await browsers[turn % 2].submit("/login", email=OWNER, password="wrong") for turn in range(11)]
    assert [answer.status_code for answer in answers] == [400] * 10 + [429]
    assert 800 < int(answers[-1].headers["retry-after"]) <= 900
    right = await browsers[0].submit("/login", email=OWNER.upper(), password=PASSWORD)
    assert (right.status_code, "Too many requests" in right.text) == (429, True)
    elsewhere = await site.browser(client="10.0.0.7").submit("/login", email=OWNER, password=PASSWORD)
    assert elsewhere.status_code == 303  # the account is not locked for other clients
    await browsers[1].aclose()
    await database.close()


async def test_guesses_of_many_clients_together_are_limited(site: Site) -> None:
    await site.owner(password=PASSWORD)
    for _ in range(RateLimit.SIGN_IN_ANYWHERE.limit.max_attempts):
        await record_attempt(site.database, site.workspace_id(), RateLimit.SIGN_IN_ANYWHERE, OWNER)
    assert (await site.browser().submit("/login", email=OWNER, password=PASSWORD)).status_code == 429


async def test_at_most_five_links_an_hour_are_sent_to_an_address_and_the_response_stays_the_same(site: Site) -> None:
    await site.owner(password=PASSWORD)
    statuses = {}
    for email in (OWNER, "unknown@example.com"):
        statuses[email] = [
            (await site.browser().submit("/login/mail", email=email)).status_code for _ in range(7)
        ]  # fmt: skip
    assert statuses[OWNER] == statuses["unknown@example.com"] == [303] * 7
    assert len(await site.emails()) == 5


async def test_link_requests_of_one_client_are_limited(site: Site) -> None:  # T23
    answers = [
        await site.browser(client="10.0.0.8").submit("/tickets/login", email=f"u{turn}@example.com")
        for turn in range(31)
    ]
    assert [answer.status_code for answer in answers] == [303] * 30 + [429]
    assert (await site.browser(client="10.0.0.9").submit("/tickets/login", email="u@example.com")).status_code == 303
    other_workspace = await site.browser("acme", client="10.0.0.8").submit("/tickets/login", email="u@example.com")
    assert other_workspace.status_code == 303


@pytest.mark.parametrize(
    ("path", "form", "status"),
    [
        ("/login/link", {"token": "x"}, LinkSpent.status),
        ("/tickets/login", {"email": "u@example.com"}, 303),
        ("/tickets/new", {"name": "Gus", "email": "g@example.com", "subject": "Where?", "description": "Order."}, 303),
    ],
)
async def test_concurrent_attempts_beyond_the_pool_size_do_not_deadlock(
    site: Site, path: str, form: dict[str, str], status: int
) -> None:
    """Attempts are counted before the transaction begins, so that no request waits for a second connection."""
    visitors = [site.browser(client=f"10.2.0.{number}") for number in range(3 * POOL)]
    answers = await asyncio.gather(*(each.submit(path, **form) for each in visitors))
    assert {answer.status_code for answer in answers} == {status}


async def test_a_slow_request_body_holds_no_connection(site: Site) -> None:
    complete = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield b"token="
        await complete.wait()

    form = {"content-type": "application/x-www-form-urlencoded"}
    slow = [
        asyncio.create_task(site.browser(client=f"10.3.0.{number}").post("/login/link", content=body(), headers=form))
        for number in range(2 * POOL)
    ]
    await asyncio.sleep(0.3)
    assert (await site.browser().get("/login")).status_code == 200
    assert site.database.size == site.database.idle
    complete.set()
    assert {answer.status_code for answer in await asyncio.gather(*slow)} == {LinkSpent.status}


async def test_attempts_are_allowed_again_after_the_window(site: Site) -> None:
    now = utcnow()
    max_attempts, window = RateLimit.OPEN_TICKET.limit
    for _ in range(max_attempts):
        await record_attempt(site.database, site.workspace_id(), RateLimit.OPEN_TICKET, "a", now)
    with pytest.raises(RateLimited) as caught:
        await record_attempt(
            site.database, site.workspace_id(), RateLimit.OPEN_TICKET, "a", now + window - timedelta(seconds=1)
        )
    assert caught.value.retry_after == 1
    await record_attempt(site.database, site.workspace_id(), RateLimit.OPEN_TICKET, "b", now)
    await record_attempt(site.database, site.workspace_id(), RateLimit.GUEST_REPLY, "a", now)
    await record_attempt(site.database, site.workspace_id(), RateLimit.OPEN_TICKET, "a", now + window)


async def test_addresses_are_stored_as_hashes_only(site: Site, owner: Owner) -> None:
    await site.browser(client="10.1.2.3").submit("/tickets/login", email="someone@example.com")
    stored = str(await owner.fetch("TABLE rate_limit"))
    assert "10.1.2.3" not in stored
    assert "someone" not in stored


async def test_a_client_that_accepts_json_gets_the_error_as_json(site: Site) -> None:  # G2
    browser = site.browser(accept="application/json")
    for turn in range(RateLimit.LINK_CLIENT.limit.max_attempts + 1):
        answer = await browser.submit("/tickets/login", email=f"u{turn}@example.com")
    assert (answer.status_code, answer.json()["type"], answer.json()["code"]) == (429, "RATE_LIMITED", "RATE_LIMITED")
    assert int(answer.headers["retry-after"]) > 0


@pytest.mark.parametrize(
    ("host", "subject"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("testclient", "testclient"),
    ],
)
def test_an_ipv6_client_is_counted_by_its_network(host: str, subject: str) -> None:
    class FakeRequest:
        client = httpx.URL(f"http://[{host}]") if ":" in host else httpx.URL(f"http://{host}")

    assert client_ip(FakeRequest()) == subject  # type: ignore[arg-type]


CLIENT, OTHER_CLIENT = "127.0.0.1", "10.9.9.9"
TOKEN = {"token": "x"}
INVITED = {"email": AGENT, "role": "agent"}
TICKET = {"name": "Gus", "email": "gus@example.com", "subject": "Where?", "description": "Order 1."}


async def exhaust_all_but_one(owner: Owner, rate_limit: RateLimit) -> None:
    """Sets the counter as if only one more attempt were allowed."""
    count = rate_limit.limit.max_attempts - 1
    updated = await owner.execute("UPDATE rate_limit SET count = $2 WHERE name = $1", rate_limit.label, count)
    assert updated == "UPDATE 1"


@pytest.mark.parametrize(
    ("rate_limit", "path", "form"),
    [
        (RateLimit.SIGN_IN_CLIENT, "/login", {"email": AGENT, "password": "wrong"}),
        (RateLimit.USE_LINK, "/login/link", TOKEN),
        (RateLimit.USE_LINK, "/login/invitation", TOKEN),
        (RateLimit.USE_LINK, "/login/owner", TOKEN | {"email": AGENT, "name": "A"}),
        (RateLimit.USE_LINK, "/tickets/login/link", TOKEN),
        (RateLimit.LINK_CLIENT, "/login/mail", {"email": AGENT}),
        (RateLimit.OPEN_TICKET, "/tickets/new", TICKET),
    ],
)
async def test_every_open_form_limits_a_client(
    site: Site, owner: Owner, rate_limit: RateLimit, path: str, form: dict[str, str]
) -> None:
    await site.browser(client=CLIENT).submit(path, **form)
    await exhaust_all_but_one(owner, rate_limit)
    answers = [await site.browser(client=CLIENT).submit(path, **form) for _ in range(2)]
    assert [answer.status_code == 429 for answer in answers] == [False, True]
    assert (await site.browser(client=OTHER_CLIENT).submit(path, **form)).status_code != 429


@pytest.mark.parametrize(
    ("rate_limit", "path", "form"),
    [
        (RateLimit.INVITE, "/settings/invitations", {"email": "no address", "role": "agent"}),
        (RateLimit.PASSWORD, "/settings/password", {"current": "wrong", "new": "another long password"}),
        (RateLimit.TEST_EMAIL, "/settings/mail/test", {}),
    ],
)
async def test_a_member_is_limited_on_every_device(
    site: Site, owner: Owner, rate_limit: RateLimit, path: str, form: dict[str, str]
) -> None:
    first = await site.owner(password=PASSWORD)
    second = await site.accept_invitation(first, "second@example.com", "owner")
    await second.submit("/settings/password", new=PASSWORD)
    await owner.execute("TRUNCATE rate_limit")
    await first.submit(path, **form)
    await exhaust_all_but_one(owner, rate_limit)
    elsewhere = site.browser(client=OTHER_CLIENT)
    elsewhere.cookies.update(first.cookies)
    answers = [await each.submit(path, **form) for each in (first, elsewhere, second)]
    assert [answer.status_code == 429 for answer in answers] == [False, True, False]


async def test_password_guesses_at_an_invitation_are_limited_like_sign_in(site: Site) -> None:
    await site.owner(password=PASSWORD)
    other = await site.owner("acme", "other@example.com")
    link = await site.invite(other, OWNER)
    guesses = [await site.browser("acme").use_link(link, password="wrong") for _ in range(11)]
    assert [guess.status_code for guess in guesses] == [400] * 10 + [429]


async def test_a_customer_is_limited_by_address_and_a_guest_by_client(site: Site) -> None:
    async def customer(email: str, client: str) -> Browser:
        browser = site.browser(client=client)
        await browser.submit("/tickets/login", email=email)
        await browser.use_link(await site.last_link(email))
        return browser

    ann, bob = await customer("Ann@example.com", CLIENT), await customer("bob@example.com", CLIENT)
    ann_elsewhere = await customer("ann@EXAMPLE.com", OTHER_CLIENT)
    statuses = [(await ann.submit("/tickets/new", **TICKET)).status_code for _ in range(10)]
    assert statuses == [303] * 10
    asked = {"ann elsewhere": ann_elsewhere, "bob": bob, "guest": site.browser(client=CLIENT)}
    answers = {who: (await browser.submit("/tickets/new", **TICKET)).status_code for who, browser in asked.items()}
    assert answers == {"ann elsewhere": 429, "bob": 303, "guest": 303}
