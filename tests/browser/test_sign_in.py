"""Sign-in, settings, the export and CSRF protection, in Chromium."""

import asyncio
import csv
import io
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect
from tests.support.agents import Agent, window
from tests.support.inbox import InboxSite, Status
from tests.support.sites import AGENT, OWNER, PASSWORD

pytestmark = pytest.mark.browser

RATING = ["csat_rating", "csat_comment", "csat_rated_at"]
FORGED = """action => {
    document.body.innerHTML = `<form method="post" action="${action}"><input name="status" value="Closed"></form>`;
    document.forms[0].submit();
}"""


async def test_a_member_signs_in_by_password_and_gets_to_the_requested_page(
    chromium: Browser, inbox: InboxSite, origin: str
) -> None:
    assert (await inbox.owner_browser.submit("/settings/password", new=PASSWORD)).status_code == 303
    page = await (await chromium.new_context(locale="en")).new_page()
    await page.goto(f"{origin}/inbox/TK-6")
    for password, heading in (("something else", "Sign in to default"), (PASSWORD, "TK-6 Latest")):
        await page.get_by_label("Email").fill(OWNER)
        await page.get_by_label("Password").fill(password)
        await page.get_by_role("button", name="Sign in").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text(heading)
        if password != PASSWORD:
            await expect(page.get_by_role("alert")).to_contain_text("Wrong email address")
    await expect(page).to_have_url(f"{origin}/inbox/TK-6")
    await page.context.close()


async def test_the_export_has_the_rating_in_its_last_columns(agent: Agent) -> None:  # T13
    page = await agent.go("/inbox?rating=rated&sort=rating")
    async with page.expect_download() as started:
        await page.get_by_role("link", name="Export CSV").click()
    content = await asyncio.to_thread(Path(await (await started.value).path()).read_bytes)
    assert content.startswith(b"\xef\xbb\xbf")
    head, *rows = csv.reader(io.StringIO(content.decode("utf-8-sig")))
    assert head[-3:] == RATING
    assert sorted(row[-3:-1] for row in rows) == [["1", "Never again"], ["4", "Quick & honest"]]
    assert all(row[-1].endswith("Z") for row in rows)


async def test_a_page_of_another_origin_changes_nothing(chromium: Browser, inbox: InboxSite, origin: str) -> None:
    agent = await window(chromium, inbox, origin, bypass_csp=True)
    page = agent.page
    await page.goto(f"{origin.replace('127.0.0.1', 'localhost')}/login")
    await page.evaluate(FORGED, f"{origin}/inbox/TK-6/status")
    await expect(page.get_by_role("heading", name="You don’t have access")).to_be_visible()
    assert (await inbox.get("TK-6")).status == Status.OPEN
    await agent.context.close()


async def test_a_ticket_of_another_workspace_is_not_found(agent: Agent, inbox: InboxSite) -> None:  # T26
    for _ in range(7):
        await inbox.open("Theirs", slug="acme")
    answer = await agent.page.goto(f"{agent.origin}/inbox/TK-7")
    assert answer is not None
    assert answer.status == 404
    await expect(agent.page.get_by_text("Theirs")).to_have_count(0)
    agent.errors.clear()  # the browser says that it was not found


async def test_selecting_a_role_changes_it(chromium: Browser, inbox: InboxSite, origin: str) -> None:
    owner = await window(chromium, inbox, origin, member="owner_browser")
    page = await owner.go("/settings")
    choice = page.get_by_label("Role of agent")
    await expect(page.get_by_role("button", name="Change")).to_be_hidden()
    await choice.select_option("admin")
    await expect(page.get_by_role("status")).to_contain_text("changed")
    await expect(choice).to_have_value("admin")
    assert (await inbox.agent.get("/settings/keys")).status_code == 200, AGENT
    await owner.context.close()


async def test_a_key_is_copied(chromium: Browser, inbox: InboxSite, origin: str) -> None:
    owner = await window(
        chromium, inbox, origin, member="owner_browser", permissions=["clipboard-read", "clipboard-write"]
    )
    page = await owner.go("/settings/keys")
    await page.get_by_label("Name of the key").fill("Shop")
    await page.get_by_label("ingest").check()
    await page.get_by_role("button", name="Create key").click()
    await page.get_by_role("button", name="Copy").click()
    await expect(page.get_by_role("button", name="Copied")).to_be_visible()
    key = await page.locator("#secret").inner_text()
    assert len(key) > 40
    assert await page.evaluate("navigator.clipboard.readText()") == key
    await owner.context.close()


async def test_relative_times_are_updated_without_a_reload(agent: Agent) -> None:
    await agent.page.clock.install()
    page = await agent.go("/inbox/TK-6")
    opened = page.locator(".facts time").first
    await expect(opened).to_have_text("2 hours ago")
    await page.clock.fast_forward("01:00:30")
    await expect(opened).to_have_text("3 hours ago")
