"""Turns the messages of msgspec and of the JSON decoder into `Invalid`, in plain words and with the field's name.

A message can quote what the caller sent, so every step takes time linear in its length.
"""

import re
from typing import NamedTuple

import msgspec

from voxpop.errors import FieldError, Invalid

MISSING_FIELD = "Object missing required field `"
LANGUAGE_REASON = "must be a language tag in lower case, for example pt-br"
KEY_REASON = "may only have letters, digits and - _ . + and must not be . or .."
MAX_REASON_LENGTH = 500  # characters; a longer reason quotes a longer text of the caller
PATH_START, KEY_OF_PATH, PATH_END = " - at `", "key` in `", "`"
WHOLE_NUMBER = re.compile(r"(\d)\.0\b")  # bounds of whole numbers, which are validated as floats


class _Located(NamedTuple):
    reason: str
    path: str  # begins with a dot or a bracket; empty for the whole value


def from_validation_error(error: msgspec.ValidationError, location: str, name: str = "") -> Invalid:
    """The error with the field's name; `location` is body or query, and `name` the field that was validated alone."""
    reason, path = _split(str(error))
    if reason.startswith(MISSING_FIELD):
        path, reason = f"{path}.{reason.removeprefix(MISSING_FIELD).removesuffix('`')}", "is required"
    else:
        reason = _readable(reason)
    field = f"{name}{path}".lstrip(".")
    if not field:
        return Invalid(f"{location} {reason}")
    return Invalid(f"{location}/{field} {reason}", details=[FieldError(field, reason)])


def from_decode_error(error: msgspec.DecodeError | UnicodeDecodeError) -> Invalid:
    """The error of a body that is not JSON."""
    return Invalid(f"body is not valid JSON: {error}")


def _split(message: str) -> _Located:
    """The reason and the path of a message such as "Expected `int`, got `str` - at `$.items[0].name`".

    The path is last, and has no text of the caller in it. Without a path, a quoted text ends with a quotation mark.
    """
    reason, found, path = message.rpartition(PATH_START)
    if not found or not path.endswith(PATH_END):
        return _Located(message, "")
    return _Located(reason, path.removesuffix(PATH_END).removeprefix(KEY_OF_PATH).removeprefix("$"))


def _readable(reason: str) -> str:
    """msgspec's reason without patterns, and with the name of whole numbers."""
    if reason.startswith("Expected `str` matching regex"):
        if r"\\S" in reason:
            return "must not be blank"
        if r"\\u3164" in reason:  # the pattern of a visible character
            return "needs a visible character"
        if "[a-z]{2,3}" in reason:
            return LANGUAGE_REASON
        return "Invalid email address" if "@" in reason else KEY_REASON
    if len(reason) > MAX_REASON_LENGTH:
        return f"{reason[:MAX_REASON_LENGTH]}…"
    reason = reason.replace("`float` that's a multiple of 1.0", "a whole number").replace("`float`", "`int`")
    return WHOLE_NUMBER.sub(r"\1", reason)
