"""CSV files of the tables on pages: the same rows in the same order."""

from collections.abc import Iterable, Sequence

from litestar import Response

from voxpop.auth.dependencies import PageRequest
from voxpop.dashboards.models import SeriesRow
from voxpop.dashboards.schemas import ROW_COLUMNS, row_cells
from voxpop.db.csv_sql import CsvFormat, Delimiter
from voxpop.web.csv_lines import csv_text

KEY_COLUMNS = ROW_COLUMNS[: ROW_COLUMNS.index("responses")]
FIGURE_COLUMNS = ROW_COLUMNS[len(KEY_COLUMNS) :]


def csv_file(
    request: PageRequest, name: str, columns: Sequence[str], rows: Iterable[Sequence[object]]
) -> Response[str]:
    """A file with the separator of the address. The byte order mark is for spreadsheets."""
    wanted = request.query_params.get("delimiter")
    form = CsvFormat(next((each for each in Delimiter if each == wanted), Delimiter.COMMA), bom=True)
    headers = {"content-disposition": f'attachment; filename="{name}.csv"'}
    return Response(csv_text(columns, rows, form), media_type="text/csv", headers=headers)


def series_file(request: PageRequest, name: str, rows: Iterable[SeriesRow]) -> Response[str]:
    """A file with the columns of series in the API."""
    return csv_file(request, name, ROW_COLUMNS, map(row_cells, rows))


def figure_cells(figures: SeriesRow | None) -> Sequence[object]:
    """The cells of FIGURE_COLUMNS; for None those without a rating."""
    if figures is None:
        return [0, *[None] * (len(FIGURE_COLUMNS) - 1)]
    return row_cells(figures)[len(KEY_COLUMNS) :]
