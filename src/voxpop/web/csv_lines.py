"""Small tables as CSV. Large exports write their lines in SQL."""

import csv
import io
from collections.abc import Iterable, Sequence

from voxpop.db.csv_sql import CsvFormat


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
    return CsvFormat().guard(value) if isinstance(value, str) else value
