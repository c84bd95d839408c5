"""A site of two workspaces with the campaign API of the first one, and the surveys behind its links."""

from typing import Any, Self

import httpx
from tests.support.campaigns import CampaignApi
from tests.support.clients import Client, expect_ok
from tests.support.sites import Browser, Site

from voxpop.types import Scope, utcnow
from voxpop.workspaces import service as workspaces

GUID = "cust_123"
TEXTS = {
    "en": {"question": "How likely are you to recommend us?", "thanks": "Thank you!"},
    "ar": {"question": "ما مدى احتمال أن توصي بنا؟", "thanks": "شكرا لك!"},
    "yi": {"question": "ווי גרינג איז עס געווען?", "thanks": "אַ דאַנק!"},
}


def path_of(link: str) -> str:
    """The path and query of an address."""
    return "/" + link.split("/", 3)[3]


class HostedSite(Site):
    """`api` belongs to the default workspace, at whose host the `visitor` is."""

    api: CampaignApi
    visitor: Browser

    async def set_up(self) -> Self:
        await super().set_up()
        self.api = await self.client()
        self.visitor = self.browser()
        return self

    async def client(self, slug: str = "default", *scopes: Scope) -> CampaignApi:
        workspace = self.workspace_id(slug)
        async with self.database.transaction(workspace) as tx:
            key = await workspaces.create_api_key(tx, workspace, scopes or Scope, "test", utcnow())
        transport = httpx.ASGITransport(app=self.app)
        client = Client(transport=transport, base_url="http://voxpop.test", headers={"authorization": f"Bearer {key}"})
        self.browsers.append(client)  # type: ignore[arg-type]
        return CampaignApi(client)

    async def request(self, campaign: str, context: str = "order_1", guid: str = GUID) -> httpx.Response:
        body = {"campaign_id": campaign, "guid": guid, "context": {"type": "ORDER", "context_id": context}}
        return await self.api.post("surveys", body)

    async def link(self, **campaign: Any) -> str:
        """The path of a new survey of a new campaign that asks by link."""
        opened = await self.api.open(**{"channels": ["link"]} | campaign)
        return path_of(expect_ok(await self.request(opened["id"]), 201)["link"])

    async def survey_type(self, code: str, low: int, high: int, **fields: Any) -> str:
        """A survey type with texts in several languages."""
        body = {"code": code, "name": code, "scale_min": low, "scale_max": high, "formula": "mean"}
        body |= {"question": "Как вам?", "thanks": "Спасибо!", "language": "ru", "translations": TEXTS}
        expect_ok(await self.api.post("survey-types", body | fields), 201)
        return code
