"""Turns the messages of msgspec and of the JSON decoder into `Invalid`, in plain words and with the field's name."""

import re

import msgspec

from voxpop.errors import FieldError, Invalid

# msgspec's message has the reason and the path: "Expected `int`, got `str` - at `$.items[0].name`".
MSGSPEC_ERROR = re.compile(r"(?P<reason>.*?)(?: - at `(?:key in )?\$(?P<path>.*)`)?\Z", re.DOTALL)
MISSING_FIELD = re.compile(r"Object missing required field `(.*)`\Z")
WHOLE_NUMBER = re.compile(r"(\d)\.0\b")  # bounds of whole numbers, which are validated as floats


def from_validation_error(error: msgspec.ValidationError, location: str) -> Invalid:
    """The error with the field's name; `location` is body or query."""
    match = MSGSPEC_ERROR.match(str(error))
    assert match is not None  # noqa: S101 - the pattern matches every text
    reason, field = match["reason"], (match["path"] or "").lstrip(".")
    if missing := MISSING_FIELD.match(reason):
        field, reason = ".".join(filter(None, (field, missing[1]))), "is required"
    else:
        reason = _readable(reason)
    if not field:
        return Invalid(f"{location} {reason}")
    return Invalid(f"{location}/{field} {reason}", details=[FieldError(field, reason)])


def from_decode_error(error: msgspec.DecodeError | UnicodeDecodeError) -> Invalid:
    """The error of a body that is not JSON."""
    return Invalid(f"body is not valid JSON: {error}")


def _readable(reason: str) -> str:
    """msgspec's reason without patterns, and with the name of whole numbers."""
    if reason.startswith("Expected `str` matching regex"):
        if r"\\S" in reason:
            return "must not be blank"
        if r"\\u3164" in reason:  # the pattern of a visible character
            return "needs a visible character"
        return "Invalid email address" if "@" in reason else "may only have letters, digits and - _ . +"
    reason = reason.replace("`float` that's a multiple of 1.0", "a whole number").replace("`float`", "`int`")
    return WHOLE_NUMBER.sub(r"\1", reason)
