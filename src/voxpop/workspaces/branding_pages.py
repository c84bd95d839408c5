"""The logo and the accent colour of a workspace, as the browsers of customers load them. Open to everyone."""

import re
from typing import Any

from litestar import Response, get
from litestar.params import FromPath

from voxpop.auth.dependencies import CurrentWorkspace, Transaction
from voxpop.auth.guards import public
from voxpop.errors import NotFound
from voxpop.web.static import IMMUTABLE
from voxpop.workspaces import service
from voxpop.workspaces.accents import text_colour

STYLESHEET = re.compile(r"([0-9a-f]{6})\.css")
# The address of both has what they depend on, so they never change.
CACHED = {"cache-control": IMMUTABLE}


@get("/logo/{logo_hash:str}", opt=public(), include_in_schema=False)
async def show_logo(tx: Transaction, workspace: CurrentWorkspace, logo_hash: FromPath[str]) -> Response[bytes]:
    """The workspace's logo. Its type is the one that its bytes had, and no browser runs it as a page."""
    file = await service.get_logo(tx, workspace.id, logo_hash)
    policy = {"content-security-policy": "default-src 'none'; sandbox"}
    return Response(file.logo, media_type=file.logo_type, headers=CACHED | policy)


@get("/accent/{sheet:str}", include_in_schema=False, sync_to_thread=False)
def show_accent(sheet: FromPath[str]) -> Response[Any]:
    """The style of an accent colour, which depends on the address alone."""
    colour = STYLESHEET.fullmatch(sheet)
    if colour is None:
        raise NotFound
    accent = f"#{colour[1]}"
    text = text_colour(accent)
    style = f":root {{ --brand: {accent}; --on-brand: {text}; --brand-border: var(--control-border); }}\n"
    return Response(style, media_type="text/css", headers=CACHED)


ROUTES = [show_logo, show_accent]
