"""The Python client of the API, for servers: typed, synchronous and asynchronous. It needs no part of the server.

    with Client("https://voxpop.example.com", "vxp_...") as client:
        counters = client.increment("my-app", "export", user_email="ann@example.com")

Types of responses and requests are in `voxpop.client.api`.
"""

from voxpop.client.api import Calls
from voxpop.client.asynchronous import AsyncClient
from voxpop.client.errors import (
    ApiError,
    ConnectionFailed,
    FieldError,
    Forbidden,
    InvalidRequest,
    NotFound,
    RateLimited,
    RequestConflict,
    Unauthorized,
    Unavailable,
    UnexpectedResponse,
    VoxpopError,
)
from voxpop.client.shapes import Page
from voxpop.client.signature import sign
from voxpop.client.synchronous import Client

__all__ = [
    "ApiError",
    "AsyncClient",
    "Calls",
    "Client",
    "ConnectionFailed",
    "FieldError",
    "Forbidden",
    "InvalidRequest",
    "NotFound",
    "Page",
    "RateLimited",
    "RequestConflict",
    "Unauthorized",
    "Unavailable",
    "UnexpectedResponse",
    "VoxpopError",
    "sign",
]
