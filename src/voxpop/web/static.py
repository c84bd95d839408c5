"""Static files: served from /static/, under URLs with a hash of the content, so that browsers cache them forever."""

import gzip
import hashlib
import re
from functools import cache, lru_cache
from pathlib import Path
from time import monotonic
from typing import NamedTuple

from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.params import FromPath

from voxpop.errors import NotFound

ROOT = Path(__file__).resolve().parent.parent / "static"
MEDIA_TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
}
IMMUTABLE = "public, max-age=31536000, immutable"
MIN_GZIP_SIZE = 1024  # bytes
BUILT = ("vendor/", "widget/")  # scripts that are served as they are


# The path of a module that another one imports.
IMPORT = re.compile(rb'(?<=from "|port ")\.{1,2}/[\w./-]+\.js(?=";)')


class File(NamedTuple):
    """A file to serve, and a number that changes with its content."""

    path: Path
    stamp: int

    @property
    def version(self) -> str:
        return _version(self)


def static_url(name: str) -> str:
    """The URL of a static file; it changes with the content."""
    return f"/static/{name}?v={find_file(name).version}"


@get("/static/{name:path}", include_in_schema=False, sync_to_thread=True)
def static_file(request: Request[None, None, State], name: FromPath[Path]) -> Response[bytes]:
    """A file, compressed if the browser accepts that. Under the URL of an old version it is not cached."""
    file = find_file(str(name).lstrip("/"))
    is_current = request.query_params.get("v") == file.version
    return file_response(request, file, {"cache-control": IMMUTABLE if is_current else "no-cache"})


def file_response(request: Request[None, None, State], file: File, own_headers: dict[str, str]) -> Response[bytes]:
    """The file, compressed if the browser accepts that; or 304 if the browser has it."""
    headers = {"etag": f'"{file.version}"', "vary": "accept-encoding", **own_headers}
    if request.headers.get("if-none-match") == headers["etag"]:
        return Response(b"", status_code=304, headers=headers)
    content = _gzipped(file) if "gzip" in request.headers.get("accept-encoding", "") else None
    if content is None:
        content = _content(file)
    else:
        headers["content-encoding"] = "gzip"
    return Response(content, headers=headers, media_type=MEDIA_TYPES[file.path.suffix])


def find_file(name: str) -> File:
    """The file as it was in this second: a page names ten files, and one of scripts depends on all of them."""
    return _find_file(name, int(monotonic()))


@lru_cache(maxsize=256)
def _find_file(name: str, second: int) -> File:
    """Only listed files are served, so that no name leads out of the directory."""
    path = _paths().get(name)
    if path is None:
        raise NotFound()
    return File(path, max(each.stat().st_mtime_ns for each in (_modules() if path in _modules() else [path])))


@cache
def _paths() -> dict[str, Path]:
    paths = (path for path in ROOT.rglob("*") if path.suffix in MEDIA_TYPES)
    return {path.relative_to(ROOT).as_posix(): path for path in paths}


@cache
def _modules() -> frozenset[Path]:
    """The scripts that import each other, so that a change of one can change the addresses in all."""
    return frozenset(path for name, path in _paths().items() if path.suffix == ".js" and not name.startswith(BUILT))


@lru_cache(maxsize=256)
def _content(file: File) -> bytes:
    """The file with the versions of the modules that it imports, so that browsers cache these forever too."""
    content = file.path.read_bytes()
    return IMPORT.sub(lambda match: _versioned(file.path, match[0]), content) if file.path in _modules() else content


def _versioned(importer: Path, imported: bytes) -> bytes:
    path = (importer.parent / imported.decode()).resolve()
    return imported + f"?v={find_file(path.relative_to(ROOT).as_posix()).version}".encode()


@lru_cache(maxsize=256)
def _version(file: File) -> str:
    return hashlib.sha256(_content(file)).hexdigest()[:12]


@lru_cache(maxsize=256)
def _gzipped(file: File) -> bytes | None:
    content = _content(file)
    return gzip.compress(content, mtime=0) if len(content) > MIN_GZIP_SIZE else None
