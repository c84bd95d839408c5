"""Creates workspaces, API keys and clients through the product's own services."""

from typing import Any

import httpx
from tests.support.app import app_for
from tests.support.clients import Client

from voxpop.config.loading import load
from voxpop.config.settings import Settings
from voxpop.db.pool import Database
from voxpop.surveys import new_workspaces
from voxpop.types import Scope, WorkspaceId, utcnow
from voxpop.workspaces import service as workspaces


class Factory:
    """One application on one database, and the clients that a test needs."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.database, self.settings = database, settings
        self.app = app_for(database, settings)
        self.clients: list[Client] = []

    async def workspace(self, name: str) -> WorkspaceId:
        return (await new_workspaces.open_workspace(self.database, name)).id

    async def key(self, workspace: WorkspaceId, *scopes: Scope) -> str:
        async with self.database.transaction(workspace) as tx:
            return await workspaces.create_api_key(tx, workspace, scopes or Scope, "test", utcnow())

    async def client(self, workspace: WorkspaceId, *scopes: Scope) -> Client:
        """A client with a new key, which has all scopes unless some are given."""
        key = await self.key(workspace, *scopes)
        client = self.anonymous()
        client.headers["authorization"] = f"Bearer {key}"
        client.workspace = workspace
        return client

    def anonymous(self, **options: Any) -> Client:
        client = Client(transport=httpx.ASGITransport(app=self.app), base_url="http://voxpop.test", **options)
        self.clients.append(client)
        return client

    def with_settings(self, **env: str) -> "Factory":
        """The same database in an application with other settings. This factory closes its clients."""
        other = Factory(self.database, load(env=env))
        other.clients = self.clients
        return other

    async def close(self) -> None:
        for client in self.clients:
            await client.aclose()
