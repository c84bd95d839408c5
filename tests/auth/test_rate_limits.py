"""Doors that are hammered: the limits, shared by processes, and that refusals tell nothing."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import httpx
import pytest
from tests.accounts.kit import AGENT, OWNER, PASSWORD, Browser, Site

from voxpop.accounts.errors import LinkSpent
from voxpop.auth.rate_limits import RateLimit, record_attempt
from voxpop.db.pool import Database
from voxpop.errors import RateLimited
from voxpop.types import utcnow
from voxpop.web.client_ip import client_ip

Owner = asyncpg.Connection
POOL = 8  # connections of a test's database


async def test_a_password_is_not_guessed_at_length_by_two_processes(site: Site, live_db: str) -> None:
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
    assert elsewhere.status_code == 303  # who guesses locks nobody out but himself
    await browsers[1].aclose()
    await database.close()


async def test_many_who_guess_together_are_stopped_too(site: Site) -> None:
    await site.owner(password=PASSWORD)
    most = RateLimit.SIGN_IN_ANYWHERE.limit.max_attempts
    for _ in range(most):
        await record_attempt(site.database, site.workspace_id(), RateLimit.SIGN_IN_ANYWHERE, OWNER)
    assert (await site.browser().submit("/login", email=OWNER, password=PASSWORD)).status_code == 429


async def test_more_links_than_five_an_hour_are_promised_but_not_mailed(site: Site) -> None:
    await site.owner(password=PASSWORD)
    seen = {}
    for email in (OWNER, "nobody@example.com"):
        seen[email] = [
            (await site.browser().submit("/login/mail", email=email)).status_code for _ in range(7)
        ]  # fmt: skip
    assert seen[OWNER] == seen["nobody@example.com"] == [303] * 7
    assert len(await site.emails()) == 5


async def test_one_client_asks_for_links_to_many_addresses(site: Site) -> None:  # T23
    answers = [
        await site.browser(client="10.0.0.8").submit("/tickets/login", email=f"u{turn}@example.com")
        for turn in range(31)
    ]
    assert [answer.status_code for answer in answers] == [303] * 30 + [429]
    assert (await site.browser(client="10.0.0.9").submit("/tickets/login", email="u@example.com")).status_code == 303
    neighbour = await site.browser("acme", client="10.0.0.8").submit("/tickets/login", email="u@example.com")
    assert neighbour.status_code == 303


async def test_more_visitors_than_connections_are_all_counted(site: Site) -> None:
    """Each is counted before his transaction is open: else those who wait for a connection would hold all of them."""
    visitors = [site.browser(client=f"10.2.0.{number}") for number in range(3 * POOL)]
    answers = await asyncio.gather(*(each.submit("/login/link", token="x") for each in visitors))
    assert {answer.status_code for answer in answers} == {LinkSpent.status}


async def test_a_body_that_is_long_in_coming_holds_no_connection(site: Site) -> None:
    coming = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield b"token="
        await coming.wait()

    form = {"content-type": "application/x-www-form-urlencoded"}
    slow = [
        asyncio.create_task(site.browser(client=f"10.3.0.{number}").post("/login/link", content=body(), headers=form))
        for number in range(2 * POOL)
    ]
    await asyncio.sleep(0.3)
    assert (await site.browser().get("/login")).status_code == 200
    assert site.database.size == site.database.idle
    coming.set()
    assert {answer.status_code for answer in await asyncio.gather(*slow)} == {LinkSpent.status}


async def test_a_window_ends(site: Site) -> None:
    now = utcnow()
    most, window = RateLimit.OPEN_TICKET.limit
    for _ in range(most):
        await record_attempt(site.database, site.workspace_id(), RateLimit.OPEN_TICKET, "a", now)
    with pytest.raises(RateLimited) as caught:
        await record_attempt(
            site.database, site.workspace_id(), RateLimit.OPEN_TICKET, "a", now + window - timedelta(seconds=1)
        )
    assert caught.value.retry_after == 1
    await record_attempt(site.database, site.workspace_id(), RateLimit.OPEN_TICKET, "b", now)
    await record_attempt(site.database, site.workspace_id(), RateLimit.GUEST_REPLY, "a", now)
    await record_attempt(site.database, site.workspace_id(), RateLimit.OPEN_TICKET, "a", now + window)


async def test_whom_it_is_about_is_not_kept(site: Site, owner: Owner) -> None:
    await site.browser(client="10.1.2.3").submit("/tickets/login", email="somebody@example.com")
    kept = str(await owner.fetch("TABLE rate_limit"))
    assert "10.1.2.3" not in kept
    assert "somebody" not in kept


async def test_the_api_speaks_of_it_in_its_envelope(site: Site) -> None:  # G2
    browser = site.browser(accept="application/json")
    for turn in range(RateLimit.LINK_CLIENT.limit.max_attempts + 1):
        answer = await browser.submit("/tickets/login", email=f"u{turn}@example.com")
    assert (answer.status_code, answer.json()["type"], answer.json()["code"]) == (429, "RATE_LIMITED", "RATE_LIMITED")
    assert int(answer.headers["retry-after"]) > 0


@pytest.mark.parametrize(
    ("host", "counted"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("testclient", "testclient"),
    ],
)
def test_whom_a_request_is_counted_to(host: str, counted: str) -> None:
    class Asked:
        client = httpx.URL(f"http://[{host}]") if ":" in host else httpx.URL(f"http://{host}")

    assert client_ip(Asked()) == counted  # type: ignore[arg-type]


CLIENT, OTHER_CLIENT = "127.0.0.1", "10.9.9.9"
TOKEN = {"token": "x"}
INVITED = {"email": AGENT, "role": "agent"}
TICKET = {"name": "Gus", "email": "gus@example.com", "subject": "Where?", "description": "Order 1."}


async def nearly_too_often(owner: Owner, door: RateLimit) -> None:
    """As if all but one of those who may pass had come already."""
    count = door.limit.max_attempts - 1
    counted = await owner.execute("UPDATE rate_limit SET count = $2 WHERE name = $1", door.label, count)
    assert counted == "UPDATE 1"


@pytest.mark.parametrize(
    ("door", "path", "form"),
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
async def test_a_client_is_counted_at_every_open_door(
    site: Site, owner: Owner, door: RateLimit, path: str, form: dict[str, str]
) -> None:
    await site.browser(client=CLIENT).submit(path, **form)
    await nearly_too_often(owner, door)
    answers = [await site.browser(client=CLIENT).submit(path, **form) for _ in range(2)]
    assert [answer.status_code == 429 for answer in answers] == [False, True]
    assert (await site.browser(client=OTHER_CLIENT).submit(path, **form)).status_code != 429


@pytest.mark.parametrize(
    ("door", "path", "form"),
    [
        (RateLimit.INVITE, "/settings/invitations", {"email": "no address", "role": "agent"}),
        (RateLimit.PASSWORD, "/settings/password", {"current": "wrong", "new": "another long password"}),
    ],
)
async def test_a_member_is_counted_wherever_he_is(
    site: Site, owner: Owner, door: RateLimit, path: str, form: dict[str, str]
) -> None:
    boss = await site.owner(password=PASSWORD)
    second = await site.accept_invitation(boss, "second@example.com", "owner")
    await second.submit("/settings/password", new=PASSWORD)
    await owner.execute("TRUNCATE rate_limit")
    await boss.submit(path, **form)
    await nearly_too_often(owner, door)
    elsewhere = site.browser(client=OTHER_CLIENT)
    elsewhere.cookies.update(boss.cookies)
    answers = [await each.submit(path, **form) for each in (boss, elsewhere, second)]
    assert [answer.status_code for answer in answers] == [400, 429, 400]


async def test_a_guess_at_an_invitations_password_is_counted_like_a_sign_in(site: Site) -> None:
    await site.owner(password=PASSWORD)
    other = await site.owner("acme", "other@example.com")
    await other.submit("/settings/invitations", email=OWNER, role="agent")
    link = await site.last_link(OWNER, "acme")
    guesses = [await site.browser("acme").use_link(link, password="wrong") for _ in range(11)]
    assert [guess.status_code for guess in guesses] == [400] * 10 + [429]


async def test_a_customer_is_counted_by_his_address_and_a_guest_by_his_client(site: Site) -> None:
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
