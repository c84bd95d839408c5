"""The API of a team's notes on ratings."""

from typing import Annotated

from litestar import patch
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from voxpop.auth.dependencies import CurrentActor, Transaction
from voxpop.auth.guards import requires_scope
from voxpop.feedback import service
from voxpop.feedback.models import NewNotes
from voxpop.feedback.schemas import NotesBody, NotesOut
from voxpop.types import Audit, FeedbackId, Scope, utcnow
from voxpop.web.validation import read_id

FeedbackPath = FromPath[Annotated[str, Meta(description="The rating's id", extra_json_schema={"format": "uuid"})]]


@patch(
    "/api/csat/v1/feedbacks/{feedback:str}/notes",
    opt=requires_scope(Scope.MANAGE),
    tags=["Product features"],
    summary="Set the notes on a rating",
    description="The last notes win; null removes them.",
)
async def set_rating_notes(
    tx: Transaction, actor: CurrentActor, feedback: FeedbackPath, data: JSONBody[NotesBody]
) -> NotesOut:
    feedback_id = FeedbackId(read_id(feedback, "feedback"))
    new = NewNotes(data.notes, data.updated_by)
    return NotesOut.of(await service.set_notes(tx, actor.workspace, feedback_id, new, Audit(utcnow(), actor.name)))


ROUTES = [set_rating_notes]
