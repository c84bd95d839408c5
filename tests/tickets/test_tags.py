"""Tags are shown as they were first written, and compared without case."""

import re

import pytest
from tests.support.clients import Client, expect_ok, invalid_fields
from tests.support.inbox import InboxSite

from voxpop.tickets.limits import MAX_TAG, MAX_TAGS
from voxpop.tickets.tags import distinct_tags, fold_tag, parse_tags

TICKET = {"subject": "Help", "description": "It stops.", "requester": {"name": "Ann", "email": "ann@example.com"}}


@pytest.mark.parametrize(
    ("first", "second"),
    [("Straße", "STRASSE"), ("τιμές", "ΤΙΜΈΣ"), ("Cafe\u0301", "café"), ("VIP  Gold", "vip gold"), ("İ", "i\u0307")],
)
def test_spellings_of_one_tag(first: str, second: str) -> None:
    assert fold_tag(first) == fold_tag(second)


def test_different_tags_stay_different() -> None:
    assert len({fold_tag(name) for name in ("й", "и", "x²", "x2", "a b", "ab", "cafe", "café")}) == 8


def test_a_form_lists_tags_between_commas() -> None:
    assert parse_tags(" VIP , ,\u200b,gold card,") == ["VIP", "gold card"]
    assert dict(distinct_tags(["b", "A", "a", "B "])) == {"a": "A", "b": "b"}


async def test_tags_come_back_as_they_were_first_written(client: Client, other_client: Client) -> None:
    written = ["τιμές", "Straße"]
    first = expect_ok(await client.post("/api/v1/tickets", json=TICKET | {"tags": written}), 201)
    assert first["tags"] == ["Straße", "τιμές"]
    second = expect_ok(await client.post("/api/v1/tickets", json=TICKET | {"tags": ["STRASSE", "Τιμές", "New"]}), 201)
    assert second["tags"] == ["New", "Straße", "τιμές"]
    listed = expect_ok(await client.get("/api/v1/tickets", params={"tag": "ΤΙΜΈΣ"}))
    assert [ticket["tags"] for ticket in listed["data"]] == [second["tags"], first["tags"]]
    apart = expect_ok(await other_client.post("/api/v1/tickets", json=TICKET | {"tags": ["STRASSE"]}), 201)
    assert apart["tags"] == ["STRASSE"]


@pytest.mark.parametrize(
    "tags", [["vip, gold"], [","], ["x" * (MAX_TAG + 1)], [f"t{number}" for number in range(MAX_TAGS + 1)]]
)
async def test_the_api_refuses_tags_that_a_form_cannot_list(client: Client, tags: list[str]) -> None:  # G4
    expect_ok(await client.post("/api/v1/tickets", json=TICKET), 201)
    for response in (
        await client.post("/api/v1/tickets", json=TICKET | {"tags": tags}),
        await client.patch("/api/v1/tickets/TK-1", json={"tags": tags}),
    ):
        assert invalid_fields(response)[0].startswith("tags")


async def test_the_form_takes_all_tags_that_the_api_takes(inbox: InboxSite) -> None:
    tags = tuple(sorted(f"{number:02}{'ж' * (MAX_TAG - 2)}" for number in range(MAX_TAGS)))
    ticket = await inbox.open(tags=tags)
    page = (await inbox.agent.get(f"/inbox/{ticket.ref}")).text
    assert f'value="{", ".join(tags)}"' in page
    answer = await inbox.agent.submit(f"/inbox/{ticket.ref}/tags", tags=", ".join(reversed(tags)))
    assert answer.status_code == 303
    assert await inbox.tags(ticket.ref) == list(tags)
    assert await inbox.activities(ticket.ref) == []


async def test_another_spelling_changes_nothing(inbox: InboxSite) -> None:
    ticket = await inbox.open(tags=("Billing",))
    await inbox.agent.submit(f"/inbox/{ticket.ref}/tags", tags="BILLING, billing")
    assert await inbox.get(ticket.ref) == ticket
    await inbox.agent.submit(f"/inbox/{ticket.ref}/tags", tags="Billing, Urgent")
    assert await inbox.tags(ticket.ref) == ["Billing", "Urgent"]
    logged = (await inbox.activities(ticket.ref))[-1]
    assert (logged.old_value, logged.new_value) == ("Billing", "Billing, Urgent")


async def test_the_page_of_low_ratings_finds_the_tag_in_any_spelling(inbox: InboxSite) -> None:
    await inbox.rated(1, subject="Slow", tags=("Billing",))
    page = (await inbox.agent.get("/low-ratings?tag=BILLING")).text
    assert "Slow" in page
    assert re.search(r'<tr [^>]*aria-current="true">\s*<th scope="row"><a [^>]*><bdi>Billing</bdi>', page)
