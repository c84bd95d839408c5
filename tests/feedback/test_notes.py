"""Notes that a team keeps beside a rating."""

from typing import Any
from uuid import uuid4

import pytest
from tests.support.clients import Client, error_code, expect_ok
from tests.support.features import API, Feature
from tests.support.invariants import Owner

PM = "pm@example.com"


@pytest.fixture
async def rating(client: Client) -> str:
    """The id of a rating."""
    return str((await (await Feature.open(client)).rate(comment="Slow"))["id"])


def address(rating: str) -> str:
    return f"{API}/feedbacks/{rating}/notes"


async def test_notes_are_kept_changed_and_taken_away(client: Client, rating: str, owner: Owner) -> None:  # C60
    for notes, by in (("Called back", PM), ("", "o@example.com"), (None, PM), ("Ещё 👍", PM)):
        noted = expect_ok(await client.patch(address(rating), json={"notes": notes, "updated_by": by}))
        assert noted.pop("notes_updated_at").endswith("Z")
        assert noted == {"id": rating, "notes": notes, "notes_updated_by": by}
        row = await owner.fetchrow("SELECT notes, notes_updated_by, score, comment FROM feedback")
        assert tuple(row.values()) == (notes, by, 8, "Slow")


async def test_what_no_notes_may_be(client: Client, rating: str, owner: Owner) -> None:  # C60
    whole = {"notes": "Called back", "updated_by": PM}
    wrong: list[dict[str, Any]] = [
        {},
        {"notes": "x"},
        {"updated_by": PM},
        whole | {"notes": 5},
        whole | {"notes": ["x"]},
    ]
    wrong += [whole | {"updated_by": by} for by in (None, "", "pm", "pm@localhost", 5, f" {PM}")]
    for body in wrong:
        assert error_code(await client.patch(address(rating), json=body)) == (400, "VALIDATION_ERROR"), body
    assert await owner.fetchval("SELECT notes_updated_by FROM feedback") is None


async def test_an_id_that_is_none_and_one_that_is_unknown(client: Client, rating: str) -> None:  # C60, G2
    body = {"notes": "x", "updated_by": PM}
    for ident in ("5", "nothing", f"{rating}0", rating[:-1], "%00", "null"):
        assert error_code(await client.patch(address(ident), json=body)) == (400, "VALIDATION_ERROR"), ident
    unknown = str(uuid4())
    answer = await client.patch(address(unknown), json=body)
    assert error_code(answer) == (404, "NOT_FOUND")
    assert answer.json()["message"] == f"Feedback with id {unknown} not found"
    assert expect_ok(await client.patch(address(rating.upper()), json=body))["id"] == rating


async def test_translation_and_hand_over_do_not_exist(client: Client) -> None:  # C61, C62
    for what in ("translate", "sync"):
        assert error_code(await client.post(f"{API}/feedbacks/{what}")) == (404, "NOT_FOUND")
