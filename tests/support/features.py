"""Helpers for features, through the API."""

from typing import Any, Self

import httpx
from tests.support.clients import Client, expect_ok

API = "/api/csat/v1"
USER = "user@example.com"


class Feature:
    """The API of one feature with one client. Requests must succeed; `post` returns any response."""

    def __init__(self, client: Client, product: str = "pms", key: str = "dashboard") -> None:
        self.client, self.product, self.key = client, product, key
        self.path = f"{API}/products/{product}/features/{key}"

    @classmethod
    async def open(
        cls, client: Client, product: str = "pms", key: str = "dashboard", *, uses: int = 3, refusals: int = 2
    ) -> Self:
        """Creates the feature, and its product if it is missing. `uses`, `refusals`: its thresholds."""
        made = await client.post(f"{API}/products", json={"key": product, "name": product})
        assert made.status_code in (201, 409), made.text
        body = {"feature_key": key, "interaction_threshold": uses, "rejection_threshold": refusals}
        expect_ok(await client.post(f"{API}/products/{product}/features", json=body), 201)
        return cls(client, product, key)

    async def post(self, path: str, email: Any = USER, **body: Any) -> httpx.Response:
        return await self.client.post(f"{self.path}/{path}", json={"user_email": email, **body})

    async def use(self, times: int = 1, email: str = USER) -> Any:
        """The response to the last of several uses."""
        for _ in range(times):
            answer = expect_ok(await self.post("increment", email))
        return answer

    async def reject(self, times: int = 1, email: str = USER) -> Any:
        for _ in range(times):
            answer = expect_ok(await self.post("reject", email))
        return answer

    async def rate(self, rating: Any = 8, source: str = "prompted", email: str = USER, **more: Any) -> Any:
        return expect_ok(await self.post("feedbacks", email, rating=rating, source=source, **more), 201)

    async def states(self, email: str = USER) -> list[dict[str, Any]]:
        """The state of the user in every feature of the product."""
        query = {"user_email": email}
        found = expect_ok(await self.client.get(f"{API}/products/{self.product}/feature-interactions", params=query))
        return list(found["data"])

    async def state(self, email: str = USER) -> dict[str, Any]:
        return next(one for one in await self.states(email) if one["product_feature_key"] == self.key)

    async def asks(self, email: str = USER) -> bool:
        return bool((await self.state(email))["should_request_feedback"])

    async def counts(self, email: str = USER) -> tuple[int, int, int]:
        """Uses since the last refusal, uses ever, refusals."""
        return counts(await self.state(email))

    async def analytics(self, view: str, **query: Any) -> Any:
        address = f"{API}/analytics/products/{self.product}/features/{self.key}/{view}"
        return expect_ok(await self.client.get(address, params=query))

    async def summary(self, view: str = "feedbacks") -> Any:
        return (await self.analytics(view))["summary"]


def counts(answer: dict[str, Any]) -> tuple[int, int, int]:
    """Uses since the last refusal, uses ever, refusals."""
    return answer["interaction_count"], answer["total_interaction_count"], answer["rejection_count"]
