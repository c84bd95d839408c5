"""The one door to the database: whose eyes a transaction has, what it undoes, and what is left behind for the next."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeAlias
from uuid import uuid4

import asyncpg
import pytest
from tests.conftest import Client, Make, at
from tests.tickets.kit import NEW, member

from voxpop.db.errors import CONNECTION_ERRORS
from voxpop.db.pool import Database, Tx
from voxpop.db.query import NoRows, Query
from voxpop.errors import Unavailable
from voxpop.types import WorkspaceId

API = "/api/csat/v1"
IDENTITY = "SELECT current_user::text AS role, current_setting('voxpop.workspace', true) AS workspace"
OF_A_WORKSPACE = """
    SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'workspace_id'
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' ORDER BY c.relname
"""
# Rows that only the worker and people at pages make.
OF_NO_REQUEST = (
    """INSERT INTO session (workspace_id, id, secret_hash, kind, email, create_time, last_seen_at, idle_seconds,
                            expires_at)
       VALUES ($1, gen_random_uuid(), '', 'customer', 'x@x.com', now(), now(), 1, now())""",
    """INSERT INTO mailed_link (workspace_id, id, secret_hash, kind, create_time, create_user, expires_at)
       VALUES ($1, gen_random_uuid(), '', 'owner', now(), 'x', now())""",
    "INSERT INTO rate_limit (workspace_id, name, subject, began_at, count) VALUES ($1, 'x', 'x', now(), 1)",
    """INSERT INTO saved_view (workspace_id, id, name, query, create_time, create_user)
       VALUES ($1, gen_random_uuid(), 'x', '', now(), 'x')""",
    "INSERT INTO job_slot (workspace_id, job, day) VALUES ($1, 'x', now())",
    """INSERT INTO daily_metrics (workspace_id, id, campaign_id, date, survey_type_code, total_responses, score_value,
                                  counts, create_time, last_update_time)
       SELECT workspace_id, id, id, now(), 'NPS', 0, 0, '{}', now(), now() FROM campaign WHERE workspace_id = $1""",
    """INSERT INTO dead_letter (workspace_id, id, topic, "partition", "offset", reason, message, create_time)
       VALUES ($1, gen_random_uuid(), 'x', 0, 0, 'x', '', now())""",
)
NEW_PRODUCT = "INSERT INTO product (workspace_id, id, key, name) VALUES ($1, $2, $3, 'x')"

Owner: TypeAlias = "asyncpg.Connection[Any]"


async def add_product(tx: Tx, workspace: WorkspaceId, key: str) -> None:
    await tx.execute(NEW_PRODUCT, workspace, uuid4(), key)


async def attempt(database: Database, workspace: WorkspaceId | None, statement: str, *values: object) -> None:
    async with database.transaction(workspace) as tx:
        await tx.execute(statement, *values)


async def add_and(database: Database, workspace: WorkspaceId, then: Callable[[Tx], Awaitable[object]]) -> None:
    """Adds a product and does something else in one transaction."""
    async with database.transaction(workspace) as tx:
        await add_product(tx, workspace, "one")
        await then(tx)


async def keys(database: Database, workspace: WorkspaceId | None) -> list[str]:
    async with database.transaction(workspace) as tx:
        return [row["key"] for row in await tx.fetch("SELECT key FROM product ORDER BY key")]


@pytest.fixture
async def ours(make: Make) -> WorkspaceId:
    return await make.workspace("ours")


@pytest.fixture
async def theirs(make: Make) -> WorkspaceId:
    return await make.workspace("theirs")


@pytest.fixture
async def single(live_db: str) -> AsyncIterator[Database]:
    """A pool of one connection, so that the next borrower gets what the last one had."""
    database = await Database.open(live_db, size=1)
    yield database
    await database.close()


async def fill(client: Client, owner: Owner) -> None:
    """Rows of the caller's workspace in every table."""
    await client.post(f"{API}/products", json={"key": "pms", "name": "PMS"})
    feature = {"feature_key": "dash", "interaction_threshold": 1, "rejection_threshold": 1}
    await client.post(f"{API}/products/pms/features", json=feature)
    user = {"user_email": "ann@example.com"}
    assert (await client.post(f"{API}/products/pms/features/dash/increment", json=user)).status_code == 200
    rating = user | {"rating": 8, "source": "prompted"}
    assert (await client.post(f"{API}/products/pms/features/dash/feedbacks", json=rating)).status_code == 201
    campaign = {"name": "NPS", "survey_type_code": "NPS", "trigger_type": "ORDER_COMPLETED"}
    assert (await client.post("/api/v1/campaigns", json=campaign)).status_code == 201
    once = {"idempotency-key": "x"}
    assert (await client.post("/api/v1/tickets", json=NEW | {"tags": ["x"]}, headers=once)).status_code == 201
    assert (await client.post("/api/v1/tickets/TK-1/replies", json={"body": "x"})).status_code == 201
    await member(owner, client.workspace, client.workspace.hex)
    for statement in OF_NO_REQUEST:
        await owner.execute(statement, client.workspace)


async def test_a_transaction_has_the_eyes_of_the_application(database: Database, ours: WorkspaceId) -> None:
    for workspace, shown in ((ours, str(ours)), (None, "")):
        async with database.transaction(workspace) as tx:
            assert tuple(await tx.fetchrow(IDENTITY) or ()) == ("voxpop_app", shown)


async def test_the_application_is_nobody_special(owner: Owner) -> None:
    role = await owner.fetchrow("SELECT * FROM pg_roles WHERE rolname = 'voxpop_app'")
    assert role is not None
    powers = ("rolsuper", "rolcreaterole", "rolcreatedb", "rolreplication", "rolbypassrls")
    assert [power for power in powers if role[power]] == []
    owned = "SELECT count(*) FROM pg_class WHERE relowner = 'voxpop_app'::regrole"
    assert await owner.fetchval(owned) == 0
    assert await owner.fetchval("SELECT count(*) FROM pg_auth_members WHERE member = 'voxpop_app'::regrole") == 0


async def test_nobody_sees_a_neighbour(client: Client, neighbour: Client, database: Database, owner: Owner) -> None:
    for one in (client, neighbour):
        await fill(one, owner)
    for (table,) in await owner.fetch(OF_A_WORKSPACE):
        assert await owner.fetchval(f"SELECT count(DISTINCT workspace_id) FROM {table}") == 2, f"{table} is not filled"
        async with database.transaction(client.workspace) as tx:
            seen = await tx.fetch(f"SELECT DISTINCT workspace_id FROM {table}")
        assert [row["workspace_id"] for row in seen] == [client.workspace], table
        async with database.transaction(None) as tx:
            assert await tx.fetchval(f"SELECT count(*) FROM {table}") == 0, table


async def test_workspaces_don_t_see_each_other(database: Database, ours: WorkspaceId, theirs: WorkspaceId) -> None:
    assert ours != theirs
    for workspace, seen in ((ours, [ours]), (None, [])):
        async with database.transaction(workspace) as tx:
            assert [row["id"] for row in await tx.fetch("SELECT id FROM workspace")] == seen


async def test_nobody_writes_into_a_neighbour_s(
    client: Client, neighbour: Client, database: Database, owner: Owner
) -> None:
    for one in (client, neighbour):
        await fill(one, owner)
    there, here = neighbour.workspace, client.workspace
    for (table,) in await owner.fetch(OF_A_WORKSPACE):
        before = await owner.fetch(f"SELECT * FROM {table} WHERE workspace_id = $1", there)
        async with database.transaction(here) as tx:
            for verb in (f"UPDATE {table} SET workspace_id = workspace_id", f"DELETE FROM {table}"):
                assert (await tx.execute(f"{verb} WHERE workspace_id = $1", there)).endswith(" 0"), verb
        for statement in (
            f"INSERT INTO {table} OVERRIDING SYSTEM VALUE "
            f"SELECT (jsonb_populate_record(t, jsonb_build_object('workspace_id', $1::uuid))).* FROM {table} t",
            f"UPDATE {table} SET workspace_id = $1",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
                await attempt(database, here, statement, there)
        assert await owner.fetch(f"SELECT * FROM {table} WHERE workspace_id = $1", there) == before


async def test_the_application_does_not_reach_the_products_own_tables(database: Database, ours: WorkspaceId) -> None:
    for statement in (
        "SELECT * FROM builtin_survey_type",
        "SELECT * FROM migration",
        "DELETE FROM workspace",
        "CREATE TABLE mine (id int)",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await attempt(database, ours, statement)


async def test_nothing_is_left_for_the_next_borrower(single: Database, ours: WorkspaceId) -> None:
    async with single.transaction(ours) as tx:
        session = await tx.fetchval("SELECT pg_backend_pid()")
        await tx.execute("SET LOCAL statement_timeout = '7s'")
    async with single.transaction(None) as tx:
        assert await tx.fetchval("SELECT pg_backend_pid()") == session
        assert tuple(await tx.fetchrow(IDENTITY) or ()) == ("voxpop_app", "")
        assert await tx.fetchval("SHOW statement_timeout") == "0"
        assert await tx.fetchval("SELECT count(*) FROM workspace") == 0


async def fail(tx: Tx) -> None:
    raise KeyError


async def break_it(tx: Tx) -> None:
    await tx.execute("SELECT 1 / 0")


@pytest.mark.parametrize(("then", "fault"), [(fail, KeyError), (break_it, asyncpg.DivisionByZeroError)])
async def test_what_raises_is_undone(
    single: Database, ours: WorkspaceId, then: Callable[[Tx], Awaitable[object]], fault: type[Exception]
) -> None:
    with pytest.raises(fault):
        await add_and(single, ours, then)
    assert await keys(single, ours) == []
    async with single.transaction(ours) as tx:
        await add_product(tx, ours, "two")
    assert await keys(single, ours) == ["two"]


async def test_what_is_cancelled_in_the_middle_of_a_query_is_undone(single: Database, ours: WorkspaceId) -> None:
    begun = asyncio.Event()

    async def take_long(tx: Tx) -> None:
        begun.set()
        await tx.execute("SELECT pg_sleep(30)")

    task = asyncio.create_task(add_and(single, ours, take_long))
    await begun.wait()
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(5):
        assert await keys(single, ours) == []


async def test_whenever_it_is_cancelled_the_connection_is_clean(
    single: Database, ours: WorkspaceId, caplog: pytest.LogCaptureFixture
) -> None:
    async def work() -> None:
        async with single.transaction(ours) as tx:
            await tx.execute("SELECT 1")

    for tenths in range(30):
        task = asyncio.create_task(work())
        await asyncio.sleep(tenths / 10_000)
        task.cancel()
        await asyncio.wait([task])
        async with asyncio.timeout(5):
            assert await keys(single, None) == []
    assert caplog.messages == []


async def test_a_broken_transaction_is_never_taken_for_a_stored_one(single: Database, ours: WorkspaceId) -> None:
    async def break_and_go_on(tx: Tx) -> None:
        with pytest.raises(asyncpg.DivisionByZeroError):
            await break_it(tx)

    with pytest.raises(Unavailable, match="undid"):
        await add_and(single, ours, break_and_go_on)
    assert await keys(single, ours) == []


@pytest.mark.parametrize("pause", [0, 0.1])
async def test_a_connection_lost_between_statements_is_an_error(
    single: Database, owner: Owner, ours: WorkspaceId, pause: float
) -> None:
    async def lose(tx: Tx) -> None:
        await owner.execute("SELECT pg_terminate_backend($1)", await tx.fetchval("SELECT pg_backend_pid()"))
        await asyncio.sleep(pause)
        await tx.execute("SELECT pg_sleep(5)")

    with pytest.raises(CONNECTION_ERRORS):
        await add_and(single, ours, lose)
    assert await keys(single, ours) == []


async def test_a_connection_lost_in_the_middle_of_a_statement_is_an_error(
    single: Database, owner: Owner, ours: WorkspaceId
) -> None:
    async def lose(tx: Tx) -> None:
        session = await tx.fetchval("SELECT pg_backend_pid()")
        asyncio.get_running_loop().call_later(0.1, lambda: ending.set_result(session))
        await tx.execute("SELECT pg_sleep(5)")

    ending: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    losing = asyncio.create_task(add_and(single, ours, lose))
    await owner.execute("SELECT pg_terminate_backend($1)", await ending)
    with pytest.raises(CONNECTION_ERRORS):
        await losing
    assert await keys(single, ours) == []


async def test_a_connection_lost_at_rest_is_replaced_before_anybody_notices(
    single: Database, owner: Owner, ours: WorkspaceId
) -> None:
    async with single.transaction(ours) as tx:
        session = await tx.fetchval("SELECT pg_backend_pid()")
    await owner.execute("SELECT pg_terminate_backend($1, 2000)", session)
    await asyncio.sleep(0.05)
    assert await keys(single, ours) == []


async def test_a_ping_tells_whether_the_database_is_there(database: Database) -> None:
    assert await database.ping() is True
    nowhere = "postgresql://nobody@127.0.0.1:1/nothing"
    pool = await asyncpg.create_pool(nowhere, min_size=0)
    assert await Database(pool, nowhere).ping() is False
    await pool.close()


async def test_a_ping_when_the_database_itself_is_gone(server_dsn: str, live_db: str, owner: Owner) -> None:
    database = await Database.open(live_db, size=1)
    name = live_db.rpartition("/")[2]
    await owner.close()
    admin = await asyncpg.connect(at(server_dsn, "postgres"))
    await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.close()
    assert await database.ping() is False
    await database.close()


async def test_how_much_of_the_pool_is_in_use(single: Database) -> None:
    assert (single.size, single.idle) == (1, 1)
    async with single.transaction(None):
        assert (single.size, single.idle) == (1, 0)


async def test_behind_a_pooler_nothing_is_prepared_by_name(live_db: str, make: Make) -> None:
    database = await Database.open(live_db, size=1, direct=live_db)
    client = await Make(database, make.app.app.state.settings).client(await make.workspace("ours"))
    assert (await client.post(f"{API}/products", json={"key": "pms", "name": "PMS"})).status_code == 201
    assert await keys(database, client.workspace) == ["pms"]
    async with database.transaction(client.workspace) as tx:
        assert await Query("SELECT 1 AS one WHERE $1", NoRows).run(tx, True) == 1
        assert await tx.fetchval("SELECT count(*) FROM pg_prepared_statements") == 0
    await client.aclose()
    await database.close()


async def test_a_workspace_is_an_id_and_nothing_else(database: Database) -> None:
    with pytest.raises(ValueError, match="UUID"):
        async with database.transaction(WorkspaceId("'; RESET ROLE; --")):  # type: ignore[arg-type]
            pass
