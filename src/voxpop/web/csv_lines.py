"""Small tables as CSV. Large exports write their lines in SQL."""

import csv
import io
from collections.abc import Iterable, Sequence

from voxpop.db.csv_sql import CsvFormat


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[object]], file_format: CsvFormat) -> str:
    """The header and the rows, with quotes around each text.

    A text that a spreadsheet would run as a formula gets a ' before it (CSV injection).
    """
    text = io.StringIO()
    text.write(file_format.header(columns).decode())
    writer = csv.writer(text, delimiter=file_format.delimiter, quoting=csv.QUOTE_NONNUMERIC)
    writer.writerows([_cell(value, file_format) for value in row] for row in rows)
    return text.getvalue()


def _cell(value: object, file_format: CsvFormat) -> object:
    if isinstance(value, bool):
        return str(value).lower()
    return file_format.guard(value) if isinstance(value, str) else value
