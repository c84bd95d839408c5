"""API keys: created, parsed, listed and revoked."""

import hashlib

import pytest
from tests.support.clients import Client
from tests.support.factories import Factory
from tests.support.features import API
from tests.support.invariants import Owner

from voxpop.auth.tokens import new_api_key, parse_api_key
from voxpop.db.pool import Database
from voxpop.errors import NotFound, Unauthorized
from voxpop.surveys import new_workspaces
from voxpop.types import KeyId, Scope, utcnow, uuid7
from voxpop.workspaces import service
from voxpop.workspaces.errors import WorkspaceAlreadyExists


async def test_only_the_hash_of_a_key_is_stored(make: Factory, owner: Owner) -> None:  # G1
    text = await make.key(await make.workspace("ours"), Scope.READ)
    key = parse_api_key(f"Bearer {text}")
    row = await owner.fetchrow("SELECT id, scopes, secret_hash FROM api_key")
    assert tuple(row.values()) == (key.id, ["read"], hashlib.sha256(key.secret.encode()).digest())
    assert key.secret not in str(await owner.fetch("TABLE api_key"))


def test_only_a_well_formed_key_is_parsed() -> None:
    key = new_api_key(KeyId(uuid7()))
    assert parse_api_key(f"Bearer {key}") == key
    assert len({new_api_key(key.id).secret for _ in range(100)}) == 100
    for header in (None, "", str(key), f"Bearer {key}\n{key}", f"Token {key}"):
        with pytest.raises(Unauthorized):
            parse_api_key(header)


async def test_keys_are_listed_and_revoked_in_their_own_workspace_only(
    database: Database, client: Client, other_client: Client
) -> None:  # G1
    await client.get(f"{API}/products")
    async with database.transaction(client.workspace) as tx:
        (key,) = await service.list_keys(tx, client.workspace)
    assert (key.name, key.scopes, key.revoked_at) == ("test", ["ingest", "read", "manage"], None)
    assert key.last_used_at is not None
    async with database.transaction(other_client.workspace) as tx:
        with pytest.raises(NotFound):
            await service.revoke_key(tx, other_client.workspace, key.id, utcnow())
    assert (await client.get(f"{API}/products")).status_code == 200
    revoked = []
    for _ in range(2):
        async with database.transaction(client.workspace) as tx:
            await service.revoke_key(tx, client.workspace, key.id, utcnow())
            revoked += [one.revoked_at for one in await service.list_keys(tx, client.workspace)]
    assert revoked[0] == revoked[1]
    assert (await client.get(f"{API}/products")).status_code == 401
    assert (await other_client.get(f"{API}/products")).status_code == 200


async def test_the_first_start_creates_a_workspace_and_a_key_once(database: Database, make: Factory) -> None:
    key = await new_workspaces.first_start(database, utcnow())
    client = make.anonymous(headers={"authorization": f"Bearer {key}"})
    assert (await client.get("/api/v1/workspace")).json()["name"] == "default"
    assert await new_workspaces.first_start(database, utcnow()) is None
    with pytest.raises(WorkspaceAlreadyExists):
        await new_workspaces.open_workspace(database, "default")


async def test_a_workspace_is_found_by_its_name(database: Database, make: Factory) -> None:
    workspace = await make.workspace("ours")
    assert (await service.get_workspace_by_name(database, "ours")).id == workspace
    with pytest.raises(NotFound, match="no workspace 'theirs' \\(there are: ours\\)"):
        await service.get_workspace_by_name(database, "theirs")
