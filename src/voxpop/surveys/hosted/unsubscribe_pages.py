"""The page that the unsubscribe link of an email opens. Parses, calls, shows.

A GET shows a button and changes nothing. The POST of that button unsubscribes, and so does the POST of a mail program
(RFC 8058), whose body is not read.
"""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from voxpop.auth.dependencies import CurrentWorkspace, PageRequest, Transaction
from voxpop.auth.guards import limit_by_client, public
from voxpop.auth.rate_limits import RateLimit
from voxpop.db.pool import Tx
from voxpop.surveys.hosted import service
from voxpop.surveys.hosted.pages import show_hosted
from voxpop.surveys.hosted.tokens import Purpose
from voxpop.surveys.mailing import unsubscribes
from voxpop.types import WorkspaceId, utcnow
from voxpop.web.forms import MAX_PUBLIC_FORM_BYTES

PATH = "/unsubscribe/{token:str}"
PAGE = "surveys/unsubscribe.html"
LIMITED = limit_by_client(RateLimit.UNSUBSCRIBE)


@get(PATH, opt=public(), include_in_schema=False)
async def show_unsubscribe(
    request: PageRequest, workspace: CurrentWorkspace, tx: Transaction, token: FromPath[str]
) -> Response[Any]:
    """Asks before anything changes, because mail scanners open links."""
    return await _show(request, tx, workspace.id, token)


@post(
    PATH,
    opt=public(),
    request_max_body_size=MAX_PUBLIC_FORM_BYTES,
    guards=[LIMITED],
    include_in_schema=False,
    status_code=200,
)
async def unsubscribe(
    request: PageRequest, workspace: CurrentWorkspace, tx: Transaction, token: FromPath[str]
) -> Response[Any]:
    """Shows the result without a redirect, which mail programs do not follow."""
    page = await service.get_page(tx, workspace.id, Purpose.UNSUBSCRIBE, token)
    await unsubscribes.unsubscribe(tx, workspace.id, page.survey, utcnow())
    return await _show(request, tx, workspace.id, token)


@post(
    f"{PATH}/undo",
    opt=public(),
    request_max_body_size=MAX_PUBLIC_FORM_BYTES,
    guards=[LIMITED],
    include_in_schema=False,
    status_code=200,
)
async def subscribe_again(
    request: PageRequest, workspace: CurrentWorkspace, tx: Transaction, token: FromPath[str]
) -> Response[Any]:
    """Takes the unsubscription back."""
    page = await service.get_page(tx, workspace.id, Purpose.UNSUBSCRIBE, token)
    await unsubscribes.subscribe_again(tx, workspace.id, page.survey)
    return await _show(request, tx, workspace.id, token)


async def _show(request: PageRequest, tx: Tx, workspace: WorkspaceId, token: str) -> Response[Any]:
    page = await service.get_page(tx, workspace, Purpose.UNSUBSCRIBE, token)
    email = await unsubscribes.get_email(tx, workspace, page.survey)
    return show_hosted(request, page, PAGE, token=token, email=email)


ROUTES = [show_unsubscribe, unsubscribe, subscribe_again]
