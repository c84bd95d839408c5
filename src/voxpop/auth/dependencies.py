"""The parameters of handlers: the caller, their workspace, one transaction, and the page renderer."""

from collections.abc import AsyncIterator, Callable
from typing import Any

from litestar.connection import Request
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide

from voxpop.accounts.models import Customer, Member
from voxpop.auth.authenticator import identity_of
from voxpop.auth.form_submissions import FormSubmission, read_submission
from voxpop.db.pool import Database, Tx
from voxpop.errors import Unauthorized
from voxpop.types import Actor
from voxpop.web.rendering import PageRenderer
from voxpop.workspaces.models import Workspace

CurrentActor = NamedDependency[Actor]
Transaction = NamedDependency[Tx]
CurrentWorkspace = NamedDependency[Workspace]
CurrentMember = NamedDependency[Member]
CurrentCustomer = NamedDependency[Customer]
MaybeCustomer = NamedDependency[Customer | None]
Renderer = NamedDependency[PageRenderer]
Submission = NamedDependency[FormSubmission]
PageRequest = Request[Any, Any, Any]


async def provide_tx(state: State, actor: CurrentActor) -> AsyncIterator[Tx]:
    """One transaction per request: committed before the response is sent, rolled back if the handler raises."""
    database: Database = state.database
    async with database.transaction(actor.workspace) as tx:
        yield tx


async def provide_tx_after_check(state: State, actor: CurrentActor, checked: NamedDependency[Any]) -> AsyncIterator[Tx]:
    """As `provide_tx`, but begun after the handler's dependency `checked`, as `before_transaction` arranges."""
    database: Database = state.database
    async with database.transaction(actor.workspace) as tx:
        yield tx


def before_transaction(provider: Callable[..., Any]) -> dict[str, Provide]:
    """The `dependencies` of a handler that reads, counts or verifies something before its transaction begins.

    The result of `provider` is the handler's parameter `checked`. The framework resolves independent dependencies at
    the same time, so the transaction depends on this one. It must come first because rate limits and password checks
    use connections of their own: waiting for a second connection while holding one can exhaust the pool.
    """
    return {"checked": Provide(provider), "tx": Provide(provide_tx_after_check)}


def provide_actor(request: PageRequest) -> Actor:
    """The actor that the guard found."""
    actor: Actor = request.scope["state"]["actor"]
    return actor


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
        "workspace": provide_workspace,
        "member": provide_member,
        "customer": provide_customer,
        "visitor": provide_visitor,
        "render": provide_renderer,
    }.items()
}
