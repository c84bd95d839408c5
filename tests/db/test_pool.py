"""Transactions: their role and workspace, rollback, lost connections, and the state of a returned connection."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import pytest
from tests.support.clients import Client
from tests.support.databases import at
from tests.support.factories import Factory
from tests.support.invariants import Owner
from tests.support.tickets import NEW, member

from voxpop.db.errors import CONNECTION_ERRORS
from voxpop.db.pool import Begin, Connection, Database, Tx
from voxpop.db.query import NoRows, Query
from voxpop.errors import Unavailable
from voxpop.types import WorkspaceId

API = "/api/csat/v1"
SELECT_IDENTITY = "SELECT current_user::text AS role, current_setting('voxpop.workspace', true) AS workspace"
SELECT_TENANT_TABLES = """
    SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'workspace_id'
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' ORDER BY c.relname
"""
SELECT_STORED_COLUMNS = """
    SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
    WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
"""
# Rows that only the worker and pages insert.
INSERTS_WITHOUT_ENDPOINT = (
    "INSERT INTO publishable_key (workspace_id, id, name, secret, origins, create_time, create_user) "
    "VALUES ($1, gen_random_uuid(), 'shop', 'x', '{https://shop.example}', now(), 'x')",
    "INSERT INTO survey_email (workspace_id, survey_id, campaign_id, email, email_folded) "
    "SELECT workspace_id, id, gen_random_uuid(), 'a@b', 'a@b' FROM survey WHERE workspace_id = $1 LIMIT 1",
    "INSERT INTO unsubscribed_email (workspace_id, email_folded, create_time) VALUES ($1, 'a@b', now())",
    """INSERT INTO session (workspace_id, id, secret_hash, kind, email, create_time, last_seen_at, idle_seconds,
                            expires_at)
       VALUES ($1, gen_random_uuid(), '', 'customer', 'x@x.com', now(), now(), 1, now())""",
    """INSERT INTO magic_link (workspace_id, id, secret_hash, kind, create_time, create_user, expires_at)
       VALUES ($1, gen_random_uuid(), '', 'owner', now(), 'x', now())""",
    "INSERT INTO rate_limit (workspace_id, name, subject, began_at, count) VALUES ($1, 'x', 'x', now(), 1)",
    """INSERT INTO saved_view (workspace_id, id, name, query, create_time, create_user)
       VALUES ($1, gen_random_uuid(), 'x', '', now(), 'x')""",
    "INSERT INTO job_slot (workspace_id, job, day) VALUES ($1, 'x', now())",
    """INSERT INTO daily_metrics (workspace_id, id, campaign_id, date, survey_type_code, total_responses, score_value,
                                  counts, create_time, last_update_time)
       SELECT workspace_id, id, id, now(), 'NPS', 0, 0, '{}', now(), now() FROM campaign WHERE workspace_id = $1""",
    """INSERT INTO ticket_undo (workspace_id, id, account_id, change, is_undone, create_time)
       VALUES ($1, gen_random_uuid(), gen_random_uuid(), '{}', false, now())""",
    """INSERT INTO series_badge (workspace_id, series_kind, series_id, create_time, create_user)
       VALUES ($1, 'tag', gen_random_uuid(), now(), 'x')""",
    """INSERT INTO dead_letter (workspace_id, id, topic, "partition", "offset", reason, message, create_time)
       VALUES ($1, gen_random_uuid(), 'x', 0, 0, 'x', '', now())""",
)
INSERT_PRODUCT = "INSERT INTO product (workspace_id, id, key, name) VALUES ($1, $2, $3, 'x')"


async def add_product(tx: Tx, workspace: WorkspaceId, key: str) -> None:
    await tx.execute(INSERT_PRODUCT, workspace, uuid4(), key)


async def execute(database: Database, workspace: WorkspaceId | None, statement: str, *values: object) -> None:
    async with database.transaction(workspace) as tx:
        await tx.execute(statement, *values)


async def add_product_and(
    database: Database, workspace: WorkspaceId, action: Callable[[Tx], Awaitable[object]]
) -> None:
    """Adds a product and runs `action`, in one transaction."""
    async with database.transaction(workspace) as tx:
        await add_product(tx, workspace, "one")
        await action(tx)


async def list_product_keys(database: Database, workspace: WorkspaceId | None) -> list[str]:
    async with database.transaction(workspace) as tx:
        return [row["key"] for row in await tx.fetch("SELECT key FROM product ORDER BY key")]


@pytest.fixture
async def ours(make: Factory) -> WorkspaceId:
    return await make.workspace("ours")


@pytest.fixture
async def theirs(make: Factory) -> WorkspaceId:
    return await make.workspace("theirs")


@pytest.fixture
async def single_connection(live_db: str) -> AsyncIterator[Database]:
    """A pool of one connection, so that each transaction gets the same one."""
    database = await Database.open(live_db, size=1)
    yield database
    await database.close()


async def fill_tables(client: Client, owner: Owner) -> None:
    """Inserts rows of the caller's workspace into every tenant table."""
    await client.post(f"{API}/products", json={"key": "pms", "name": "PMS"})
    feature = {"feature_key": "dash", "interaction_threshold": 1, "rejection_threshold": 1}
    await client.post(f"{API}/products/pms/features", json=feature)
    user = {"user_email": "ann@example.com"}
    assert (await client.post(f"{API}/products/pms/features/dash/increment", json=user)).status_code == 200
    rating = user | {"rating": 8, "source": "prompted", "comment": "fine"}
    assert (await client.post(f"{API}/products/pms/features/dash/feedbacks", json=rating)).status_code == 201
    campaign = {"name": "NPS", "survey_type_code": "NPS", "trigger_type": "ORDER_COMPLETED"}
    assert (await client.post("/api/v1/campaigns", json=campaign)).status_code == 201
    once = {"idempotency-key": "x"}
    assert (await client.post("/api/v1/tickets", json=NEW | {"tags": ["x"]}, headers=once)).status_code == 201
    assert (await client.post("/api/v1/tickets/TK-1/replies", json={"body": "x"})).status_code == 201
    await member(owner, client.workspace, client.workspace.hex)
    for statement in INSERTS_WITHOUT_ENDPOINT:
        await owner.execute(statement, client.workspace)


async def test_a_transaction_runs_as_the_app_role_for_its_workspace(database: Database, ours: WorkspaceId) -> None:
    for workspace, setting in ((ours, str(ours)), (None, "")):
        async with database.transaction(workspace) as tx:
            assert tuple(await tx.fetchrow(SELECT_IDENTITY) or ()) == ("voxpop_app", setting)


async def test_a_system_transaction_runs_as_the_system_role(database: Database) -> None:
    async with database.system_transaction() as tx:
        assert tuple(await tx.fetchrow(SELECT_IDENTITY) or ()) == ("voxpop_system", "")
    for table in ("feedback", "ticket", "survey", "interaction", "daily_metrics"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with database.system_transaction() as tx:
                await tx.fetch(f"SELECT FROM {table}")


@pytest.mark.parametrize("name", ["voxpop_app", "voxpop_system"])
async def test_roles_of_transactions_have_no_special_privilege(owner: Owner, name: str) -> None:
    role = await owner.fetchrow("SELECT * FROM pg_roles WHERE rolname = $1", name)
    assert role is not None
    powers = ("rolsuper", "rolcreaterole", "rolcreatedb", "rolreplication", "rolbypassrls")
    assert [power for power in powers if role[power]] == []
    owned = "SELECT count(*) FROM pg_class WHERE relowner = $1::text::regrole"
    assert await owner.fetchval(owned, name) == 0
    members = "SELECT count(*) FROM pg_auth_members WHERE member = $1::text::regrole"
    assert await owner.fetchval(members, name) == 0


async def test_a_transaction_reads_no_row_of_another_workspace(
    client: Client, other_client: Client, database: Database, owner: Owner
) -> None:
    for caller in (client, other_client):
        await fill_tables(caller, owner)
    for (table,) in await owner.fetch(SELECT_TENANT_TABLES):
        assert await owner.fetchval(f"SELECT count(DISTINCT workspace_id) FROM {table}") == 2, f"{table} is not filled"
        async with database.transaction(client.workspace) as tx:
            rows = await tx.fetch(f"SELECT DISTINCT workspace_id FROM {table}")
        assert [row["workspace_id"] for row in rows] == [client.workspace], table
        async with database.transaction(None) as tx:
            assert await tx.fetchval(f"SELECT count(*) FROM {table}") == 0, table


async def test_a_transaction_sees_only_its_own_workspace(
    database: Database, ours: WorkspaceId, theirs: WorkspaceId
) -> None:
    assert ours != theirs
    for workspace, visible in ((ours, [ours]), (None, [])):
        async with database.transaction(workspace) as tx:
            assert [row["id"] for row in await tx.fetch("SELECT id FROM workspace")] == visible


async def test_a_transaction_writes_no_row_of_another_workspace(
    client: Client, other_client: Client, database: Database, owner: Owner
) -> None:
    for caller in (client, other_client):
        await fill_tables(caller, owner)
    own, other = client.workspace, other_client.workspace
    for (table,) in await owner.fetch(SELECT_TENANT_TABLES):
        before = await owner.fetch(f"SELECT * FROM {table} WHERE workspace_id = $1", other)
        async with database.transaction(own) as tx:
            for verb in (f"UPDATE {table} SET workspace_id = workspace_id", f"DELETE FROM {table}"):
                assert (await tx.execute(f"{verb} WHERE workspace_id = $1", other)).endswith(" 0"), verb
        columns = await owner.fetchval(SELECT_STORED_COLUMNS, table)
        for statement in (
            f"INSERT INTO {table} ({columns}) OVERRIDING SYSTEM VALUE SELECT {columns} FROM (SELECT "
            f"(jsonb_populate_record(t, jsonb_build_object('workspace_id', $1::uuid))).* FROM {table} t) AS moved",
            f"UPDATE {table} SET workspace_id = $1",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
                await execute(database, own, statement, other)
        assert await owner.fetch(f"SELECT * FROM {table} WHERE workspace_id = $1", other) == before


async def test_the_app_role_cannot_access_global_tables(database: Database, ours: WorkspaceId) -> None:
    for statement in (
        "SELECT * FROM builtin_survey_type",
        "SELECT * FROM migration",
        "DELETE FROM workspace",
        "CREATE TABLE mine (id int)",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await execute(database, ours, statement)


async def test_no_setting_is_left_on_a_returned_connection(single_connection: Database, ours: WorkspaceId) -> None:
    async with single_connection.transaction(ours) as tx:
        session = await tx.fetchval("SELECT pg_backend_pid()")
        await tx.execute("SET LOCAL statement_timeout = '7s'")
    async with single_connection.transaction(None) as tx:
        assert await tx.fetchval("SELECT pg_backend_pid()") == session
        assert tuple(await tx.fetchrow(SELECT_IDENTITY) or ()) == ("voxpop_app", "")
        assert await tx.fetchval("SHOW statement_timeout") == "0"
        assert await tx.fetchval("SELECT count(*) FROM workspace") == 0


async def fail(tx: Tx) -> None:
    raise KeyError


async def fail_in_sql(tx: Tx) -> None:
    await tx.execute("SELECT 1 / 0")


@pytest.mark.parametrize(("action", "error"), [(fail, KeyError), (fail_in_sql, asyncpg.DivisionByZeroError)])
async def test_an_error_rolls_the_transaction_back(
    single_connection: Database, ours: WorkspaceId, action: Callable[[Tx], Awaitable[object]], error: type[Exception]
) -> None:
    with pytest.raises(error):
        await add_product_and(single_connection, ours, action)
    assert await list_product_keys(single_connection, ours) == []
    async with single_connection.transaction(ours) as tx:
        await add_product(tx, ours, "two")
    assert await list_product_keys(single_connection, ours) == ["two"]


async def test_a_cancelled_query_rolls_the_transaction_back(single_connection: Database, ours: WorkspaceId) -> None:
    begun = asyncio.Event()

    async def take_long(tx: Tx) -> None:
        begun.set()
        await tx.execute("SELECT pg_sleep(30)")

    task = asyncio.create_task(add_product_and(single_connection, ours, take_long))
    await begun.wait()
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(5):
        assert await list_product_keys(single_connection, ours) == []


async def test_a_connection_is_clean_whenever_the_task_is_cancelled(
    single_connection: Database, ours: WorkspaceId, caplog: pytest.LogCaptureFixture
) -> None:
    async def work() -> None:
        async with single_connection.transaction(ours) as tx:
            await tx.execute("SELECT 1")

    for tenths in range(30):
        task = asyncio.create_task(work())
        await asyncio.sleep(tenths / 10_000)
        task.cancel()
        await asyncio.wait([task])
        async with asyncio.timeout(5):
            assert await list_product_keys(single_connection, None) == []
    assert caplog.messages == []


async def test_a_failed_transaction_is_never_reported_as_committed(
    single_connection: Database, ours: WorkspaceId
) -> None:
    async def fail_and_continue(tx: Tx) -> None:
        with pytest.raises(asyncpg.DivisionByZeroError):
            await fail_in_sql(tx)

    with pytest.raises(Unavailable, match="rolled the transaction back"):
        await add_product_and(single_connection, ours, fail_and_continue)
    assert await list_product_keys(single_connection, ours) == []


@pytest.mark.parametrize("pause", [0, 0.1])
async def test_a_connection_lost_between_statements_is_an_error(
    single_connection: Database, owner: Owner, ours: WorkspaceId, pause: float
) -> None:
    async def lose(tx: Tx) -> None:
        await owner.execute("SELECT pg_terminate_backend($1)", await tx.fetchval("SELECT pg_backend_pid()"))
        await asyncio.sleep(pause)
        await tx.execute("SELECT pg_sleep(5)")

    with pytest.raises(CONNECTION_ERRORS):
        await add_product_and(single_connection, ours, lose)
    assert await list_product_keys(single_connection, ours) == []


async def test_a_connection_lost_during_a_statement_is_an_error(
    single_connection: Database, owner: Owner, ours: WorkspaceId
) -> None:
    async def lose(tx: Tx) -> None:
        session = await tx.fetchval("SELECT pg_backend_pid()")
        asyncio.get_running_loop().call_later(0.1, lambda: ending.set_result(session))
        await tx.execute("SELECT pg_sleep(5)")

    ending: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    losing = asyncio.create_task(add_product_and(single_connection, ours, lose))
    await owner.execute("SELECT pg_terminate_backend($1)", await ending)
    with pytest.raises(CONNECTION_ERRORS):
        await losing
    assert await list_product_keys(single_connection, ours) == []


async def test_an_idle_connection_that_is_lost_is_replaced(
    single_connection: Database, owner: Owner, ours: WorkspaceId
) -> None:
    async with single_connection.transaction(ours) as tx:
        session = await tx.fetchval("SELECT pg_backend_pid()")
    await owner.execute("SELECT pg_terminate_backend($1, 2000)", session)
    await asyncio.sleep(0.05)
    assert await list_product_keys(single_connection, ours) == []


async def test_a_ping_reports_whether_the_database_is_reachable(database: Database) -> None:
    assert await database.ping() is True
    nowhere = "postgresql://unknown@127.0.0.1:1/nothing"
    pool = await asyncpg.create_pool(nowhere, min_size=0)
    assert await Database(pool, nowhere).ping() is False
    await pool.close()


async def test_a_ping_fails_when_the_database_was_dropped(server_dsn: str, live_db: str, owner: Owner) -> None:
    database = await Database.open(live_db, size=1)
    name = urlsplit(live_db).path.removeprefix("/")
    await owner.close()
    admin = await asyncpg.connect(at(server_dsn, "postgres"))
    await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.close()
    assert await database.ping() is False
    await database.close()


async def test_the_pool_reports_its_size_and_idle_connections(single_connection: Database) -> None:
    assert (single_connection.size, single_connection.idle) == (1, 1)
    async with single_connection.transaction(None):
        assert (single_connection.size, single_connection.idle) == (1, 0)


async def test_behind_a_pooler_there_are_no_prepared_statements(live_db: str, make: Factory) -> None:
    database = await Database.open(live_db, size=1, direct=live_db)
    client = await Factory(database, make.app.app.state.settings).client(await make.workspace("ours"))
    assert (await client.post(f"{API}/products", json={"key": "pms", "name": "PMS"})).status_code == 201
    assert await list_product_keys(database, client.workspace) == ["pms"]
    async with database.transaction(client.workspace) as tx:
        assert await Query("SELECT 1 AS one WHERE :shown", NoRows).run(tx, shown=True) == 1
        assert await tx.fetchval("SELECT count(*) FROM pg_prepared_statements") == 0
    await client.aclose()
    await database.close()


async def test_a_workspace_must_be_a_uuid(database: Database) -> None:
    with pytest.raises(ValueError, match="UUID"):
        async with database.transaction(WorkspaceId("'; RESET ROLE; --")):  # type: ignore[arg-type]
            pass


SELECT_SESSION = "SELECT current_user::text, session_user::text, current_setting('voxpop.workspace', true)"


async def session_of(database: Database) -> tuple[str, str, str]:
    """The role, the login and the workspace of a pooled connection outside a transaction."""
    async with database._pool.acquire() as connection:
        return tuple(await connection.fetchrow(SELECT_SESSION))


async def fail(begin: Begin) -> None:
    async with begin() as tx:
        await tx.execute("SELECT 1 / 0")


async def wait(begin: Begin) -> None:
    async with begin() as tx:
        await tx.execute("SELECT pg_sleep(5)")


async def test_statements_commit_by_themselves_as_the_app_role_for_their_workspace(
    single_connection: Database, ours: WorkspaceId
) -> None:
    async with single_connection.transactions(ours, one_statement=True) as begin:
        for key in ("one", "two"):
            async with begin() as tx:
                assert tuple(await tx.fetchrow(SELECT_IDENTITY) or ()) == ("voxpop_app", str(ours))
                await add_product(tx, ours, key)
        with pytest.raises(asyncpg.DivisionByZeroError):
            await fail(begin)
        async with begin() as tx:
            assert [row["key"] for row in await tx.fetch("SELECT key FROM product ORDER BY key")] == ["one", "two"]


async def test_statements_write_no_row_of_another_workspace(
    single_connection: Database, ours: WorkspaceId, theirs: WorkspaceId
) -> None:
    async with single_connection.transactions(ours, one_statement=True) as begin, begin() as tx:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await add_product(tx, theirs, "one")


@pytest.mark.parametrize("way_out", ["end", "error", "cancel"])
async def test_role_and_workspace_are_reset_on_every_way_out(
    single_connection: Database, ours: WorkspaceId, way_out: str
) -> None:
    before = await session_of(single_connection)

    async def use() -> None:
        async with single_connection.transactions(ours, one_statement=True) as begin:
            if way_out == "error":
                await fail(begin)
            if way_out == "cancel":
                await wait(begin)

    task = asyncio.create_task(use())
    await asyncio.sleep(0.1)
    task.cancel()
    await asyncio.wait({task})
    login = before[1]
    assert await session_of(single_connection) in ((login, login, ""), before)
    assert await list_product_keys(single_connection, None) == []


async def test_without_sessions_each_statement_has_a_transaction(live_db: str, ours: WorkspaceId) -> None:
    """Behind a pooler, and on Citus."""
    pool = await asyncpg.create_pool(live_db, connection_class=Connection, min_size=1, max_size=1)
    database = Database(pool, live_db, keeps_sessions=False)
    before = await session_of(database)
    async with database.transactions(ours, one_statement=True) as begin:
        assert database.idle == 1
        async with begin() as tx:
            assert tuple(await tx.fetchrow(SELECT_IDENTITY) or ()) == ("voxpop_app", str(ours))
        assert (await session_of(database))[:2] == before[:2]
    await database.close()
