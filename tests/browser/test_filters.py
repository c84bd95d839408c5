"""The filters of the inbox in Chromium: applied at once, kept in the address, on a phone, without JavaScript."""

import re

import pytest
from playwright.async_api import Browser, Locator, Page, expect
from tests.support.agents import Agent, window
from tests.support.inbox import InboxSite

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 390, "height": 800}, "has_touch": True, "is_mobile": True}


def rows(page: Page) -> Locator:
    return page.locator(".listed tbody tr")


async def test_filters_apply_at_once_and_stay_in_the_address(agent: Agent) -> None:  # T14, T12
    page = await agent.go("/inbox?status=")
    await page.locator("[name=rating]").select_option("1-2")
    await expect(page.locator(".listed tbody tr")).to_have_count(1)
    await expect(page.get_by_role("img", name="Customer rating: 1 / 5")).to_be_visible()
    await expect(page.locator("a[download]")).to_have_attribute("href", re.compile("rating=1-2"))
    await page.reload()
    await expect(page.locator(".listed tbody tr")).to_have_count(1)
    await page.go_back()
    await expect(page.locator(".listed tbody tr")).to_have_count(6)
    await page.get_by_role("link", name="rating", exact=True).click()
    refs = await page.locator("td.ref").all_inner_texts()
    assert refs[:2] == ["TK-1", "TK-2"]


async def test_the_requester_filter_is_set_and_removed(agent: Agent) -> None:
    page = await agent.go("/inbox?status=")
    remove = page.get_by_role("link", name="Remove this filter: Requester")
    await expect(remove).to_be_hidden()
    await page.get_by_label("Requester", exact=True).fill("Bob@Example.com")
    await page.keyboard.press("Enter")
    await expect(rows(page)).to_have_count(5)
    await expect(page).to_have_url(re.compile("requester=Bob%40Example.com"))
    await page.locator("[name=priority]").select_option("Urgent")
    await expect(rows(page)).to_have_count(1)
    await remove.click()
    await expect(page.get_by_label("Requester", exact=True)).to_have_value("")
    await page.locator("[name=priority]").select_option("")
    await expect(rows(page)).to_have_count(6)
    for count in (1, 1, 5, 6):  # one step for each change
        await page.go_back()
        await expect(rows(page)).to_have_count(count)


async def test_filters_work_without_javascript(chromium: Browser, inbox: InboxSite, origin: str) -> None:
    agent = await window(chromium, inbox, origin, java_script_enabled=False)
    page = await agent.go("/inbox?status=")
    await page.get_by_label("Requester", exact=True).fill("bob@example.com")
    await page.locator("[name=priority]").select_option("Medium")
    await page.get_by_role("button", name="Apply").click()
    await expect(rows(page)).to_have_count(4)
    await page.get_by_role("link", name="Remove this filter: Requester").click()
    await expect(rows(page)).to_have_count(5)
    await agent.context.close()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
async def test_filters_and_sorting_work_on_a_phone(
    chromium: Browser, inbox: InboxSite, origin: str, scripts: bool
) -> None:
    agent = await window(chromium, inbox, origin, **PHONE, java_script_enabled=scripts)
    page = await agent.go("/inbox?status=")
    await expect(page.get_by_label("Sort by")).to_be_hidden()
    await page.get_by_role("button", name="Filter and sort").tap()
    for name, choice in (("assignee", "Unassigned"), ("rating", "Rated"), ("sort", "Worst rating")):
        await page.locator(f"#filter-sheet [name={name}]").select_option(choice)
    await page.get_by_role("button", name="Show tickets" if scripts else "Apply").tap()
    await expect(page.get_by_label("Sort by")).to_be_hidden()
    await expect(page.locator("td.ref")).to_have_text(["TK-2", "TK-1"])
    await page.reload()
    await expect(page.locator("td.ref")).to_have_text(["TK-2", "TK-1"])
    await agent.context.close()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
async def test_signing_out_works_on_a_phone(chromium: Browser, inbox: InboxSite, origin: str, scripts: bool) -> None:
    agent = await window(chromium, inbox, origin, **PHONE, java_script_enabled=scripts)
    page = await agent.go("/inbox")
    await expect(page.get_by_role("button", name="Sign out")).to_be_hidden()
    await page.get_by_role("button", name="agent").tap()
    await page.get_by_role("button", name="Sign out").tap()
    await expect(page).to_have_url(f"{origin}/login")
    await agent.context.close()
