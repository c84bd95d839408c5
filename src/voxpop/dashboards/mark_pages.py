"""Forms that mark ratings, on every page that lists them: what they change, and how it is undone."""

from voxpop.auth.dependencies import PageRequest
from voxpop.dashboards.feedback_page_models import ACTIONS, OPPOSITES, Undo
from voxpop.dashboards.feedback_page_schemas import NONE_SELECTED, MarksForm
from voxpop.db.pool import Database
from voxpop.errors import Invalid
from voxpop.feedback import service
from voxpop.i18n import N_
from voxpop.types import Actor, Audit, FeedbackId, utcnow
from voxpop.web.forms import read_form

TOASTS = {
    "marked": N_("Nothing to change."),  # where there is something to undo, a message with the button replaces it
    "undone": N_("Undone."),
}


async def set_marks(request: PageRequest, actor: Actor) -> dict[str, str]:
    """Sets or removes a mark of all selected ratings or of none, and returns what the page that follows says of it.

    Invalid if none is selected. It opens a transaction of its own.
    """
    form = await read_form(request, MarksForm)
    if not form.feedback:
        raise Invalid(NONE_SELECTED)
    database: Database = request.app.state.database
    ids = [FeedbackId(each) for each in form.feedback]
    async with database.transaction(actor.workspace) as tx:
        audit = Audit(utcnow(), actor.name)
        changed = await service.mark_several(tx, actor.workspace, ids, ACTIONS[form.do], audit)
    if form.undo or not changed:
        return {"done": "undone" if form.undo else "marked"}
    return {"done": "marked", "undo": Undo(OPPOSITES[form.do], [str(each) for each in changed]).text}
