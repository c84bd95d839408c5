"""Notes beside a rating. Parses, calls, shapes."""

from typing import Annotated

from litestar import patch
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from voxpop.auth.dependencies import CurrentActor, Transaction
from voxpop.auth.guards import requires_scope
from voxpop.feedback import service
from voxpop.feedback.models import NewNotes, NotesOut
from voxpop.types import FeedbackId, Scope, instant, utcnow
from voxpop.web.validation import read_id

FeedbackPath = FromPath[Annotated[str, Meta(description="The rating's id", extra_json_schema={"format": "uuid"})]]


@patch(
    "/api/csat/v1/feedbacks/{feedback:str}/notes",
    opt=requires_scope(Scope.MANAGE),
    tags=["Product features"],
    summary="Keep notes beside a rating",
)
async def note(tx: Transaction, actor: CurrentActor, feedback: FeedbackPath, data: JSONBody[NewNotes]) -> NotesOut:
    """The last notes win; null takes them away."""
    ident = FeedbackId(read_id(feedback, "feedback"))
    notes = await service.note(tx, actor.workspace, ident, data, utcnow(), actor.name)
    return NotesOut(notes.id, notes.notes, notes.notes_updated_by, instant(notes.notes_updated_at))


ROUTES = [note]
