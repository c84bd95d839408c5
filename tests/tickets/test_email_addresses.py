"""Email addresses of requesters, customers and members: every valid one is accepted, and its spellings are one (G5)."""

from typing import Any

import pytest
from tests.support.clients import Client
from tests.support.inbox import InboxSite, Requester
from tests.support.tickets import NEW, TICKETS

CYRILLIC, PUNYCODE = "Ivan@Почта.рф", "ivan@xn--80a1acny.xn--p1ai"
ASCII_ONLY = "Use only Latin letters, digits and signs before the @. Email to other addresses needs SMTPUTF8."
NOT_AN_ADDRESS = "Enter an email address, for example ann@example.com."
VALID = [
    CYRILLIC,
    PUNYCODE,
    "a&b@example.com",
    "a/b@example.com",
    '"a b"@example.com',
    "ann@company.local",
    "a@bücher.de",
]
INVALID = {
    "иван@example.com": ASCII_ONLY,
    '"é b"@example.com': ASCII_ONLY,
    "ann@@example.com": NOT_AN_ADDRESS,
    "ann@example": NOT_AN_ADDRESS,
    "ann@-example.com": NOT_AN_ADDRESS,
    "a..b@example.com": NOT_AN_ADDRESS,
    "Ann <ann@example.com>": NOT_AN_ADDRESS,
    f"ann@{'é' * 64}.com": NOT_AN_ADDRESS,
    "ann@xn--é.com": NOT_AN_ADDRESS,
}


@pytest.mark.parametrize("email", VALID)
async def test_the_api_stores_an_address_as_written(client: Client, email: str) -> None:  # G5
    answer = await client.post(TICKETS, json=NEW | {"requester": {"name": "Ivan", "email": email}})
    assert (answer.status_code, answer.json()["requester"]["email"]) == (201, email)


@pytest.mark.parametrize(("email", "reason"), INVALID.items())
async def test_the_api_says_why_an_address_is_refused(client: Client, email: str, reason: str) -> None:  # G5
    answer = await client.post(TICKETS, json=NEW | {"requester": {"name": "Ivan", "email": email}})
    assert (answer.status_code, answer.json()["message"]) == (400, f"body/requester.email: {reason}")
    assert answer.json()["details"] == [{"field": "requester.email", "message": reason}]


@pytest.mark.parametrize("spelling", [CYRILLIC, PUNYCODE, "IVAN@ПОЧТА.РФ", "Ivan@XN--80A1ACNY.xn--p1ai"])
async def test_the_filter_by_requester_finds_every_spelling(client: Client, spelling: str) -> None:  # G5
    for email in (CYRILLIC, PUNYCODE, "ivan@example.com"):
        await client.post(TICKETS, json=NEW | {"requester": {"name": "Ivan", "email": email}})
    found = (await client.get(TICKETS, params={"requester": spelling})).json()["data"]
    assert sorted(ticket["requester"]["email"] for ticket in found) == sorted([CYRILLIC, PUNYCODE])


async def test_part_c_keeps_its_pattern(client: Client) -> None:  # C6
    for email in (CYRILLIC, PUNYCODE, "a&b@example.com", '"a b"@example.com'):
        answer = await client.get("/api/csat/v1/products/p/feature-interactions", params={"user_email": email})
        assert (answer.status_code, answer.json()["message"]) == (400, "query/user_email Invalid email address")


async def test_a_customer_signs_in_with_another_spelling(inbox: InboxSite) -> None:  # G5, T23
    ticket = await inbox.open(requester=Requester("Ivan", CYRILLIC))
    customer = inbox.browser()
    await customer.submit("/tickets/login", email=PUNYCODE)
    assert (await customer.use_link(await inbox.last_link(PUNYCODE))).status_code == 303
    assert f"/tickets/{ticket.ref}" in (await customer.get("/tickets")).text
    assert (await customer.get(f"/tickets/{ticket.ref}")).status_code == 200


@pytest.mark.parametrize(
    "path", ["/tickets/new", "/tickets/login", "/login/mail", "/settings/invitations", "/inbox/new"]
)
@pytest.mark.parametrize(("email", "reason"), INVALID.items())
async def test_a_form_says_why_an_address_is_refused(inbox: InboxSite, path: str, email: str, reason: str) -> None:
    new: dict[str, Any] = {"name": "Ivan", "subject": "Help", "description": "It stops"}
    browser = inbox.browser() if path.startswith("/tickets") else inbox.owner_browser
    answer = await browser.submit(path, **new, role="agent", email=email)
    assert answer.status_code == 400
    assert f'id="email-error">{reason}<' in answer.text


async def test_a_member_is_one_person_in_every_spelling(inbox: InboxSite) -> None:  # G5
    member = await inbox.accept_invitation(inbox.owner_browser, CYRILLIC, "agent")
    again = await inbox.owner_browser.submit("/settings/invitations", email=PUNYCODE, role="agent")
    assert (again.status_code, "already a member" in again.text) == (400, True)
    await inbox.browser().submit("/login/mail", email=PUNYCODE)
    assert (await inbox.browser().use_link(await inbox.last_link(CYRILLIC))).status_code == 303
    ticket = await inbox.open()
    assigned = await member.submit(f"/inbox/{ticket.ref}/assignee", assignee=PUNYCODE)
    assert (assigned.status_code, (await inbox.get(ticket.ref)).assignee_id) == (303, await inbox.account(CYRILLIC))


@pytest.mark.parametrize("email", VALID)
async def test_the_forms_accept_every_valid_address(inbox: InboxSite, email: str) -> None:  # G5
    new = {"name": "Ivan", "subject": "Help", "description": "It stops", "email": f" {email} "}
    assert (await inbox.browser().submit("/tickets/new", **new)).status_code == 303
    assert (await inbox.owner_browser.submit("/inbox/new", **new)).status_code == 303
    assert [(await inbox.get(ref)).requester_email for ref in ("TK-1", "TK-2")] == [email, email]
