"""Request headers that several operations take as a parameter."""

from typing import Annotated

from litestar.params import HeaderParameter
from msgspec import Meta

from voxpop.types import MAX_IDEMPOTENCY_KEY

# The schema describes the length; `voxpop.idempotency` checks it, for the framework and the fast path alike.
IdempotencyKey = Annotated[
    Annotated[
        str,
        Meta(
            description=(
                "A key for this request. A request repeated with it takes effect once and gets the same response"
            ),
            examples=["order-4711"],
            extra_json_schema={"minLength": 1, "maxLength": MAX_IDEMPOTENCY_KEY},
        ),
    ]
    | None,
    HeaderParameter(name="Idempotency-Key"),
]
