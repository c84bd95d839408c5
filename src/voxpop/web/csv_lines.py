"""Small tables as CSV. Large exports write their lines in SQL."""

import csv
import io
from collections.abc import Iterable, Sequence

FORMULA_STARTS = tuple("=+-@\t\r\n")  # a spreadsheet runs a cell that begins like this


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """The header and the rows. A text that a spreadsheet would run as a formula gets a ' before it (CSV injection)."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return f"'{value}"
    return value
