"""A transaction begins last: nothing that fails or waits before the handler holds a connection."""

from collections.abc import AsyncIterator

from litestar.routes import HTTPRoute
from tests.support.clients import Client, invalid_fields
from tests.support.portal import PortalSite
from tests.support.waiting import until

from voxpop.app import create_framework
from voxpop.auth.dependencies import begin_transactions_last
from voxpop.db.pool import Database

ATTEMPTS = 12  # more than the pool has connections


def test_every_transaction_begins_after_all_other_dependencies() -> None:
    wrong: list[str] = []
    transactions = 0
    app = create_framework()
    begin_transactions_last(app)  # a second time changes nothing
    for route in app.routes:
        assert isinstance(route, HTTPRoute)
        for handler, model in route.route_handler_map.values():
            keys = [sorted(each.key for each in batch) for batch in model.dependency_batches]
            transactions += ["tx"] in keys
            if any(len(batch) > 1 for batch in keys) or ["tx"] in keys[:-1]:
                wrong.append(str(handler))
    assert wrong == []
    assert transactions > 60


async def test_refused_parameters_leave_no_transaction_open(client: Client, database: Database) -> None:
    for _ in range(ATTEMPTS):
        long_text = await client.get("/api/v1/tickets", params={"q": "x" * 201})
        assert invalid_fields(long_text) == ["q"]
        long_time = await client.get("/api/v1/tickets", params={"updated_since": "x" * 41})
        assert invalid_fields(long_time) == ["updated_since"]
    assert database.idle == database.size


async def test_a_slow_sender_holds_no_connection(database: Database) -> None:
    site = await PortalSite(database).set_up()

    async def no_connection_in_use() -> bool:
        return database.idle == database.size

    async def slow_form() -> AsyncIterator[bytes]:
        for part in (b"token=", b"x" * 40, b"&rating=5", b"&body=Hi"):
            yield part
            await until(no_connection_in_use, seconds=5)  # a notification uses one for a moment

    form = {"content-type": "application/x-www-form-urlencoded"}
    await site.open()
    browser = await site.customer()
    for path in ("/login/link", "/tickets/login/link", "/tickets/TK-1/rating", "/tickets/TK-1/reply", "/login"):
        assert (await browser.post(path, content=slow_form(), headers=form)).status_code < 500, path
    await browser.aclose()
