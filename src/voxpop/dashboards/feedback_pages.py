"""The page of ratings of all origins: the list with its filters, one open rating, and changes of what the team says."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from voxpop.accounts import members
from voxpop.auth.dependencies import CurrentActor, PageRequest, Renderer
from voxpop.auth.guards import members_only
from voxpop.dashboards import feedback_list, ratings
from voxpop.dashboards.feedback_list import RatingList
from voxpop.dashboards.feedback_page_models import PAGE_SIZE, FeedbackView, Undo
from voxpop.dashboards.feedback_page_schemas import NotesForm, TagsForm, explain
from voxpop.dashboards.feedback_parameters import LenientReading, read_leniently
from voxpop.dashboards.mark_pages import TOASTS as MARK_TOASTS
from voxpop.dashboards.mark_pages import set_marks
from voxpop.dashboards.page_models import KIND_NAMES
from voxpop.dashboards.viewer import Viewer, load_viewer
from voxpop.db.pool import Database, Tx
from voxpop.errors import Invalid, NotFound
from voxpop.feedback.models import MAX_NOTES
from voxpop.i18n import N_
from voxpop.search_text import MAX_QUERY_WORDS, parse_query
from voxpop.tickets.limits import MAX_TAG_LIST
from voxpop.types import Actor, FeedbackId, utcnow
from voxpop.web.forms import read_form, submitted_values
from voxpop.web.pages import redirect
from voxpop.web.validation import read_id
from voxpop.web.versions import ChangedMeanwhile

PATH, PAGE = "/feedback", "dashboards/feedback.html"
TOASTS = {
    **MARK_TOASTS,
    "notes": N_("Notes saved."),
    "tags": N_("Tags saved."),
}


@get(PATH, opt=members_only(), include_in_schema=False)
async def show_feedback(request: PageRequest, actor: CurrentActor, render: Renderer) -> Response[Any]:
    query = request.query_params.dict()
    view = FeedbackView.read(query)
    if FeedbackView.is_sent_form(query):
        return redirect(view.address)
    return render(PAGE, toasts=TOASTS, **await _context(request, actor, view))


@post(f"{PATH}/marks", opt=members_only(), include_in_schema=False)
async def mark_ratings(request: PageRequest, actor: CurrentActor, render: Renderer) -> Response[Any]:
    """Sets or removes a mark of the selected ratings, of all or none."""
    view = FeedbackView.read(request.query_params.dict())
    try:
        return redirect(view.address_with(**await set_marks(request, actor)))
    except Invalid as error:
        if error.details:
            raise
        raise render.with_errors(PAGE, error, **await _context(request, actor, view)) from None


@post(f"{PATH}/{{feedback:str}}/notes", opt=members_only(), include_in_schema=False)
async def save_notes(
    request: PageRequest, actor: CurrentActor, render: Renderer, feedback: FromPath[str]
) -> Response[Any]:
    return await _change(request, actor, render, feedback, NotesForm, "notes")


@post(f"{PATH}/{{feedback:str}}/tags", opt=members_only(), include_in_schema=False)
async def save_tags(
    request: PageRequest, actor: CurrentActor, render: Renderer, feedback: FromPath[str]
) -> Response[Any]:
    """Replaces the tags of a rating."""
    return await _change(request, actor, render, feedback, TagsForm, "tags")


ROUTES: list[Any] = [show_feedback, mark_ratings, save_notes, save_tags]


def _database(request: PageRequest) -> Database:
    database: Database = request.app.state.database
    return database


async def _change(
    request: PageRequest,
    actor: Actor,
    render: Renderer,
    feedback: str,
    form_type: type[NotesForm] | type[TagsForm],
    done: str,
) -> Response[Any]:
    """Changes a rating as a form says. An error is shown in the form, with what was entered."""
    feedback_id = FeedbackId(read_id(feedback, "feedback"))
    view = FeedbackView.read(request.query_params.dict()).opening(feedback_id)
    try:
        form = await read_form(request, form_type)
        async with _database(request).transaction(actor.workspace) as tx:
            stored = await ratings.lock_rating(tx, actor, feedback_id)
            if form.changes(stored):
                form.check_version(form_type.of(stored))
                await ratings.change_rating(tx, actor, feedback_id, form.change, utcnow())
    except (Invalid, ChangedMeanwhile) as error:
        context = await _context(request, actor, view) | {"typed": await submitted_values(request)}
        raise render.with_errors(PAGE, explain(error), **context) from None
    return redirect(view.address_with(done=done))


async def _context(request: PageRequest, actor: Actor, view: FeedbackView) -> dict[str, Any]:
    """What the page shows. The functions open transactions of their own, because a search needs one of the system."""
    database = _database(request)
    async with database.transaction(actor.workspace) as tx:
        viewer = await load_viewer(tx, actor, utcnow())
        reading = await read_leniently(tx, actor, view.filters)
        options = await _options(tx, viewer, reading)
        opened = await _open(tx, viewer, view)
    shown = view.without(reading.refused)
    found = await _list(database, viewer, shown, reading)
    first, closed = len(shown.after) * PAGE_SIZE, shown.closed().address
    return options | {
        "active": "feedback",
        "viewer": viewer,
        "view": shown,
        "refused": reading.refused,
        "found": found,
        "row_prefix": f"{closed}{'&' if '?' in closed else '?'}",
        "opened": opened,
        "versions": _versions(opened) if opened else {},
        "first": first,
        "left_out": parse_query(shown.filters.get("text", "")).left_out,
        "max_query_words": MAX_QUERY_WORDS,
        "previous_page": shown.previous_page().address if shown.after else None,
        "next_page": shown.next_page(found.next_cursor).address if found.next_cursor else None,
        "undo": Undo.parse(request.query_params.get("undo", "")),
        "typed": {},
    }


def _versions(opened: feedback_list.OpenRating) -> dict[str, str]:
    """Those of the forms of the open rating."""
    return {"notes": NotesForm.of(opened.rating).version, "tags": TagsForm.of(opened.rating).version}


async def _list(database: Database, viewer: Viewer, view: FeedbackView, reading: LenientReading) -> RatingList:
    if reading.wanted is None:
        return RatingList()
    count = await feedback_list.count_ratings(database, viewer, reading.requested, reading.wanted)
    cursor = view.after[-1] if view.after else None
    return await feedback_list.load_list(database, viewer, reading.wanted, cursor, PAGE_SIZE, count)


async def _open(tx: Tx, viewer: Viewer, view: FeedbackView) -> feedback_list.OpenRating | None:
    """The rating that the address opens; NotFound for an unknown one."""
    if not view.opened:
        return None
    try:
        found = await feedback_list.find_rating(tx, viewer, FeedbackId(UUID(view.opened)))
    except ValueError:
        found = None
    if found is None:
        raise NotFound.of("Rating", view.opened)
    return found


async def _options(tx: Tx, viewer: Viewer, reading: LenientReading) -> dict[str, Any]:
    """The options of filters, and the names of the series and the subject that the list is limited to."""
    known = await members.list_members(tx, viewer.workspace)
    series = reading.requested.series
    return {
        "type_options": [(code, code) for code in viewer.types],
        "tag_options": [(tag, tag) for tag in await feedback_list.list_tag_names(tx, viewer)],
        "agents": [(str(each.account_id), each.name) for each in known if viewer.only_agent in (None, each.account_id)],
        "series_name": await feedback_list.find_series_name(tx, viewer, series) if series else None,
        "series": series,
        "kind_names": KIND_NAMES,
        "max_tag_list": MAX_TAG_LIST,
        "max_notes": MAX_NOTES,
    }
