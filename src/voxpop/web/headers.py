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

AcceptLanguage = Annotated[
    Annotated[str, Meta(description="The languages of the texts, the best first", examples=["de, en;q=0.8"])] | None,
    HeaderParameter(name="Accept-Language"),
]

LastEventId = Annotated[
    Annotated[
        str,
        Meta(
            description="The id of the last event received, to resume after it",
            examples=["2026-11-24T09:30:00.123456+00:00"],
        ),
    ]
    | None,
    HeaderParameter(name="Last-Event-ID"),
]
