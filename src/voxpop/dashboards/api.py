"""The API of series: lists with scores and changes, and one series over a period."""

from typing import Annotated, Any, NamedTuple

from litestar import Response, get
from litestar.di import NamedDependency, Provide
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, FromQuery
from msgspec import Meta

from voxpop.auth.dependencies import CurrentActor, Transaction
from voxpop.auth.guards import requires_scope
from voxpop.dashboards import series_detail, series_list
from voxpop.dashboards.feedback_parameters import ByteOrderMark, Separator
from voxpop.dashboards.models import SeriesKey, SeriesRow
from voxpop.dashboards.parameters import DetailParameters, KindPath, ListParameters, read_kind
from voxpop.dashboards.schemas import SeriesOut, points_as_csv, rows_as_csv
from voxpop.dashboards.series_list import SeriesPage
from voxpop.dashboards.viewer import load_viewer
from voxpop.db.csv_sql import CsvFormat, Delimiter
from voxpop.db.pool import Tx
from voxpop.types import Actor, Scope, utcnow
from voxpop.web.paging import Page
from voxpop.web.validation import read_id

TAG = ["Series"]
PATH = "/api/v1/series"
DEFAULT_LIMIT = 50

SeriesPath = FromPath[
    Annotated[
        str,
        Meta(
            description="The id of the series, which may end with `.json` or `.csv`",
            examples=["01939d54-2f8e-7cc1-9a5e-5b0c1f4e8a77"],
        ),
    ]
]
ListCsv = Annotated[str, Meta(examples=["kind,id,name,survey_type,responses,score,low,high,…\r\n"])]
LIST = {"parameters": Provide(ListParameters, sync_to_thread=False)}
DETAIL = {"parameters": Provide(DetailParameters, sync_to_thread=False)}
LIST_DESCRIPTION = (
    "Scores of all series with ratings in the period or in the one it is compared with. A change must pass "
    "Benjamini–Hochberg over all rows of the query. A cursor fits one sort only."
)


@get(
    PATH,
    opt=requires_scope(Scope.READ) | {"query": ListParameters},
    tags=TAG,
    summary="List series",
    dependencies=LIST,
    description=LIST_DESCRIPTION,
)
async def list_series(
    tx: Transaction, actor: CurrentActor, parameters: NamedDependency[ListParameters]
) -> Page[SeriesRow]:
    return await _page(tx, actor, parameters)


@get(
    f"{PATH}.json",
    opt=requires_scope(Scope.READ) | {"query": ListParameters},
    tags=TAG,
    summary="List series",
    dependencies=LIST,
    description="The same as without `.json`.",
)
async def list_series_as_json(
    tx: Transaction, actor: CurrentActor, parameters: NamedDependency[ListParameters]
) -> Page[SeriesRow]:
    return await _page(tx, actor, parameters)


@get(
    f"{PATH}.csv",
    opt=requires_scope(Scope.READ) | {"query": ListParameters},
    tags=TAG,
    summary="Export series",
    dependencies=LIST,
    responses={200: ResponseSpec(ListCsv, description="The series", media_type="text/csv", generate_examples=False)},
    description="The same list as CSV. Without a limit it has all rows.",
)
async def export_series(
    tx: Transaction,
    actor: CurrentActor,
    parameters: NamedDependency[ListParameters],
    delimiter: FromQuery[Separator] = Delimiter.COMMA,
    bom: FromQuery[ByteOrderMark] = False,
) -> Response[str]:
    found = await _list(tx, actor, parameters, parameters.limit)
    return _csv(rows_as_csv(found.rows, CsvFormat(delimiter, bom)), "series")


@get(
    f"{PATH}/{{kind:str}}/{{series:str}}",
    opt=requires_scope(Scope.READ) | {"query": DetailParameters},
    tags=TAG,
    summary="Show a series",
    dependencies=DETAIL,
    description="The total, the points and the funnel of one series. An id that ends with `.csv` gives the points.",
)
async def show_series(
    tx: Transaction,
    actor: CurrentActor,
    kind: KindPath,
    series: SeriesPath,
    parameters: NamedDependency[DetailParameters],
    delimiter: FromQuery[Separator] = Delimiter.COMMA,
    bom: FromQuery[ByteOrderMark] = False,
) -> Response[SeriesOut]:
    key, as_csv = _read_key(kind, series)
    viewer = await load_viewer(tx, actor, utcnow())
    detail = await series_detail.get_series(tx, viewer, parameters.to_query(key, viewer.today))
    if not as_csv:
        return Response(SeriesOut.of(detail))
    return _csv(points_as_csv(detail, CsvFormat(delimiter, bom)), f"{key.kind}-{key.id}")


async def _page(tx: Tx, actor: Actor, parameters: ListParameters) -> Page[SeriesRow]:
    found = await _list(tx, actor, parameters, parameters.limit or DEFAULT_LIMIT)
    return Page(found.rows, found.next_cursor, found.next_cursor is not None)


async def _list(tx: Tx, actor: Actor, parameters: ListParameters, limit: int | None) -> SeriesPage:
    viewer = await load_viewer(tx, actor, utcnow())
    return await series_list.list_series(tx, viewer, parameters.to_query(viewer.today), parameters.cursor, limit)


class RequestedSeries(NamedTuple):
    """The series in a path, and whether its points are wanted as CSV."""

    key: SeriesKey
    as_csv: bool


def _read_key(kind: str, series: str) -> RequestedSeries:
    series_id = read_id(series.removesuffix(".json").removesuffix(".csv"), "id")
    return RequestedSeries(SeriesKey(read_kind(kind), series_id), series.endswith(".csv"))


def _csv(text: str, name: str) -> Response[Any]:
    headers = {"content-disposition": f'attachment; filename="{name}.csv"'}
    return Response(text, media_type="text/csv", headers=headers)


ROUTES: list[Any] = [list_series, list_series_as_json, export_series, show_series]
