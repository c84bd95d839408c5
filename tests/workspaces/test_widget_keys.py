"""The page of keys: publishable keys with their origins, and the secrets that sign users."""

import re
from typing import Any

import pytest
from tests.support.each import each
from tests.support.inbox import InboxSite
from tests.support.invariants import Owner
from tests.support.sites import Browser

from voxpop.errors import Invalid
from voxpop.workspaces.widget.origins import parse_origin, parse_origins

KEYS, NEW = "/settings/keys", "/settings/keys/publishable/new"
PAIRS = [
    ("https://app.example.com", "https://app.example.com"),
    ("HTTPS://App.Example.COM:443/", "https://app.example.com"),
    ("http://app.example.com:80", "http://app.example.com"),
    ("http://localhost:3000", "http://localhost:3000"),
    ("https://пример.рф", "https://xn--e1afmkfd.xn--p1ai"),
    ("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"),
    ("http://192.168.1.5", "http://192.168.1.5"),
]
NO_ORIGINS = [
    "app.example.com", "https://", "https://*.example.com", "*", "null", "https://app.example.com/shop", "ftp://x.example",
    "https://u:p@x.example", "https://x.example?q", "https://x.example#f", "https://x example", "https://x.example:99999",
    "https://x.example:0x50", "javascript:alert(1)", "https://x_y.example", "https://" + "x" * 300, "https://[::1",
]  # fmt: skip


@each(PAIRS, str)
def test_an_origin_is_kept_as_browsers_send_it(pair: tuple[str, str]) -> None:
    assert parse_origin(pair[0]) == pair[1]


@each(NO_ORIGINS, repr)
def test_other_texts_are_no_origins(text: str) -> None:
    with pytest.raises(Invalid):
        parse_origin(text)


def test_a_key_has_from_1_to_20_origins_each_once() -> None:
    assert parse_origins(" https://a.example,\nhttps://a.example:443 http://b.example\r\n") == [
        "https://a.example",
        "http://b.example",
    ]
    many = "\n".join(f"https://a{number}.example" for number in range(21))
    for text in ("", " \n", many):
        with pytest.raises(Invalid):
            parse_origins(text)
    assert len(parse_origins(many.rpartition("\n")[0])) == 20


def shown_keys(page: str) -> list[str]:
    return re.findall(r"pk_[0-9a-f]{32}_[A-Za-z0-9_-]{43}", page)


def shown_secrets(page: str) -> list[str]:
    return re.findall(r"wsec_[A-Za-z0-9_-]{43}", page)


async def create(browser: Browser, **fields: Any) -> None:
    typed = {"name": "Web app", "origins": "https://app.example.com"} | fields
    answer = await browser.submit(NEW, **typed)
    assert answer.headers["location"] == f"{KEYS}?done=created", answer.text


async def test_an_admin_creates_changes_and_revokes_a_publishable_key(inbox: InboxSite, member: Browser) -> None:
    admin = await inbox.accept_invitation(member, "admin2@example.com", "admin")
    await create(admin, name="<Web & app>", origins="https://App.example.com\nhttp://localhost:3000")
    page = (await admin.get(KEYS)).text
    (key,) = shown_keys(page)
    assert "https://app.example.com, http://localhost:3000" in page
    assert "not seen yet" in page
    assert "&lt;Web &amp; app&gt;" in page
    path = f"/settings/keys/publishable/{key.split('_')[1]}"
    assert "https://app.example.com\nhttp://localhost:3000" in (await admin.get(path)).text
    refused = await admin.submit(path, name=" ", origins="https://*.example.com")
    assert refused.status_code == 400
    assert 'id="name-error"' in refused.text
    assert 'id="origins-error"' in refused.text
    assert "https://*.example.com" in refused.text
    assert (await admin.submit(path, name="Shop", origins="https://shop.example.com")).status_code == 303
    page = (await admin.get(KEYS)).text
    assert "https://shop.example.com" in page
    assert "localhost:3000" not in page
    for _ in range(2):
        assert (await admin.submit(f"{path}/revoke")).headers["location"] == f"{KEYS}?done=revoked"
    assert shown_keys((await admin.get(KEYS)).text) == []
    assert (await admin.get(path)).status_code == 404


async def test_a_secret_rotates_and_the_previous_one_retires(inbox: InboxSite, member: Browser) -> None:
    await create(member)
    (first,) = shown_secrets((await member.get(KEYS)).text)
    await create(member)
    assert shown_secrets((await member.get(KEYS)).text) == [first]
    for _ in range(2):  # a second click on the same form
        assert (await member.submit(f"{KEYS}/secrets", idempotency_key="k")).status_code == 303
    second, previous = shown_secrets((await member.get(KEYS)).text)
    assert (first, len({first, second})) == (previous, 2)
    assert (await member.submit(f"{KEYS}/secrets", idempotency_key="l")).status_code == 409
    for _ in range(2):
        assert (await member.submit(f"{KEYS}/secrets/retire")).headers["location"] == f"{KEYS}?done=retired"
    assert shown_secrets((await member.get(KEYS)).text) == [second]


async def test_signatures_are_required_unless_the_workspace_says_otherwise(
    member: Browser, owner: Owner, inbox: InboxSite
) -> None:
    switch = '<input type="checkbox" name="required" value="on"'
    assert f"{switch} checked" in (await member.get(KEYS)).text
    assert (await member.submit(f"{KEYS}/signatures")).status_code == 303
    assert f"{switch} checked" not in (await member.get(KEYS)).text
    rows = await owner.fetch("SELECT slug, widget_signature_required FROM workspace ORDER BY slug")
    assert [tuple(row) for row in rows] == [("acme", True), ("default", False)]
    assert (await member.submit(f"{KEYS}/signatures", required="on")).status_code == 303
    assert f"{switch} checked" in (await member.get(KEYS)).text


async def test_keys_of_another_workspace_are_neither_shown_nor_changed(inbox: InboxSite, member: Browser) -> None:
    await create(member)
    (key,) = shown_keys((await member.get(KEYS)).text)
    other = await inbox.owner("acme", "other@example.com")
    page = (await other.get(KEYS)).text
    assert (shown_keys(page), shown_secrets(page)) == ([], [])
    path = f"/settings/keys/publishable/{key.split('_')[1]}"
    assert (await other.get(path)).status_code == 404
    for action in ("", "/revoke"):
        answer = await other.submit(path + action, name="x", origins="https://evil.example")
        assert answer.status_code == 404
    assert shown_keys((await member.get(KEYS)).text) == [key]
