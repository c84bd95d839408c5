"""The files of the widget, which pages of other hosts load: its script, and the parts that the script imports.

The script keeps its address, so browsers ask for it again after a short time. The name of a part has a hash of its
content, so a part never changes.
"""

import re

from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.params import FromPath

from voxpop.errors import NotFound
from voxpop.web.static import IMMUTABLE, ROOT, file_response, find_file

SCRIPT = "v1.js"
PART = re.compile(r"(core|survey)-[0-9A-Z]{8}\.js")
SHORT_CACHE = "public, max-age=300"
FOR_ALL_HOSTS = {"access-control-allow-origin": "*", "cross-origin-resource-policy": "cross-origin"}


@get("/widget/{script:str}", include_in_schema=False, sync_to_thread=True)
def widget_file(request: Request[None, None, State], script: FromPath[str]) -> Response[bytes]:
    """The script or one of its parts.

    During an upgrade a browser may ask for a part of another version. It gets the one that is here, and keeps it for a
    short time only.
    """
    if script == SCRIPT:
        return file_response(request, find_file(f"widget/{script}"), FOR_ALL_HOSTS | {"cache-control": SHORT_CACHE})
    asked = PART.fullmatch(script)
    if asked is None:
        raise NotFound
    current = part_name(asked[1])
    headers = FOR_ALL_HOSTS | {"cache-control": IMMUTABLE if script == current else SHORT_CACHE}
    return file_response(request, find_file(f"widget/{current}"), headers)


def part_name(part: str) -> str:
    """The name of the file of a part, with its hash."""
    return next((path.name for path in (ROOT / "widget").glob(f"{part}-*.js")), part)


ROUTES = [widget_file]
