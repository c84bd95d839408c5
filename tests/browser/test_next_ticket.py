"""Going through a list in Chromium with the keyboard alone: resolving one ticket after another."""

import re

import pytest
from playwright.async_api import Page, expect
from tests.support.agents import Agent
from tests.support.inbox import HOUR, InboxSite, Priority, Status

from voxpop.types import utcnow

pytestmark = pytest.mark.browser

ARRIVALS = 2


async def open_ticket(page: Page) -> str:
    text = await page.locator("h1").inner_text()
    return text.split()[0]


async def start(agent: Agent, query: str) -> list[str]:
    """Opens the first ticket of a list. Returns the references in the order of the list."""
    page = await agent.go(f"/inbox?{query}")
    refs = await page.locator("td.ref").all_inner_texts()
    await agent.press("j", "Enter")
    await page.locator(".list-position").wait_for()
    return refs


@pytest.mark.slow
@pytest.mark.parametrize(("sort", "arriving"), [("-updated", False), ("priority", True)])
async def test_resolving_one_after_another_visits_every_ticket(
    agent: Agent, inbox: InboxSite, sort: str, arriving: bool
) -> None:
    """With the keys alone; tests/tickets/test_next_ticket.py goes through every order."""
    for hours in range(2):
        await inbox.open(f"More {hours}", now=utcnow() - (9 + hours) * HOUR, priority=Priority.LOW)
    page = agent.page
    refs = await start(agent, f"status=unresolved&sort={sort}")
    visited: list[str] = []
    for number in range(len(refs) + arriving * ARRIVALS):
        visited.append(await open_ticket(page))
        if number == 0:
            await expect(page.locator(".list-position .left")).to_have_text(f"{len(refs) - 1} left")
        if arriving and number < ARRIVALS:
            await inbox.open("New", now=utcnow(), priority=Priority.URGENT)
        await agent.press("e")
        await expect(page.locator(".undo")).to_contain_text(f"{visited[-1]}: Resolved.")
        if set(refs) <= set(visited):
            break
        await agent.press("j")
        await expect(page.locator("h1")).not_to_contain_text(f"{visited[-1]} ")
    assert [ref for ref in visited if ref in refs] == refs
    assert {(await inbox.get(ref)).status for ref in refs} == {Status.RESOLVED}


async def test_the_last_ticket_says_that_none_follows(agent: Agent) -> None:
    page = agent.page
    await start(agent, "priority=Urgent&status=unresolved")
    await expect(page.locator(".list-position .left")).to_have_text("0 left")
    await agent.press("j")
    await expect(page.get_by_role("status").filter(has_text="last ticket")).to_be_visible()


async def test_members_can_go_on_to_the_next_ticket_and_undo(agent: Agent, inbox: InboxSite) -> None:
    page = await agent.go("/settings/profile")
    await page.get_by_label("Go on to the next ticket").check()
    await page.get_by_role("button", name="Save").nth(1).click()
    await expect(page.locator(".toast")).to_have_text("Saved")
    await expect(page.get_by_label("Go on to the next ticket")).to_be_checked()
    refs = await start(agent, "status=unresolved")
    await agent.press("e")
    await expect(page.locator("h1")).to_contain_text(refs[1])
    await expect(page.locator(".undo")).to_contain_text(f"{refs[0]}: Resolved.")
    await agent.press("z")
    await expect(page.locator("h1")).to_contain_text(refs[0])
    assert (await inbox.get(refs[0])).status == Status.OPEN
    await expect(page.locator(".list-position .left")).to_have_text("3 left")
    for ref in refs:
        await expect(page.locator("h1")).to_contain_text(ref)
        await agent.press("e")
    await expect(page).to_have_url(re.compile(r"/inbox\?status=unresolved"))
    await expect(page.locator(".undo")).to_contain_text(f"{refs[-1]}: Resolved.")
    await expect(page.locator(".empty-state")).to_contain_text("Nothing to do")


async def test_going_on_after_a_reply_forgets_its_draft(agent: Agent, inbox: InboxSite) -> None:
    await inbox.agent.submit("/settings/preferences", next_after_resolving="yes")
    page = agent.page
    refs = await start(agent, "status=unresolved")
    await agent.press("r")
    await page.keyboard.type("Done")
    await page.get_by_role("button", name="Send and change the status").click()
    await page.get_by_role("button", name="Send and resolve").click()
    await expect(page.locator("h1")).to_contain_text(refs[1])
    await expect(page.locator(".undo")).to_contain_text(f"Reply added. {refs[0]}: Resolved.")
    await agent.go(f"/inbox/{refs[0]}")
    await expect(page.locator(".composer textarea")).to_have_value("")


LIVE_LISTS = {
    "": "",
    "status=unresolved&assignee=none": "",
    "tag=gone&status=": "gone",
    "priority=High&status=unresolved": "",
    "text=pump&status=unresolved": "",
    "rating=unrated&status=unresolved": "",
}


@pytest.mark.slow
async def test_a_live_list_goes_from_empty_to_one_and_back(agent: Agent, inbox: InboxSite) -> None:
    for number in range(1, 7):  # no ticket of the others is in these lists
        await inbox.agent.submit(f"/inbox/TK-{number}/status", status="Closed")
    for query, tag in LIVE_LISTS.items():
        page = await agent.go(f"/inbox?{query}")
        await expect(page.locator(".empty-state"), query).to_be_visible()
        await expect(page.locator(".live").first, query).to_be_visible()
        ticket = await inbox.open("Pump", now=utcnow(), priority=Priority.HIGH, tags=(tag,) if tag else ())
        await expect(page.locator(".listed tbody tr"), query).to_have_count(1)
        await expect(page.locator(".empty-state"), query).to_have_count(0)
        await expect(page.locator(".pager"), query).to_contain_text("1–1 of 1")
        await inbox.agent.submit(f"/inbox/{ticket.ref}/tags", tags="")
        await inbox.agent.submit(f"/inbox/{ticket.ref}/status", status="Resolved")
        await expect(page.locator(".empty-state"), query).to_be_visible()
        await expect(page.locator(".listed tbody tr"), query).to_have_count(0)


async def test_a_filter_fills_an_empty_list(agent: Agent) -> None:
    page = await agent.go("/inbox?text=nothing")
    await expect(page.locator(".empty-state")).to_be_visible()
    await page.locator(".search input").fill("Fourth")
    await page.keyboard.press("Enter")
    await expect(page.locator(".listed tbody tr")).to_have_count(1)
    await page.keyboard.press("Escape")
    await agent.press("j", "x")
    await expect(page.locator(".bulk output")).to_have_text("1 selected")
