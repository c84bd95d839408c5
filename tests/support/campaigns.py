"""Helpers for campaigns, events and campaign surveys, through the API."""

from typing import Any

import httpx
from tests.support.clients import Client, expect_ok

API = "/api/v1"
GUID = "cust_123"
PLAN: dict[str, Any] = {
    "name": "NPS после заказа",
    "survey_type_code": "NPS",
    "trigger_type": "ORDER_COMPLETED",
    "delay_hours": 0,
    "active": True,
    "start_date": "2024-01-01",
    "end_date": None,
}
ORDER: dict[str, Any] = {
    "event_type": "ORDER_COMPLETED",
    "guid": GUID,
    "context_id": "order_456",
    "context_type": "ORDER",
    "timestamp": "2024-01-15T14:30:00Z",
    "metadata": {"order_total": 5000, "items_count": 3},
}
TICKET: dict[str, Any] = {
    "event_type": "TICKET_CLOSED",
    "guid": GUID,
    "context_id": "ticket_789",
    "context_type": "TICKET",
    "timestamp": "2024-01-15T15:00:00Z",
    "metadata": {"resolution_time_hours": 2, "category": "refund"},
}


class CampaignApi:
    """The campaign API with one client. Requests must succeed; `post`, `get` and `put` return any response."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def post(self, path: str, body: Any) -> httpx.Response:
        return await self.client.post(f"{API}/{path}", json=body)

    async def get(self, path: str, **query: Any) -> httpx.Response:
        return await self.client.get(f"{API}/{path}", params=query)

    async def put(self, path: str, body: Any) -> httpx.Response:
        return await self.client.put(f"{API}/{path}", json=body)

    async def open(self, **changes: Any) -> Any:
        """Creates a campaign: NPS after an order, without a delay, unless changed."""
        return expect_ok(await self.post("campaigns", PLAN | changes), 201)

    async def ids(self, **criteria: Any) -> list[str]:
        """The ids of the campaigns that match the criteria."""
        return [one["id"] for one in expect_ok(await self.post("campaigns/filter", criteria))["campaigns"]]

    async def send(self, *events: Any) -> list[Any]:
        """Sends a list of events and returns the outcome of each."""
        return list(expect_ok(await self.post("events", list(events)), 202)["results"])

    async def order(self, **changes: Any) -> Any:
        """Sends a completed order and returns its outcome."""
        (result,) = expect_ok(await self.post("events", ORDER | changes), 202)["results"]
        return result

    async def ask(self, **changes: Any) -> str:
        """Sends a completed order and returns the id of the survey that it opens."""
        (survey,) = (await self.order(**changes))["surveys"]
        return str(survey)

    async def surveys(self, guid: str = GUID, language: str | None = None) -> list[Any]:
        """The surveys that the customer can answer now."""
        headers = {} if language is None else {"accept-language": language}
        answer = await self.client.get(f"{API}/feedback/surveys", params={"guid": guid}, headers=headers)
        return list(expect_ok(answer)["surveys"])

    async def shown(self, guid: str = GUID) -> list[str]:
        """The contexts of the surveys that the customer can answer now."""
        return [one["context"]["context_id"] for one in await self.surveys(guid)]

    async def submit(self, survey: Any, score: Any = 9, **more: Any) -> httpx.Response:
        return await self.post("feedback/submit", {"survey_id": survey, "score": score, **more})
