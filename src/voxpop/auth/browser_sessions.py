"""Signs a browser in and out: a session in the database, and its cookie on the response."""

from typing import Any

from litestar import Response

from voxpop.accounts import sessions
from voxpop.accounts.models import ClientInfo, NewSession, SessionKind
from voxpop.auth.authenticator import identity_of
from voxpop.auth.cookies import expired_cookie, session_cookie
from voxpop.auth.dependencies import PageRequest
from voxpop.config.settings import Settings
from voxpop.db.pool import Tx
from voxpop.types import utcnow
from voxpop.web.pages import redirect

MAX_USER_AGENT = 300


async def start(request: PageRequest, tx: Tx, new: NewSession, path: str) -> Response[Any]:
    """Signs in and redirects. Every sign-in makes a new session, which prevents session fixation."""
    settings: Settings = request.app.state.settings
    await _end_current(request, tx, new.kind)
    workspace = identity_of(request).workspace.id
    token = await sessions.open_session(tx, workspace, new, _client_info(request), utcnow())
    response = redirect(path)
    response.set_cookie(session_cookie(new.kind, token, settings))
    return response


async def end(request: PageRequest, tx: Tx, kind: SessionKind, path: str) -> Response[Any]:
    """Signs out and redirects. The browser also forgets the pages it has cached."""
    settings: Settings = request.app.state.settings
    await _end_current(request, tx, kind)
    response = redirect(path)
    response.set_cookie(expired_cookie(kind, settings))
    response.headers["clear-site-data"] = '"cache"'
    return response


async def _end_current(request: PageRequest, tx: Tx, kind: SessionKind) -> None:
    identity = identity_of(request)
    if session := identity.session_of(kind):
        await sessions.end_session(tx, identity.workspace.id, session)


def _client_info(request: PageRequest) -> ClientInfo:
    user_agent = request.headers.get("user-agent", "")[:MAX_USER_AGENT]
    return ClientInfo(user_agent or None, request.client.host if request.client else None)
