"""The pages of the portal: the list, a new ticket, the conversation, and who has no access."""

import gzip
import re
from typing import Any

import pytest
from tests.support.portal import ANN, BOB, DESCRIPTION, SUBJECT, PortalSite, text_of, without_request_ids
from tests.support.sites import Browser

from voxpop.tickets.models import Status

NEW = {"name": "Gus Gray", "email": "gus@example.com", "subject": "Where is it?", "description": "Order 20418."}


async def test_the_list_has_the_customers_own_tickets_in_every_status(portal: PortalSite) -> None:  # T24
    for number, status in enumerate(Status):
        await portal.open(status, subject=f"Ticket {number}")
    await portal.open(email=BOB, subject="Another customer's")
    await portal.open(slug="acme", subject="Elsewhere")
    await portal.answer("TK-2", "We look into it.")
    page = (await (await portal.customer("ann@example.COM")).get("/tickets")).text  # G5
    rows = re.findall(r"<li>.*?</li>", page, re.DOTALL)
    assert [text_of(f"<body>{row}") for row in rows] == [
        "Ticket 1 TK-2 In progress last reply just now",
        "Ticket 3 TK-4 Closed sent just now",
        "Ticket 2 TK-3 Resolved sent just now",
        "Ticket 0 TK-1 Open sent just now",
    ]
    assert [f'href="/tickets/TK-{number}"' in row for number, row in zip((2, 4, 3, 1), rows, strict=True)] == [True] * 4


async def test_an_empty_list_says_what_to_do(portal: PortalSite) -> None:  # T24
    page = await (await portal.customer()).get("/tickets")
    assert "Nothing here yet." in page.text
    assert page.text.count('href="/tickets/new"') == 1


async def test_a_long_list_has_pages(portal: PortalSite) -> None:  # T24
    for number in range(51):
        await portal.open(subject=f"Ticket {number}")
    ann = await portal.customer()
    first = (await ann.get("/tickets")).text
    older = re.search(r'href="(/tickets\?after=[^"]+)"', first)
    assert older is not None
    second = (await ann.get(older[1])).text
    assert (first.count("<li>"), second.count("<li>")) == (50, 1)
    assert "Ticket 0<" in second
    assert "Ticket 1<" in first


async def test_a_customer_opens_a_ticket_and_enters_a_name_once(portal: PortalSite) -> None:  # T24
    ann = await portal.customer()
    assert re.findall(r'id="\w+" name="(\w+)"', (await ann.get("/tickets/new")).text) == [
        "name",
        "subject",
        "description",
    ]
    made = await ann.submit("/tickets/new", **NEW)
    assert (made.status_code, made.headers["location"]) == (303, "/tickets/TK-1?done=opened")
    assert (
        "received your request (TK-1). We’ll reply here and by email to Ann@Example.com."
        in (await ann.get("/tickets/TK-1?done=opened")).text
    )
    ticket = await portal.ticket("TK-1")
    assert (ticket.requester_name, ticket.requester_email) == ("Gus Gray", ANN), "the session's address, not the form's"
    assert re.findall(r'id="\w+" name="(\w+)"', (await ann.get("/tickets/new")).text) == ["subject", "description"]
    await ann.submit("/tickets/new", subject=" Two\nlines ", description="\r\nFirst\r\nsecond ")
    ticket = await portal.ticket("TK-2")
    assert (ticket.requester_name, ticket.subject, ticket.description) == ("Gus Gray", "Two lines", "First\nsecond")


async def test_a_guest_sees_only_the_ticket_that_they_opened(portal: PortalSite) -> None:  # T24
    mine = await portal.open(Status.RESOLVED)
    guest = portal.browser()
    assert (await guest.get("/tickets/new")).status_code == 200
    made = await guest.submit("/tickets/new", **NEW | {"email": ANN})
    assert made.headers["location"] == "/tickets/TK-2?done=opened"
    assert (await guest.get("/tickets/TK-2")).status_code == 200
    assert (await guest.get(f"/tickets/{mine}")).status_code == 404, "the address is not verified"
    assert (await guest.submit(f"/tickets/{mine}/rating", rating=1)).status_code == 404
    assert (await guest.submit(f"/tickets/{mine}/reply", body="Mine?")).status_code == 404
    header = (await guest.get("/tickets/TK-2")).text.partition("</header>")[0]
    assert ("Sign in" in header, "Sign out" in header, "See all your tickets" in header) == (False, True, True)
    listed = (await guest.get("/tickets")).text
    assert re.findall("TK-[0-9]+", text_of(listed)) == ["TK-2"]
    assert "Sign in to see all your tickets" in listed


async def test_a_guest_who_opens_another_ticket_sees_only_the_new_one(portal: PortalSite) -> None:  # T24
    guest = portal.browser()
    await guest.submit("/tickets/new", **NEW)
    form = (await guest.get("/tickets/new")).text
    assert 'value="gus@example.com"' in form
    await guest.submit("/tickets/new", **NEW)
    assert [(await guest.get(f"/tickets/TK-{number}")).status_code for number in (1, 2)] == [404, 200]


async def test_a_guest_can_sign_out(portal: PortalSite) -> None:
    guest = portal.browser()
    await guest.submit("/tickets/new", **NEW)
    assert "Sign out" in text_of((await guest.get("/tickets/TK-1")).text)
    assert (await guest.submit("/tickets/logout")).headers["location"] == "/tickets/login"
    assert (await guest.get("/tickets/TK-1")).status_code == 303
    assert "Sign out" not in text_of((await guest.get("/tickets/new")).text)


@pytest.mark.parametrize("path", ["/tickets/TK-999", "/tickets/TK-1/nowhere"])
async def test_error_pages_for_customers_do_not_name_the_product(portal: PortalSite, path: str) -> None:
    ann = await portal.customer()
    page = (await ann.get(path)).text
    assert "Page not found" in page
    assert "voxpop" not in text_of(page).lower()
    if path == "/tickets/TK-999":
        assert text_of(page).startswith("D default Page not found")
        assert "<title>Page not found · default</title>" in page
        assert '<a href="/tickets">Back to your tickets</a>' in page


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("name", " ", "Enter your name."),
        ("name", "x" * 201, "Use 200 characters or fewer."),
        ("email", "ann", "Enter an email address, for example ann@example.com."),
        ("email", f"{'x' * 243}@example.com", "Enter an email address, for example ann@example.com."),
        ("subject", "", "Enter a subject."),
        ("subject", "x" * 201, "Use 200 characters or fewer."),
        ("description", "\r\n ", "Enter a message."),
        ("description", "x" * 50_001, "Use 50,000 characters or fewer."),
    ],
)
async def test_an_invalid_new_ticket_is_shown_again_with_its_errors(  # T24, G4
    portal: PortalSite, owner: Any, field: str, typed: str, words: str
) -> None:
    answer = await portal.browser().submit("/tickets/new", **NEW | {field: typed})
    assert answer.status_code == 400
    assert re.findall(r'id="(\w+)-error">([^<]+)<', answer.text) == [(field, words)]
    kept = [value for name, value in NEW.items() if name != field]
    assert [value for value in kept if value not in answer.text] == []
    assert "set-cookie" not in answer.headers
    assert await portal.count(owner, "ticket") == 0


async def test_all_errors_of_a_form_are_shown_together(portal: PortalSite) -> None:
    answer = await portal.browser().submit("/tickets/new")
    assert re.findall(r'id="(\w+)-error"', answer.text) == ["name", "email", "subject", "description"]


async def test_opening_tickets_is_rate_limited_and_keeps_the_typed_text(portal: PortalSite, owner: Any) -> None:
    guest = portal.browser()
    for _ in range(10):
        assert (await guest.submit("/tickets/new", **NEW)).status_code == 303
    refused = await guest.submit("/tickets/new", **NEW)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["retry-after"]) <= 3600
    assert NEW["description"] in refused.text
    assert await portal.count(owner, "ticket") == 10


async def test_replies_are_rate_limited(portal: PortalSite, owner: Any) -> None:
    ref, ann = await portal.open(), await portal.customer()
    statuses = [(await ann.submit(f"/tickets/{ref}/reply", body=f"Word {number}")).status_code for number in range(31)]
    assert statuses == [303] * 30 + [429]
    assert await portal.count(owner, "ticket_message") == 30


async def test_the_conversation_has_no_notes(portal: PortalSite) -> None:  # T21
    ref, ann = await portal.open(), await portal.customer()
    await portal.answer(ref, "Is it wet?\n\nSee https://example.com/help.")
    await portal.note(ref, "Difficult customer.")
    page = (await ann.get(f"/tickets/{ref.lower()}")).text
    told = text_of(page)
    assert told.index(DESCRIPTION) < told.index("Ines Marlow default") < told.index("Is it wet?")
    assert '<a href="https://example.com/help" rel="nofollow noreferrer">' in page
    assert "Difficult" not in page
    assert f'<h1 dir="auto">{SUBJECT}</h1>' in page
    assert "TK-1 · In progress" in told


async def test_a_note_does_not_reorder_the_list(portal: PortalSite) -> None:  # T21
    for subject in ("Older", "Newer"):
        await portal.open(subject=subject)
    await portal.note("TK-1", "Look at this.")
    told = text_of((await (await portal.customer()).get("/tickets")).text)
    assert told.index("Newer") < told.index("Older")


@pytest.mark.parametrize("status", [Status.RESOLVED, Status.CLOSED])
async def test_a_reply_reopens_the_ticket(portal: PortalSite, owner: Any, status: Status) -> None:  # T20
    ref, ann = await portal.open(status), await portal.customer()
    assert "Not solved yet? Reply and we’ll reopen this ticket" in (await ann.get(f"/tickets/{ref}")).text
    sent = await ann.submit(f"/tickets/{ref}/reply", body="It still leaks.\r\nHere too.")
    assert (sent.status_code, sent.headers["location"]) == (303, f"/tickets/{ref}?done=sent#latest")
    assert "Reply sent." in (await ann.get(f"/tickets/{ref}?done=sent")).text
    assert (await portal.ticket(ref)).status == Status.OPEN
    changes = await owner.fetch("SELECT old_value, new_value FROM ticket_activity WHERE kind = 'status' ORDER BY id")
    assert [tuple(change) for change in changes][-1] == (status, "Open")
    assert "It still leaks.\nHere too." in (await ann.get(f"/tickets/{ref}")).text


async def test_a_reply_to_an_unfinished_ticket_keeps_its_status(portal: PortalSite) -> None:  # T20
    ref, ann = await portal.open(Status.IN_PROGRESS), await portal.customer()
    await ann.submit(f"/tickets/{ref}/reply", body="One more thing.")
    assert (await portal.ticket(ref)).status == Status.IN_PROGRESS


@pytest.mark.parametrize("body", ["", " \r\n", "x" * 50_001])
async def test_an_invalid_reply_is_shown_again(portal: PortalSite, owner: Any, body: str) -> None:
    ref, ann = await portal.open(Status.RESOLVED), await portal.customer()
    answer = await ann.submit(f"/tickets/{ref}/reply", body=body)
    assert (answer.status_code, 'id="body-error"' in answer.text) == (400, True)
    assert body.strip() in answer.text
    assert "<details open>" in answer.text
    assert await portal.count(owner, "ticket_message") == 0
    assert (await ann.get(f"/tickets/{ref}/reply")).headers["location"] == f"/tickets/{ref}"


@pytest.mark.parametrize("path", ["/tickets", "/tickets/TK-1"])
async def test_a_visitor_without_a_session_is_redirected_to_the_login(portal: PortalSite, path: str) -> None:  # T23, G1
    await portal.open()
    answer = await portal.browser().get(path)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/tickets/login?next={path.replace('/', '%2F')}")


async def test_an_agents_session_does_not_open_the_portal(portal: PortalSite) -> None:  # T8
    await portal.open(email="owner@example.com")
    agent = await portal.owner()
    assert (await agent.get("/tickets/TK-1")).headers["location"].startswith("/tickets/login")


async def test_another_customers_ticket_is_not_found(portal: PortalSite) -> None:  # T8, G1
    ref, bob = await portal.open(), await portal.customer(BOB)
    other, unknown = await bob.get(f"/tickets/{ref}"), await bob.get("/tickets/TK-9")
    assert (other.status_code, unknown.status_code) == (404, 404)
    assert without_request_ids(other.text) == without_request_ids(unknown.text)
    assert (await bob.submit(f"/tickets/{ref}/reply", body="Mine?")).status_code == 404


async def test_customers_and_sessions_belong_to_one_workspace(portal: PortalSite) -> None:  # T26
    ref = await portal.open(subject="At the default one")
    at_acme = await portal.customer(slug="acme")
    assert "Nothing here yet." in (await at_acme.get("/tickets")).text
    assert (await at_acme.get(f"/tickets/{ref}")).status_code == 404
    ann = await portal.customer()
    carried = portal.browser("acme")
    carried.cookies.set("voxpop-customer", ann.cookies["voxpop-customer"])
    assert (await carried.get("/tickets")).headers["location"].startswith("/tickets/login")


FOREIGN = [{"origin": "http://evil.test", "sec-fetch-site": ""}, {"sec-fetch-site": "cross-site"}]


@pytest.mark.parametrize("path", ["/tickets/new", "/tickets/TK-1/reply", "/tickets/TK-1/rating"])
@pytest.mark.parametrize("headers", FOREIGN, ids=["origin", "site"])
async def test_a_cross_site_form_is_rejected(
    portal: PortalSite, owner: Any, path: str, headers: dict[str, str]
) -> None:
    await portal.open(Status.RESOLVED)
    ann = await portal.customer()
    answer = await ann.post(path, data=NEW | {"body": "Hello", "rating": "5"}, headers=headers)
    assert answer.status_code == 403
    counts = [await portal.count(owner, table) for table in ("ticket", "ticket_message", "feedback")]
    assert counts == [1, 0, 0]


async def test_without_the_portal_its_pages_are_not_found(portal: PortalSite, owner: Any) -> None:  # T10
    ref, ann = await portal.open(Status.RESOLVED), await portal.customer()
    await owner.execute("UPDATE workspace SET portal_enabled = false")
    for path in ("/tickets", "/tickets/new", f"/tickets/{ref}"):
        assert (await ann.get(path)).status_code == 404
    assert (await ann.submit("/tickets/new", **NEW)).status_code == 404


async def test_what_customers_write_is_escaped(portal: PortalSite) -> None:
    script = "<script>alert(1)</script>"
    ref = await portal.open(Status.RESOLVED, subject=script, description=f"{script} https://x.test/<b>")
    ann = await portal.customer()
    await portal.answer(ref, f'https://x.test/"onclick="{script}')
    await ann.submit(f"/tickets/{ref}/reply", body=script)
    for path in ("/tickets", f"/tickets/{ref}"):
        page = (await ann.get(path)).text
        assert "<script>" not in page
        assert 'onclick="' not in page


async def pages_of(portal: PortalSite, ann: Browser) -> dict[str, str]:
    ref = await portal.open(Status.RESOLVED)
    await portal.answer(ref, "It is fixed now, please try again.")
    paths = ("/tickets", "/tickets/new", f"/tickets/{ref}")
    return {path: (await ann.get(path)).text for path in paths}


async def test_pages_are_small_and_have_no_inline_scripts(
    portal: PortalSite,
) -> None:  # the size budget of customer pages
    ann = await portal.customer()
    for path, page in (await pages_of(portal, ann)).items():
        links = re.findall(r'(?:src|href)="(/static/[^"]+\.(?:css|js)[^"]*)"', page)
        files = [(await ann.get(link)).content for link in links]
        weight = sum(len(gzip.compress(content)) for content in [page.encode(), *files])
        assert weight < 15_000, path
        assert re.findall(r"<script(?![^>]*src)|style=|\son\w+=", page) == []


async def test_pages_are_not_cached_and_run_only_own_scripts(portal: PortalSite) -> None:
    ref, ann = await portal.open(), await portal.customer()
    headers = (await ann.get(f"/tickets/{ref}")).headers
    assert headers["cache-control"] == "no-store"
    assert "script-src 'self'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]


async def test_a_russian_browser_gets_russian_pages(portal: PortalSite) -> None:
    ann = await portal.customer()
    ann.headers["accept-language"] = "ru-RU,ru;q=0.9"
    pages = await pages_of(portal, ann)
    for path, words in zip(pages, ("последний ответ", "Что случилось", "Как мы справились?"), strict=True):
        assert words in pages[path]
        english = set(re.findall("[A-Za-z]{3,}", text_of(pages[path])))
        said = f"default {SUBJECT} {DESCRIPTION} {ANN} Ann Lee Ines Marlow It is fixed now please try again UTC"
        assert english <= set(re.findall("[A-Za-z]+", said))


@pytest.mark.parametrize("status", [Status.RESOLVED, Status.CLOSED, None])
async def test_the_thanks_for_a_request_end_when_it_is_answered_or_done(
    portal: PortalSite, status: Status | None
) -> None:
    ref, ann = await portal.open(), await portal.customer()
    thanks = "we’ve received your request"
    assert thanks in (await ann.get(f"/tickets/{ref}?done=opened")).text
    if status:
        await portal.set_status(ref, status)
    else:
        await portal.answer(ref, "We look into it")
    assert thanks not in (await ann.get(f"/tickets/{ref}?done=opened")).text
