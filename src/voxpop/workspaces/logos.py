"""Logos: reads the type and the size of an image from its bytes. Pure functions."""

import hashlib
from collections.abc import Callable
from struct import error as TooShort
from struct import unpack_from
from typing import NamedTuple

from voxpop.errors import FieldError, Invalid
from voxpop.i18n import N_
from voxpop.workspaces.models import Logo

MAX_LOGO_BYTES = 256 * 1024
MAX_PIXELS = 4096  # of each side
NO_FILE = N_("Choose a file.")
TOO_LARGE = N_("Choose a file of at most {limit} KiB.", limit=MAX_LOGO_BYTES // 1024)
NOT_AN_IMAGE = N_("Choose a PNG, JPEG or WebP image of at most {limit} pixels on each side.", limit=MAX_PIXELS)
PNG, RIFF, WEBP = b"\x89PNG\r\n\x1a\n", b"RIFF", b"WEBP"
JPEG_START, JPEG_MARKER = b"\xff\xd8", 0xFF
# Markers of a frame header, which has the size. C4, C8 and CC are other tables.
JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


class Size(NamedTuple):
    """Pixels."""

    width: int
    height: int


def read_logo(content: bytes) -> Logo:
    """Invalid with a reason unless it is a PNG, JPEG or WebP image that is small enough."""
    if not content:
        raise _invalid(NO_FILE)
    if len(content) > MAX_LOGO_BYTES:
        raise _invalid(TOO_LARGE)
    for media_type, read_size in READERS.items():
        size = _try(read_size, content)
        if size and 0 < size.width <= MAX_PIXELS and 0 < size.height <= MAX_PIXELS:
            return Logo(content, hashlib.sha256(content).hexdigest()[:32], media_type, size.width, size.height)
    raise _invalid(NOT_AN_IMAGE)


def _invalid(reason: str) -> Invalid:
    return Invalid(reason, details=[FieldError("logo", reason)])


def _try(read_size: Callable[[bytes], Size | None], content: bytes) -> Size | None:
    try:
        return read_size(content)
    except TooShort:
        return None


def _png_size(content: bytes) -> Size | None:
    """From the header chunk, which comes first (RFC 2083, 4.1.1)."""
    is_png = content.startswith(PNG) and content[12:16] == b"IHDR"
    return Size(*unpack_from(">II", content, 16)) if is_png else None


def _jpeg_size(content: bytes) -> Size | None:
    """From the first frame header; the segments before it are skipped (ITU T.81, B.1.1)."""
    if not content.startswith(JPEG_START):
        return None
    at = len(JPEG_START)
    while True:
        start, marker, length = unpack_from(">BBH", content, at)
        if start != JPEG_MARKER:
            return None
        if marker in JPEG_FRAMES:
            height, width = unpack_from(">HH", content, at + 5)
            return Size(width, height)
        at += 1 if marker == JPEG_MARKER else 2 + length  # a marker may have fill bytes before it


def _webp_size(content: bytes) -> Size | None:
    """From the first chunk: lossy, lossless or extended (RFC 9649)."""
    if not (content.startswith(RIFF) and content[8:12] == WEBP):
        return None
    match content[12:16]:
        case b"VP8 " if content[23:26] == b"\x9d\x01\x2a":
            width, height = unpack_from("<HH", content, 26)
            return Size(width & 0x3FFF, height & 0x3FFF)
        case b"VP8L" if content[20:21] == b"\x2f":
            (bits,) = unpack_from("<I", content, 21)
            return Size(1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF))
        case b"VP8X" if len(content) >= 30:
            return Size(1 + int.from_bytes(content[24:27], "little"), 1 + int.from_bytes(content[27:30], "little"))
    return None


READERS = {"image/png": _png_size, "image/jpeg": _jpeg_size, "image/webp": _webp_size}
