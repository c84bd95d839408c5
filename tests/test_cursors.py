"""The codec of page cursors."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voxpop.cursors import EPOCH, Position, decode_cursor, encode_cursor

TIMES = st.integers(0, 10**17 - 1).map(lambda micros: EPOCH + timedelta(microseconds=micros))
POSITIONS = st.builds(Position, TIMES, st.uuids(), st.integers(0, 9))
POSITION = Position(datetime(2026, 11, 21, tzinfo=UTC), UUID(int=7))


@settings(deadline=None)
@given(POSITIONS, st.sampled_from(["", "updated-", "rating"]))
def test_a_decoded_cursor_is_the_position_that_was_encoded(position: Position, sort: str) -> None:
    assert decode_cursor(encode_cursor(position, sort), sort) == position


def test_a_cursor_keeps_microseconds() -> None:
    later = Position(POSITION.at + timedelta(microseconds=1), POSITION.id)
    assert encode_cursor(later) != encode_cursor(POSITION)


@pytest.mark.parametrize("sort", ["", "updated", "created-"])
def test_a_cursor_of_another_sort_is_none(sort: str) -> None:
    assert decode_cursor(encode_cursor(POSITION, "updated-"), sort) is None


@given(st.text(max_size=40))
def test_any_other_text_is_none(text: str) -> None:
    assert decode_cursor(text) is None
