"""Request ids: the caller's, or a new one (C8)."""

import os
import re
from collections.abc import Iterator, Mapping

VALID = re.compile(rb"[\x21-\x7e]{1,200}\Z")


def _random_ids() -> Iterator[bytes]:
    """UUIDs of version 4 as text. Random digits are taken in blocks, which is cheaper than a `uuid4()` each."""
    while True:
        block = os.urandom(4096).hex()
        for start in range(0, len(block), 32):
            digits = block[start : start + 32]
            yield f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}".encode()


_ids = _random_ids()


def request_id(headers: Mapping[bytes, bytes]) -> bytes:
    """The request's id, or a new one where it has none that is safe in a log."""
    given = headers.get(b"request-id")
    return given if given and VALID.match(given) else next(_ids)
