"""The messages of validation: which field they name, also where the caller's text looks like a message."""

from enum import Enum
from typing import Annotated, Any, Literal

import msgspec
import pytest
from msgspec import Meta, Struct

from voxpop.errors import FieldError, Invalid
from voxpop.surveys.schemas import Language
from voxpop.types import whole_number
from voxpop.web.validation_errors import LANGUAGE_REASON, MAX_REASON_LENGTH, from_validation_error


class Choice(Enum):
    OPEN = "open"


class Body(Struct):
    choice: Choice = Choice.OPEN
    score: Annotated[float, whole_number(0, 10)] = 0
    words: list[str] = []
    texts: dict[Annotated[str, Meta(max_length=2)], str] = {}
    kind: Literal["a", "b"] = "a"
    language: Language = "en"
    inner: "Body | None" = None


class Required(Struct):
    name: str


def error_of(value: Any, kind: Any, name: str = "") -> Invalid:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert(value, kind, strict=False)
    return from_validation_error(caught.value, "body", name)


@pytest.mark.parametrize(
    ("value", "field", "reason"),
    [
        ({"choice": "shut"}, "choice", "Invalid enum value 'shut'"),
        ({"choice": "x - at `$.words`"}, "choice", "Invalid enum value 'x - at `$.words`'"),
        ({"kind": " - at `$"}, "kind", "Invalid enum value ' - at `$'"),
        ({"score": 11}, "score", "Expected `int` <= 10"),
        ({"words": ["x", 1]}, "words[1]", "Expected `str`, got `int`"),
        ({"texts": {"x` - at `$.kind": "1"}}, "texts", "Expected `str` of length <= 2"),
        ({"language": "pt-BR"}, "language", LANGUAGE_REASON),
        ({"inner": {"kind": "c"}}, "inner.kind", "Invalid enum value 'c'"),
    ],
)
def test_the_field_is_the_one_that_does_not_fit(value: Any, field: str, reason: str) -> None:
    error = error_of(value, Body)
    assert error.details == (FieldError(field, reason),)
    assert error.message == f"body/{field} {reason}"


def test_a_value_that_is_validated_alone_has_the_name_of_its_field() -> None:
    assert error_of(" - at `$", Choice, "choice").details == (FieldError("choice", "Invalid enum value ' - at `$'"),)
    assert error_of(["x", "", 1], list[str], "words").details[0].field == "words[2]"
    assert error_of({}, Required).details == (FieldError("name", "is required"),)
    assert error_of({}, Required, "inner").details == (FieldError("inner.name", "is required"),)
    assert error_of([], Required).details == ()


def test_a_reason_quotes_a_long_text_only_in_part() -> None:
    reason = error_of({"choice": "x" * 10_000}, Body).details[0].message
    assert len(reason) == MAX_REASON_LENGTH + 1
    assert reason.endswith("x…")
