"""The documents of the guide: the files of `docs/` as HTML, and the search in their sections."""

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup
from msgspec import Struct
from msgspec.structs import replace

if TYPE_CHECKING:
    from markdown_it.token import Token

PACKAGE = Path(__file__).resolve().parents[2]
PACKAGED, CHECKOUT = PACKAGE / "guide", PACKAGE.parents[1] / "docs"  # the build copies the one to the other
GUIDE = "/guide"
MAX_HITS, EXCERPT = 30, 90  # hits; characters on each side of the word that was found
SCROLLING = '<div class="scroll" role="group" tabindex="0" aria-label="Table">'


class Section(Struct, frozen=True):
    """A heading with the plain text below it; `id` is its anchor."""

    id: str
    title: str
    text: str


class Document(Struct, frozen=True):
    """A file of the guide. `name` is its path without suffix, `summary` its first paragraph."""

    name: str
    title: str
    summary: str
    html: Markup
    sections: Sequence[Section]

    @property
    def is_decision(self) -> bool:
        return self.name.startswith("decisions/")


class Hit(Struct, frozen=True):
    """A section that has every word of a search, and its text around the first of them."""

    href: str
    document: str
    section: str
    before: str
    found: str
    after: str


@cache
def documents() -> Mapping[str, Document]:
    """Every document by its name; decisions come last."""
    folder = PACKAGED if PACKAGED.is_dir() else CHECKOUT
    files = sorted(folder.rglob("*.md"), key=lambda file: (len(file.relative_to(folder).parts), file))
    names = {file.relative_to(folder).with_suffix("").as_posix(): file for file in files}
    return {name: _read(name, file.read_text("utf-8")) for name, file in names.items()}


def search(query: str) -> list[Hit]:
    """The sections with every word of the query, those with a word in their title first."""
    words = query.casefold().split()
    found = [(document, section) for document in documents().values() for section in document.sections]
    hits = [(document, section) for document, section in found if words and _has_words(section, words)]
    hits.sort(key=lambda pair: not any(word in pair[1].title.casefold() for word in words))
    return [_hit(document, section, words[0]) for document, section in hits[:MAX_HITS]]


def _has_words(section: Section, words: Sequence[str]) -> bool:
    text = f"{section.title} {section.text}".casefold()
    return all(word in text for word in words)


def _hit(document: Document, section: Section, word: str) -> Hit:
    match = re.search(re.escape(word), section.text, re.IGNORECASE)
    start, end = match.span() if match else (0, 0)
    before = section.text[max(0, start - EXCERPT) : start]
    return Hit(
        f"{GUIDE}/{document.name}#{section.id}",
        document.title,
        section.title,
        f"…{before}" if start > EXCERPT else before,
        section.text[start:end],
        section.text[end : end + EXCERPT] + ("…" if len(section.text) > end + EXCERPT else ""),
    )


def _read(name: str, text: str) -> Document:
    from markdown_it import MarkdownIt  # not before the guide is opened

    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = parser.parse(text)
    sections = _sections(tokens)
    for token in _flat(tokens):
        _adapt(token, name)
    html = parser.renderer.render(tokens, parser.options, {})
    html = html.replace("<table>", f"{SCROLLING}<table>").replace("</table>", "</table></div>")
    html = html.replace("<pre>", '<pre tabindex="0">')
    paragraphs = (after for before, after in pairwise(tokens) if before.type == "paragraph_open")
    summary = _text(paragraph) if (paragraph := next(paragraphs, None)) else ""
    return Document(name, sections[0].title, summary, Markup(html), sections)  # noqa: S704 - the parser escapes texts


def _sections(tokens: "Sequence[Token]") -> list[Section]:
    """The sections in order; gives their headings an id."""
    sections: list[Section] = []
    for before, token in pairwise(tokens):
        if before.type == "heading_open":
            title = _text(token)
            sections.append(Section(_anchor(title, sections), title, ""))
            before.attrSet("id", sections[-1].id)
        elif token.type in ("inline", "fence"):
            more = _text(token) if token.type == "inline" else token.content
            sections[-1] = replace(sections[-1], text=" ".join(f"{sections[-1].text} {more}".split()))
    return sections


def _anchor(title: str, before: Sequence[Section]) -> str:
    """The title in lower case with hyphens, with a number if another heading has it."""
    anchor = "-".join(re.findall(r"\w+", title.lower())) or "section"
    same = sum(section.id == anchor or section.id.startswith(f"{anchor}--") for section in before)
    return f"{anchor}--{same + 1}" if same else anchor


def _flat(tokens: "Sequence[Token]") -> "Iterator[Token]":
    for token in tokens:
        yield token
        yield from token.children or ()


def _adapt(token: "Token", name: str) -> None:
    """Leads links between documents to their pages, and drops inline styles, which the page's policy refuses."""
    token.attrs.pop("style", None)
    href = str(token.attrs.get("href", ""))
    if href and not href.startswith(("http://", "https://", "#")):
        path, _, anchor = href.partition("#")
        target = posixpath.normpath(posixpath.join(posixpath.dirname(name), path)).removesuffix(".md")
        token.attrs.pop("href")
        if not target.startswith("../"):  # the guide has no other files of the repository
            token.attrSet("href", f"{GUIDE}/{target}" + (f"#{anchor}" if anchor else ""))


def _text(token: "Token") -> str:
    """The plain text of a line of Markdown."""
    return "".join(" " if child.type == "softbreak" else child.content for child in token.children or ())
