"""Forms that create something run once: a submission repeated after a second click or Back gets the first response.

Each such form has a random idempotency key. The stored key is made of it and of the content, so that a form sent again
with other content is another submission.
"""

import hashlib
from collections.abc import Awaitable, Callable
from typing import Any

from litestar.connection import Request
from msgspec import Struct

from voxpop import idempotency
from voxpop.auth.authenticator import identity_of
from voxpop.db.pool import Database, Tx
from voxpop.errors import AppError, Conflict
from voxpop.i18n import N_
from voxpop.idempotency import NewKey
from voxpop.types import WorkspaceId, utcnow
from voxpop.web.forms import read_form


class FormAlreadySent(Conflict):
    """The form was sent before, and its response showed a secret, which is not stored."""

    code = "FORM_ALREADY_SENT"
    message = N_("This form was sent before, so nothing was created again. What it created was shown only once.")


class KeyField(Struct):
    """The hidden field of a form."""

    idempotency_key: str = ""


class FormSubmission(Struct, frozen=True):
    """A submitted form. Without a key it runs each time."""

    workspace: WorkspaceId
    key: NewKey | None

    async def run_once(self, tx: Tx, work: Callable[[], Awaitable[str]]) -> str:
        """Runs `work` and returns its text, from which the response is made; of a repeated form the first text."""
        if self.key is None:
            return await work()
        return await idempotency.run_key_once(tx, self.workspace, self.key, work, utcnow())

    async def require_first(self, tx: Tx) -> None:
        """For a form whose response shows a secret: raises FormAlreadySent for a repeated form."""
        if self.key and not await idempotency.insert_keys(tx, self.workspace, [self.key], utcnow()):
            raise FormAlreadySent

    async def is_repeated(self, database: Database) -> bool:
        """For a check before the handler's transaction: a repeated form is no further attempt."""
        if self.key is None:
            return False
        async with database.transaction(self.workspace) as tx:
            return bool(await idempotency.list_stored(tx, self.workspace, [self.key.key]))


async def read_submission(request: Request[Any, Any, Any]) -> FormSubmission:
    """The submission of a page request. A body that does not fit is left to the handler."""
    workspace = identity_of(request).workspace.id
    try:
        key = (await read_form(request, KeyField)).idempotency_key
    except AppError:
        key = ""
    if not key:
        return FormSubmission(workspace, None)
    content = hashlib.sha256(request.url.path.encode() + b"\0" + await request.body()).digest()
    return FormSubmission(workspace, NewKey(f"form {content.hex()}", content))
