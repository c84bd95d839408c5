"""Static files: served from /static/, under URLs with a hash of the content, so that browsers cache them forever."""

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
MEDIA_TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
}
IMMUTABLE = "public, max-age=31536000, immutable"
MIN_GZIP_SIZE = 1024  # bytes


class File(NamedTuple):
    """A file to serve, and the hash of its content."""

    path: Path
    version: str


def static_url(name: str) -> str:
    """The URL of a static file; it changes with the content."""
    return f"/static/{name}?v={_file(name).version}"


@get("/static/{name:path}", include_in_schema=False, sync_to_thread=True)
def static_file(request: Request[None, None, State], name: FromPath[Path]) -> Response[bytes]:
    """A file, compressed if the browser accepts that. Under the URL of an old version it is not cached."""
    file = _file(str(name).lstrip("/"))
    headers = {
        "etag": f'"{file.version}"',
        "vary": "accept-encoding",
        "cache-control": IMMUTABLE if request.query_params.get("v") == file.version else "no-cache",
    }
    if request.headers.get("if-none-match") == headers["etag"]:
        return Response(b"", status_code=304, headers=headers)
    content = _gzipped(file) if "gzip" in request.headers.get("accept-encoding", "") else None
    if content is None:
        content = file.path.read_bytes()
    else:
        headers["content-encoding"] = "gzip"
    return Response(content, headers=headers, media_type=MEDIA_TYPES[file.path.suffix])


def _file(name: str) -> File:
    """Only listed files are served, so that no name leads out of the directory."""
    path = _paths().get(name)
    if path is None:
        raise NotFound()
    return File(path, _version(path, path.stat().st_mtime_ns))


@cache
def _paths() -> dict[str, Path]:
    paths = (path for path in ROOT.rglob("*") if path.suffix in MEDIA_TYPES)
    return {path.relative_to(ROOT).as_posix(): path for path in paths}


@lru_cache(maxsize=256)
def _version(path: Path, modified_ns: int) -> str:
    """A hash of the content, computed again when the file has changed."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


@lru_cache(maxsize=256)
def _gzipped(file: File) -> bytes | None:
    content = file.path.read_bytes()
    return gzip.compress(content, mtime=0) if len(content) > MIN_GZIP_SIZE else None
