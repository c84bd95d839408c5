"""Forms that create something: a repeated form creates nothing and gets the first response."""

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest
from tests.support.clients import error_code
from tests.support.inbox import InboxSite
from tests.support.invariants import Owner
from tests.support.sites import Browser

import voxpop
from voxpop.auth.rate_limits import RateLimit

CUSTOMER = "ann@example.com"
SECRET = re.compile(r'id="secret">([^<]+)<')
KEY = re.compile(r'<input type="hidden" name="idempotency_key"[^>]* value="([^"]{22,})">')
MESSAGE = {"body": "It leaks again."}
TICKET = {"name": "Ann", "email": CUSTOMER, "subject": "Pump", "description": "It leaks."}
CAMPAIGN = {"name": "Orders", "survey_type_code": "NPS", "trigger_type": "ORDER_COMPLETED", "active": "on"}
SURVEY_TYPE = {
    **{"code": "CES7", "name": "Effort", "question": "How easy?", "thanks": "Thanks!"},
    **{"scale_min": "1", "scale_max": "7", "formula": "mean"},
}
PRODUCT = {"key": "shop", "name": "Shop"}
VIEW = {"query": "status=Open", "name": "Mine"}
TEMPLATES = Path(voxpop.__file__).parent / "templates"
# Forms that set something, delete something or use up a link: twice is the same as once. The first rating counts (T6).
SETS = re.compile(
    r"/(logout|bulk\?.*|status.*|\{\{ name \}\}.*|delete|remove|role|revoke|retire|withdraw|rating#how)\Z"
    r"|/login/(invitation|link|owner)\Z|/settings/(workspace|workspace/dashboards|profile|password|preferences|badges|keys/signatures)\Z|/inbox/undo/"
    r"|/features/\{\{ feature.id \}\}/thresholds|/(resume|\{\{ step \}\})\Z|/demo\Z|/workspace/logo\Z"
    r"|\A/s/\{\{ token \}\}\Z|\A/unsubscribe/\{\{ token \}\}(/undo)?\Z"  # the first answer counts
    r"|view\.action\(|\{\{ (undo|marks)_action \}\}\Z"
)
EMAILS = "outbox WHERE kind = 'mail'"


class Form:
    """A form that creates rows of a table: the page that has it, its address and fields, and a field to change."""

    def __init__(self, page: str, path: str, fields: dict[str, Any], table: str, other: dict[str, Any]) -> None:
        self.page, self.path, self.fields, self.table, self.other = page, path, fields, table, other


MEMBER_FORMS = [
    Form("/inbox/new", "/inbox/new", TICKET, "ticket", {"subject": "Other"}),
    Form("/inbox/TK-1", "/inbox/TK-1/reply", MESSAGE, "ticket_message", {"body": "Other"}),
    Form("/inbox/TK-1", "/inbox/TK-1/reply", MESSAGE | {"then": "Resolved"}, "ticket_message", {"then": "Closed"}),
    Form("/inbox/TK-1", "/inbox/TK-1/reply", MESSAGE | {"kind": "note"}, "ticket_message", {"body": "Other"}),
    Form("/campaigns/new", "/campaigns/new", CAMPAIGN, "campaign", {"name": "Other"}),
    Form("/features/products/new", "/features/products/new", PRODUCT, "product", {"key": "other"}),
    Form("/survey-types/new", "/survey-types/new", SURVEY_TYPE, "survey_type", {"code": "CES8"}),
    Form("/inbox?status=Open", "/inbox/views", VIEW, "saved_view", {"name": "Other"}),
]
CUSTOMER_FORMS = [
    Form("/tickets/new", "/tickets/new", TICKET, "ticket", {"subject": "Other"}),
    Form("/tickets/TK-1", "/tickets/TK-1/reply", MESSAGE, "ticket_message", {"body": "Other"}),
]
VISITOR_FORMS = [
    Form("/tickets/new", "/tickets/new", TICKET, "ticket", {"description": "Other"}),
    Form("/tickets/login", "/tickets/login", {"email": CUSTOMER, "next": ""}, EMAILS, {"email": "b@example.com"}),
    Form("/login", "/login/mail", {"email": "owner@example.com"}, EMAILS, {"email": "agent@example.com"}),
]
FORMS = [*MEMBER_FORMS, *CUSTOMER_FORMS, *VISITOR_FORMS]


class OpenedForm:
    """A browser at a page with a form, and the key that the page gave to the form."""

    def __init__(self, browser: Browser, form: Form, key: str) -> None:
        self.browser, self.form, self.key = browser, form, key

    async def send(self, *, other: bool = False, key: str | None = None) -> Any:
        fields = self.form.fields | (self.form.other if other else {}) | {"idempotency_key": key or self.key}
        return await self.browser.submit(self.form.path, **fields)


@pytest.fixture
async def inbox(inbox: InboxSite) -> InboxSite:
    await inbox.open()
    return inbox


@pytest.fixture(params=FORMS, ids=lambda form: f"{form.path} {form.fields.get('kind', '')}")
async def opened(inbox: InboxSite, request: pytest.FixtureRequest) -> OpenedForm:
    form: Form = request.param
    browser = inbox.browser()
    if form in MEMBER_FORMS:
        browser = inbox.owner_browser
    elif form in CUSTOMER_FORMS:
        await browser.submit("/tickets/login", email=CUSTOMER)
        await browser.use_link(await inbox.last_link(CUSTOMER))
    return OpenedForm(browser, form, await key_of(browser, form.page))


async def key_of(browser: Browser, page: str) -> str:
    keys = set(KEY.findall((await browser.get(page)).text))
    assert len(keys) == 1
    return str(keys.pop())


async def count(owner: Owner, table: str) -> int:
    return int(await owner.fetchval(f"SELECT count(*) FROM {table}"))


async def test_a_second_click_creates_nothing_and_gets_the_first_response(opened: OpenedForm, owner: Owner) -> None:
    before = await count(owner, opened.form.table)
    first, second = await asyncio.gather(opened.send(), opened.send())
    third = await opened.send()
    assert first.status_code == second.status_code == third.status_code == 303
    assert first.headers["location"] == second.headers["location"] == third.headers["location"]
    assert await count(owner, opened.form.table) == before + 1


async def test_other_content_or_another_key_is_another_request(opened: OpenedForm, owner: Owner) -> None:
    before = await count(owner, opened.form.table)
    await opened.send()
    assert (await opened.send(other=True)).status_code == 303
    assert await count(owner, opened.form.table) == before + 2
    assert (await opened.send()).status_code == 303
    assert await count(owner, opened.form.table) == before + 2


async def test_each_page_has_another_key(inbox: InboxSite) -> None:
    keys = {await key_of(inbox.owner_browser, page) for page in ("/inbox/new", "/inbox/new", "/settings")}
    assert len(keys) == 3


async def test_a_repeated_invitation_sends_one_email(inbox: InboxSite) -> None:
    sending = inbox.with_smtp()
    browser = sending.move(inbox.owner_browser)
    fields = {"email": "new@example.com", "role": "agent", "idempotency_key": await key_of(browser, "/settings")}
    answers = await asyncio.gather(*(browser.submit("/settings/invitations", **fields) for _ in range(2)))
    assert [answer.headers["location"] for answer in answers] == ["/settings?done=invited"] * 2
    assert [email.to for email in await inbox.emails()] == ["new@example.com"]


async def test_a_repeated_form_creates_no_second_link(inbox: InboxSite, owner: Owner) -> None:
    browser = inbox.owner_browser
    fields = {"email": "new@example.com", "role": "agent", "idempotency_key": await key_of(browser, "/settings")}
    invited = await asyncio.gather(*(browser.submit("/settings/invitations", **fields) for _ in range(2)))
    invitation = await owner.fetchval("SELECT id FROM magic_link WHERE kind = 'invitation' AND used_at IS NULL")
    key, path = await key_of(browser, "/settings"), f"/settings/invitations/{invitation}/link"
    replaced = await asyncio.gather(*(browser.submit(path, idempotency_key=key) for _ in range(2)))
    for answers in (invited, replaced):
        first, second = sorted(answers, key=lambda answer: answer.status_code)
        assert (first.status_code, second.status_code) == (200, 409)
        assert SECRET.search(first.text) is not None
        assert "choose “New link”" in second.text
        assert SECRET.search(second.text) is None
        assert SECRET.search(first.text)[1] not in str(await owner.fetch("TABLE idempotency_key"))  # type: ignore[index]


async def test_a_test_email_sent_twice_is_one(inbox: InboxSite) -> None:
    sending = inbox.with_smtp()
    browser = sending.move(inbox.owner_browser)
    key = await key_of(browser, "/settings/mail")
    for _ in range(2):
        assert (await browser.submit("/settings/mail/test", idempotency_key=key)).status_code == 303
    assert len(await inbox.emails()) == 1


async def test_a_form_without_a_key_runs_each_time(inbox: InboxSite, owner: Owner) -> None:
    for _ in range(2):
        assert (await inbox.owner_browser.submit("/inbox/new", **TICKET)).status_code == 303
        assert (await inbox.owner_browser.submit("/inbox/new", **TICKET, idempotency_key="")).status_code == 303
    assert await count(owner, "ticket") == 5
    assert await count(owner, "idempotency_key") == 0


async def test_a_visitor_sees_the_ticket_after_the_second_click_too(inbox: InboxSite, owner: Owner) -> None:
    visitor = inbox.browser()
    fields = TICKET | {"idempotency_key": await key_of(visitor, "/tickets/new")}
    other = inbox.browser()
    first, second = await asyncio.gather(
        visitor.submit("/tickets/new", **fields), other.submit("/tickets/new", **fields)
    )
    assert first.headers["location"] == second.headers["location"] == "/tickets/TK-2?done=opened"
    for browser in (visitor, other):
        assert (await browser.get("/tickets/TK-2")).status_code == 200
    again = await visitor.submit("/tickets/new", **fields)  # after Back, with the session of the first response
    assert again.headers["location"] == first.headers["location"]
    assert await count(owner, "ticket") == 2


async def test_a_rejected_form_is_not_stored(inbox: InboxSite, owner: Owner) -> None:
    fields = {"idempotency_key": "k" * 22}
    assert (await inbox.owner_browser.submit("/inbox/new", **TICKET | {"email": "no"}, **fields)).status_code == 400
    assert await count(owner, "idempotency_key") == 0
    assert (await inbox.owner_browser.submit("/inbox/new", **TICKET, **fields)).status_code == 303


async def test_a_repeated_form_is_no_further_attempt(inbox: InboxSite, owner: Owner) -> None:
    visitor = inbox.browser()
    fields = TICKET | {"idempotency_key": await key_of(visitor, "/tickets/new")}
    for _ in range(2 * RateLimit.OPEN_TICKET.limit.max_attempts):
        assert (await visitor.submit("/tickets/new", **fields)).status_code == 303
    assert await count(owner, "ticket") == 2


async def test_a_secret_is_shown_once_and_not_stored(inbox: InboxSite, owner: Owner) -> None:
    browser = inbox.owner_browser
    fields = {"name": "Shop", "scopes": ["read"], "idempotency_key": await key_of(browser, "/settings/keys")}
    first, second = await asyncio.gather(*(browser.submit("/settings/keys", **fields) for _ in range(2)))
    first, second = sorted((first, second), key=lambda answer: answer.status_code)
    secret = SECRET.search(first.text)
    assert secret is not None
    assert (first.status_code, second.status_code) == (200, 409)
    assert SECRET.search(second.text) is None
    assert "one key was created. It was shown once." in second.text
    assert await count(owner, "api_key") == 1
    assert await owner.fetchval("SELECT response FROM idempotency_key") is None
    other = await browser.submit("/settings/keys", **fields | {"name": "Other"})
    assert (other.status_code, await count(owner, "api_key")) == (200, 2)


async def test_a_form_of_another_workspace_is_another_request(inbox: InboxSite, owner: Owner) -> None:
    fields = TICKET | {"idempotency_key": "k" * 22}
    for slug in ("default", "acme"):
        assert (await inbox.browser(slug).submit("/tickets/new", **fields)).status_code == 303
    assert await count(owner, "ticket") == 3


async def test_a_form_sent_as_json_is_repeated_too(inbox: InboxSite, owner: Owner) -> None:
    for _ in range(2):
        answer = await inbox.browser().post("/tickets/new", json=TICKET | {"idempotency_key": "k" * 22})
        assert answer.status_code == 303
    assert await count(owner, "ticket") == 2
    wrong = await inbox.browser().post("/tickets/new", json=TICKET | {"idempotency_key": 1})
    assert wrong.status_code == 303
    assert error_code(await inbox.browser(accept="*/*").post("/tickets/new", content=b"x"))[0] == 415


def test_every_form_has_a_key_unless_sending_it_twice_sets_the_same() -> None:
    wrong: list[tuple[str, str]] = []
    for path in sorted(TEMPLATES.rglob("*.html")):
        text = path.read_text("utf-8")
        for form in re.findall(r"<form\b[^>]*method=\"post\".*?</form>", text, re.DOTALL):
            action = re.findall(r'action="([^"]*)"', form)[0]
            outside = [
                f'name="idempotency_key" form="{name}"' for name in re.findall(r'<form[^>]* id="([\w-]+)"', form)
            ]
            has_key = 'name="idempotency_key"' in form or any(field in text for field in outside)
            if has_key == bool(SETS.search(action)):
                wrong.append((path.name, action))
    assert wrong == []
