"""Named SQL parameters: `:status` becomes `$n`, in the order of first use.

Casts (`::uuid`), quoted text, comments, dollar quotes and slices (`counts[2:3]`) stay as they are. A colon inside a
subscript belongs to a slice, so write a parameter there in parentheses: `counts[(:step)]`. `ARRAY[:a, :b]` works.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

_TOKEN = re.compile(
    r"""
      (?P<verbatim> '(?:[^']|'')*' | "(?:[^"]|"")*" | --[^\n]* | /\*.*?\*/ | \$(?P<tag>\w*)\$.*?\$(?P=tag)\$ | :: | := )
    | (?P<array> \bARRAY\s*\[ )
    | (?P<open> [\[(] )
    | (?P<close> [\])] )
    | : (?P<name> [a-z_][a-z0-9_]* )
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)


class Parameterized(NamedTuple):
    """A statement with `$n` placeholders, and the names of the parameters in that order."""

    sql: str
    names: tuple[str, ...]


def parameterize(text: str) -> Parameterized:
    names: dict[str, int] = {}
    return Parameterized("".join(_pieces(text, names)), tuple(names))


def _pieces(text: str, names: dict[str, int]) -> Iterator[str]:
    brackets: list[str] = []  # the open ones; inside "[", a subscript, a colon is no parameter
    end = 0
    for token in _TOKEN.finditer(text):
        yield text[end : token.start()]
        end = token.end()
        if token["array"] or token["open"]:
            brackets.append("ARRAY" if token["array"] else token[0])
        elif token["close"] and brackets:
            brackets.pop()
        name = token["name"]
        if name is None or brackets[-1:] == ["["]:
            yield token[0]
        else:
            yield f"${names.setdefault(name, len(names) + 1)}"
    yield text[end:]
