"""Two members who edit the same: the later form is refused once, keeps what was typed, and can be sent again."""

import asyncio
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from tests.support.forms import form_data, forms_of
from tests.support.inbox import InboxSite
from tests.support.invariants import Owner
from tests.support.sites import Browser

MESSAGE = "Someone changed this in the meantime. Your entries are kept"
CAMPAIGN = {
    "name": "After an order", "survey_type_code": "NPS", "trigger_type": "ORDER_COMPLETED", "delay_hours": "2",
    "delay_unit": "days", "active": "on",
}  # fmt: skip
FEATURE = {"feature_key": "export", "name": "Export", "interaction_threshold": "2", "rejection_threshold": "1"}
NAMES = {
    "campaign": "SELECT name FROM campaign",
    "product": "SELECT name FROM product",
    "feature": "SELECT name FROM feature",
    "survey type": """SELECT t.name FROM survey_type t JOIN workspace w ON w.id = t.workspace_id
        WHERE t.code = 'CES' AND w.slug = 'default'""",
}


@pytest.fixture
async def pages(member: Browser, owner: Owner) -> dict[str, str]:
    """The address of the form of each kind."""
    campaign = (await member.submit("/campaigns/new", **CAMPAIGN)).headers["location"].partition("?")[0]
    await member.submit("/features/products/new", key="shop", name="Shop")
    product = await owner.fetchval("SELECT id FROM product")
    await member.submit("/features/new", **FEATURE, product=str(product))
    feature = await owner.fetchval("SELECT id FROM feature")
    return {
        "campaign": f"{campaign}/edit",
        "product": f"/features/products/{product}/edit",
        "feature": f"/features/{feature}/edit",
        "survey type": "/survey-types/edit?code=CES",
    }


def editor(page: str, path: str) -> dict[str, Any]:
    """The values of the form of a page that is sent to a path."""
    return form_data(next(form for form in forms_of(page) if form.action == path))


async def opened(browser: Browser, path: str) -> dict[str, Any]:
    return editor((await browser.get(path)).text, path)


async def send(browser: Browser, path: str, values: dict[str, Any], name: str) -> httpx.Response:
    return await browser.post(path, data=values | {"name": name})


@pytest.mark.parametrize("kind", NAMES)
async def test_the_later_change_is_refused_once(
    inbox: InboxSite, member: Browser, owner: Owner, pages: dict[str, str], kind: str
) -> None:
    path = pages[kind]
    other = await inbox.accept_invitation(member, "admin@example.com", "admin")
    mine, theirs = await opened(member, path), await opened(other, path)
    assert (await send(other, path, theirs, "Theirs")).status_code == 303
    refused = await send(member, path, mine, "Mine <b>")
    assert refused.status_code == 409
    assert MESSAGE in refused.text
    assert 'value="Mine &lt;b&gt;"' in refused.text
    assert f'href="{path}" target="_blank"' in refused.text
    assert await owner.fetchval(NAMES[kind]) == "Theirs"
    again = editor(refused.text, path)
    assert (await send(member, path, again, "Mine")).status_code == 303
    assert await owner.fetchval(NAMES[kind]) == "Mine"


@pytest.mark.parametrize("kind", NAMES)
async def test_of_two_changes_at_once_one_is_refused(
    member: Browser, owner: Owner, pages: dict[str, str], kind: str
) -> None:
    values = await opened(member, pages[kind])
    both = await asyncio.gather(*(send(member, pages[kind], values, name) for name in ("One", "Two")))
    assert sorted(each.status_code for each in both) == [303, 409]
    stored = next(name for name, each in zip(("One", "Two"), both, strict=True) if each.status_code == 303)
    assert await owner.fetchval(NAMES[kind]) == stored


@pytest.mark.parametrize("kind", NAMES)
async def test_a_form_sent_twice_and_a_form_without_a_version_are_taken(
    member: Browser, owner: Owner, pages: dict[str, str], kind: str
) -> None:
    values = await opened(member, pages[kind])
    assert values["version"] != [""]
    for _ in range(2):
        assert (await send(member, pages[kind], values, "Twice")).status_code == 303
    assert (await send(member, pages[kind], values | {"version": ""}, "Without")).status_code == 303
    assert await owner.fetchval(NAMES[kind]) == "Without"


async def test_a_preview_and_an_error_keep_the_version(member: Browser, pages: dict[str, str]) -> None:
    path = pages["campaign"]
    values = await opened(member, path)
    assert (await send(member, path, values, "Changed")).status_code == 303
    for more in ({"preview": "1"}, {"delay_hours": "x"}):
        shown = await member.post(path, data=values | more)
        assert editor(shown.text, path)["version"] == values["version"]
        assert MESSAGE not in shown.text


async def test_thresholds_in_place_are_checked_too(member: Browser, owner: Owner, pages: dict[str, str]) -> None:
    path = pages["feature"].replace("edit", "thresholds")
    values = editor((await member.get("/features")).text, path)
    assert (await member.post(path, data=values | {"interaction_threshold": "7"})).status_code == 303
    refused = await member.post(path, data=values | {"interaction_threshold": "9"})
    assert refused.status_code == 409
    assert MESSAGE in refused.text
    assert 'value="9"' in refused.text
    form = editor(refused.text, pages["feature"])
    assert (await member.post(pages["feature"], data=form)).status_code == 303
    assert await owner.fetchval("SELECT interaction_threshold FROM feature") == 9
    assert urlsplit(pages["feature"]).path in refused.text


@pytest.mark.parametrize(("name", "mine", "theirs"), [("notes", "Mine", "Theirs"), ("tags", "mine", "theirs, more")])
async def test_notes_and_tags_of_a_rating_are_checked_too(
    inbox: InboxSite, owner: Owner, name: str, mine: str, theirs: str
) -> None:
    await inbox.rated(2, "Slow")
    rating = await owner.fetchval("SELECT id FROM feedback")
    address, path = f"/feedback?open={rating}", f"/feedback/{rating}/{name}?open={rating}"
    values = await opened_at(inbox.agent, address, path)
    saved = await inbox.owner_browser.post(path, data=values | {name: theirs})
    assert saved.status_code == 303, saved.text
    refused = await inbox.agent.post(path, data=values | {name: mine})
    assert refused.status_code == 409
    assert MESSAGE in refused.text
    again = editor(refused.text, path)
    assert again[name] == [mine]
    for _ in range(2):
        assert (await inbox.agent.post(path, data=again)).status_code == 303
    assert (await opened_at(inbox.agent, address, path))[name] == [mine]
    too_long = await inbox.agent.post(path, data=again | {name: "x" * 20_000})
    assert editor(too_long.text, path)["version"] == again["version"]


async def opened_at(browser: Browser, address: str, path: str) -> dict[str, Any]:
    return editor((await browser.get(address)).text, path)


@pytest.mark.parametrize(
    ("action", "name", "theirs", "mine"),
    [("", "cool_down_days", "7", "8"), ("/dashboards", "minimum_answers", "7", "8")],
)
async def test_settings_of_the_workspace_are_checked_too(
    member: Browser, owner: Owner, action: str, name: str, theirs: str, mine: str
) -> None:
    path = f"/settings/workspace{action}"
    values = await opened_at(member, "/settings/workspace", path)
    for _ in range(2):
        assert (await member.post(path, data=values | {name: theirs})).status_code == 303
    refused = await member.post(path, data=values | {name: mine})
    assert refused.status_code == 409
    assert MESSAGE in refused.text
    assert (await member.post(path, data=editor(refused.text, path))).status_code == 303
    assert await owner.fetchval(f"SELECT {name} FROM workspace WHERE slug = 'default'") == int(mine)
