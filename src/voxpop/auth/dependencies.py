"""The parameters of handlers: the caller, their workspace, one transaction, and the page renderer."""

from collections.abc import AsyncIterator, Callable
from typing import Any

from litestar import Litestar
from litestar.connection import Request
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.routes import HTTPRoute

from voxpop.accounts.models import Customer, Member
from voxpop.auth.authenticator import identity_of
from voxpop.auth.form_submissions import FormSubmission, read_submission
from voxpop.auth.publishable_access import WidgetCaller
from voxpop.db.pool import Database, Tx
from voxpop.errors import Unauthorized
from voxpop.types import Actor
from voxpop.web.rendering import PageRenderer
from voxpop.workspaces.models import Workspace

CurrentActor = NamedDependency[Actor]
CurrentWidgetCaller = NamedDependency[WidgetCaller]
Transaction = NamedDependency[Tx]
CurrentWorkspace = NamedDependency[Workspace]
CurrentMember = NamedDependency[Member]
CurrentCustomer = NamedDependency[Customer]
MaybeCustomer = NamedDependency[Customer | None]
Renderer = NamedDependency[PageRenderer]
Submission = NamedDependency[FormSubmission]
PageRequest = Request[Any, Any, Any]


async def provide_tx(request: PageRequest, state: State, actor: CurrentActor) -> AsyncIterator[Tx]:
    """One transaction per request: committed before the response is sent, rolled back if the handler raises.

    It begins when the body is complete, because a slow sender must not hold a connection.
    """
    await request.body()
    database: Database = state.database
    async with database.transaction(actor.workspace) as tx:
        yield tx


def before_transaction(provider: Callable[..., Any]) -> dict[str, Provide]:
    """The `dependencies` of a handler that reads, counts or verifies something before its transaction begins.

    The result of `provider` is the handler's parameter `checked`. It must come first because rate limits and password
    checks use connections of their own: waiting for a second connection while holding one can exhaust the pool.
    """
    return {"checked": Provide(provider)}


def begin_transactions_last(app: Litestar) -> None:
    """Resolves the dependencies of each handler one after the other, and its transaction last.

    The framework never ends a transaction if another dependency fails after its beginning. Ten such requests would use
    up the pool.
    """
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for _, model in route.route_handler_map.values():
                ordered = [
                    each for batch in model.dependency_batches for each in sorted(batch, key=lambda one: one.key)
                ]
                ordered.sort(key=lambda each: each.key == "tx")
                model.dependency_batches = [{each} for each in ordered]


def provide_actor(request: PageRequest) -> Actor:
    """The actor that the guard found."""
    actor: Actor = request.scope["state"]["actor"]
    return actor


def provide_widget_caller(request: PageRequest) -> WidgetCaller:
    """The page that the guard found."""
    caller: WidgetCaller = request.scope["state"]["widget_caller"]
    return caller


def provide_workspace(request: PageRequest) -> Workspace:
    """The workspace whose page is requested."""
    return identity_of(request).workspace


def provide_member(request: PageRequest) -> Member:
    """The signed-in member; Unauthorized without one."""
    member = identity_of(request).member
    if member is None:
        raise Unauthorized
    return member


def provide_customer(request: PageRequest) -> Customer:
    """The signed-in customer; Unauthorized without one."""
    customer = identity_of(request).customer
    if customer is None:
        raise Unauthorized
    return customer


def provide_visitor(request: PageRequest) -> Customer | None:
    """The signed-in customer, if any."""
    return identity_of(request).customer


def provide_renderer(request: PageRequest) -> PageRenderer:
    """Renders pages in the caller's language, with what every page of theirs shows."""
    return PageRenderer(request, **request.scope["state"]["layout_context"])


DEPENDENCIES = {"tx": Provide(provide_tx), "submission": Provide(read_submission)} | {
    name: Provide(provider, sync_to_thread=False)
    for name, provider in {
        "actor": provide_actor,
        "caller": provide_widget_caller,
        "workspace": provide_workspace,
        "member": provide_member,
        "customer": provide_customer,
        "visitor": provide_visitor,
        "render": provide_renderer,
    }.items()
}
