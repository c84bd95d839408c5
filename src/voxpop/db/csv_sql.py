"""CSV files: their format, and pieces of statements that write their lines.

PostgreSQL writes lines several times faster than Python.
"""

import re
from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct

BYTE_ORDER_MARK = "\ufeff"  # some spreadsheets recognize UTF-8 by it

# The characters that begin a formula (CSV injection), also their full-width, small and raised forms, and those around
# them, as classes of a regular expression. A spreadsheet that splits at another separator, or at a line end, sees cells
# within a cell.
SIGNS = r"=+@\u002d\t\u207a\u207c\u208a\u208c\ufb29\ufe62\ufe63\ufe66\ufe6b\uff0b\uff0d\uff1d\uff20"
LINE_ENDS = r"\r\n\v\f\u001c-\u001e\u0085\u2028\u2029"
BLANKS = r" \u001f\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"


class Delimiter(StrEnum):
    """The separator of the columns of a CSV file."""

    COMMA = ","
    SEMICOLON = ";"
    TAB = "\t"


class CsvFormat(Struct, frozen=True):
    """`raw` leaves texts that look like formulas unchanged; `bom` is a byte order mark at the start."""

    delimiter: Delimiter = Delimiter.COMMA
    bom: bool = False
    raw: bool = False

    def header(self, columns: Iterable[str]) -> bytes:
        """The first line of the file."""
        return (BYTE_ORDER_MARK * self.bom + self.delimiter.join(columns) + "\r\n").encode()

    @property
    def parameters(self) -> dict[str, object]:
        """The parameters of a statement made of the pieces below."""
        return {"delimiter": self.delimiter, "before_formula": before_formula(self.delimiter), "raw": self.raw}

    def guard(self, text: str) -> str:
        """A text in which a ' stands before every formula, unless the format is raw."""
        pattern = before_formula(self.delimiter)
        return text if self.raw else re.sub(pattern, r"\1'", re.sub(pattern, r"\1'", text))


def before_formula(delimiter: Delimiter) -> str:
    """The pattern of what stands before a formula. The file's own delimiter separates nothing within a quoted text.

    Quotes are doubled in the file, so that a spreadsheet that splits there reads an empty text before the formula.
    """
    separators = rf";\t{LINE_ENDS}" if delimiter is Delimiter.COMMA else rf",;\t{LINE_ENDS}"
    return rf"""(^[{BLANKS}]*(?=[{SIGNS}\r\n])|[{separators}][{BLANKS}"]*(?=[{SIGNS}]))"""


def line(cells: Iterable[str]) -> str:
    """A line of cells."""
    return rf"concat_ws(:delimiter::text, {', '.join(cells)}) || E'\r\n'"


def text_cell(value: str) -> str:
    """A quoted cell; empty for NULL. A formula gets a ' before it, unless `raw` is true.

    The second pass finds a separator that is also the first character of the text.
    """
    once = rf"regexp_replace({value}, :before_formula::text, '\1''', 'g')"
    guarded = rf"regexp_replace({once}, :before_formula::text, '\1''', 'g')"
    safe = f"CASE WHEN :raw::boolean OR {value} !~ :before_formula::text THEN {value} ELSE {guarded} END"
    return f"""coalesce('"' || replace({safe}, '"', '""') || '"', '')"""


def plain_cell(value: str) -> str:
    """A cell that needs no quotes: a number, an id, a date or a keyword; empty for NULL."""
    return f"coalesce(({value})::text, '')"


def instant(value: str) -> str:
    """A time as the API writes it, in UTC with milliseconds; NULL for NULL."""
    return f"""to_char({value} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')"""
