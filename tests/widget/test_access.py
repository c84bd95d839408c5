"""Who may call: publishable keys, origins, signatures and limits, refused in the order of the contract, and CORS."""

import time
from typing import Any

import httpx
import pytest
from tests.support.clients import Client, error_code, expect_ok
from tests.support.factories import Factory
from tests.support.features import API, Feature
from tests.support.invariants import Owner
from tests.support.served import serving
from tests.support.widget import EMAIL, PAGE, WidgetPage

from voxpop.config.loading import load
from voxpop.types import Audit, Scope, utcnow
from voxpop.web.middleware import AppMiddleware
from voxpop.widget.errors import SignatureInvalid
from voxpop.widget.signatures import check_signature, sign
from voxpop.workspaces import service as workspaces
from voxpop.workspaces.models import WorkspaceChange
from voxpop.workspaces.widget import service

TRACK = "/api/v1/widget/track"
USE = {"product": "pms", "feature": "dashboard"}
DOCUMENTED = "v1.1767225600.4JDfoL4Vbz1fC8VIvdl7dBZ1byREDzwG85VagkZKgWY"


def cors(answer: httpx.Response) -> str | None:
    """The origin that may read the response."""
    assert "access-control-allow-credentials" not in answer.headers
    return answer.headers.get("access-control-allow-origin")


async def test_the_documented_signature_is_genuine_and_expired(page: WidgetPage, owner: Owner) -> None:
    assert sign("wsec_test_0123456789", "email", "ann@example.com", 1767225600) == DOCUMENTED
    await owner.execute("UPDATE workspace SET widget_secret = 'wsec_test_0123456789'")
    refused = await page.call("track", EMAIL | {"signature": DOCUMENTED}, **USE)
    assert error_code(refused) == (401, "SIGNATURE_EXPIRED")
    assert (refused.json()["type"], cors(refused)) == ("UNAUTHORIZED", PAGE)


async def test_a_signature_is_checked_to_the_second(page: WidgetPage, feature: Feature) -> None:
    now = int(time.time())
    valid = page.signed()["signature"]
    _, expires, mac = valid.split(".")
    for seconds, code in (
        (0, "SIGNATURE_EXPIRED"),
        (-100_000, "SIGNATURE_EXPIRED"),
        (86_400 + 90, "SIGNATURE_INVALID"),
    ):
        refused = await page.call("track", page.signed(seconds=seconds), **USE)
        assert error_code(refused) == (401, code), seconds
    for seconds in (86_400, 86_400 + 50, 5):
        expect_ok(await page.call("track", page.signed(seconds=seconds), **USE))
    forged: list[Any] = [
        None,
        "",
        "v1",
        mac,
        f"v2.{expires}.{mac}",
        f"v1.{expires}.{mac}=",
        f"v1.{expires}.{mac}\n",
        f"v1.{int(expires) + 1}.{mac}",
        f"v1.-{expires}.{mac}",
        f"v1.{expires}.{mac[:-1]}",
        f"v1.{expires}.{mac[::-1]}",
        f"v1.{expires}.é{mac[1:]}",
        sign(page.secret, "email", "bob@example.com", now + 600),
        sign(page.secret, "guid", EMAIL["email"], now + 600),
        sign("wsec_other", "email", EMAIL["email"], now + 600),
        sign("wsec_other", "email", EMAIL["email"], now - 600),
    ]
    for signature in forged:
        refused = await page.call("track", EMAIL | {"signature": signature}, **USE)
        assert (error_code(refused), cors(refused)) == ((401, "SIGNATURE_INVALID"), PAGE), signature
    assert await feature.counts(EMAIL["email"]) == (3, 3, 0)


def test_a_signature_is_valid_for_a_day_and_a_minute_at_most() -> None:
    now = 1_767_225_600
    check_signature(sign("s", "guid", "x", now + 86_460), "guid", "x", ["s"], now)
    with pytest.raises(SignatureInvalid):
        check_signature(sign("s", "guid", "x", now + 86_461), "guid", "x", ["s"], now)


async def test_both_secrets_are_valid_until_the_previous_one_is_retired(
    page: WidgetPage, feature: Feature, make: Factory, client: Client
) -> None:
    audit, old = Audit(utcnow(), "owner"), page.signed()
    async with make.database.transaction(client.workspace) as tx:
        await service.rotate_secret(tx, client.workspace, audit)
        settings = await service.get_widget_settings(tx, client.workspace)
    assert settings.secret is not None
    new = EMAIL | {"signature": sign(settings.secret, "email", EMAIL["email"], int(time.time()) + 60)}
    for user in (old, new):
        expect_ok(await page.call("track", user, **USE))
    async with make.database.transaction(client.workspace) as tx:
        await service.retire_previous_secret(tx, client.workspace, audit)
    assert error_code(await page.call("track", old, **USE)) == (401, "SIGNATURE_INVALID")
    expect_ok(await page.call("track", new, **USE))


async def test_a_workspace_may_need_no_signature_but_a_sent_one_is_checked(
    page: WidgetPage, feature: Feature, make: Factory, client: Client
) -> None:
    change = WorkspaceChange(widget_signature_required=False)
    async with make.database.transaction(client.workspace) as tx:
        await workspaces.change_workspace(tx, client.workspace, change, utcnow(), "owner")
    for user in ({"signature": None}, {}, page.signed()):
        expect_ok(await page.call("track", {"signature": None} | EMAIL | user, **USE))
    wrong = await page.call("track", EMAIL | {"signature": page.signed({"guid": "x"})["signature"]}, **USE)
    assert error_code(wrong) == (401, "SIGNATURE_INVALID")


async def test_calls_are_refused_in_the_order_of_the_contract(make: Factory, client: Client) -> None:  # G8
    """Each step repairs the first fault of a request that has all of them."""
    await Feature.open(client)
    page = await WidgetPage.open(make, client.workspace)
    page = WidgetPage(make.with_settings(VOXPOP_WIDGET_ADDRESS_LIMIT="1").anonymous(), page.key, page.secret)
    good, send = dict(page.client.headers), page.client.post
    bad_body, forged = {"user": EMAIL | {"guid": "x"}}, {"user": EMAIL | {"signature": "x"}, **USE}
    unknown = good | {"authorization": f"Bearer {page.key.text[:-1]}-", "origin": "https://evil.example"}
    unlisted, listed = (
        good | {"origin": "https://evil.example"},
        "/api/csat/v1/products/pms/features/dashboard/increment",
    )
    steps: list[tuple[str, dict[str, str], Any, tuple[int, str], str | None]] = [
        (TRACK, unknown, bad_body, (401, "UNAUTHORIZED"), None),
        (listed, unlisted, bad_body, (403, "ORIGIN_NOT_ALLOWED"), None),
        (TRACK, unlisted, bad_body, (403, "ORIGIN_NOT_ALLOWED"), None),
        (listed, good, bad_body, (403, "FORBIDDEN"), PAGE),
        (TRACK, good, bad_body, (400, "VALIDATION_ERROR"), PAGE),
        (TRACK, good, bad_body, (429, "RATE_LIMITED"), PAGE),
    ]
    for path, headers, body, expected, origin in steps:
        answer = await send(path, json=body, headers=headers)
        assert (error_code(answer), cors(answer)) == (expected, origin), (path, expected)
    assert int(answer.headers["retry-after"]) >= 1
    free = WidgetPage(make.anonymous(), page.key, page.secret)
    assert error_code(await free.client.post(TRACK, json=bad_body)) == (400, "VALIDATION_ERROR")
    assert error_code(await free.client.post(TRACK, json=forged)) == (401, "SIGNATURE_INVALID")


async def test_an_origin_must_be_exactly_one_of_the_keys(make: Factory, client: Client) -> None:
    await Feature.open(client)
    page = await WidgetPage.open(make, client.workspace, "https://app.example.com/ http://localhost:3000")
    for origin in ("https://app.example.com", "http://localhost:3000"):
        page.client.headers["origin"] = origin
        answer = await page.call("track", **USE)
        assert (answer.status_code, cors(answer), answer.headers["vary"]) == (200, origin, "Origin")
    for origin in (
        "http://app.example.com", "https://app.example.com:8443", "https://app.example.com.evil.example", "null", "*",
        "https://evil.example", "https://example.com", "http://localhost", "https://app.example.com/", "",
    ):  # fmt: skip
        answer = await page.client.post(TRACK, json={}, headers={"origin": origin})
        assert (error_code(answer), cors(answer)) == ((403, "ORIGIN_NOT_ALLOWED"), None), origin
    del page.client.headers["origin"]
    assert error_code(await page.call("track", **USE)) == (403, "ORIGIN_NOT_ALLOWED")


async def test_a_preflight_accepts_the_origins_of_active_keys(page: WidgetPage, make: Factory, client: Client) -> None:
    headers = {"access-control-request-method": "POST", "origin": PAGE}

    async def allowed(**changes: str) -> str | None:
        answer = await make.anonymous().options(TRACK, headers=headers | changes)
        assert (answer.status_code, answer.content) == (204, b"")
        return cors(answer)

    answer = await make.anonymous().options(TRACK, headers=headers)
    assert answer.headers["access-control-allow-methods"] == "POST"
    assert answer.headers["access-control-allow-headers"] == "authorization, content-type, idempotency-key"
    assert (await allowed(), await allowed(origin="https://evil.example"), await allowed(origin="null")) == (
        PAGE,
        None,
        None,
    )
    other = await make.anonymous().options("/api/v1/survey-types", headers=headers)
    assert cors(other) is None
    async with make.database.transaction(client.workspace) as tx:
        await service.revoke_publishable_key(tx, client.workspace, page.key.id, utcnow())
    assert await allowed() is None
    assert error_code(await page.call("track", **USE)) == (401, "UNAUTHORIZED")


async def test_a_secret_key_is_refused_on_pages_of_other_origins(
    make: Factory, client: Client, page: WidgetPage
) -> None:
    calls = [
        ("GET", f"{API}/products"),
        ("GET", "/api/v1/survey-types"),
        ("POST", TRACK),
        ("PATCH", "/api/v1/workspace"),
    ]
    for method, path in calls:
        for origin in ("https://evil.example", PAGE, "null", "http://voxpop.test:81"):
            answer = await client.request(method, path, headers={"origin": origin}, json={})
            assert (error_code(answer), cors(answer)) == ((403, "ORIGIN_NOT_ALLOWED"), None), (path, origin)
    for origin in ("http://voxpop.test", make.settings.public_url):
        expect_ok(await client.get(f"{API}/products", headers={"origin": origin}))
    unknown = {"origin": PAGE, "authorization": "Bearer vxp_0"}
    assert error_code(await client.get(f"{API}/products", headers=unknown)) == (401, "UNAUTHORIZED")
    assert error_code(await client.post(TRACK, json={})) == (403, "FORBIDDEN")
    reader = await make.client(client.workspace, Scope.READ)
    answer = await reader.post(f"{API}/products", json={}, headers={"origin": PAGE})
    assert error_code(answer) == (403, "ORIGIN_NOT_ALLOWED")


async def test_limits_are_for_each_key_address_and_user(make: Factory, client: Client) -> None:
    await Feature.open(client)
    opened = await WidgetPage.open(make, client.workspace)
    second = await WidgetPage.open(make, client.workspace)

    def limited(page: WidgetPage, **settings: str) -> WidgetPage:
        return WidgetPage(make.with_settings(**settings).anonymous(), page.key, page.secret)

    def at(page: WidgetPage, other: WidgetPage) -> WidgetPage:
        """The other key at the same application."""
        return WidgetPage(
            Client(transport=page.client._transport, base_url="http://voxpop.test"), other.key, other.secret
        )

    by_user = limited(opened, VOXPOP_WIDGET_USER_LIMIT="2")
    for _ in range(3):
        refused = await by_user.call("track", EMAIL | {"signature": "x"}, **USE)
        assert error_code(refused) == (401, "SIGNATURE_INVALID")  # a forged call does not use up the limit
    await by_user.track(times=2)
    refused = await by_user.call("track", EMAIL | {"signature": "x"}, **USE)
    assert (error_code(refused), cors(refused)) == ((429, "RATE_LIMITED"), PAGE)
    await by_user.track({"guid": EMAIL["email"]})
    by_key = limited(opened, VOXPOP_WIDGET_KEY_LIMIT="2")
    await by_key.track(times=2)
    assert (await by_key.call("surveys")).status_code == 429
    await at(by_key, second).track()
    by_address = limited(opened, VOXPOP_WIDGET_ADDRESS_LIMIT="2")
    await by_address.track(times=2)
    assert (await at(by_address, second).call("surveys")).status_code == 429


async def test_exactly_one_of_address_and_guid_names_the_user(page: WidgetPage) -> None:
    users: list[Any] = [
        {},
        {"email": "ann@example.com", "guid": "x"},
        {"email": " ann@example.com"},
        {"email": "ann"},
        {"email": 1},
        {"guid": ""},
        {"guid": " "},
        {"guid": "g" * 256},
        {"guid": "a\0b"},
        None,
        [],
        "ann@example.com",
    ]
    for user in users:
        for name, body in (("track", USE), ("surveys", {}), ("answer", USE | {"score": 5}), ("dismiss", {})):
            answer = await page.client.post(f"/api/v1/widget/{name}", json={"user": user, **body})
            assert (error_code(answer), cors(answer)) == ((400, "VALIDATION_ERROR"), PAGE), (user, name)


async def test_a_successful_call_notes_when_and_where_the_key_was_seen(
    page: WidgetPage, feature: Feature, make: Factory, client: Client, owner: Owner
) -> None:
    await page.call("track", EMAIL | {"signature": "x"}, **USE)
    assert await owner.fetchval("SELECT seen_at FROM publishable_key") is None
    await page.track()
    async with make.database.transaction(client.workspace) as tx:
        (key,) = await service.list_publishable_keys(tx, client.workspace)
    assert key.seen_at is not None
    assert key.seen_origin == PAGE
    await owner.execute("UPDATE publishable_key SET seen_at = now() - interval '50 seconds'")
    before = await owner.fetchval("SELECT seen_at FROM publishable_key")
    await page.track()
    assert await owner.fetchval("SELECT seen_at FROM publishable_key") == before  # not with each call


async def test_the_fast_path_responds_like_the_framework(page: WidgetPage, make: Factory, feature: Feature) -> None:
    """Also behind a trusted proxy, whose clients have a limit of their own."""
    settings = load(env={"VOXPOP_TRUSTED_PROXIES": "127.0.0.1", "VOXPOP_WIDGET_ADDRESS_LIMIT": "30"})
    headers = dict(page.client.headers)
    same = {name: headers[name] for name in ("authorization", "origin")}
    user = page.signed({"guid": "x"})
    requests: list[tuple[dict[str, str], Any]] = [
        ({}, {"user": user, **USE}),
        ({}, {"user": user}),
        ({}, {"user": {"guid": "y"}, **USE}),
        ({"origin": "https://evil.example"}, {"user": user, **USE}),
        ({"authorization": "Bearer pk_0"}, {"user": user, **USE}),
        ({"content-type": "text/plain"}, {}),
        ({"idempotency-key": "k" * 300}, {"user": user, **USE}),
    ]
    app = make.with_settings(VOXPOP_TRUSTED_PROXIES="127.0.0.1", VOXPOP_WIDGET_ADDRESS_LIMIT="30").app
    async with serving(app, settings, **same) as fast, serving(AppMiddleware(app.app), settings, **same) as framework:
        for path in (TRACK, "/api/v1/widget/surveys"):
            for changes, body in requests:
                answers = [await way.post(path, json=body, headers=changes) for way in (fast, framework)]
                seen = [(one.status_code, cors(one), one.headers.get("vary")) for one in answers]
                assert seen[0] == seen[1], (path, changes)
        for way in (fast, framework):
            addresses = {"x-forwarded-for": "10.0.0.1"}
            statuses = [(await way.post(TRACK, json={}, headers=addresses)).status_code for _ in range(20)]
        assert statuses[-1] == 429
        assert (await fast.post(TRACK, json={}, headers={"x-forwarded-for": "10.0.0.2"})).status_code == 400


@pytest.fixture(autouse=True)
def keep_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """The minute of the limits does not end in the middle of a test."""
    monkeypatch.setattr("voxpop.auth.minute_limits.WINDOW", 600.0)
