"""What a request says about its caller, for the framework and the fast path alike, and CORS for browsers."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Self

from litestar.connection import ASGIConnection
from msgspec import Struct

# A page may read these headers of a response, besides those that CORS always allows.
EXPOSED_HEADERS = "retry-after, request-id"


class Credentials(Struct):
    """The headers and the address by which a caller is known.

    `allowed_origin`: the origin of the page, once it is known to be one of the key's. The page may read the response.
    """

    authorization: str | None
    origin: str | None
    host: str
    address: str
    allowed_origin: str | None = None

    @classmethod
    def of(cls, connection: ASGIConnection[Any, Any, Any, Any]) -> Self:
        headers = connection.headers
        address = connection.client.host if connection.client else "unknown"
        return cls(headers.get("authorization"), headers.get("origin"), headers.get("host", ""), address)

    @property
    def response_headers(self) -> Mapping[str, str]:
        """The CORS headers of the response, also of an error."""
        return {} if self.allowed_origin is None else cors_headers(self.allowed_origin)


@lru_cache
def cors_headers(origin: str) -> Mapping[str, str]:
    """The headers by which pages of an origin may read a response. Never with cookies."""
    return {
        "access-control-allow-origin": origin,
        "access-control-expose-headers": EXPOSED_HEADERS,
        "vary": "Origin",
    }
