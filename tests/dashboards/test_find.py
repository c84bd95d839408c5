"""Find: tickets, campaigns, features, people, pages and actions, five of each, in both languages, by role."""

import re
from html import unescape

import pytest
from tests.support.inbox import InboxSite, Requester
from tests.support.overview import ratings_of, words_of
from tests.support.sites import Browser

from voxpop.dashboards.find import ACTIONS, PAGES, best_matches


@pytest.fixture
async def site(inbox: InboxSite) -> InboxSite:
    await inbox.open("Printer jams", requester=Requester("Пётр Ёлкин", "petr@example.com"))
    await inbox.open("Printer is loud")
    await inbox.open("Not ours", "acme", requester=Requester("Printer", "printer@acme.example"))
    await ratings_of(inbox).campaigns.open("NPS", "После заказа")
    return inbox


async def found(browser: Browser, text: str, language: str = "en") -> dict[str, list[str]]:
    """The names that were found, by the title of their group."""
    response = await browser.get("/find", params={"q": text}, headers={"accept-language": language})
    assert response.status_code == 200, response.text
    groups = re.findall(r'<section class="found"[^>]*>\s*<h2>(.*?)</h2>(.*?)</section>', response.text, re.DOTALL)
    return {
        unescape(title): [words_of(name) for name in re.findall(r"<bdi>(.*?)</bdi>", body)] for title, body in groups
    }


async def test_tickets_are_found_by_words_and_by_reference(site: InboxSite) -> None:
    assert (await found(site.agent, "print"))["Tickets"] == ["Printer is loud", "Printer jams"]
    for text in ("TK-1", " tk-1 "):
        assert (await found(site.agent, text))["Tickets"][:1] == ["Printer jams"]
    assert "Tickets" not in await found(site.agent, "TK-99")
    assert "Tickets" not in await found(site.agent, "p")


@pytest.mark.parametrize("text", ["после", "ЗАКАЗА", "ле зак"])
async def test_names_are_found_in_any_case_and_script(site: InboxSite, text: str) -> None:
    assert (await found(site.agent, text))["Campaigns"] == ["После заказа"]


async def test_people_are_members_and_customers(site: InboxSite) -> None:
    assert (await found(site.agent, "PETR@"))["People"] == ["petr@example.com"]
    assert (await found(site.agent, "agent@"))["People"] == ["agent"]
    assert "People" not in await found(site.agent, "printer@acme")


async def test_a_group_has_five_and_the_best_come_first(site: InboxSite) -> None:
    for number in range(7):
        await site.open(f"Printer {number}", requester=Requester("Ann", f"zoe{number}@example.com"))
    groups = await found(site.agent, "printer")
    assert len(groups["Tickets"]) == 5
    assert (await found(site.agent, "zoe"))["People"] == [f"zoe{number}@example.com" for number in range(5)]
    assert best_matches(["b ann", "joann", "Anna"], "an", lambda each: [each]) == ["Anna", "b ann", "joann"]


@pytest.mark.parametrize(("text", "language", "name"), [("обзор", "en", "Overview"), ("overv", "ru", "Обзор")])
async def test_pages_are_found_in_both_languages(site: InboxSite, text: str, language: str, name: str) -> None:
    (names,) = (await found(site.agent, text, language)).values()
    assert names == [name]


async def test_pages_of_other_roles_are_not_found(site: InboxSite) -> None:
    assert (await found(site.owner_browser, "api key"))["Pages"] == ["API keys"]
    assert await found(site.agent, "api key") == {}
    assert "Nothing found for “api key”" in words_of((await site.agent.get("/find?q=api key")).text)


async def test_without_letters_it_shows_pages_and_actions(site: InboxSite) -> None:
    assert list(await found(site.agent, "")) == ["Pages", "Actions"]


async def test_every_destination_opens(site: InboxSite) -> None:
    """Those of the sidebar are all there."""
    for each in (*PAGES, *ACTIONS):
        assert (await site.owner_browser.get(each.href)).status_code == 200, each
    page = (await site.owner_browser.get("/inbox")).text
    sidebar = page[page.index("<nav") : page.index("</nav>")]
    assert set(re.findall(r'<a href="([^"]+)"', sidebar)) <= {each.href for each in PAGES}


@pytest.mark.parametrize("text", ["%", "\\", "'", "<b>", "a" * 5000, "‮ab", "  ", "%00x"])
async def test_any_text_is_harmless(site: InboxSite, text: str) -> None:
    response = await site.agent.get("/find", params={"q": text})
    assert response.status_code == 200
    assert "<b>" not in response.text[response.text.index('id="found"') :]
