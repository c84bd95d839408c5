"""Access: the scope or role of every route, keys that are refused, and ids of another workspace."""

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from litestar.routes import HTTPRoute
from tests.support.app import app_for
from tests.support.clients import Client, expect_ok
from tests.support.factories import Factory
from tests.support.features import API, Feature
from tests.support.invariants import Owner
from tests.support.portal import PortalSite
from tests.support.sites import Browser

from voxpop.config.loading import load
from voxpop.db.pool import Database
from voxpop.surveys import new_workspaces
from voxpop.types import KeyId, Scope, utcnow
from voxpop.workspaces import service as workspaces

TABLE = """
    open    GET     /
    open    GET     /favicon.ico
    open    GET     /static/{name}
    open    GET     /widget/{script}
    open    GET     /health/check
    open    GET     /health/ready
    open    GET     /metrics
    open    GET     /accent/{sheet}
    open    GET     /guide
    open    GET     /guide/{document}
    open    GET     /badge/{slug}/{file}
    open    GET     /docs
    open    GET     /reference
    open    GET     /openapi.json
    open    GET     /openapi/api/csat/v1
    open    GET     /api/csat/v1/reference
    open    GET     /openapi/api/csat/v1/openapi.json

    ingest  GET     /api/csat/v1/products/{product}/feature-interactions
    ingest  POST    /api/csat/v1/products/{product}/features/{feature}/increment
    ingest  POST    /api/csat/v1/products/{product}/features/{feature}/reject
    ingest  POST    /api/csat/v1/products/{product}/features/{feature}/feedbacks
    ingest  POST    /api/v1/events
    ingest  POST    /api/v1/surveys
    ingest  GET     /api/v1/feedback/surveys
    ingest  POST    /api/v1/feedback/submit
    page    POST    /api/v1/widget/track
    page    POST    /api/v1/widget/surveys
    page    POST    /api/v1/widget/answer
    page    POST    /api/v1/widget/dismiss
    page    POST    /api/v1/widget/form

    read    GET     /api/csat/v1/products
    read    GET     /api/csat/v1/features
    read    GET     /api/csat/v1/analytics/products/{product}/features/{feature}/interactions
    read    GET     /api/csat/v1/analytics/products/{product}/features/{feature}/interactions/users
    read    GET     /api/csat/v1/analytics/products/{product}/features/{feature}/feedbacks
    read    GET     /api/csat/v1/analytics/products/{product}/features/{feature}/feedbacks/users
    read    GET     /api/csat/v1/analytics/products/{product}/features/{feature}/feedbacks/timeseries
    read    POST    /api/v1/campaigns/filter
    read    GET     /api/v1/campaigns/{campaign}
    read    GET     /api/v1/survey-types
    read    GET     /api/v1/events/dead-letters
    read    POST    /api/v1/metrics/filter
    read    GET     /api/v1/metrics/live

    manage  POST    /api/csat/v1/products
    manage  PATCH   /api/csat/v1/products/{product}
    manage  DELETE  /api/csat/v1/products/{product}
    manage  POST    /api/csat/v1/products/{product}/features
    manage  PATCH   /api/csat/v1/products/{product}/features/{feature}
    manage  DELETE  /api/csat/v1/products/{product}/features/{feature}
    manage  PUT     /api/csat/v1/products/{product}/features/{feature}/thresholds
    manage  PATCH   /api/csat/v1/feedbacks/{feedback}/notes
    manage  POST    /api/v1/campaigns
    manage  PUT     /api/v1/campaigns/{campaign}
    manage  DELETE  /api/v1/campaigns/{campaign}
    manage  POST    /api/v1/survey-types
    manage  PUT     /api/v1/survey-types/{code}
    manage  POST    /api/v1/events/dead-letters/{dead_letter}/replay
    manage  GET     /api/v1/workspace
    manage  PATCH   /api/v1/workspace
    read    GET     /api/v1/feedback
    read    GET     /api/v1/feedback.csv
    read    GET     /api/v1/feedback.jsonl
    manage  PATCH   /api/v1/feedback/{feedback}
    manage  PUT     /api/v1/series/{kind}/{series}/badge
    read    GET     /api/v1/stream
    read    GET     /api/v1/series
    read    GET     /api/v1/series.json
    read    GET     /api/v1/series.csv
    read    GET     /api/v1/series/{kind}/{series}
    read    GET     /api/v1/tickets
    read    GET     /api/v1/tickets.csv
    read    GET     /api/v1/tickets/{ref}
    manage  POST    /api/v1/tickets
    manage  PATCH   /api/v1/tickets/{ref}
    manage  POST    /api/v1/tickets/{ref}/replies
"""
PAGES = """
    anyone   GET    /login
    anyone   POST   /login
    anyone   POST   /login/mail
    anyone   GET    /login/link
    anyone   POST   /login/link
    anyone   GET    /login/invitation
    anyone   POST   /login/invitation
    anyone   GET    /logo/{logo_hash}
    anyone   POST   /demo
    anyone   GET    /demo-shop
    anyone   GET    /demo
    anyone   GET    /start/key
    anyone   GET    /login/owner
    anyone   POST   /login/owner
    anyone   POST   /logout
    anyone   GET    /tickets/login
    anyone   POST   /tickets/login
    anyone   GET    /tickets/login/link
    anyone   POST   /tickets/login/link
    anyone   POST   /tickets/logout
    anyone   GET    /tickets/new
    anyone   POST   /tickets/new
    anyone   GET    /s/{token}
    anyone   POST   /s/{token}
    anyone   GET    /unsubscribe/{token}
    anyone   POST   /unsubscribe/{token}
    anyone   GET    /unsubscribe/{token}/undo
    anyone   POST   /unsubscribe/{token}/undo
    anyone   GET    /unhappy
    anyone   GET    /feedback/marks
    anyone   GET    /feedback/{feedback}/notes
    anyone   GET    /feedback/{feedback}/tags
    anyone   GET    /tickets/{ref}/reply
    anyone   GET    /tickets/{ref}/rating
    anyone   GET    /low-ratings/marks
    anyone   GET    /inbox/bulk
    anyone   GET    /inbox/undo/{change}
    anyone   GET    /inbox/views
    anyone   GET    /inbox/views/{view}/delete
    anyone   GET    /inbox/{ref}/assignee
    anyone   GET    /inbox/{ref}/priority
    anyone   GET    /inbox/{ref}/reply
    anyone   GET    /inbox/{ref}/status
    anyone   GET    /inbox/{ref}/tags
    anyone   GET    /login/mail
    anyone   GET    /logout
    anyone   GET    /settings/invitations
    anyone   GET    /settings/invitations/{invitation}/link
    anyone   GET    /settings/invitations/{invitation}/withdraw
    anyone   GET    /settings/keys/{key}/revoke
    anyone   GET    /settings/keys/publishable/{key}/revoke
    anyone   GET    /settings/keys/signatures
    anyone   GET    /settings/keys/secrets
    anyone   GET    /settings/keys/secrets/retire
    anyone   GET    /settings/mail/test
    anyone   GET    /settings/members/{account}/remove
    anyone   GET    /settings/members/{account}/role
    anyone   GET    /settings/password
    anyone   GET    /settings/preferences
    anyone   GET    /settings/sessions/{session}/revoke
    anyone   GET    /tickets/logout
    anyone   GET    /settings/workspace/dashboards
    anyone   GET    /settings/workspace/logo
    anyone   GET    /settings/workspace/logo/remove
    anyone   GET    /campaigns/{campaign}/pause
    anyone   GET    /campaigns/{campaign}/resume
    anyone   GET    /campaigns/{campaign}/end
    anyone   GET    /campaigns/{campaign}/delete
    anyone   GET    /features/products/{product}/delete
    anyone   GET    /features/{feature}/thresholds
    anyone   GET    /features/{feature}/delete

    customer GET    /tickets
    customer GET    /tickets/{ref}
    customer POST   /tickets/{ref}/reply
    customer POST   /tickets/{ref}/rating

    agent    GET    /inbox
    agent    GET    /inbox/changes
    agent    GET    /inbox/new
    agent    GET    /inbox/{ref}
    agent    GET    /admin/tickets/{ref}
    agent    POST   /inbox/new
    agent    POST   /inbox/bulk
    agent    POST   /inbox/undo/{change}
    agent    POST   /inbox/views
    agent    POST   /inbox/views/{view}/delete
    agent    POST   /inbox/{ref}/reply
    agent    POST   /inbox/{ref}/status
    agent    POST   /inbox/{ref}/priority
    agent    POST   /inbox/{ref}/assignee
    agent    POST   /inbox/{ref}/tags
    agent    GET    /feedback
    agent    POST   /feedback/marks
    agent    POST   /feedback/{feedback}/notes
    agent    POST   /feedback/{feedback}/tags
    agent    GET    /agents
    agent    GET    /low-ratings
    agent    GET    /find
    agent    GET    /low-ratings.csv
    agent    GET    /low-ratings/chart.csv
    agent    GET    /overview.csv
    agent    GET    /campaigns.csv
    agent    GET    /features.csv
    agent    GET    /agents.csv
    agent    POST   /low-ratings/marks
    agent    GET    /overview
    agent    GET    /campaigns
    agent    GET    /campaigns/{campaign}
    agent    GET    /survey-types
    agent    GET    /features
    agent    GET    /features/{feature}
    agent    GET    /features/products/{product}
    agent    GET    /settings
    agent    GET    /settings/profile
    agent    POST   /settings/profile
    agent    POST   /settings/preferences
    agent    POST   /settings/password
    agent    GET    /settings/sessions
    agent    POST   /settings/sessions/{session}/revoke

    admin    POST   /settings/invitations
    admin    POST   /settings/invitations/{invitation}/link
    admin    POST   /settings/invitations/{invitation}/withdraw
    admin    POST   /settings/members/{account}/role
    admin    POST   /settings/members/{account}/remove
    admin    GET    /campaigns/new
    admin    POST   /campaigns/new
    admin    GET    /campaigns/{campaign}/edit
    admin    POST   /campaigns/{campaign}/edit
    admin    POST   /campaigns/{campaign}/pause
    admin    POST   /campaigns/{campaign}/resume
    admin    POST   /campaigns/{campaign}/end
    admin    POST   /campaigns/{campaign}/delete
    admin    GET    /features/new
    admin    POST   /features/new
    admin    GET    /features/products/new
    admin    POST   /features/products/new
    admin    GET    /features/products/{product}/edit
    admin    POST   /features/products/{product}/edit
    admin    GET    /features/{feature}/edit
    admin    POST   /features/{feature}/edit
    admin    POST   /features/products/{product}/delete
    admin    POST   /features/{feature}/thresholds
    admin    POST   /features/{feature}/delete
    admin    GET    /survey-types/new
    admin    POST   /survey-types/new
    admin    GET    /survey-types/edit
    admin    POST   /survey-types/edit
    admin    GET    /settings/keys
    admin    POST   /settings/keys
    admin    POST   /settings/keys/{key}/revoke
    admin    GET    /settings/keys/publishable/new
    admin    POST   /settings/keys/publishable/new
    admin    GET    /settings/keys/publishable/{key}
    admin    POST   /settings/keys/publishable/{key}
    admin    POST   /settings/keys/publishable/{key}/revoke
    admin    POST   /settings/keys/signatures
    admin    POST   /settings/keys/secrets
    admin    POST   /settings/keys/secrets/retire
    admin    GET    /settings/workspace
    admin    GET    /settings/badges
    admin    POST   /settings/badges
    admin    GET    /settings/install
    admin    POST   /settings/workspace
    admin    POST   /settings/workspace/dashboards
    admin    POST   /settings/workspace/logo
    admin    POST   /start/key
    admin    POST   /settings/workspace/logo/remove

    owner    GET    /settings/mail
    owner    POST   /settings/mail/test
"""


def table(text: str) -> dict[tuple[str, str], str]:
    """The scope or role that each method and path needs."""
    return {(method, path): access for access, method, path in map(str.split, filter(str.strip, text.splitlines()))}


@pytest.fixture(autouse=True)
def short_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream of changes ends at once."""
    monkeypatch.setattr("voxpop.auth.streams.LIFETIME_SECONDS", 0)


EXPECTED, EXPECTED_PAGES = table(TABLE), table(PAGES)
IDS = {"product": "pms", "feature": "dashboard", "feedback": str(uuid4()), "name": "voxpop.css", "slug": "ours"}
IDS |= {"document": "tickets", "sheet": "1b5eae.css", "script": "v1.js", "logo_hash": "0" * 32}
IDS |= {"kind": "campaign", "code": "NPS", "ref": "TK-1", "token": "0" * 75, "file": f"campaign-{uuid4()}.svg"}
IDS |= dict.fromkeys(("campaign", "dead_letter", "series"), str(uuid4()))
IDS |= dict.fromkeys(("view", "session", "invitation", "account", "key", "change"), str(uuid4()))
ROLES = ["agent", "admin", "owner"]  # each role includes the rights of those before it


def operations(make: Factory) -> Iterator[tuple[str, str]]:
    """The method and path of every route, without the OPTIONS that the framework adds."""
    for route in make.app.app.routes:  # type: ignore[attr-defined]
        assert isinstance(route, HTTPRoute)
        yield from ((method, route.path_format) for method in route.methods if method != "OPTIONS")


async def status(client: httpx.AsyncClient, operation: tuple[str, str], **options: Any) -> int:
    method, path = operation
    return (await client.request(method, path.format(**IDS), **options)).status_code


async def test_every_route_is_in_the_table_with_its_scope(make: Factory) -> None:  # G1
    assert sorted(operations(make)) == sorted(EXPECTED | EXPECTED_PAGES)
    workspace = await make.workspace("ours")
    clients = {scope: await make.client(workspace, scope) for scope in Scope}
    for operation, scope in EXPECTED.items():
        statuses = {key: await status(client, operation) for key, client in clients.items()}
        for key_scope, code in statuses.items():
            if scope in ("open", key_scope):
                assert code not in (401, 403), (operation, key_scope)
            else:
                assert code == 403, (operation, key_scope)


async def test_without_a_key_only_open_routes_respond(make: Factory) -> None:  # C9, G1
    anonymous = make.anonymous()
    for operation, scope in EXPECTED.items():
        opened = 404 if operation[1].startswith("/badge/") else 200  # badges are off
        assert await status(anonymous, operation) == (opened if scope == "open" else 401), operation


def outcome(answer: httpx.Response) -> str:
    """Whether a page was refused, shown, or redirected to a login page."""
    if answer.status_code == 303 and re.match(r"(/tickets)?/login($|\?)", answer.headers["location"]):
        return answer.headers["location"].partition("?")[0]
    return "refused" if answer.status_code in (401, 403) else "shown"


def expected(access: str, person: str) -> str:
    """The outcome for a person, where the table has this access."""
    if access in ("anyone", person):
        return "shown"
    if access == "customer":
        return "/tickets/login"
    if person not in ROLES:
        return "/login"
    return "shown" if ROLES.index(person) >= ROLES.index(access) else "refused"


async def test_each_page_is_shown_to_the_roles_in_the_table(database: Database) -> None:  # G1, T8, T25
    portal = await PortalSite(database).set_up()
    assert await portal.open() == IDS["ref"]
    first = await portal.owner()
    people: dict[str, Browser] = {"anonymous": portal.browser(), "customer": await portal.customer(), "owner": first}
    people |= {role: await portal.accept_invitation(first, f"{role}@example.com", role) for role in ("admin", "agent")}
    for (method, path), access in EXPECTED_PAGES.items():
        for person, browser in people.items():
            shown = expected(access, person)
            if path.endswith(("/logout", "/login/mail")) or (path == "/inbox/changes" and shown == "shown"):
                continue  # signing out would end the session, and the stream does not end
            answer = await browser.request(method, path.format(**IDS))
            assert outcome(answer) == shown, (method, path, person)
    for browser in people.values():
        await browser.aclose()


async def test_an_api_key_gives_no_access_to_pages(make: Factory) -> None:  # G1
    client = await make.client((await new_workspaces.open_workspace(make.database, "default")).id)
    for (method, path), access in EXPECTED_PAGES.items():
        if access != "anyone":
            answer = await client.request(method, path.format(**IDS))
            assert outcome(answer) == expected(access, "anonymous"), path


async def test_options_responses_name_every_method_and_are_empty(make: Factory) -> None:  # G1
    anonymous, methods = make.anonymous(), defaultdict(lambda: {"OPTIONS"})
    for method, path in EXPECTED | EXPECTED_PAGES:
        methods[path] |= {method, "HEAD"} if method == "GET" else {method}
    for path, expected_methods in methods.items():
        answer = await anonymous.options(path.format(**IDS))
        assert (answer.status_code, answer.content) == (204, b"")
        assert set(answer.headers["allow"].split(", ")) == expected_methods, path


async def test_a_405_names_the_methods_that_options_names(make: Factory) -> None:  # C7
    anonymous = make.anonymous()
    for path in {path.format(**IDS) for _, path in EXPECTED | EXPECTED_PAGES}:
        refused = await anonymous.request("TRACE", path)
        assert refused.status_code == 405, path
        assert set(refused.headers["allow"].split(", ")) == set(
            (await anonymous.options(path)).headers["allow"].split(", ")
        )


async def test_a_malformed_or_unknown_key_is_refused(make: Factory, client: Client) -> None:  # G1
    key = client.headers["authorization"].removeprefix("Bearer ")
    _, key_id, secret = key.split("_", 2)
    wrong = ["", "Bearer", "Bearer ", key, f"Basic {key}", f"Bearer {key}x", f"Bearer {key[:-1]}", f"Bearer x{key}"]
    wrong += [f"Bearer {key.upper()}", f"Bearer vxp_{uuid4().hex}_{secret}", f"Bearer vxp_{key_id}_{'A' * 43}"]
    wrong += [f"Bearer {key} {key}", "Bearer \xe4\xff", f"Bearer {key[:20]}", "Bearer null", f"Bearer vxp_{key_id}_"]
    anonymous = make.anonymous()
    for header in wrong:
        for method, path in (("GET", f"{API}/products"), ("POST", f"{API}/products/p/features/f/increment")):
            answer = await anonymous.request(method, path, headers={"authorization": header.encode("latin-1")})
            assert (answer.status_code, answer.json()["code"]) == (401, "UNAUTHORIZED"), header
            assert answer.headers["www-authenticate"] == "Bearer"


async def test_the_authorization_header_may_vary_in_case_and_space(make: Factory, client: Client) -> None:  # G1
    key = client.headers["authorization"].removeprefix("Bearer ")
    for header in (f"bearer {key}", f"BEARER {key}", f"Bearer  {key}", f"Bearer {key} "):
        assert (await make.anonymous().get(f"{API}/products", headers={"authorization": header})).status_code == 200


async def test_a_revoked_key_is_refused_immediately_in_every_process(
    make: Factory, client: Client, live_db: str
) -> None:  # G1
    """The other process has its own pool, and both processes have just accepted the key."""
    database = await Database.open(live_db, size=2)
    other = Factory(database, load(env={})).anonymous(headers=dict(client.headers))
    callers = [await Feature.open(client), Feature(other)]
    for caller in callers:
        await caller.use()
    key = KeyId(UUID(client.headers["authorization"].split("_")[1]))
    async with make.database.transaction(client.workspace) as tx:
        await workspaces.revoke_key(tx, client.workspace, key, utcnow())
    for caller in callers:
        assert (await caller.post("increment")).status_code == 401
        assert (await caller.client.get(f"{API}/products")).status_code == 401
    await other.aclose()
    await database.close()


ADDRESSED = [
    ("PATCH", "/products/{product}", {"name": "New"}),
    ("DELETE", "/products/{product}", None),
    ("POST", "/products/{product}/features", {"feature_key": "x"}),
    ("GET", "/products/{product}/feature-interactions?user_email=u@x.com", None),
    ("PATCH", "/products/{product}/features/{feature}", {"name": "New"}),
    ("PUT", "/products/{product}/features/{feature}/thresholds", {}),
    ("DELETE", "/products/{product}/features/{feature}", None),
    ("POST", "/products/{product}/features/{feature}/increment", {}),
    ("POST", "/products/{product}/features/{feature}/reject", {}),
    ("POST", "/products/{product}/features/{feature}/feedbacks", {"rating": 8, "source": "prompted"}),
    ("PATCH", "/feedbacks/{feedback}/notes", {"notes": "x", "updated_by": "u@x.com"}),
]
REST = {"user_email": "u@x.com", "interaction_threshold": 1, "rejection_threshold": 1}
TABLES = ("product", "feature", "interaction", "feedback", "survey", "interaction_sum", "score_count")


async def test_ids_of_another_workspace_get_the_same_404_as_unknown_ids(
    client: Client, other_client: Client, owner: Owner
) -> None:  # G1
    theirs = await Feature.open(other_client, "crm", "export", uses=1)
    await theirs.use()
    known = {"product": "crm", "feature": "export", "feedback": (await theirs.rate())["id"]}
    unknown = {"product": "cry", "feature": "expert", "feedback": str(uuid4())}
    before = [await owner.fetch(f"TABLE {table}") for table in TABLES]
    for method, path, body in ADDRESSED:
        bodies = []
        for ids in (known, unknown):
            answer = await client.request(method, API + path.format(**ids), json=None if body is None else body | REST)
            assert answer.status_code == 404, path
            text = re.sub('"traceId":"[^"]*"', "", answer.text)
            bodies.append(re.sub("|".join(ids.values()), "id", text))
        assert bodies[0] == bodies[1]
    assert before == [await owner.fetch(f"TABLE {table}") for table in TABLES]


async def test_metrics_are_open_to_the_local_machine_and_the_token(database: Database) -> None:  # G1
    app = app_for(database, load(env={"VOXPOP_METRICS_TOKEN": "s3cret"}))
    for host, headers, expected in (
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("10.0.0.9", {}, 403),
        ("10.0.0.9", {"authorization": "Bearer wrong"}, 403),
        ("10.0.0.9", {"authorization": "Bearer s3cret"}, 200),
        ("127.0.0.1", {"x-forwarded-for": "10.0.0.9"}, 403),
        ("127.0.0.1", {"forwarded": "for=10.0.0.9"}, 403),
    ):
        transport = httpx.ASGITransport(app=app, client=(host, 1234))
        async with httpx.AsyncClient(transport=transport, base_url="http://voxpop.test") as caller:
            assert (await caller.get("/metrics", headers=headers)).status_code == expected, (host, headers)


async def test_health_checks_need_no_key_and_have_an_empty_body(make: Factory) -> None:  # C10
    for path in ("/health/check", "/health/ready"):
        answer = await make.anonymous().get(path)
        assert (answer.status_code, answer.content) == (200, b"")


async def test_a_refusal_names_the_missing_scope(make: Factory) -> None:  # G1, G2
    client = await make.client(await make.workspace("ours"), Scope.READ)
    answer = await client.post(f"{API}/products", json={"key": "a", "name": "A"})
    assert answer.json()["message"] == "This needs a key with the scope 'manage'"
    assert expect_ok(await client.get(f"{API}/products")) == {"data": []}
