"""Several tickets of the list at once, in Chromium: ranges, clearing, menus, undo, on a phone."""

import pytest
from playwright.async_api import Browser, Page, expect
from tests.support.agents import Agent, window
from tests.support.inbox import InboxSite, Priority, Status

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 390, "height": 800}, "has_touch": True, "is_mobile": True}


async def selected(page: Page) -> list[str]:
    boxes = await page.locator("tbody .pick input:checked").all()
    return [await box.input_value() for box in boxes]


async def test_shift_selects_a_range_and_escape_clears_it(agent: Agent) -> None:
    page = await agent.go("/inbox?status=")
    refs = await page.locator("td.ref").all_inner_texts()
    await page.locator(f"#{refs[1]} .pick input").click()
    await page.locator(f"#{refs[3]} .pick label").click(modifiers=["Shift"], position={"x": 2, "y": 2})
    assert await selected(page) == refs[1:4]
    await expect(page.locator(".bulk output")).to_have_text("3 selected")
    await page.locator(f"#{refs[2]} .pick input").click(modifiers=["Shift"])
    assert await selected(page) == refs[1:2]
    await agent.press("Escape")
    assert await selected(page) == []
    await expect(page.locator(".bulk")).to_be_hidden()
    await agent.press("j", "x", "j", "j", "Shift+X")
    assert len(await selected(page)) == 3
    await page.get_by_role("button", name="Clear").click()
    assert await selected(page) == []


@pytest.mark.parametrize(
    ("keys", "toast"),
    [
        (["e"], "2 tickets resolved."),
        (["d"], "2 tickets closed."),
        (["p", "j", "Enter"], "2 tickets changed."),
        (["t", "type", "Enter"], "2 tickets changed."),
        (["a", "Enter"], "2 tickets assigned."),
    ],
)
async def test_each_change_says_how_many_moves_the_focus_on_and_is_undone(
    agent: Agent, inbox: InboxSite, keys: list[str], toast: str
) -> None:
    page = await agent.go("/inbox")
    refs = await page.locator("td.ref").all_inner_texts()
    await agent.press("j", "x", "j", "x")
    for key in keys:
        await (page.keyboard.type("vip, gold") if key == "type" else agent.press(key))
    await expect(page.locator(".undo")).to_contain_text(toast)
    await expect(page.locator(f"#{refs[2]} .subject a")).to_be_focused()
    if "t" in keys:
        assert await inbox.tags(refs[0]) == ["gold", "vip"]
    await agent.press("z")
    await expect(page.locator(".toast")).to_have_text("Undone.")
    for ref in refs[:2]:
        ticket = await inbox.get(ref)
        assert (ticket.status, ticket.priority, ticket.assignee_id) == (Status.OPEN, Priority.MEDIUM, None)
        assert await inbox.tags(ref) == []


async def test_several_tickets_are_changed_on_a_phone(chromium: Browser, inbox: InboxSite, origin: str) -> None:
    agent = await window(chromium, inbox, origin, **PHONE)
    page = await agent.go("/inbox")
    for ref in ("TK-6", "TK-4"):
        await page.get_by_label(f"Select {ref}").tap()
    await page.get_by_role("button", name="Priority").tap()
    await page.get_by_role("button", name="High").tap()
    await expect(page.locator(".undo")).to_contain_text("2 tickets changed.")
    assert [(await inbox.get(ref)).priority for ref in ("TK-6", "TK-4")] == [Priority.HIGH] * 2
    await page.get_by_role("button", name="Undo").tap()
    await expect(page.locator(".toast")).to_have_text("Undone.")
    assert [(await inbox.get(ref)).priority for ref in ("TK-6", "TK-4")] == [Priority.MEDIUM, Priority.URGENT]
    await agent.context.close()
