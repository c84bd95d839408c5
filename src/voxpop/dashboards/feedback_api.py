"""The API of ratings of all origins: the list, its exports, and changes of what the team says about a rating."""

from typing import Annotated, Any

from litestar import Request, get, patch
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, JSONBody
from litestar.response import Stream
from msgspec import Meta

from voxpop.auth.dependencies import CurrentActor, Transaction
from voxpop.auth.guards import requires_scope
from voxpop.dashboards import ratings
from voxpop.dashboards.feedback_parameters import CsvParameters, FilterParameters, PageParameters
from voxpop.dashboards.feedback_schemas import FeedbackOut, FeedbackPatchBody
from voxpop.db.pool import Database
from voxpop.feedback import lists
from voxpop.feedback.models import FeedbackFilter
from voxpop.types import Actor, FeedbackId, Scope, utcnow
from voxpop.web.downloads import download
from voxpop.web.paging import Page
from voxpop.web.validation import read_id

TAG = ["Feedback"]
PATH = "/api/v1/feedback"

ApiRequest = Request[None, None, State]
FeedbackPath = FromPath[Annotated[str, Meta(description="The rating's id", extra_json_schema={"format": "uuid"})]]
Csv = Annotated[str, Meta(examples=["id,origin,…,notes,read,handled\r\n"])]
JsonLines = Annotated[str, Meta(examples=['{"id": "01939d54-2f8e-7cc1-9a5e-5b0c1f4e8a77", "origin": "ticket", …}\n'])]


def _parameters(kind: type[FilterParameters]) -> dict[str, Provide]:
    return {"parameters": Provide(kind, sync_to_thread=False)}


@get(
    PATH,
    opt=requires_scope(Scope.READ) | {"query": PageParameters},
    tags=TAG,
    summary="List ratings",
    dependencies=_parameters(PageParameters),
    description="The ratings of features, tickets and campaigns that match every condition, newest first.",
)
async def list_feedback(
    request: ApiRequest, actor: CurrentActor, parameters: NamedDependency[PageParameters]
) -> Page[FeedbackOut]:
    database: Database = request.app.state.database
    wanted = await _filter(database, actor, parameters)
    if wanted is None:
        return Page([], None, False)
    page = await lists.list_feedback(database, actor.workspace, wanted, parameters.cursor, parameters.limit)
    return Page([FeedbackOut.of(row) for row in page.rows], page.next_cursor, page.next_cursor is not None)


@get(
    f"{PATH}.csv",
    opt=requires_scope(Scope.READ) | {"query": CsvParameters},
    tags=TAG,
    summary="Export ratings as CSV",
    dependencies=_parameters(CsvParameters),
    responses={200: ResponseSpec(Csv, description="The ratings", media_type="text/csv", generate_examples=False)},
    description=(
        "All ratings that match, newest first, as CSV in UTF-8. Texts are quoted, and formulas in them follow a `'`."
    ),
)
async def export_feedback_as_csv(
    request: ApiRequest, actor: CurrentActor, parameters: NamedDependency[CsvParameters]
) -> Stream:
    database: Database = request.app.state.database
    wanted = await _filter(database, actor, parameters)
    lines = lists.export_csv(database, actor.workspace, wanted, parameters.form)
    return await download(lines, "text/csv", "feedback.csv")


@get(
    f"{PATH}.jsonl",
    opt=requires_scope(Scope.READ) | {"query": FilterParameters},
    tags=TAG,
    summary="Export ratings as JSON lines",
    dependencies=_parameters(FilterParameters),
    responses={
        200: ResponseSpec(JsonLines, description="The ratings", media_type="application/jsonl", generate_examples=False)
    },
    description="All ratings that match, newest first, a JSON object on each line.",
)
async def export_feedback_as_json_lines(
    request: ApiRequest, actor: CurrentActor, parameters: NamedDependency[FilterParameters]
) -> Stream:
    database: Database = request.app.state.database
    wanted = await _filter(database, actor, parameters)
    lines = lists.export_json_lines(database, actor.workspace, wanted)
    return await download(lines, "application/jsonl", "feedback.jsonl")


@patch(
    f"{PATH}/{{feedback:str}}",
    opt=requires_scope(Scope.MANAGE, or_member=True),
    tags=TAG,
    summary="Change a rating's notes, marks and tags",
    description="The marks are the workspace's, not the member's. Score, comment, series and counts stay as they are.",
)
async def change_feedback(
    tx: Transaction, actor: CurrentActor, feedback: FeedbackPath, data: JSONBody[FeedbackPatchBody]
) -> FeedbackOut:
    feedback_id = FeedbackId(read_id(feedback, "feedback"))
    return FeedbackOut.of(await ratings.change_rating(tx, actor, feedback_id, data.change(), utcnow()))


async def _filter(database: Database, actor: Actor, parameters: FilterParameters) -> FeedbackFilter | None:
    """None if no rating can match. In a transaction of its own, because the list opens others."""
    async with database.transaction(actor.workspace) as tx:
        return await ratings.resolve_filter(tx, actor, parameters.requested())


ROUTES: list[Any] = [list_feedback, export_feedback_as_csv, export_feedback_as_json_lines, change_feedback]
