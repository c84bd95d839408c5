"""Compression of HTML pages with gzip. Only complete bodies are compressed, so that streams are never delayed.

The size of a compressed response can leak secrets in it (BREACH). For that, an attacker's page makes the user's browser
send many requests. So only requests that the browser marks as same-origin get compressed pages.
"""

import gzip
from collections.abc import Mapping

from voxpop.web.asgi import Message, Scope, Send

SAME_ORIGIN_VALUES = {b"same-origin", b"none"}
MIN_SIZE = 1024  # bytes
GZIP_LEVEL = 5  # of 9: a page takes a third of a millisecond
VARY = (b"vary", b"accept-encoding, sec-fetch-site")


def compress(scope: Scope, send: Send) -> Send:
    """Wraps `send`: pages are compressed if the request allows it."""
    headers = dict(scope["headers"])
    allowed = b"gzip" in headers.get(b"accept-encoding", b"") and headers.get(b"sec-fetch-site") in SAME_ORIGIN_VALUES
    delayed_start: Message | None = None  # the start of a page, until its body has arrived

    async def send_compressed(message: Message) -> None:
        nonlocal delayed_start
        if message["type"] == "http.response.start" and _is_page(message):
            message["headers"] = [*message["headers"], VARY]
            if allowed:
                delayed_start = message
                return
        elif delayed_start is not None:
            start, delayed_start = delayed_start, None
            _compress_body(start, message)
            await send(start)
        await send(message)

    return send_compressed


def _is_page(start: Message) -> bool:
    headers: Mapping[bytes, bytes] = dict(start["headers"])
    return headers.get(b"content-type", b"").startswith(b"text/html") and b"content-encoding" not in headers


def _compress_body(start: Message, message: Message) -> None:
    """Compresses a complete body of at least the minimum size. It changes the two messages in place."""
    body: bytes = message.get("body", b"")
    if message.get("more_body") or len(body) < MIN_SIZE:
        return
    message["body"] = compressed = gzip.compress(body, GZIP_LEVEL, mtime=0)
    other_headers = [(name, value) for name, value in start["headers"] if name != b"content-length"]
    length = (b"content-length", str(len(compressed)).encode())
    start["headers"] = [*other_headers, (b"content-encoding", b"gzip"), length]
