"""Going through a list: resolving one ticket after another visits every ticket, whatever the order of the list."""

import html
import re

import pytest
from tests.support.inbox import HOUR, Browser, InboxSite, Priority, Status

from voxpop.types import utcnow

SORTS = ["-updated", "updated", "-created", "created", "-priority", "priority", "-rating", "rating"]
ARRIVALS = 2
ROW = re.compile(r'<tr id="(TK-\d+)".*?<td class="subject"><div><a href="([^"]+)"', re.DOTALL)


async def fill(inbox: InboxSite) -> None:
    await inbox.rated(4, "Quick", "Hub skips")
    for hours, priority in ((5, "Medium"), (4, "Urgent"), (3, "Medium"), (2, "Low"), (9, "Low"), (10, "High")):
        await inbox.open(f"{hours} hours", now=utcnow() - hours * HOUR, priority=Priority(priority))


async def page_of(browser: Browser, path: str) -> str:
    response = await browser.get(path)
    assert response.status_code == 200
    return html.unescape(response.text)


def link(page: str, key: str) -> str:
    """The address to which a key leads."""
    found = re.search(rf'href="([^"]+)" data-key="{key}"', page)
    assert found, f"the page has no link for {key}"
    return found[1]


async def resolve(browser: Browser, page: str) -> str:
    """The page after the button with the key `e`."""
    form = re.search(r'action="([^"]+)"><button class="button" name="status" value="(\w+)" data-key="e"', page)
    assert form
    answer = await browser.submit(form[1], status=form[2])
    assert answer.status_code == 303
    return await page_of(browser, answer.headers["location"])


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("arriving", [False, True])
async def test_resolving_one_after_another_visits_every_ticket(inbox: InboxSite, sort: str, arriving: bool) -> None:
    await fill(inbox)
    rows = ROW.findall(await page_of(inbox.agent, f"/inbox?status=unresolved&sort={sort}"))
    refs, visited = [ref for ref, _ in rows], []
    assert len(refs) == 6
    address = rows[0][1]
    while True:
        page = await page_of(inbox.agent, address)
        visited.append(re.findall(r"<h1[^>]*><span>(TK-\d+)<", page)[0])
        if len(visited) == 1:
            assert f'<span class="left">{len(refs) - 1} left</span>' in page
        if arriving and len(visited) <= ARRIVALS:
            await inbox.open("New", now=utcnow(), priority=Priority.URGENT)
        page = await resolve(inbox.agent, page)
        assert f"{visited[-1]}: Resolved." in page
        if set(refs) <= set(visited):
            break
        assert len(visited) < len(refs) + ARRIVALS
        address = link(page, "j")
    assert [ref for ref in visited if ref in refs] == refs
    assert {(await inbox.get(ref)).status for ref in refs} == {Status.RESOLVED}
