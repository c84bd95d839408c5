"""The error envelope, which every operation documents."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from voxpop.errors import FieldError


class Endpoint(Struct):
    """The request that failed."""

    endpoint: Annotated[str, Meta(description="The requested path with its query")]


class Problem(Struct):
    """The body of every error response."""

    message: Annotated[str, Meta(description="For people")]
    statusCode: Annotated[int, Meta(description="The HTTP status")]
    type: Annotated[str, Meta(description="The kind of error, in capitals")]
    code: Annotated[str, Meta(description="The error itself, for programs")]
    details: Annotated[list[FieldError], Meta(description="The fields that were rejected, if any")]
    data: Endpoint
    subcode: None
    traceId: Annotated[UUID, Meta(description="Quote it when you report the error")]
