"""The inbox in Chromium: with the keyboard only, without JavaScript, live updates, and accessibility."""

import re

import pytest
from playwright.async_api import Browser, expect
from tests.support.agents import LONG, Agent, check_look, check_page, first_look, go_narrow, in_all_looks, window
from tests.support.axe import violations
from tests.support.focus import invisible_stops
from tests.support.inbox import AGENT, HOUR, InboxSite, Status

from voxpop.tickets import service
from voxpop.tickets.models import Author
from voxpop.types import utcnow

pytestmark = pytest.mark.browser


async def test_an_agent_replies_and_resolves_with_the_keyboard_only(agent: Agent, inbox: InboxSite) -> None:
    page = await agent.go("/inbox")
    await agent.press("j", "j", "k", "j", "Enter")
    await expect(page.locator("h1")).to_contain_text("TK-5")
    await agent.press("r")
    await page.keyboard.type("We are on it: jenx?/")
    await agent.press("Control+Enter")
    await expect(page.locator(".message").last).to_contain_text("We are on it: jenx?/")
    await agent.press("n")
    await page.keyboard.type("She is kind")
    await agent.press("Control+Enter")
    await expect(page.locator(".message.note")).to_contain_text("She is kind")
    await agent.press("e")
    await expect(page.locator(".undo")).to_contain_text("Resolved.")
    assert (await inbox.get("TK-5")).status == Status.RESOLVED
    await agent.press("j")
    await expect(page.locator("h1")).to_contain_text("TK-4")
    await agent.press("k", "g", "i")
    await expect(page.locator(".listed tbody tr")).to_have_count(3)
    assert [message.kind for message in await inbox.messages("TK-5")] == ["reply", "note"]


async def test_fields_are_set_with_the_keyboard_only(agent: Agent, inbox: InboxSite) -> None:
    page = await agent.go("/inbox/TK-6")
    await agent.press("p")
    await expect(agent.focused).to_have_text("Medium")
    await agent.press("ArrowUp", "Enter")
    await expect(page.locator(".activity").last).to_contain_text("set the priority to High")
    await agent.press("a", "Home", "j", "k", "Escape", "a", "j", "Enter")
    await expect(page.locator(".activity").last).to_contain_text("took the ticket")
    await agent.press("t")
    await page.keyboard.type("Wheels, brakes")
    await agent.press("Enter")
    await expect(page.locator(".activity").last).to_contain_text("set the tags to brakes, Wheels")
    ticket = await inbox.get("TK-6")
    assert (ticket.priority, ticket.assignee_id) == ("High", await inbox.account(AGENT))


async def test_several_tickets_are_selected_and_assigned_with_the_keyboard_only(agent: Agent, inbox: InboxSite) -> None:
    page = await agent.go("/inbox")
    await expect(page.locator(".bulk")).to_be_hidden()
    await agent.press("j", "x", "j", "x")
    await expect(page.locator(".bulk output")).to_have_text("2 selected")
    await agent.press("a")
    await expect(page.locator("#bulk-assignee :focus")).to_have_text("agent me")
    await agent.press("Enter")
    await expect(page.locator(".toast")).to_contain_text("2 tickets assigned.")
    bob = await inbox.account(AGENT)
    assert [(await inbox.get(ref)).assignee_id for ref in ("TK-6", "TK-5", "TK-4")] == [bob, bob, None]
    await expect(page.locator("#TK-4 .subject a")).to_be_focused()
    await agent.press("e")
    await expect(page.locator(".toast")).to_contain_text("TK-4: Resolved.")
    await expect(page.locator(".listed tbody tr")).to_have_count(3)
    await expect(page.locator("#TK-3 .subject a")).to_be_focused()


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/inbox?status=", "/inbox/TK-1", "/inbox/new", "/low-ratings", "/settings/profile"])
async def test_the_focus_is_always_visible(agent: Agent, path: str) -> None:
    assert await invisible_stops(await agent.go(path)) == []


async def test_the_focused_row_is_never_covered_by_the_header_or_the_footer(agent: Agent) -> None:
    await agent.page.set_viewport_size({"width": 1280, "height": 330})
    page = await agent.go("/inbox?status=")
    head, foot = page.locator("thead th.subject"), page.locator(".foot")
    for key in ("j", "j", "j", "j", "j", "j", "k", "k", "k", "k", "k"):
        await agent.press(key)
        row = await page.locator("tr:has(:focus)").bounding_box()
        above, below = await head.bounding_box(), await foot.bounding_box()
        assert row
        assert above
        assert below
        assert above["y"] + above["height"] <= row["y"] + 1
        assert row["y"] + row["height"] <= below["y"] + 1


async def test_shortcuts_for_help_search_and_escape(agent: Agent) -> None:
    page = await agent.go("/inbox")
    await agent.press("?")
    await expect(page.locator("#keys")).to_be_visible()
    await agent.press("j", "Escape")
    await expect(page.locator("#keys")).to_be_hidden()
    await agent.press("/")
    await page.keyboard.type("fourth")
    await agent.press("Enter")
    await expect(page.locator(".listed tbody tr")).to_have_count(1)
    await expect(page).to_have_url(re.compile("text=fourth"))
    await agent.press("Escape")
    await expect(page.locator(".search input")).to_have_value("fourth")
    await agent.press("j", "o")
    await expect(page.locator("h1")).to_contain_text("TK-4")
    await agent.press("g", "l")
    await expect(page.locator("h1")).to_have_text("Low ratings")


async def test_live_updates_keep_selection_and_focus(agent: Agent, inbox: InboxSite) -> None:
    page = await agent.go("/inbox")
    await expect(page.locator(".live")).to_be_visible()
    await agent.press("j", "j", "x")
    await touch(inbox, "TK-3")
    await expect(page.locator("tbody tr").first).to_have_id("TK-3")
    await expect(page.locator("#TK-3 .status")).to_have_text("In progress")
    await expect(page.locator("#TK-5 input")).to_be_checked()
    await expect(page.locator("#TK-5 .subject a")).to_be_focused()


async def touch(inbox: InboxSite, ref: str) -> None:
    """Another member changes the ticket, so that it becomes the first of the list."""
    async with inbox.database.transaction(inbox.workspace_id()) as tx:
        await service.set_status(tx, inbox.workspace_id(), [ref], Status.IN_PROGRESS, Author("Colleague"), utcnow())


@pytest.mark.parametrize("anchor", ["under the pointer", "focused", "in sight"])
async def test_live_updates_keep_the_scroll_position(agent: Agent, inbox: InboxSite, anchor: str) -> None:
    for hours in range(30):
        await inbox.open(f"Old {hours}", now=utcnow() - (10 + hours) * HOUR)
    page = await agent.go("/inbox")
    await expect(page.locator(".live")).to_be_visible()
    row = page.locator("#TK-15")
    await row.evaluate("row => row.scrollIntoView({block: 'center'})")
    if anchor == "focused":
        await row.locator(".subject a").focus()
    if anchor == "under the pointer":
        await row.hover()
    before = await row.bounding_box()
    for ref in ("TK-36", "TK-35"):
        await touch(inbox, ref)
        await expect(page.locator("tbody tr").first).to_have_id(ref)
    after = await row.bounding_box()
    assert before is not None
    assert after is not None
    assert abs(after["y"] - before["y"]) < 1


HIDE = """hidden => {
    Object.defineProperty(document, "hidden", {value: hidden, configurable: true});
    document.dispatchEvent(new Event("visibilitychange"));
}"""


async def test_a_hidden_page_closes_its_stream_and_catches_up(agent: Agent, inbox: InboxSite) -> None:
    page = await agent.go("/inbox")
    await expect(page.locator(".live")).to_be_visible()
    await page.evaluate(HIDE, True)
    await inbox.open("Newest", now=utcnow())
    await page.wait_for_timeout(1000)
    await expect(page.locator("tbody tr").first).to_have_id("TK-6")
    await page.evaluate(HIDE, False)
    await expect(page.locator("tbody tr").first).to_have_id("TK-7")


async def test_new_messages_appear_while_the_agent_is_writing(agent: Agent, inbox: InboxSite) -> None:
    page = await agent.go("/inbox/TK-6")
    await page.wait_for_function(
        "performance.getEntriesByType('resource').some((one) => one.name.includes('inbox/main.js'))"
    )
    await agent.press("r")
    await page.keyboard.type("I am writ")
    async with inbox.database.transaction(inbox.workspace_id()) as tx:
        await service.customer_reply(tx, inbox.workspace_id(), "TK-6", "One more thing", Author("Bob Berg"), utcnow())
    await expect(page.locator(".message").last).to_contain_text("One more thing")
    await page.keyboard.type("ing")
    await expect(page.locator(".composer textarea")).to_have_value("I am writing")


async def test_everything_works_without_javascript(chromium: Browser, inbox: InboxSite, origin: str) -> None:
    agent = await window(chromium, inbox, origin, java_script_enabled=False)
    page = await agent.go("/inbox?status=")
    await page.locator("[name=priority]").select_option("Urgent")
    await page.get_by_role("button", name="Apply").click()
    await page.get_by_label("Select TK-4").check()
    await page.get_by_role("button", name="Resolve", exact=True).click()
    await expect(page.locator(".toast")).to_contain_text("TK-4: Resolved.")
    await page.get_by_role("link", name="Fourth").click()
    await page.get_by_label("Internal note").check(force=True)
    await page.get_by_label("Message").fill("A note")
    await page.get_by_role("button", name="Add note").click()
    await expect(page.locator(".message.note")).to_contain_text("A note")
    await page.get_by_role("button", name="Change: Urgent").click()
    await page.get_by_role("button", name="Low").click()
    await expect(page.locator(".activity").last).to_contain_text("set the priority to Low")
    await page.get_by_role("button", name="Reopen").click()
    await page.get_by_role("button", name="Undo").click()
    assert (await inbox.get("TK-4")).status == Status.RESOLVED
    await agent.context.close()


PATHS = {
    "list": "/inbox?status=",
    "filtered": "/inbox?priority=Urgent&assignee=none&requester=bob@example.com",
    "empty": "/inbox?text=nothing+has+this",
    "rated": "/inbox/TK-1?in=status%3D&at=1",
    "unrated": "/inbox/TK-5",
    "new": "/inbox/new",
    "low ratings": "/low-ratings",
    "content": "/low-ratings?tag=hubs",
    "search": "/inbox?status=&text=stops",
    "search-left-out": f"/inbox?text={'+'.join(f'w{number}' for number in range(40))}",
}


@in_all_looks
async def test_axe_finds_nothing(chromium: Browser, inbox: InboxSite, origin: str, locale: str) -> None:
    agent = await window(chromium, inbox, origin, **first_look(locale))
    for name, path in PATHS.items():
        await agent.go(path)
        await check_page(agent.page, f"inbox/{name}", locale)
    for name, path, keys in (
        ("help", "/inbox", ["?"]),
        ("bulk", "/inbox", ["j", "x"]),
        ("priority", "/inbox/TK-1", ["p"]),
        ("assignee", "/inbox/TK-1", ["a"]),
        ("tags", "/inbox/TK-1", ["t"]),
        ("note", "/inbox/TK-1", ["n"]),
        ("undo", "/inbox/TK-6", ["e"]),
    ):
        await agent.go(path)
        await agent.press(*keys)
        if name == "undo":
            await agent.page.locator(".undo").wait_for()
        await check_page(agent.page, f"inbox/{name}", locale)
    for number in range(60):
        await inbox.agent.submit("/inbox/TK-4/reply", body=f"Note {number}", kind="note")
    for name in ("latest", "earlier"):
        await agent.go("/inbox/TK-4")
        if name == "earlier":
            await agent.page.locator(".more-entries").click()
            await agent.page.wait_for_url("**/*before=*")
        await check_page(agent.page, f"inbox/{name}", locale)
    for button in (".open-filters", ".account-button"):
        narrow = await go_narrow(agent, "/inbox", locale)
        await agent.page.locator(button).click()
        await check_look(agent.page, f"inbox/{button[1:]}", narrow)
    assert agent.errors == []
    await agent.context.close()


@pytest.mark.parametrize("locale", ["en", "ru"])
async def test_no_link_is_half_covered_by_the_footer(
    chromium: Browser, inbox: InboxSite, origin: str, locale: str
) -> None:
    for number in range(30):
        await inbox.open(f"{number} {LONG}")
    look = {"viewport": {"width": 1280, "height": 600}, "locale": locale, "bypass_csp": True}
    agent = await window(chromium, inbox, origin, **look)
    page = await agent.go("/inbox?status=")
    for picked in (False, True):
        if picked:
            await agent.press("j", "x")
        for offset in range(0, 36, 4):  # a row's height
            await page.evaluate(f"scrollTo(0, {offset})")
            assert (picked, offset, await violations(page, "target-size")) == (picked, offset, [])
    await agent.context.close()
