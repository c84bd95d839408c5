"""The rules of tags: how a tag is stored and compared, and how a form lists several; pure."""

from collections.abc import Iterable

from voxpop.errors import FieldError, Invalid
from voxpop.tickets.limits import MAX_TAG


def normalize_tag(name: str) -> str:
    """A tag as it is stored and compared: in lower case, without surrounding blanks."""
    return name.strip().casefold()


def normalize_tags(names: Iterable[str]) -> list[str]:
    """The different tags as they are stored, sorted; blank ones are dropped.

    Invalid for a tag that is too long. It is measured here because case folding makes some letters longer.
    """
    tags = {normalize_tag(name) for name in names} - {""}
    if any(len(tag) > MAX_TAG for tag in tags):
        raise Invalid(f"body/tags must be of {MAX_TAG} characters at most", details=[FieldError("tags", "is too long")])
    return sorted(tags)


def parse_tags(text: str) -> list[str]:
    """The tags of a form's field, which separates them by commas."""
    return normalize_tags(text.split(","))
