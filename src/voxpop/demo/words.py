"""Reads the words that the demo is told with, from `texts` beside it."""

import tomllib
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from msgspec import Struct

Phrases = list[str]
TEXTS = files("voxpop.demo").joinpath("texts")


class Words(Struct, frozen=True):
    """`names` by whose they are and kind, `slots` by language and word, `phrases` by what they are about, how content
    their writer is, and language."""

    names: dict[str, dict[str, Phrases]]
    slots: dict[str, dict[str, Phrases]]
    phrases: dict[str, dict[str, dict[str, Phrases]]]


@cache
def words() -> Words:
    """Names are split at spaces, all else at line ends."""
    return Words(
        names=_read(TEXTS.joinpath("names.toml"), str.split),
        slots=_read(TEXTS.joinpath("slots.toml"), str.splitlines),
        phrases={
            file.name.removesuffix(".toml"): _read(file, str.splitlines) for file in TEXTS.joinpath("phrases").iterdir()
        },
    )


def _read(file: Traversable, split: Callable[[str], Phrases]) -> dict[str, dict[str, Phrases]]:
    tables = tomllib.loads(file.read_text("utf-8"))
    return {name: {key: split(text) for key, text in table.items()} for name, table in tables.items()}
