"""The rules of tags: how they are written, in forms too, and how they are compared; pure."""

import unicodedata
from collections.abc import Iterable, Mapping

from voxpop.errors import Invalid
from voxpop.text import is_visible
from voxpop.tickets.limits import MAX_TAG, MAX_TAGS

SEPARATOR = ","  # between the tags of a form's field


def fold_tag(name: str) -> str:
    """The form by which tags are compared: case, composed letters and runs of white space make no difference."""
    folded = unicodedata.normalize("NFD", name).casefold()
    return " ".join(unicodedata.normalize("NFC", folded).split())


def distinct_tags(names: Iterable[str]) -> Mapping[str, str]:
    """The tags by their folded forms, which are sorted; of several spellings the first.

    Invalid for a tag with the separator of forms, for a long one, and for too many.
    """
    tags: dict[str, str] = {}
    for name in names:
        _check(SEPARATOR not in name, "must not contain commas")
        _check(len(name) <= MAX_TAG, f"must be of {MAX_TAG} characters at most")
        tags.setdefault(fold_tag(name), name)
    _check(len(tags) <= MAX_TAGS, f"must be {MAX_TAGS} at most")
    return dict(sorted(tags.items()))


def parse_tags(text: str) -> list[str]:
    """The tags of a form's field, without blank ones."""
    return [name.strip() for name in text.split(SEPARATOR) if is_visible(name)]


def _check(fits: bool, reason: str) -> None:
    if not fits:
        raise Invalid.of("body", "tags", reason)
