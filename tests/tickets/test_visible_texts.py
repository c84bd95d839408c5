"""Names, subjects and messages can be seen, and texts of one line are one line, through the API and through forms."""

from typing import Any

import pytest
from tests.support.clients import Client, expect_ok, invalid_fields
from tests.support.inbox import InboxSite

UNSEEN = ["\u200b", " \u3164\u115f ", "\uffa0\u2800", "\u00ad\u202e", "\U000e0020", "\ufe0f"]
TURNED, PLAIN = "in\u202evoice\x07\r\npdf\u2066 ", "invoice pdf"
REQUESTER = {"name": "Ann", "email": "ann@example.com"}
TICKET = {"subject": "Help", "description": "It stops.", "requester": REQUESTER}
SCALE = {"scale_min": 1, "scale_max": 7, "formula": "mean"}
SURVEY_TYPE = {"code": "EASE", "name": "Ease", "question": "Easy?", "thanks": "Thanks!", **SCALE}
CAMPAIGN = {"name": "Orders", "survey_type_code": "NPS", "trigger_type": "ORDER_COMPLETED"}

# The requests with texts: method, path, body, and the path of the text in the body.
API_TEXTS = [
    ("POST", "/api/v1/tickets", TICKET, "subject"),
    ("POST", "/api/v1/tickets", TICKET, "description"),
    ("POST", "/api/v1/tickets", TICKET, "requester.name"),
    ("POST", "/api/v1/tickets", TICKET | {"tags": ["vip"]}, "tags[0]"),
    ("POST", "/api/v1/tickets/TK-1/replies", {"body": "Hello"}, "body"),
    ("PATCH", "/api/v1/workspace", {"name": "Acme Parts"}, "name"),
    ("POST", "/api/v1/survey-types", SURVEY_TYPE, "name"),
    ("POST", "/api/v1/survey-types", SURVEY_TYPE, "question"),
    ("POST", "/api/v1/campaigns", CAMPAIGN, "name"),
    ("POST", "/api/csat/v1/products", {"key": "pms", "name": "PMS"}, "name"),
]
FORM_TEXTS = [
    ("/inbox/new", {**REQUESTER, "subject": "Help", "description": "It stops."}, "subject"),
    ("/inbox/new", {**REQUESTER, "subject": "Help", "description": "It stops."}, "description"),
    ("/inbox/new", {**REQUESTER, "subject": "Help", "description": "It stops."}, "name"),
    ("/inbox/TK-1/reply", {"body": "Hello"}, "body"),
    ("/inbox/views", {"name": "Mine", "query": "status=Open"}, "name"),
    ("/settings/workspace", {"name": "Acme", "time_zone": "UTC", "cool_down_days": "90"}, "name"),
    ("/settings/keys", {"name": "Shop", "scopes": "read"}, "name"),
    ("/settings/profile", {"name": "Olga"}, "name"),
    ("/tickets/new", {**REQUESTER, "subject": "Help", "description": "It stops."}, "subject"),
    ("/tickets/new", {**REQUESTER, "subject": "Help", "description": "It stops."}, "name"),
    ("/tickets/new", {**REQUESTER, "subject": "Help", "description": "It stops."}, "description"),
]


def changed(body: dict[str, Any], path: str, text: str) -> dict[str, Any]:
    """The body with this text at the path."""
    if path.endswith("[0]"):
        return body | {path[:-3]: [text]}
    first, _, rest = path.partition(".")
    return body | {first: changed(body[first], rest, text) if rest else text}


@pytest.mark.parametrize(("method", "path", "body", "field"), API_TEXTS)
async def test_the_api_refuses_texts_that_cannot_be_seen(  # G4
    client: Client, method: str, path: str, body: dict[str, Any], field: str
) -> None:
    for text in UNSEEN:
        response = await client.request(method, path, json=changed(body, field, text))
        assert invalid_fields(response) == [field]
    assert "needs a visible character" in response.text
    assert error_of_nul(await client.request(method, path, json=changed(body, field, "a\x00")))


def error_of_nul(response: Any) -> bool:
    return response.status_code == 400 and "NUL" in response.text


@pytest.mark.parametrize(("path", "fields", "name"), FORM_TEXTS)
async def test_a_form_refuses_texts_that_cannot_be_seen(  # G4
    inbox: InboxSite, path: str, fields: dict[str, str], name: str
) -> None:
    await inbox.open()
    sender = inbox.browser() if path.startswith("/tickets") else inbox.owner_browser
    for text in UNSEEN:
        response = await sender.submit(path, **fields | {name: text})
        assert response.status_code == 400, text
    assert response.headers["content-type"].startswith("text/html")


async def test_texts_of_one_line_lose_control_and_directional_characters(client: Client) -> None:  # G4
    ticket = TICKET | {"subject": TURNED, "requester": REQUESTER | {"name": TURNED}, "tags": [TURNED]}
    stored = expect_ok(await client.post("/api/v1/tickets", json=ticket), 201)
    assert (stored["subject"], stored["requester"]["name"], stored["tags"]) == (PLAIN, PLAIN, [PLAIN])
    workspace = expect_ok(await client.patch("/api/v1/workspace", json={"name": TURNED}))
    assert workspace["name"] == PLAIN
    product = expect_ok(await client.post("/api/csat/v1/products", json={"key": "pms", "name": TURNED}), 201)
    assert product["name"] == PLAIN
    campaign = expect_ok(await client.post("/api/v1/campaigns", json=CAMPAIGN | {"name": TURNED}), 201)
    assert campaign["name"] == PLAIN
    survey_type = expect_ok(await client.post("/api/v1/survey-types", json=SURVEY_TYPE | {"name": TURNED}), 201)
    assert survey_type["name"] == PLAIN


async def test_forms_store_one_line(inbox: InboxSite) -> None:  # G4
    fields = {**REQUESTER, "name": TURNED, "subject": TURNED, "description": "  a:\n    b"}
    opened = await inbox.agent.submit("/inbox/new", **fields)
    guest = await inbox.browser().submit("/tickets/new", **fields)
    for response in (opened, guest):
        ticket = await inbox.get(response.headers["location"].partition("?")[0].rpartition("/")[2])
        assert (ticket.subject, ticket.requester_name) == (PLAIN, PLAIN)
        assert ticket.description == "  a:\n    b"
    await inbox.owner_browser.submit("/settings/profile", name=TURNED)
    assert f'value="{PLAIN}"' in (await inbox.owner_browser.get("/settings/profile")).text
