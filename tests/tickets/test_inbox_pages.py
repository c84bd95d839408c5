"""The pages of the inbox: the list, a ticket, their forms, and who has no access."""

import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from tests.support.inbox import AGENT, ANN, HOUR, OWNER, Browser, InboxSite, Priority, Requester, Status

from voxpop.db.pool import Database
from voxpop.tickets.inbox import context as inbox_context
from voxpop.tickets.inbox.models import BUILT_IN_VIEWS, View, short_names
from voxpop.tickets.lists import store as list_store
from voxpop.tickets.lists.models import Sort, SortKey
from voxpop.types import AccountId, utcnow

ROW = re.compile(r'<tr id="(TK-\d+)"( class="new")?>')
NOW = datetime(2026, 11, 21, 16, 41, tzinfo=UTC)
ME = AccountId(uuid4())


async def rows(browser: Browser, query: str = "") -> list[str]:
    answer = await browser.get(f"/inbox{query}")
    assert answer.status_code == 200, answer.text
    return [ref for ref, _ in ROW.findall(answer.text)]


async def test_the_inbox_shows_unresolved_tickets_by_default(inbox: InboxSite) -> None:
    await inbox.open("First")
    await inbox.rated(2, "Too slow", "Second")
    await inbox.open("Third", now=utcnow())
    page = (await inbox.agent.get("/inbox")).text
    assert ROW.findall(page) == [("TK-3", ' class="new"'), ("TK-1", ' class="new"')]
    assert 'title="2 open tickets">2<' in page
    assert await rows(inbox.agent, "?status=") == ["TK-3", "TK-2", "TK-1"]


async def test_the_numbers_of_built_in_views_are_those_of_their_lists(inbox: InboxSite) -> None:
    agent, owner = await inbox.account(AGENT), await inbox.account(OWNER)
    for stars, assignee in [(1, agent), (2, None), (3, owner)]:
        await inbox.rated(stars, assignee_id=assignee)
    for assignee in [agent, agent, owner, None, None, None]:
        await inbox.open(assignee_id=assignee)
    await inbox.open(slug="acme")
    page = (await inbox.agent.get("/inbox")).text
    shown = [int(count) for count in re.findall(r'<data value="(\d+)">', page)]
    listed = [len(await rows(inbox.agent, f"?{view.query}")) for view in BUILT_IN_VIEWS.values()]
    assert shown == listed == [6, 2, 3, 2]


async def test_only_a_rated_row_shows_a_rating(inbox: InboxSite) -> None:  # T12
    await inbox.rated(5)
    await inbox.open()
    page = (await inbox.agent.get("/inbox?status=")).text
    assert page.count('class="chip"') == 1
    assert 'aria-label="Customer rating: 5 / 5" title="Customer rating: 5 / 5"' in page
    assert page.index("TK-1</td>") < page.index('class="badge"', page.index("TK-1</td>")) < page.index('class="chip"')


async def test_filters_narrow_the_list_and_stay_in_the_address(inbox: InboxSite) -> None:  # T14
    bob = await inbox.account(AGENT)
    await inbox.open("Billing question", tags=("billing",), priority=Priority.URGENT, assignee_id=bob)
    await inbox.rated(1, requester=Requester("Max", "max@example.com"))
    await inbox.open("Кириллица", now=utcnow() - 40 * 24 * HOUR)
    for query, found in {
        "status=Resolved": ["TK-2"],
        "assignee=me": ["TK-1"],
        f"assignee={bob}": ["TK-1"],
        "assignee=none": ["TK-2", "TK-3"],
        "priority=Urgent": ["TK-1"],
        "tag=billing": ["TK-1"],
        "rating=1-2": ["TK-2"],
        "rating=unrated": ["TK-1", "TK-3"],
        "requester=MAX@example.com": ["TK-2"],
        "updated=7": ["TK-2", "TK-1"],
        "text=кириллица": ["TK-3"],
        "sort=updated": ["TK-3", "TK-1", "TK-2"],
        "sort=-rating": ["TK-2", "TK-1", "TK-3"],
        "status=nonsense&priority=&sort=none": ["TK-2", "TK-1", "TK-3"],
        "tag=unused": [],
    }.items():
        assert (query, await rows(inbox.agent, f"?{query}")) == (query, found)
    page = (await inbox.agent.get("/inbox?assignee=me&priority=Urgent")).text
    assert '<option value="me" dir="auto" selected>' in page
    assert '<option value="Urgent" dir="auto" selected>' in page
    assert f"/api/v1/tickets.csv?assignee={bob}&amp;priority=Urgent&amp;bom=true" in page


async def test_the_export_uses_the_filters_of_the_page(inbox: InboxSite) -> None:  # T13
    await inbox.open("Mine", assignee_id=await inbox.account(AGENT), now=utcnow())
    await inbox.open("Another's")
    page = (await inbox.agent.get("/inbox?assignee=me&status=unresolved&updated=1&text=mine")).text
    link = re.search(r'href="(/api/v1/tickets\.csv\?[^"]+)"', page)
    assert link is not None
    answer = await inbox.agent.get(link[1].replace("&amp;", "&"))
    assert answer.status_code == 200, answer.text
    assert [line.partition(",")[0] for line in answer.text.lstrip("\ufeff").splitlines()] == ["ref", "TK-1"]


async def test_the_list_has_a_next_and_a_previous_page(inbox: InboxSite) -> None:
    for number in range(53):
        await inbox.open(f"Number {number}", now=NOW + timedelta(minutes=number))
    first = (await inbox.agent.get("/inbox?status=")).text
    later = re.search(r'<a href="([^"]+)" rel="next">', first)
    assert later is not None
    assert "1–50 of 53" in first
    assert 'rel="prev"' not in first
    second = (await inbox.agent.get(later[1].replace("&amp;", "&"))).text
    assert ([ref for ref, _ in ROW.findall(second)], "51–53 of 53" in second) == (["TK-3", "TK-2", "TK-1"], True)
    assert '<a href="/inbox?status=" rel="prev">' in second
    assert 'rel="next"' not in second


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", "Nothing to do"),
        ("?status=", "No tickets yet"),
        ("?rating=1-2", "No low ratings"),
        ("?priority=Low", "No tickets match these filters"),
    ],
)
async def test_an_empty_list_explains_the_next_step(inbox: InboxSite, query: str, words: str) -> None:
    assert words in (await inbox.agent.get(f"/inbox{query}")).text


async def test_tickets_with_very_common_words_are_not_counted(
    inbox: InboxSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(list_store, "MAX_SORTED_HITS", 1)
    monkeypatch.setattr(inbox_context, "PAGE_SIZE", 2)
    for _ in range(3):
        await inbox.open("Red")
    query = "text=red&status=Open"
    await inbox.agent.submit("/inbox/views", name="All red", query=query)
    first = (await inbox.agent.get(f"/inbox?{query}")).text
    assert ("All red</bdi></a>" in first, "<span>1–2</span>" in first) == (True, True)
    ticket = (await inbox.agent.get("/inbox/TK-3", params={"in": query})).text
    assert (" left" in ticket, 'data-key="j"' in ticket) == (False, True)
    later = re.search(r'<a href="([^"]+)" rel="next">', first)
    assert later is not None
    assert "<span>3–3 of 3</span>" in (await inbox.agent.get(later[1].replace("&amp;", "&"))).text


async def test_views_are_saved_shown_and_deleted(inbox: InboxSite) -> None:
    await inbox.open(tags=("billing",))
    form = {"name": "Billing", "query": "tag=billing&sort=-priority&after=x"}
    answer = await inbox.agent.submit("/inbox/views", **form, shared="yes")
    assert answer.headers["location"] == "/inbox?tag=billing&sort=-priority&done=saved"
    page = (await inbox.owner_browser.get(answer.headers["location"])).text
    assert re.search(
        r'href="/inbox\?tag=billing&amp;sort=-priority" aria-current="true"><bdi>Billing</bdi> <data value="1"', page
    )
    assert "View saved." in page
    twice = await inbox.agent.submit("/inbox/views", **form, shared="yes")
    assert (twice.status_code, "A view with this name already exists." in twice.text) == (409, True)
    gone = re.search(r"/inbox/views/[0-9a-f-]+/delete", page)
    assert gone is not None
    assert (await inbox.owner_browser.submit(gone[0])).status_code == 303
    assert ">Billing<" not in (await inbox.agent.get("/inbox?tag=billing&sort=-priority")).text


async def test_a_private_view_is_invisible_to_other_members(inbox: InboxSite) -> None:
    await inbox.agent.submit("/inbox/views", name="My own", query="tag=x")
    page = (await inbox.agent.get("/inbox?tag=x")).text
    gone = re.search(r"/inbox/views/[0-9a-f-]+/delete", page)
    assert gone is not None
    assert "My own" not in (await inbox.owner_browser.get("/inbox?tag=x")).text
    assert (await inbox.owner_browser.submit(gone[0])).status_code == 404


async def test_an_agent_opens_a_ticket_for_a_customer(inbox: InboxSite) -> None:
    assert (await inbox.agent.get("/inbox/new")).status_code == 200
    form = {"name": "Ann", "email": "ann@example.com", "subject": "Called us", "description": "Broken"}
    bob = await inbox.account(AGENT)
    answer = await inbox.agent.submit("/inbox/new", **form, priority="High", tags="b, A", assignee=str(bob))
    assert answer.headers["location"] == "/inbox/TK-1?done=opened"
    ticket = await inbox.get("TK-1")
    assert (ticket.requester_name, ticket.priority, ticket.assignee_id) == ("Ann", "High", bob)
    assert await inbox.tags("TK-1") == ["A", "b"]
    assert '<b dir="auto">agent</b> opened the ticket' in (await inbox.agent.get("/inbox/TK-1")).text
    for wrong in ({"email": "no"}, {"subject": " "}, {"priority": "Huge"}, {"assignee": str(uuid4())}):
        refused = await inbox.agent.submit("/inbox/new", **(form | wrong))
        assert refused.status_code == 400
        assert 'value="Ann"' in refused.text
        assert "Expected" not in refused.text


async def test_all_errors_of_a_new_ticket_are_shown_together(inbox: InboxSite) -> None:
    answer = await inbox.agent.submit("/inbox/new", name=" ", email="no", subject="", tags="a", description="Broken")
    assert re.findall(r'id="(\w+)-error"', answer.text) == ["name", "email", "subject"]
    assert "Broken" in answer.text


async def test_a_conversation_is_shown_in_the_order_of_time(inbox: InboxSite) -> None:  # T20, T21
    await inbox.open("Wheel <b>")
    await inbox.agent.submit("/inbox/TK-1/reply", body="We look\n\ninto it", kind="public")
    await inbox.agent.submit("/inbox/TK-1/reply", body="She is kind", kind="note")
    assert [(each.kind, each.body) for each in await inbox.messages("TK-1")] == [
        ("reply", "We look\n\ninto it"),
        ("note", "She is kind"),
    ]
    page = (await inbox.agent.get("/inbox/TK-1")).text
    steps = [
        "Wheel &lt;b&gt;",
        "It stops.",
        "We look",
        'status from <b dir="auto">Open</b> to <b dir="auto">In progress</b>',
        "She is kind",
    ]
    places = [page.index(step, page.index('class="thread"') if number else 0) for number, step in enumerate(steps)]
    assert places == sorted(places)
    assert page.count('class="message note"') == 1
    assert page.count('class="text" dir="auto">We look\n\ninto it<') == 1


async def test_a_reply_can_set_a_status(inbox: InboxSite) -> None:
    await inbox.open()
    await inbox.agent.submit("/inbox/TK-1/reply", body="Done", kind="public", then="Resolved")
    assert (await inbox.get("TK-1")).status == Status.RESOLVED
    await inbox.agent.submit("/inbox/TK-1/reply", body="Bye", kind="public", then="Closed")
    assert (await inbox.get("TK-1")).status == Status.CLOSED
    letters = [letter for letter in await inbox.emails() if letter.to == ANN.email]
    assert len(letters) == 2


async def test_a_note_keeps_the_status_and_sends_no_email(inbox: InboxSite) -> None:  # T20
    await inbox.open()
    await inbox.agent.submit("/inbox/TK-1/reply", body="Hm", kind="note", then="Closed")
    assert (await inbox.get("TK-1")).status == Status.OPEN
    assert [letter for letter in await inbox.emails() if letter.to == ANN.email] == []


@pytest.mark.parametrize("body", ["", " \n ", "x" * 50_001])
async def test_an_invalid_reply_is_shown_again_with_its_text(inbox: InboxSite, body: str) -> None:
    await inbox.open()
    answer = await inbox.agent.submit("/inbox/TK-1/reply", body=body, kind="note")
    assert answer.status_code == 400
    assert 'aria-invalid="true"' in answer.text
    assert body.strip() in answer.text
    assert 'value="note" checked' in answer.text
    assert await inbox.messages("TK-1") == []


async def test_only_a_rated_ticket_shows_the_rating_card(inbox: InboxSite) -> None:  # T11, T16
    await inbox.rated(4, "Quick & honest")
    await inbox.open()
    rated = (await inbox.agent.get("/inbox/TK-1")).text
    assert "Customer feedback" in rated
    assert 'aria-label="4 of 5 stars"' in rated
    assert '<q class="text" dir="auto">Quick &amp; honest</q>' in rated
    card = rated[rated.index("Customer feedback") :].partition("</section>")[0]
    assert "2 hours ago" in card
    assert re.search("ann", card, re.IGNORECASE) is None
    assert "Customer feedback" not in (await inbox.agent.get("/inbox/TK-2")).text


async def test_next_and_previous_follow_the_list_of_the_address(inbox: InboxSite) -> None:
    for number in range(4):
        await inbox.open(f"Number {number}", now=utcnow() - (9 - number) * HOUR)
    page = (await inbox.agent.get("/inbox?status=unresolved")).text
    link = re.search(r'<a href="(/inbox/TK-3[^"]+)"', page)
    assert link is not None
    address = link[1].replace("&amp;", "&")
    shown = (await inbox.agent.get(address)).text
    way = [(key, ref) for ref, key in re.findall(r'href="/inbox/(TK-\d+)\?[^"]+" data-key="([jk])"', shown)]
    assert (way, "2 left" in shown) == ([("k", "TK-4"), ("j", "TK-2")], True)
    assert 'class="back" href="/inbox?status=unresolved"' in shown
    done = await inbox.agent.submit(address.replace("TK-3", "TK-3/status"), status="Resolved")
    left = (await inbox.agent.get(done.headers["location"])).text
    way = [(key, ref) for ref, key in re.findall(r'href="/inbox/(TK-\d+)\?[^"]+" data-key="([jk])"', left)]
    assert way == [("k", "TK-4"), ("j", "TK-2")]


async def test_a_ticket_shows_the_requesters_other_tickets(inbox: InboxSite) -> None:
    await inbox.open("Other", requester=Requester("Max", "max@example.com"))
    await inbox.open("Earlier")
    await inbox.open("Now", requester=Requester("Ann", "ann@EXAMPLE.com"))
    side = (await inbox.agent.get("/inbox/TK-3")).text.partition('class="side"')[2]
    assert re.findall(r'<li><a href="/inbox/(TK-\d+)">', side) == ["TK-2"]


async def test_the_admin_address_of_a_ticket_redirects(inbox: InboxSite) -> None:  # T22
    answer = await inbox.agent.get("/admin/tickets/TK-7")
    assert (answer.status_code, answer.headers["location"]) == (303, "/inbox/TK-7")


async def test_another_workspaces_ticket_is_not_found(inbox: InboxSite) -> None:  # T26
    await inbox.open("Theirs", slug="acme")
    assert (await inbox.agent.get("/inbox/TK-1")).status_code == 404
    assert (await inbox.agent.submit("/inbox/TK-1/reply", body="x", kind="public")).status_code == 404
    assert (await inbox.agent.submit("/inbox/TK-1/status", status="Closed")).status_code == 404
    assert await rows(inbox.agent, "?status=") == []
    assert "Theirs" not in (await inbox.agent.get("/low-ratings")).text


PATHS = ["/inbox", "/inbox/new", "/inbox/TK-1", "/inbox/changes", "/low-ratings", "/admin/tickets/TK-1"]


@pytest.mark.parametrize("path", PATHS)
async def test_pages_need_a_signed_in_member(inbox: InboxSite, path: str) -> None:
    await inbox.open()
    answer = await inbox.browser().get(path)
    assert (answer.status_code, answer.headers["location"].startswith("/login?next=")) == (303, True)


@pytest.mark.parametrize("path", ["bulk", "views", "new", "TK-1/reply", "TK-1/status", "TK-1/assignee", "TK-1/tags"])
async def test_a_cross_site_form_changes_nothing(inbox: InboxSite, path: str) -> None:
    await inbox.open()
    form = {"body": "x", "status": "Closed", "ref": "TK-1", "do": "resolve", "tags": "x"}
    for headers in ({"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "", "origin": "https://evil.example"}):
        assert (await inbox.agent.post(f"/inbox/{path}", data=form, headers=headers)).status_code == 403
    assert (await inbox.get("TK-1")).status == Status.OPEN
    assert await inbox.messages("TK-1") == []


async def test_pages_are_translated_to_russian(inbox: InboxSite) -> None:
    await inbox.rated(4)
    for path, words in {
        "/inbox?status=": "Решено",
        "/inbox/TK-1": "Отзыв клиента",
        "/low-ratings": "Низкие оценки",
    }.items():
        page = (await inbox.agent.get(path, headers={"accept-language": "ru"})).text
        assert words in page
        assert 'lang="ru"' in page


@pytest.mark.parametrize("query", ["", "?days=30&tag=a%26b"])
async def test_the_former_address_of_low_ratings_redirects_with_its_query(inbox: InboxSite, query: str) -> None:
    for browser in (inbox.agent, inbox.browser()):
        answer = await browser.get(f"/unhappy{query}")
        assert (answer.status_code, answer.headers["location"]) == (301, f"/low-ratings{query}")


@pytest.mark.parametrize("view", [*BUILT_IN_VIEWS.values(), View(), View(tag="a b&c", after=("x", "y"))])
def test_a_views_query_parses_to_the_same_view(view: View) -> None:
    assert View.parse(view.query) == view


def test_sorting_by_the_current_key_reverses_the_order() -> None:
    view = View(after=("x",))
    assert view.sort_order == Sort(SortKey.UPDATED, descending=True)
    assert view.sorted_by("updated").sort_order == Sort(SortKey.UPDATED, descending=False)
    assert view.sorted_by("rating").sorted_by("rating").sort_order == Sort(SortKey.RATING, descending=False)
    assert view.sorted_by("rating").after == ()


def test_first_names_are_used_where_they_differ() -> None:
    one, two, three = (AccountId(uuid4()) for _ in range(3))
    names = {one: "Ann Smith", two: "Ann Jones", three: "Петр"}
    assert short_names(names) == {one: "Ann Smith", two: "Ann Jones", three: "Петр"}
    assert short_names({one: "Ann Smith", three: "Bob Lee"}) == {one: "Ann", three: "Bob"}


async def test_a_sent_form_of_filters_leads_to_an_address_without_empty_fields(inbox: InboxSite) -> None:
    await inbox.open()
    empty = dict.fromkeys(
        ("status", "assignee", "priority", "tag", "rating", "updated", "requester", "text", "sort"), ""
    )
    for filled, address in {
        (("priority", "Urgent"), ("text", "red hat")): "/inbox?priority=Urgent&text=red+hat",
        (("sort", "-priority"),): "/inbox?sort=-priority",
        (): "/inbox?status=",
    }.items():
        answer = await inbox.agent.get("/inbox", params=empty | dict(filled))
        assert (answer.status_code, answer.headers["location"]) == (303, address)
        assert (await inbox.agent.get(address)).status_code == 200


@pytest.mark.parametrize("path", ["/inbox", "/inbox/TK-1", "/low-ratings", "/settings/profile", "/settings/sessions"])
async def test_the_sidebar_shows_the_number_of_unresolved_tickets(inbox: InboxSite, path: str) -> None:
    for _ in range(2):
        await inbox.open()
    await inbox.open(slug="acme")
    assert 'title="2 open tickets">2</data>' in (await inbox.agent.get(path)).text


async def test_a_page_uses_one_connection_at_a_time(live_db: str) -> None:
    """Requests that each hold one connection and wait for another can exhaust the pool."""
    narrow = await Database.open(live_db, size=1)
    inbox = await InboxSite(narrow).set_up()
    await inbox.open()
    for path in ("/inbox", "/inbox/TK-1", "/inbox/new", "/low-ratings", "/settings/profile"):
        assert (await inbox.agent.get(path)).status_code == 200
    for browser in inbox.browsers:
        await browser.aclose()
    await narrow.close()
