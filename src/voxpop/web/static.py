"""Static files: what /static/ holds, addresses with a hash of the content, and answers that may be kept for ever."""

import gzip
import hashlib
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.params import FromPath

from voxpop.errors import NotFound

ROOT = Path(__file__).parent.parent / "static"
TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
}
FOR_EVER = "public, max-age=31536000, immutable"
WORTH_PACKING = 1024  # bytes


class File(NamedTuple):
    path: Path
    version: str


def address(name: str) -> str:
    """Where a static file is: the address changes with its content."""
    return f"/static/{name}?v={_file(name).version}"


@get("/static/{name:path}", include_in_schema=False, sync_to_thread=True)
def static_file(request: Request[None, None, State], name: FromPath[Path]) -> Response[bytes]:
    """A file as it is, packed where the browser takes that. Under an old version's address it is not kept."""
    file = _file(str(name).lstrip("/"))
    headers = {
        "etag": f'"{file.version}"',
        "vary": "accept-encoding",
        "cache-control": FOR_EVER if request.query_params.get("v") == file.version else "no-cache",
    }
    if request.headers.get("if-none-match") == headers["etag"]:
        return Response(b"", status_code=304, headers=headers)
    content = _packed(file) if "gzip" in request.headers.get("accept-encoding", "") else None
    if content is None:
        content = file.path.read_bytes()
    else:
        headers["content-encoding"] = "gzip"
    return Response(content, headers=headers, media_type=TYPES[file.path.suffix])


def _file(name: str) -> File:
    """Only what is listed is served, so no name leads out of the folder."""
    path = _names().get(name)
    if path is None:
        raise NotFound()
    return File(path, _version(path, path.stat().st_mtime_ns))


@cache
def _names() -> dict[str, Path]:
    paths = (path for path in ROOT.rglob("*") if path.suffix in TYPES)
    return {path.relative_to(ROOT).as_posix(): path for path in paths}


@lru_cache(maxsize=256)
def _version(path: Path, changed_at: int) -> str:
    """A hash of the content, taken anew when the file has changed."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


@lru_cache(maxsize=256)
def _packed(file: File) -> bytes | None:
    content = file.path.read_bytes()
    return gzip.compress(content, mtime=0) if len(content) > WORTH_PACKING else None
