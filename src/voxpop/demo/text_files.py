"""Reads the texts of the demo from the folder `texts`."""

import re
import tomllib
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from msgspec import Struct

FOLDER = files("voxpop.demo").joinpath("texts")
SLOT = re.compile(r"\{(\w+)\}")  # a placeholder in a text


class Texts(Struct, frozen=True):
    """Names of people and hotels, words for placeholders, remarks for comments, and browsers.

    `names` is keyed by group of people and kind of name, `slots` by language and placeholder. `remarks` is keyed by
    subject, sentiment and language.
    """

    names: dict[str, dict[str, list[str]]]
    slots: dict[str, dict[str, list[str]]]
    remarks: dict[str, dict[str, dict[str, list[str]]]]
    user_agents: list[str]


@cache
def load_texts() -> Texts:
    """Names are separated by blanks, everything else by line ends."""
    return Texts(
        names=read_tables(FOLDER.joinpath("names.toml"), str.split),
        slots=read_tables(FOLDER.joinpath("slots.toml"), str.splitlines),
        remarks={
            file.name.removesuffix(".toml"): read_tables(file, str.splitlines)
            for file in FOLDER.joinpath("remarks").iterdir()
        },
        user_agents=FOLDER.joinpath("user_agents.txt").read_text("utf-8").splitlines(),
    )


def read_tables(file: Traversable, split: Callable[[str], list[str]]) -> dict[str, dict[str, list[str]]]:
    """The tables of a TOML file, with each text split into a list."""
    tables = tomllib.loads(file.read_text("utf-8"))
    return {name: {key: split(text) for key, text in table.items()} for name, table in tables.items()}
