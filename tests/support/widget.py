"""A page with the widget: it calls with a publishable key, for a user whose signature it makes itself."""

import time
from typing import Any

import httpx
from tests.support.clients import Client, expect_ok
from tests.support.factories import Factory

from voxpop.types import Audit, WorkspaceId, utcnow
from voxpop.widget.signatures import sign
from voxpop.workspaces.widget import service
from voxpop.workspaces.widget.models import PublishableKeyRow
from voxpop.workspaces.widget.origins import parse_origins

PAGE = "https://app.example.com"
EMAIL = {"email": "ann@example.com"}
AUDIT = "owner"


class WidgetPage:
    """The widget's calls from one origin. `call` returns any response, the others must succeed."""

    def __init__(self, client: Client, key: PublishableKeyRow, secret: str, origin: str | None = PAGE) -> None:
        self.client, self.key, self.secret = client, key, secret
        client.headers["authorization"] = f"Bearer {key.text}"
        if origin is not None:
            client.headers["origin"] = origin

    @classmethod
    async def open(cls, make: Factory, workspace: WorkspaceId, origins: str = PAGE) -> "WidgetPage":
        async with make.database.transaction(workspace) as tx:
            key = await service.create_publishable_key(
                tx, workspace, "shop", parse_origins(origins), Audit(utcnow(), AUDIT)
            )
            secret = (await service.get_widget_settings(tx, workspace)).secret
        assert secret is not None
        return cls(make.anonymous(), key, secret)

    def signed(self, user: dict[str, Any] | None = None, seconds: int = 600) -> dict[str, Any]:
        """The user of a body, with a signature that is valid for so long."""
        user = user or EMAIL
        ((kind, value),) = user.items()
        return user | {"signature": sign(self.secret, kind, value, int(time.time()) + seconds)}

    async def call(
        self, name: str, user: dict[str, Any] | None = None, *, key: str | None = None, **body: Any
    ) -> httpx.Response:
        headers = {} if key is None else {"idempotency-key": key}
        sent = {"user": user if user and "signature" in user else self.signed(user)} | body
        return await self.client.post(f"/api/v1/widget/{name}", json=sent, headers=headers)

    async def track(self, user: dict[str, Any] | None = None, times: int = 1, **body: Any) -> Any:
        """The prompt after the last of several uses, or None."""
        for _ in range(times):
            answer = await self.call("track", user, **({"product": "pms", "feature": "dashboard"} | body))
        return expect_ok(answer)["ask"]

    async def surveys(self, user: dict[str, Any] | None = None, **body: Any) -> list[Any]:
        return list(expect_ok(await self.call("surveys", user, **body))["surveys"])

    async def answer(self, user: dict[str, Any] | None = None, **body: Any) -> Any:
        return expect_ok(await self.call("answer", user, **body))

    async def dismiss(self, survey: str, user: dict[str, Any] | None = None) -> Any:
        return expect_ok(await self.call("dismiss", user, survey_id=survey))
