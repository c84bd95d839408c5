"""Saved views: their owners and their names."""

import asyncpg
import pytest
from msgspec.structs import replace
from tests.support.clients import Client
from tests.support.factories import Factory
from tests.support.tickets import NOW, TicketFactory

from voxpop.errors import NotFound
from voxpop.tickets.errors import ViewAlreadyExists
from voxpop.tickets.lists import saved_views, saved_views_store
from voxpop.types import AccountId, Audit, uuid7
from voxpop.web.error_handlers import to_app_error


def view(name: str, owner: AccountId | None) -> saved_views.NewView:
    return saved_views.NewView(name, "rating=1-2", owner)


async def test_a_view_belongs_to_its_owner_or_to_the_workspace(
    tickets: TicketFactory, other_client: Client, make: Factory
) -> None:
    ann, bob = AccountId(uuid7()), AccountId(uuid7())
    async with tickets.database.transaction(tickets.workspace) as tx:
        shared = await saved_views.save_view(tx, tickets.workspace, view("Low", None), Audit(NOW, "bob"))
        own = await saved_views.save_view(tx, tickets.workspace, view("Mine", ann), Audit(NOW, "ann"))
        assert await saved_views.list_views(tx, tickets.workspace, ann) == [own, shared]
        assert await saved_views.list_views(tx, tickets.workspace, bob) == [shared]
        with pytest.raises(NotFound):
            await saved_views.delete_view(tx, tickets.workspace, own.id, bob)
        await saved_views.delete_view(tx, tickets.workspace, shared.id, bob)
        assert await saved_views.list_views(tx, tickets.workspace, bob) == []
    async with make.database.transaction(other_client.workspace) as tx:
        assert await saved_views.list_views(tx, other_client.workspace, ann) == []


@pytest.mark.parametrize("shared", [True, False])
async def test_two_views_of_one_owner_have_different_names(tickets: TicketFactory, shared: bool) -> None:
    owner = None if shared else AccountId(uuid7())
    audit = Audit(NOW, "ann")
    async with tickets.database.transaction(tickets.workspace) as tx:
        stored = await saved_views.save_view(tx, tickets.workspace, view("Mine", owner), audit)
        with pytest.raises(ViewAlreadyExists):
            await saved_views.save_view(tx, tickets.workspace, view("Mine", owner), audit)
        await saved_views.save_view(tx, tickets.workspace, view("Mine", AccountId(uuid7())), audit)
    with pytest.raises(asyncpg.UniqueViolationError) as violation:  # as two concurrent requests find it
        async with tickets.database.transaction(tickets.workspace) as tx:
            await saved_views_store.insert_view(tx, tickets.workspace, replace(stored, id=uuid7()), audit)
    assert isinstance(to_app_error(violation.value), ViewAlreadyExists)
