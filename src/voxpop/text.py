"""The rules of people's texts: which characters can be seen, and what texts of one and of several lines keep; pure."""

import re

# Characters that show nothing: white space, controls, those that Unicode calls formats (Cf) or default ignorable, and
# blank letters. A test compares the list with the tables of Unicode.
INVISIBLE = (
    r"\s\x00-\x1f\x7f-\x9f\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5"
    r"\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    r"\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
VISIBLE = f"[^{INVISIBLE}]"  # the pattern of a text that can be seen
DIRECTIONAL = r"\u202a-\u202e\u2066-\u2069"  # embeddings, overrides and isolates

LINE_BREAKS = re.compile(r"[\t-\r\x1c-\x1f\x85\u2028\u2029]+")
CONTROLS = re.compile(rf"[\x00-\x1f\x7f-\x9f{DIRECTIONAL}]")
BLANK_FIRST_LINES = re.compile(r"\A(?:[^\S\n]*\n)+")


def is_visible(text: str) -> bool:
    """Whether the text has a character that can be seen (contract G4)."""
    return re.search(VISIBLE, text) is not None


def one_line(text: str) -> str:
    """The text without control and directional characters and surrounding space. A line break or tab becomes a space.

    Directional characters can turn around what stands beside the text.
    """
    return CONTROLS.sub("", LINE_BREAKS.sub(" ", text)).strip()


def trim_lines(text: str) -> str:
    """The text without blank lines around it. The first line keeps its indentation."""
    return BLANK_FIRST_LINES.sub("", text.rstrip())
