"""Saving a form in which nothing was changed changes and logs nothing."""

from typing import Any
from urllib.parse import parse_qsl

import asyncpg
import pytest
from tests.support.forms import form_data, forms_of
from tests.support.inbox import InboxSite
from tests.support.sites import AGENT, Browser, member_id

# Tables that any request may change: sessions note their last use, rate limits count.
OF_REQUESTS = {"session", "rate_limit", "api_key", "idempotency_key"}
PAGES = ["/inbox/TK-1", "/settings/workspace", "/settings/profile", "/settings", "/survey-types/edit?code=NPS"]


async def stored_rows(owner: "asyncpg.Connection[Any]") -> dict[str, str]:
    """A digest of each table."""
    tables = await owner.fetch("SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'")
    digest = "SELECT coalesce(md5(string_agg(t::text, ' ' ORDER BY t::text)), '') FROM {} t"
    names = [row["name"] for row in tables if row["name"] not in OF_REQUESTS]
    return {name: await owner.fetchval(digest.format(name)) for name in names}


@pytest.fixture
async def inbox(inbox: InboxSite) -> InboxSite:
    owner = inbox.owner_browser
    agent = await inbox.account(AGENT)
    await inbox.open(tags=("VIP  Gold", "Straße"), assignee_id=agent)
    await owner.submit("/settings/workspace", name="Acme  Parts", time_zone="Europe/Berlin", cool_down_days="007")
    await owner.submit("/settings/profile", name="Olga  Ó.")
    return inbox


@pytest.mark.parametrize("path", PAGES)
async def test_an_unchanged_form_changes_nothing(inbox: InboxSite, owner: "asyncpg.Connection[Any]", path: str) -> None:
    editors = [form for form in forms_of((await inbox.owner_browser.get(path)).text) if form.is_editor]
    before = await stored_rows(owner)
    for form in editors:
        response = await inbox.owner_browser.post(form.action or path, data=form_data(form))
        assert response.status_code == 303, (form, response.text)
        assert await stored_rows(owner) == before, form.action
    assert editors


async def test_the_forms_of_a_ticket_and_of_the_settings_are_found(inbox: InboxSite) -> None:
    found = [form.action.partition("?")[0] for path in PAGES for form in await editors_at(inbox.owner_browser, path)]
    role = f"/settings/members/{await member_id(inbox.owner_browser, AGENT)}/role"
    ticket = [f"/inbox/TK-1/{name}" for name in ("status", "priority", "assignee", "tags")]
    assert {*ticket, "/settings/workspace", "/settings/profile", role} <= set(found)


async def editors_at(browser: Browser, path: str) -> list[Any]:
    return [form for form in forms_of((await browser.get(path)).text) if form.is_editor]


@pytest.mark.parametrize(
    "query",
    [
        "tag=STRASSE",
        "tag=unknown",
        "assignee=0192f1c0-0000-7000-8000-000000000000",
        "status=Open&priority=High",
        "sort=rating",
    ],
)
async def test_the_form_of_filters_keeps_every_filter(inbox: InboxSite, query: str) -> None:
    own = await inbox.account(AGENT)
    for given in (query, f"assignee={own}"):
        page = (await inbox.agent.get(f"/inbox?{given}")).text
        form = next(form for form in forms_of(page) if form.action == "/inbox")
        assert set(parse_qsl(given)) <= set(form.values)
