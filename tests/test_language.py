"""The language of the project: words that must not return, each with its replacement, and the length of sentences."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from tests.support.each import each

ROOT = Path(__file__).parents[1]
MAX_SENTENCE = 30  # words

# GLOSSARY.md defines the terms of the product. These words had a meaning of their own in this code once.
REPLACEMENTS = {
    r"doors?|doorkeepers?": "endpoint, sign-in page, Authenticator, rate limit",
    r"gates?": "batcher",
    r"edges?": "middleware, boundary, outermost handler",
    r"ledgers?": "table, for example survey or feedback",
    r"conductors?": "calling service",
    r"mend(?:s|ed|ing)?": "repair, fix",
    r"bury|buries|buried": "store as a dead letter",
    r"fates?": "outcome",
    r"hurry|hurries": "force an exit",
    r"patience": "timeout",
    r"packing": "compression",
    r"kits?": "tests/support",
    r"offices?": "workspace, site",
    r"neighbours?": "other workspace, other_client",
    r"hammered": "rate-limited",
    r"unhappy": "low rating",
    r"he|his|him|himself": "they, their, the user",
    r"who(?:m)?ever": "any user, any caller",
    r"nobody": "no one, no user",
    r"somebody|everybody": "someone, everyone",
}
# Names of other products, and of accounts, paths and columns that keep an old word.
NAMES = re.compile(
    r"""AppleWebKit|"Edge"|"Edge,|["`]nobody["`]"""  # browsers, and the Unix account
    r"|\bfa\|he\|iw\b"  # codes of languages
    r"|/unhappy\b"  # the old path, which redirects
    r"|RENAME COLUMN door TO"  # the migration that removes the word
)
PATTERNS = {re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE): better for words, better in REPLACEMENTS.items()}
ANY = re.compile(rf"(?<!\w)(?:{'|'.join(REPLACEMENTS)})(?!\w)", re.IGNORECASE)
TEXT = {".py", ".md", ".html", ".js", ".css", ".toml", ".sql", ".txt", ".ts", ""}
CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
BLOCK = re.compile(r"```.*?```", re.DOTALL)
PARAGRAPH = re.compile(r"\n\s*\n|\n\s*(?=[-*|#]|\d+\. )")
SENTENCE = re.compile(r"(?<=[.!?:;])\s+|\s*\|\s*")


def is_exempt(path: Path) -> bool:
    """Applied migrations never change, demo texts are what people write, this file names the words."""
    relative = path.relative_to(ROOT)
    return (
        path == Path(__file__)
        or bool({"vendor", "texts", "__pycache__", "licenses"} & set(relative.parts))
        or relative.parent.as_posix() == "src/voxpop/static/widget"  # built from widget/src
        or (relative.parent.name == "migrations" and relative.name < "0008")
    )


def files() -> Iterator[Path]:
    for folder in ("src", "tests", "bench", "docs", "build_tools", "widget", "clients"):
        yield from (path for path in sorted((ROOT / folder).rglob("*")) if path.is_file() and path.suffix in TEXT)
    yield from sorted(ROOT.glob("*.md"))


FILES = [path for path in files() if not is_exempt(path)]
each_file = each(FILES, lambda path: path.relative_to(ROOT).as_posix())


@cache
def source(path: Path) -> str:
    return path.read_text("utf-8")


def is_python(path: Path) -> bool:
    return path.suffix == ".py" or (not path.suffix and "python" in source(path)[:60])


def words_of(line: str) -> str:
    """The line without names, its identifiers split: `open_the_door` and `FrontDoor` have the word "door"."""
    return CAMEL.sub(" ", NAMES.sub(" ", line)).replace("_", " ")


def old_words(text: str) -> Iterator[tuple[int, str]]:
    """Line numbers, each with an old word and its replacement."""
    for number, line in enumerate(text.splitlines(), 1):
        words = words_of(line)
        for pattern, better in PATTERNS.items() if ANY.search(words) else ():
            for match in pattern.finditer(words):
                yield number, f"{match[0]!r}: write {better}"


def proses(path: Path) -> Iterator[tuple[int, str]]:
    """The docstrings and comments of Python, or a whole document, each with the line where it begins."""
    if path.suffix == ".md":
        yield 1, source(path)
    elif is_python(path):
        for node in ast.walk(ast.parse(source(path))):
            documented = isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
            if documented and (docstring := ast.get_docstring(node)):
                yield node.body[0].lineno, docstring
        yield from comments(source(path))


def comments(text: str) -> Iterator[tuple[int, str]]:
    """A comment after code is a text; comments on consecutive lines of their own are one text."""
    begin, lines = 0, list[str]()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type != tokenize.COMMENT:
            continue
        is_alone = token.line.lstrip().startswith("#")
        if lines and not (is_alone and token.start[0] == begin + len(lines)):
            yield begin, " ".join(lines)
            lines = []
        if is_alone:
            begin = begin if lines else token.start[0]
            lines.append(token.string.lstrip("# "))
        else:
            yield token.start[0], token.string.lstrip("# ")
    if lines:
        yield begin, " ".join(lines)


def long_sentences(text: str) -> Iterator[str]:
    for paragraph in PARAGRAPH.split(BLOCK.sub("", text)):
        for sentence in SENTENCE.split(" ".join(paragraph.split())):
            if len(sentence.split()) > MAX_SENTENCE:
                yield sentence


@each_file
def test_old_words_do_not_return(path: Path) -> None:
    assert [f"{path.name}:{number} has {hint}" for number, hint in old_words(source(path))] == []


@each_file
def test_sentences_are_short(path: Path) -> None:
    long = [
        f"{path.name}:{number} {len(one.split())} words: {one}"
        for number, text in proses(path)
        for one in long_sentences(text)
    ]
    assert long == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("open_the_door()", 1),
        ("class FrontDoor:", 1),
        ("MOST_AT_THE_GATES = 1", 1),
        ("What he wrote stays his.", 2),
        ("AppleWebKit/537.36 (KHTML, like Gecko)", 0),
        ('find_account("nobody") if nobody else None', 1),
        ("the adoor investigated the theme, doorway", 0),
    ],
)
def test_old_words_are_found_in_identifiers_and_prose(text: str, found: int) -> None:
    assert len(list(old_words(text))) == found


def test_a_comment_after_code_is_no_part_of_the_next() -> None:
    text = "# One\n# text.\na = 1  # second\nb = 2  # third\n# fourth\n"
    assert list(comments(text)) == [(1, "One text."), (3, "second"), (4, "third"), (5, "fourth")]


def test_a_long_sentence_is_found_across_lines_and_not_across_sentences() -> None:
    assert len(list(long_sentences("word " * 20 + "\n" + "word " * 11))) == 1
    assert list(long_sentences("word " * 20 + "end. " + "word " * 20)) == []
