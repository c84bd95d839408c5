"""Forms as structs: whole numbers take digits only, and texts stay texts."""

from typing import Annotated, Any

import pytest
from msgspec import Meta, Struct

from voxpop.errors import Invalid
from voxpop.web.forms import FORM_MEDIA_TYPE, read_form
from voxpop.web.validation import refuse_nul


class NumberForm(Struct):
    days: Annotated[int, Meta(ge=0, le=9_999)]
    limit: int | None = None
    note: str | None = None


class FakeRequest:
    headers = {"content-type": FORM_MEDIA_TYPE}  # noqa: RUF012 - a constant of the test

    def __init__(self, body: str) -> None:
        self._body = body.encode()

    async def body(self) -> bytes:
        return self._body


async def read(body: str) -> NumberForm:
    request: Any = FakeRequest(body)
    return await read_form(request, NumberForm)


async def test_digits_are_a_number_and_a_text_stays_a_text() -> None:
    assert await read("days=30&limit=0&note=null") == NumberForm(30, 0, "null")
    assert await read("days=0&note=12") == NumberForm(0, None, "12")


@pytest.mark.parametrize(
    "days", ["1e2", "30.0", "030", "%2B30", "-1", "+30", "%D9%A3%D9%A0", "true", "null", "", "9" * 40]
)
async def test_anything_else_is_no_number(days: str) -> None:
    with pytest.raises(Invalid) as refusal:
        await read(f"days={days}")
    assert [each.field for each in refusal.value.details] == ["days"]


async def test_an_error_names_the_field_that_has_nul_or_comes_twice() -> None:
    for body in ("days=1&note=a%00b&note=c", "days=1&days=2&note=x"):
        with pytest.raises(Invalid) as refusal:
            await read(body)
        assert [each.field for each in refusal.value.details] == ["note" if "%00" in body else "days"]


def test_an_error_names_the_field_with_nul_in_json() -> None:
    for value, field in (
        ({"a": {"b": ["x", "y\x00"]}}, "a.b[1]"),
        ({"a": "\x00"}, "a"),
        ({"a": [{"k\x00": 1}]}, "a[0]"),
    ):
        with pytest.raises(Invalid) as refusal:
            refuse_nul(value)
        assert [each.field for each in refusal.value.details] == [field]
    refuse_nul({"a": ["x", 1, None]})
