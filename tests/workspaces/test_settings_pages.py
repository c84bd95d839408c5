"""The settings pages for the workspace, its API keys and outgoing email; the same settings in the API."""

import re

import pytest
from tests.support.clients import Client
from tests.support.sites import ADMIN, OWNER, Site, fake_smtp_server

from voxpop.mail import MailSender
from voxpop.types import utcnow

FORM = {"name": "Ridgeway Parts", "time_zone": "Europe/Berlin", "cool_down_days": "90"}


async def test_the_settings_of_a_workspace_are_changed(site: Site) -> None:  # T27
    owner = await site.owner()
    assert (await owner.get("/tickets/login")).status_code == 200
    answer = await owner.submit("/settings/workspace", **FORM, csat="on")
    assert answer.headers["location"] == "/settings/workspace?done=saved"
    page = (await owner.get("/settings/workspace?done=saved")).text
    assert 'value="Ridgeway Parts"' in page
    assert 'value="Europe/Berlin"' in page
    assert page.count(" checked") == 1
    assert "Saved" in page


@pytest.mark.parametrize("path", ["/tickets/login", "/tickets/login/link?token=x"])
async def test_without_the_portal_its_pages_are_not_found(site: Site, path: str) -> None:  # T10, T27
    owner = await site.owner()
    await owner.submit("/settings/workspace", **FORM)
    assert (await site.browser().get(path)).status_code == 404
    assert (await site.browser().submit("/tickets/login", email="u@example.com")).status_code == 404
    assert (await site.browser("acme").get(path)).status_code != 404
    await owner.submit("/settings/workspace", **FORM, portal="on")
    assert (await site.browser().get(path)).status_code != 404


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("name", " ", "Enter a name."),
        ("time_zone", "Mars/Olympus", "There is no such time zone."),
        ("cool_down_days", "-1", "Enter a whole number of days"),
        ("cool_down_days", "3651", "Enter a whole number of days"),
        *(
            ("cool_down_days", days, "Enter a whole number of days")
            for days in ("9e1", "90.0", "+90", "٩٠", "９０", "9_0")
        ),
        ("cool_down_days", "²", "Enter a whole number of days"),
        ("cool_down_days", "", "Enter a whole number of days"),
    ],
)
async def test_a_field_error_is_shown(site: Site, field: str, value: str, message: str) -> None:
    owner = await site.owner()
    answer = await owner.submit("/settings/workspace", **(FORM | {field: value}))
    assert (answer.status_code, message in answer.text) == (400, True)
    assert "default" in (await owner.get("/settings/workspace")).text


async def test_a_name_in_use_is_refused(site: Site) -> None:
    answer = await (await site.owner()).submit("/settings/workspace", **(FORM | {"name": "acme"}))
    assert (answer.status_code, "A workspace with this name already exists." in answer.text) == (409, True)


async def test_a_key_is_created_shown_once_and_revoked(site: Site) -> None:  # G1
    owner = await site.owner()
    page = (await owner.post("/settings/keys", data={"name": "Shop", "scopes": ["ingest", "read"]})).text
    shown = re.search(r"vxp_\w{32}_[\w-]{43}", page)
    assert shown is not None
    client = site.browser()
    del client.headers["accept"]
    client.headers["authorization"] = f"Bearer {shown[0]}"
    assert (await client.get("/api/csat/v1/products")).status_code == 200
    assert (await client.get("/api/v1/workspace")).status_code == 403
    listed = (await owner.get("/settings/keys")).text
    assert shown[0] not in listed
    assert "1 key" in listed
    path = re.search(r"/settings/keys/[0-9a-f-]{36}/revoke", listed)
    assert path is not None
    await owner.submit(path[0])
    assert (await client.get("/api/csat/v1/products")).status_code == 401
    assert "0 keys" in (await owner.get("/settings/keys")).text


@pytest.mark.parametrize(
    "fields", [{"name": "Shop"}, {"name": " ", "scopes": "read"}, {"name": "Shop", "scopes": ["read", "fly"]}]
)
async def test_a_key_without_a_name_or_scope_is_refused(site: Site, fields: dict[str, str]) -> None:
    owner = await site.owner()
    assert (await owner.post("/settings/keys", data=fields)).status_code == 400
    assert "0 keys" in (await owner.get("/settings/keys")).text


async def test_a_key_of_another_workspace_is_not_found(site: Site) -> None:  # T26
    owner, other = await site.owner(), await site.owner("acme", "other@example.com")
    await owner.submit("/settings/keys", name="Shop", scopes="read")
    path = re.search(r"/settings/keys/[0-9a-f-]{36}/revoke", (await owner.get("/settings/keys")).text)
    assert path is not None
    assert (await other.submit(path[0])).status_code == 404
    assert "1 key" in (await owner.get("/settings/keys")).text


async def test_owners_read_emails_where_no_mail_server_is_configured(site: Site) -> None:
    owner = await site.owner()
    admin = await site.accept_invitation(owner, ADMIN, "admin")
    await site.browser().submit("/login/mail", email=ADMIN)
    page = (await owner.get("/settings/mail")).text
    assert f"to {ADMIN}" in page
    assert '<a href="http://voxpop.test/login/link?token=' in page
    assert (await admin.get("/settings/mail")).status_code == 403
    other = await site.owner("acme", "other@example.com")
    assert ADMIN not in (await other.get("/settings/mail")).text


async def test_with_a_mail_server_the_text_of_emails_is_hidden(site: Site) -> None:
    async with fake_smtp_server() as server:
        sending = Site(site.database, VOXPOP_SMTP_URL=server.url)
        sending.workspaces = site.workspaces
        owner = await sending.owner()
        await owner.submit("/login/mail", email=OWNER)
        waiting = (await owner.get("/settings/mail")).text
        assert "Sending" in waiting
        await MailSender(site.database, server.url, "a@b.test").send_due(utcnow())
        sent = (await owner.get("/settings/mail")).text
        await owner.aclose()
    assert "sent <time" in sent
    assert "token=" not in waiting + sent


BANNER = "No mail server is set up: no one receives email."


async def test_a_test_email_shows_whether_the_mail_server_accepts_it(site: Site) -> None:
    async with fake_smtp_server() as server:
        sending = Site(site.database, VOXPOP_SMTP_URL=server.url)
        sending.workspaces = site.workspaces
        owner = await sending.owner()
        sender = MailSender(site.database, server.url, "a@b.test")
        pages = [(await owner.get("/settings/mail")).text]
        for rejection in ({}, {OWNER: "451 come back later"}, {OWNER: "550 no such person"}):
            server.rejections = rejection
            answer = await owner.submit("/settings/mail/test")
            assert answer.headers["location"] == "/settings/mail?done=tested"
            await sender.send_due(utcnow())
            pages.append((await owner.get("/settings/mail")).text)
        await owner.aclose()
    none, accepted, retried, failed = pages
    assert "No email was sent yet." in none
    assert f"Last delivery: sent to {OWNER} <time" in accepted
    assert f"the email to {OWNER} was not sent" in retried
    assert ("451" in retried, "come back later" in retried, "Next attempt: <time" in retried) == (True, True, True)
    assert ("550" in failed, "It is not tried again." in failed, "Next attempt" in failed) == (True, True, False)
    assert "Subject: Test email from default" in server.received[0]


async def test_without_a_mail_server_there_is_no_test_email(site: Site) -> None:
    owner = await site.owner()
    page = (await owner.get("/settings/mail")).text
    assert ("VOXPOP_SMTP_URL" in page, "/settings/mail/test" in page) == (True, False)
    assert (await owner.submit("/settings/mail/test")).status_code == 409
    assert await site.emails() == []


async def test_only_owners_send_test_emails_and_see_deliveries_of_their_workspace(site: Site) -> None:  # T26
    sending = site.with_smtp()
    owner, other = await site.owner(), await site.owner("acme", "other@example.com")
    admin = await site.accept_invitation(owner, ADMIN, "admin")
    assert (await sending.move(admin).submit("/settings/mail/test")).status_code == 403
    assert (await sending.move(owner).submit("/settings/mail/test")).status_code == 303
    await MailSender(site.database, "smtp://127.0.0.1:1", "a@b.test").send_due(utcnow())
    assert f"to {OWNER} was not sent" in (await sending.move(owner).get("/settings/mail")).text
    assert "No email was sent yet." in (await sending.move(other).get("/settings/mail")).text


async def test_a_banner_tells_owners_that_no_mail_server_is_set_up(site: Site) -> None:
    owner = await site.owner()
    admin = await site.accept_invitation(owner, ADMIN, "admin")
    for path in ("/inbox", "/settings", "/settings/profile", "/low-ratings"):
        assert BANNER in (await owner.get(path)).text
        assert BANNER not in (await admin.get(path)).text
        assert BANNER not in (await site.with_smtp().move(owner).get(path)).text


async def test_the_api_changes_the_portal_and_csat_settings(client: Client) -> None:  # T10
    shown = (await client.get("/api/v1/workspace")).json()
    assert (shown["slug"], shown["portal_enabled"], shown["csat_enabled"]) == ("ours", True, True)
    changed = (await client.patch("/api/v1/workspace", json={"csat_enabled": False})).json()
    assert (changed["portal_enabled"], changed["csat_enabled"], changed["name"]) == (True, False, "ours")
    assert (await client.patch("/api/v1/workspace", json={})).status_code == 400
