"""The limits of tickets are those that the schema checks."""

import re

import pytest

from voxpop.db.schema import SCHEMA_FILE
from voxpop.tickets.limits import MAX_COMMENT, MAX_TAG, MAX_TEXT


@pytest.mark.parametrize(
    ("constraint", "limit"),
    [
        ("tag_name_fits", MAX_TAG),
        ("ticket_comment_fits", MAX_COMMENT),
        ("ticket_description_fits", MAX_TEXT),
        ("ticket_message_body_fits", MAX_TEXT),
    ],
)
def test_a_limit_equals_the_constraint(constraint: str, limit: int) -> None:
    check = re.search(rf"CONSTRAINT {constraint} CHECK .*<= (\d+)", SCHEMA_FILE.read_text("utf-8"))
    assert check is not None
    assert int(check[1]) == limit
