"""Pages packed on their way out: whole HTML answers only, so that nothing that streams is ever held back.

Packing lets who sees only lengths guess what stands beside words of his own choosing (BREACH). For that he must make
the reader's browser ask again and again from another site's page; such a request is answered as it is, and so is one
of a browser that does not say who caused it.
"""

import gzip
from collections.abc import Mapping

from voxpop.web.fast_path import Message, Scope, Send

OWN_SITE = {b"same-origin", b"none"}
MIN_SIZE = 1024  # bytes
GZIP_LEVEL = 5  # of 9: a page takes a third of a millisecond
VARY = (b"vary", b"accept-encoding, sec-fetch-site")


def compress(scope: Scope, send: Send) -> Send:
    """Sends on to `send`, pages packed where the request allows it."""
    asked = dict(scope["headers"])
    allowed = b"gzip" in asked.get(b"accept-encoding", b"") and asked.get(b"sec-fetch-site") in OWN_SITE
    held: Message | None = None  # the start of a page, until its body is there

    async def send_packed(message: Message) -> None:
        nonlocal held
        if message["type"] == "http.response.start" and _is_page(message):
            message["headers"] = [*message["headers"], VARY]
            if allowed:
                held = message
                return
        elif held is not None:
            start, held = held, None
            _pack(start, message)
            await send(start)
        await send(message)

    return send_packed


def _is_page(start: Message) -> bool:
    headers: Mapping[bytes, bytes] = dict(start["headers"])
    return headers.get(b"content-type", b"").startswith(b"text/html") and b"content-encoding" not in headers


def _pack(start: Message, message: Message) -> None:
    """A whole body that is worth it; the two messages are changed in place."""
    body: bytes = message.get("body", b"")
    if message.get("more_body") or len(body) < MIN_SIZE:
        return
    message["body"] = packed = gzip.compress(body, GZIP_LEVEL, mtime=0)
    kept = [(name, value) for name, value in start["headers"] if name != b"content-length"]
    start["headers"] = [*kept, (b"content-encoding", b"gzip"), (b"content-length", str(len(packed)).encode())]
