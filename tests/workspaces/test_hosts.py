"""The workspace of a host name, and the address of a workspace."""

import pytest
from tests.support.databases import at, run_sql
from tests.support.old_schemas import migrate_up_to
from tests.support.portal import text_of
from tests.support.sites import HOST, Site

from voxpop.accounts import sign_in
from voxpop.db.migrate import migrate
from voxpop.db.pool import Database
from voxpop.hosts import workspace_label, workspace_url
from voxpop.surveys import new_workspaces
from voxpop.types import utcnow, uuid7
from voxpop.workspaces import service

BASE = "https://example.com"


@pytest.mark.parametrize(
    ("host", "base", "label"),
    [
        ("example.com", BASE, "default"),
        ("EXAMPLE.com:443", BASE, "default"),
        ("example.com.", BASE, "default"),
        ("acme.example.com", BASE, "acme"),
        ("Acme.Example.Com:8443", BASE, "acme"),
        ("a.b.example.com", BASE, None),
        ("-acme.example.com", BASE, None),
        ("badexample.com", BASE, None),
        ("example.com.evil.test", BASE, None),
        ("other.test", BASE, None),
        ("", BASE, None),
        ("127.0.0.1:8000", BASE, "default"),
        ("[::1]:8000", BASE, "default"),
        ("localhost:8000", BASE, "default"),
        ("acme.localhost:8000", BASE, "acme"),
        ("acme.localhost:8000", None, "acme"),
        ("127.0.0.1:8000", None, "default"),
        ("192.168.1.5:8000", None, "default"),
        ("server.lan", None, "default"),
    ],
)
def test_a_host_names_its_label(host: str, base: str | None, label: str | None) -> None:  # T26
    assert workspace_label(host, base) == label


@pytest.mark.parametrize(
    ("public_url", "slug", "address"),
    [
        (BASE, "default", "https://example.com"),
        (BASE, "acme", "https://acme.example.com"),
        ("http://127.0.0.1:8000", "default", "http://127.0.0.1:8000"),
        ("http://127.0.0.1:8000", "acme", "http://acme.localhost:8000"),
        ("http://0.0.0.0:8000", "default", "http://localhost:8000"),
        ("http://[::1]:8000", "default", "http://[::1]:8000"),
        ("http://localhost:8000", "acme", "http://acme.localhost:8000"),
    ],
)
def test_the_address_of_a_workspace(public_url: str, slug: str, address: str) -> None:
    assert workspace_url(public_url, slug) == address


async def test_the_host_selects_the_workspace(site: Site) -> None:  # T26
    assert "Sign in to default" in text_of((await site.browser().get("/login")).text)
    assert "Sign in to acme" in text_of((await site.browser("acme").get("/login")).text)
    assert "Sign in to acme" in text_of(
        (await site.browser().get("/login", headers={"host": "acme.localhost:8000"})).text
    )


@pytest.mark.parametrize("host", ["unknown.voxpop.test", "evil.test", "a.b.voxpop.test", "voxpop.test.evil.test"])
async def test_an_unknown_host_is_not_found(site: Site, host: str) -> None:
    for path in ("/login", "/tickets/login", "/settings"):
        answer = await site.browser().get(path, headers={"host": host})
        assert (answer.status_code, "Page not found" in answer.text) == (404, True)


async def test_a_label_is_made_from_the_name(site: Site) -> None:
    names = ("Ridgeway Parts", "ridgeway parts!", "Ёлка")
    created = [await new_workspaces.open_workspace(site.database, name) for name in names]
    assert [workspace.slug for workspace in created] == ["ridgeway-parts", "ridgeway-parts-2", "workspace"]


@pytest.mark.parametrize("host", ["[::1", "[zz]", "a:b:c", "http://x"])
@pytest.mark.parametrize("signed_in", [True, False])
async def test_a_malformed_host_is_refused(site: Site, host: str, signed_in: bool) -> None:
    browser = await site.owner() if signed_in else site.browser()
    cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    headers = {"host": host, "cookie": cookie, "origin": f"http://{HOST}"}
    for path in ("/login", "/tickets/login", "/settings", "/nowhere", "/api/v1/tickets"):
        answer = await browser.get(path, headers=headers)
        assert 400 <= answer.status_code < 500, (path, answer.status_code)
    assert 400 <= (await browser.post("/login", data={"email": "a@b.de"}, headers=headers)).status_code < 500


async def test_the_migration_gives_the_bare_host_to_the_oldest_workspace(server_dsn: str) -> None:
    """Before labels existed, the oldest workspace could be renamed and another could take its name."""
    name = f"voxpop_before_labels_{uuid7().hex}"
    await run_sql(server_dsn, f"CREATE DATABASE {name} TEMPLATE template0")
    await migrate_up_to(at(server_dsn, name), 3)
    await run_sql(
        at(server_dsn, name),
        f"SELECT create_workspace('{uuid7()}', 'default')",
        "UPDATE workspace SET name = 'Ridgeway'",
        f"SELECT create_workspace('{uuid7()}', 'default')",
    )
    await migrate(at(server_dsn, name))
    database = await Database.open(at(server_dsn, name), size=2)
    async with database.system_transaction() as tx:
        labels = {workspace.name: workspace.slug for workspace in await service.list_workspaces(tx)}
    assert labels == {"Ridgeway": "default", "default": "default-2"}
    link = await sign_in.create_first_owner_link(database, f"http://{HOST}", utcnow())
    async with Site(database).browser() as browser:
        assert "Sign in to Ridgeway" in text_of((await browser.get("/login")).text)
        answer = await browser.use_link(link or "", email="ann@example.com", name="Ann")
    assert answer.status_code == 303
    await database.close()
    await run_sql(server_dsn, f"DROP DATABASE {name} WITH (FORCE)")
