"""The small filters of templates."""

import pytest

from voxpop.web.filters import initials


@pytest.mark.parametrize(
    ("name", "expected"), [("Ann Mary Smith", "AS"), ("Петр", "П"), ("", ""), ("  Ann  Smith ", "AS")]
)
def test_initials_are_of_the_first_and_the_last_word(name: str, expected: str) -> None:
    assert initials(name) == expected
