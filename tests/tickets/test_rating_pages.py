"""The rating panel of the portal: when it is shown, which ratings are accepted, and that the first one stays."""

import asyncio
import re
from datetime import timedelta
from typing import Any

import pytest
from tests.support.portal import ANN, BOB, PortalSite, text_of
from tests.support.sites import Browser
from tests.support.ticket_invariants import assert_counts_agree

from voxpop.tickets.models import Status

QUESTION, WHY = "How did we do?", "Your feedback helps us improve the support we provide."
THANKS = "Thanks for your feedback!"
DONE = [Status.RESOLVED, Status.CLOSED]


@pytest.fixture
async def ann(portal: PortalSite) -> Browser:
    return await portal.customer()


async def shown(browser: Browser, ref: str = "TK-1") -> str:
    answer = await browser.get(f"/tickets/{ref}")
    assert answer.status_code == 200
    return answer.text


async def stored(owner: Any) -> list[tuple[int | None, str | None]]:
    """The ratings of tickets, which equal the stored feedback."""
    tickets = await owner.fetch(
        "SELECT csat_rating, csat_comment FROM ticket WHERE csat_rated_at IS NOT NULL ORDER BY id"
    )
    answers = await owner.fetch("SELECT score, comment FROM feedback ORDER BY id")
    assert [tuple(row) for row in tickets] == [tuple(row) for row in answers]
    return [tuple(row) for row in tickets]


@pytest.mark.parametrize("status", list(Status))
async def test_a_finished_ticket_shows_the_rating_panel_below_its_conversation(  # T1
    portal: PortalSite, ann: Browser, status: Status
) -> None:
    await portal.open(status)
    page = await shown(ann)
    told = text_of(page)
    assert (QUESTION in told, WHY in told, page.count('type="radio"')) == (
        (True, True, 5) if status in DONE else (False, False, 0)
    )
    if status in DONE:
        assert told.index("It leaks") < told.index(QUESTION)
        assert re.findall(r"\d of 5 stars", told) == [f"{star} of 5 stars" for star in range(1, 6)]
        assert "checked" not in page, "no star is selected at first"


async def test_showing_the_panel_marks_the_survey_shown_once(
    portal: PortalSite, ann: Browser, owner: Any
) -> None:  # T1
    await portal.open(Status.RESOLVED)
    assert await owner.fetchval("SELECT sent_at FROM survey") is None
    await shown(ann)
    seen = await owner.fetchval("SELECT sent_at FROM survey")
    await shown(ann)
    assert seen is not None
    assert await owner.fetchval("SELECT sent_at FROM survey") == seen


async def test_the_comment_is_optional_and_the_panel_is_read_only_afterwards(  # T2, T5
    portal: PortalSite, ann: Browser, owner: Any
) -> None:
    await portal.open(Status.RESOLVED)
    answer = await ann.submit("/tickets/TK-1/rating", rating=4)
    assert (answer.status_code, answer.headers["location"]) == (303, "/tickets/TK-1#thanks")
    page = await shown(ann)
    assert THANKS in page
    assert 'role="img" aria-label="4 of 5 stars"' in page
    assert (page.count('class="star"'), page.count('class="star empty"')) == (4, 1)
    assert (QUESTION in page, "<q>" in page, "/rating" in page) == (False, False, False)
    assert await stored(owner) == [(4, None)]


async def test_the_comment_is_shown_as_written_in_a_quotation(
    portal: PortalSite, ann: Browser, owner: Any
) -> None:  # T5
    await portal.open(Status.CLOSED)
    await ann.submit("/tickets/TK-1/rating", rating="5", comment=" Quick <b>&\r\nhonest ")
    assert '<q class="text" dir="auto">Quick &lt;b&gt;&amp;\nhonest</q>' in await shown(ann)
    assert await stored(owner) == [(5, "Quick <b>&\nhonest")]


REFUSED = ["0", "6", "-1", "4.5", "four", "", " ", "true", "５", "99999999999999999999"]


@pytest.mark.parametrize("rating", REFUSED)
async def test_a_form_with_anything_but_one_to_five_stars_is_rejected(
    portal: PortalSite, ann: Browser, owner: Any, rating: str
) -> None:  # T3
    await portal.open(Status.RESOLVED)
    answer = await ann.submit("/tickets/TK-1/rating", rating=rating, comment="What I typed")
    assert answer.status_code == 400
    assert re.findall(r'id="(\w+)-error">([^<]+)<', answer.text) == [("rating", "Choose one to five stars.")]
    assert "What I typed" in answer.text
    assert await stored(owner) == []
    assert (await ann.get("/tickets/TK-1/rating")).headers["location"] == "/tickets/TK-1"


@pytest.mark.parametrize("rating", [0, 6, 4.5, "4", None, True, [4]])
async def test_json_with_anything_but_one_to_five_stars_is_rejected(  # T3
    portal: PortalSite, ann: Browser, owner: Any, rating: object
) -> None:
    await portal.open(Status.RESOLVED)
    answer = await ann.post("/tickets/TK-1/rating", json={"rating": rating}, headers={"accept": "application/json"})
    assert (answer.status_code, answer.json()["type"]) == (400, "VALIDATION_ERROR")
    assert answer.json()["details"][0]["field"] == "rating"
    assert await stored(owner) == []


async def test_the_rating_field_must_be_given_exactly_once(portal: PortalSite, ann: Browser, owner: Any) -> None:  # T3
    await portal.open(Status.RESOLVED)
    assert (await ann.submit("/tickets/TK-1/rating", rating=["4", "5"])).status_code == 400
    assert (await ann.submit("/tickets/TK-1/rating", comment="No star")).status_code == 400
    assert await stored(owner) == []


async def test_a_comment_that_is_too_long_is_rejected_and_not_truncated(
    portal: PortalSite, ann: Browser, owner: Any
) -> None:  # T3
    await portal.open(Status.RESOLVED)
    answer = await ann.submit("/tickets/TK-1/rating", rating=3, comment="ж" * 2001)
    assert (answer.status_code, "Use 2,000 characters or fewer." in answer.text) == (400, True)
    assert re.search(r'value="3" checked', answer.text)
    assert "ж" * 2001 in answer.text
    assert await stored(owner) == []


@pytest.mark.parametrize("stars", ["1e0", "5.0", "05", "+5", " 5", "5 ", "٥", "５", "0x5", "5_", "-0", "", "²"])
async def test_a_form_takes_the_digits_one_to_five_only(
    portal: PortalSite, ann: Browser, owner: Any, stars: str
) -> None:  # T3
    await portal.open(Status.RESOLVED)
    answer = await ann.submit("/tickets/TK-1/rating", rating=stars)
    assert (answer.status_code, "Choose one to five stars." in answer.text) == (400, True)
    assert await stored(owner) == []


@pytest.mark.parametrize("comment", ["ж" * 2000, "😀" * 2000, "\r\n".join("x" * 1000)])
async def test_a_comment_can_have_2000_characters_of_any_byte_length(
    portal: PortalSite, ann: Browser, owner: Any, comment: str
) -> None:  # T3
    await portal.open(Status.RESOLVED)
    assert (await ann.submit("/tickets/TK-1/rating", rating=3, comment=comment)).status_code == 303
    assert await stored(owner) == [(3, comment.replace("\r\n", "\n"))]


@pytest.mark.parametrize("comment", ["", "  ", "\r\n\t", "\u00a0"])
async def test_a_blank_comment_is_stored_as_none(
    portal: PortalSite, ann: Browser, owner: Any, comment: str
) -> None:  # T3
    await portal.open(Status.RESOLVED)
    await ann.submit("/tickets/TK-1/rating", rating=3, comment=comment)
    assert await stored(owner) == [(3, None)]


async def test_the_panel_stays_and_no_reminder_is_sent(portal: PortalSite, ann: Browser, owner: Any) -> None:  # T4
    await portal.open(Status.RESOLVED)
    letters = len(await portal.emails())
    long_ago = timedelta(days=900)
    await owner.execute("UPDATE ticket SET resolved_at = resolved_at - $1::interval", long_ago)
    await owner.execute("UPDATE survey SET scheduled_at = scheduled_at - $1::interval", long_ago)
    assert QUESTION in await shown(ann)
    assert QUESTION in await shown(ann)
    assert len(await portal.emails()) == letters
    assert (await ann.submit("/tickets/TK-1/rating", rating=2)).status_code == 303


async def test_a_second_form_gets_the_first_response_and_changes_nothing(  # T6
    portal: PortalSite, ann: Browser, owner: Any
) -> None:
    await portal.open(Status.RESOLVED)
    first = await ann.submit("/tickets/TK-1/rating", rating=4, comment="Good")
    before = await owner.fetchrow("SELECT * FROM ticket")
    second = await ann.submit("/tickets/TK-1/rating", rating=1, comment="Changed my mind")
    assert (second.status_code, second.headers["location"]) == (first.status_code, first.headers["location"])
    assert await owner.fetchrow("SELECT * FROM ticket") == before
    assert await stored(owner) == [(4, "Good")]
    assert "Changed" not in await shown(ann)


async def test_a_second_json_rating_gets_the_first_response(portal: PortalSite, ann: Browser, owner: Any) -> None:  # T6
    await portal.open(Status.RESOLVED)
    first = await ann.post("/tickets/TK-1/rating", json={"rating": 4, "comment": "Good"})
    second = await ann.post("/tickets/TK-1/rating", json={"rating": 1, "comment": None})
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json() == second.json()
    assert first.json() | {"csat_rated_at": ""} == {
        "ref": "TK-1",
        "csat_rating": 4,
        "csat_comment": "Good",
        "csat_rated_at": "",
    }
    assert first.json()["csat_rated_at"].endswith("Z")
    assert await stored(owner) == [(4, "Good")]


async def test_of_ratings_at_the_same_time_one_is_stored(portal: PortalSite, ann: Browser, owner: Any) -> None:  # T6
    await portal.open(Status.RESOLVED)
    answers = await asyncio.gather(*(ann.submit("/tickets/TK-1/rating", rating=1 + n % 5) for n in range(8)))
    assert {(answer.status_code, answer.headers["location"]) for answer in answers} == {(303, "/tickets/TK-1#thanks")}
    assert len(await stored(owner)) == 1
    assert await owner.fetchval("SELECT count(*) FROM survey WHERE status = 'COMPLETED'") == 1


@pytest.mark.parametrize("status", [Status.OPEN, Status.IN_PROGRESS])
async def test_rating_an_unfinished_ticket_is_a_conflict(  # T7
    portal: PortalSite, ann: Browser, owner: Any, status: Status
) -> None:
    await portal.open(status)
    answer = await ann.submit("/tickets/TK-1/rating", rating=5)
    assert (answer.status_code, "Only a resolved or closed ticket can be rated." in answer.text) == (409, True)
    assert "It leaks" in answer.text
    as_json = await ann.post("/tickets/TK-1/rating", json={"rating": 5}, headers={"accept": "*/*"})
    assert (as_json.status_code, as_json.json()["code"]) == (409, "TICKET_NOT_RATEABLE")
    assert await stored(owner) == []


async def test_only_the_requester_can_rate(portal: PortalSite, owner: Any) -> None:  # T8
    await portal.open(Status.RESOLVED)
    bob, agent = await portal.customer(BOB), await portal.owner(email=ANN)
    assert (await bob.submit("/tickets/TK-1/rating", rating=1)).status_code == 404
    for browser in (portal.browser(), agent):
        answer = await browser.submit("/tickets/TK-1/rating", rating=1)
        assert (answer.status_code, answer.headers["location"]) == (303, "/tickets/login")
    at_acme = await portal.customer(ANN, slug="acme")
    assert (await at_acme.submit("/tickets/TK-1/rating", rating=1)).status_code == 404
    assert await stored(owner) == []


async def test_a_guest_can_rate_the_ticket_that_they_opened(portal: PortalSite, owner: Any) -> None:  # T8, T24
    guest = portal.browser()
    await guest.submit("/tickets/new", name="Gus", email="gus@example.com", subject="Hello", description="A question.")
    await portal.set_status("TK-1", Status.RESOLVED)
    assert QUESTION in await shown(guest)
    assert (await guest.submit("/tickets/TK-1/rating", rating=5)).status_code == 303
    assert await stored(owner) == [(5, None)]


async def test_after_reopening_the_rating_stays_and_is_final(
    portal: PortalSite, ann: Browser, owner: Any
) -> None:  # T9, T6
    await portal.open(Status.RESOLVED)
    await ann.submit("/tickets/TK-1/rating", rating=2, comment="Meh")
    for status in (Status.OPEN, Status.IN_PROGRESS, Status.CLOSED):
        await portal.set_status("TK-1", status)
        page = await shown(ann)
        assert (THANKS in page, '<q class="text" dir="auto">Meh</q>' in page, QUESTION in page) == (True, True, False)
        assert (await ann.submit("/tickets/TK-1/rating", rating=5)).status_code == 303, "T6 takes precedence over T7"
    assert await stored(owner) == [(2, "Meh")]


async def test_a_ticket_reopened_unrated_shows_the_panel_again_when_closed(
    portal: PortalSite, ann: Browser, owner: Any
) -> None:  # T9
    await portal.open(Status.RESOLVED)
    await ann.submit("/tickets/TK-1/reply", body="No.")
    assert QUESTION not in await shown(ann)
    assert await owner.fetchval("SELECT count(*) FROM survey WHERE status = 'WITHDRAWN'") == 1
    await portal.set_status("TK-1", Status.CLOSED)
    assert QUESTION in await shown(ann)


@pytest.mark.parametrize("switch", ["csat_enabled", "portal_enabled"])
async def test_without_portal_or_ratings_a_rating_is_not_found(
    portal: PortalSite, ann: Browser, owner: Any, switch: str
) -> None:  # T10
    await portal.open(Status.RESOLVED)
    await owner.execute(f"UPDATE workspace SET {switch} = false")
    for rating in ("5", "nonsense"):
        assert (await ann.submit("/tickets/TK-1/rating", rating=rating)).status_code == 404
    assert (await ann.get("/tickets/TK-1")).status_code == (200 if switch == "csat_enabled" else 404)
    assert QUESTION not in (await ann.get("/tickets/TK-1")).text
    assert await stored(owner) == []


async def test_a_rating_stays_visible_after_ratings_are_turned_off(
    portal: PortalSite, ann: Browser, owner: Any
) -> None:  # T9, T10
    await portal.open(Status.RESOLVED)
    await ann.submit("/tickets/TK-1/rating", rating=5)
    await owner.execute("UPDATE workspace SET csat_enabled = false")
    assert THANKS in await shown(ann)


RUBBISH = ["0", "6", "", "four", "5&rating=4"]


@pytest.mark.parametrize("rating", RUBBISH)
async def test_an_invalid_second_rating_gets_the_first_response(  # T6
    portal: PortalSite, ann: Browser, owner: Any, rating: str
) -> None:
    await portal.open(Status.RESOLVED)
    first = await ann.submit("/tickets/TK-1/rating", rating=4, comment="Good")
    as_json = await ann.post("/tickets/TK-1/rating", json={"rating": 4})
    for body in (f"rating={rating}", f"rating=3&comment={'x' * 2001}", "", "%ff"):
        headers = {"content-type": "application/x-www-form-urlencoded"}
        again = await ann.post("/tickets/TK-1/rating", content=body, headers=headers)
        assert (again.status_code, again.headers["location"]) == (first.status_code, first.headers["location"])
    for body in (f'{{"rating": "{rating}"}}', '{"rating": 9}', "{}", "[", "nonsense"):
        again = await ann.post("/tickets/TK-1/rating", content=body, headers={"content-type": "application/json"})
        assert (again.status_code, again.json()) == (200, as_json.json())
    assert await stored(owner) == [(4, "Good")]


async def test_ratings_turned_on_later_open_and_count_one_survey(
    portal: PortalSite, ann: Browser, owner: Any
) -> None:  # T10, T4
    """Ratings were turned off when the ticket was resolved."""
    await owner.execute("UPDATE workspace SET csat_enabled = false")
    await portal.open(Status.RESOLVED)
    assert QUESTION not in await shown(ann)
    assert await portal.count(owner, "survey") == 0
    await owner.execute("UPDATE workspace SET csat_enabled = true")
    pages = await asyncio.gather(*(shown(ann) for _ in range(4)))
    assert [QUESTION in page for page in pages] == [True] * 4
    surveys = await owner.fetch("SELECT id, status, sent_at IS NOT NULL AS seen FROM survey")
    assert [(row["status"], row["seen"]) for row in surveys] == [("PENDING", True)]
    assert await owner.fetchval("SELECT open_survey_id FROM ticket") == surveys[0]["id"]
    await assert_counts_agree(owner)
    assert (await ann.submit("/tickets/TK-1/rating", rating=3)).status_code == 303
    assert await owner.fetchval("SELECT status FROM survey") == "COMPLETED"
    await assert_counts_agree(owner)


async def test_a_rating_without_a_shown_panel_is_counted(portal: PortalSite, ann: Browser, owner: Any) -> None:
    await owner.execute("UPDATE workspace SET csat_enabled = false")
    await portal.open(Status.RESOLVED)
    await owner.execute("UPDATE workspace SET csat_enabled = true")
    answers = await asyncio.gather(*(ann.submit("/tickets/TK-1/rating", rating=3) for _ in range(4)))
    assert {answer.status_code for answer in answers} == {303}
    assert [row["status"] for row in await owner.fetch("SELECT status FROM survey")] == ["COMPLETED"]
    await assert_counts_agree(owner)
