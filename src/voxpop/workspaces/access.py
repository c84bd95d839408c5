"""The door: turns the key of a request into an actor, and says what each route asks of it."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

from litestar.connection import ASGIConnection, Request
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.handlers.base import BaseRouteHandler

from voxpop.db.batch import Gate
from voxpop.db.pool import Database, Tx
from voxpop.types import Actor, Scope
from voxpop.workspaces import service
from voxpop.workspaces.models import KnownKey
from voxpop.workspaces.policy import admit, allow, read_token

Caller = NamedDependency[Actor]
InTx = NamedDependency[Tx]


def needs(scope: Scope) -> dict[str, Any]:
    """The `opt` of a route that a key with this scope may use."""
    return {"scope": scope}


class Doorkeeper:
    """Knows the bearer of a key. Look-ups of concurrent requests go together through a gate."""

    def __init__(self, database: Database, limit: int = 10_000) -> None:
        self._gate: Gate[UUID, KnownKey | None] = Gate("keys", database, service.look_up_keys, limit=limit)

    async def admit(self, authorization: str | None, scope: Scope) -> Actor:
        """Unauthorized without a valid key, Forbidden where it lacks the scope."""
        token = read_token(authorization)
        actor = admit(token, await self._gate.enter(None, token.key))
        allow(actor, scope)
        return actor


async def guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Runs before every handler: a route names the scope it needs, or is open; a test lists the open ones."""
    if "scope" not in handler.opt:
        return
    doorkeeper: Doorkeeper = connection.app.state.doorkeeper
    connection.scope["state"]["actor"] = await doorkeeper.admit(
        connection.headers.get("authorization"), handler.opt["scope"]
    )


def provide_actor(request: Request[Any, Any, Any]) -> Actor:
    actor: Actor = request.scope["state"]["actor"]
    return actor


async def provide_tx(state: State, actor: Caller) -> AsyncIterator[Tx]:
    """One transaction for a request: committed before the answer leaves, undone when the handler raises."""
    database: Database = state.database
    async with database.transaction(actor.workspace) as tx:
        yield tx
