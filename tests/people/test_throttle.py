"""Doors that are hammered: the limits, shared by processes, and that refusals tell nothing."""

from datetime import timedelta

import asyncpg
import httpx
import pytest
from tests.people.kit import OWNER, PASSWORD, House

from voxpop.db.pool import Database
from voxpop.errors import RateLimited
from voxpop.types import utcnow
from voxpop.web.forms import client_of
from voxpop.workspaces.throttle import Door, check


async def test_a_password_is_not_guessed_at_length_by_two_processes(house: House, live_db: str) -> None:
    await house.owner(password=PASSWORD)
    database = await Database.open(live_db, size=2)
    other = House(database)
    browsers = [house.browser(), other.browser()]
    answers = [await browsers[turn % 2].submit("/login", email=OWNER, password="wrong") for turn in range(11)]
    assert [answer.status_code for answer in answers] == [400] * 10 + [429]
    assert 800 < int(answers[-1].headers["retry-after"]) <= 900
    right = await house.browser(client="10.0.0.7").submit("/login", email=OWNER.upper(), password=PASSWORD)
    assert (right.status_code, "A little slower, please" in right.text) == (429, True)
    await browsers[1].aclose()
    await database.close()


async def test_a_refusal_tells_nothing_of_the_address(house: House) -> None:
    await house.owner(password=PASSWORD)
    seen = {}
    for email in (OWNER, "nobody@example.com"):
        seen[email] = [
            (await house.browser().submit("/login/mail", email=email)).status_code for _ in range(7)
        ]  # fmt: skip
    assert seen[OWNER] == seen["nobody@example.com"] == [303] * 5 + [429] * 2
    assert len(await house.mails()) == 5


async def test_one_client_asks_for_links_to_many_addresses(house: House) -> None:  # T23
    answers = [
        await house.browser(client="10.0.0.8").submit("/tickets/login", email=f"u{turn}@example.com")
        for turn in range(31)
    ]
    assert [answer.status_code for answer in answers] == [303] * 30 + [429]
    assert (await house.browser(client="10.0.0.9").submit("/tickets/login", email="u@example.com")).status_code == 303
    neighbour = await house.browser("acme", client="10.0.0.8").submit("/tickets/login", email="u@example.com")
    assert neighbour.status_code == 303


async def test_a_window_ends(house: House) -> None:
    now = utcnow()
    most, window = Door.OPEN_TICKET.limit
    for _ in range(most):
        await check(house.database, house.id(), Door.OPEN_TICKET, "a", now)
    with pytest.raises(RateLimited) as caught:
        await check(house.database, house.id(), Door.OPEN_TICKET, "a", now + window - timedelta(seconds=1))
    assert caught.value.retry_after == 1
    await check(house.database, house.id(), Door.OPEN_TICKET, "b", now)
    await check(house.database, house.id(), Door.GUEST_REPLY, "a", now)
    await check(house.database, house.id(), Door.OPEN_TICKET, "a", now + window)


async def test_whom_it_is_about_is_not_kept(house: House, owner: "asyncpg.Connection") -> None:
    await house.browser(client="10.1.2.3").submit("/tickets/login", email="somebody@example.com")
    kept = str(await owner.fetch("TABLE throttle"))
    assert "10.1.2.3" not in kept
    assert "somebody" not in kept


async def test_the_api_speaks_of_it_in_its_envelope(house: House) -> None:  # G2
    browser = house.browser(accept="application/json")
    for _ in range(6):
        answer = await browser.submit("/tickets/login", email="u@example.com")
    assert (answer.status_code, answer.json()["type"], answer.json()["code"]) == (429, "RATE_LIMITED", "RATE_LIMITED")
    assert int(answer.headers["retry-after"]) > 0


@pytest.mark.parametrize(
    ("host", "counted"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("testclient", "testclient"),
    ],
)
def test_whom_a_request_is_counted_to(host: str, counted: str) -> None:
    class Asked:
        client = httpx.URL(f"http://[{host}]") if ":" in host else httpx.URL(f"http://{host}")

    assert client_of(Asked()) == counted  # type: ignore[arg-type]
