"""A test of many values fails for each that fails."""

import pytest
from tests.support.each import each


def test_every_failure_is_listed_with_its_value() -> None:
    @each([1, 2, 3, 4], lambda value: f"number {value}")
    def check(value: int) -> None:
        assert value % 2 == 0, "it is odd"

    with pytest.raises(AssertionError) as failed:
        check()
    assert [line.split("\n")[0] for line in str(failed.value).split("\n\n")] == [
        "number 1: it is odd",
        "number 3: it is odd",
    ]
