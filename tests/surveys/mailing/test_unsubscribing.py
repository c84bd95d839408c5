"""Unsubscribing: by one click of a mail program (RFC 8058), by the page, and back again; for the whole workspace."""

import pytest
from tests.support.hosted import HostedSite, path_of
from tests.support.invariants import Owner
from tests.support.mail_server import MailServer
from tests.surveys.mailing.test_emails import ANN, BY_EMAIL, deliver

from voxpop.auth.rate_limits import RateLimit


@pytest.fixture
async def path(site: HostedSite, server: MailServer) -> str:
    """The path in the headers of an email."""
    await site.api.open(**BY_EMAIL, language="en")
    await site.api.order(email=ANN)
    await deliver(site, server)
    (email,) = server.emails
    assert email["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link: str = email["List-Unsubscribe"]
    assert link == f"<{link.strip('<>')}>"
    assert link.strip("<>") in server.part("plain")
    return path_of(link.strip("<>"))


@pytest.mark.parametrize("media", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
async def test_one_click_unsubscribes(
    site: HostedSite, server: MailServer, owner: Owner, path: str, media: str
) -> None:
    body = b"List-Unsubscribe=One-Click"
    if media.startswith("multipart"):
        body = b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n'
    program = site.browser()
    del program.headers["sec-fetch-site"]
    for _ in range(2):
        answer = await program.post(path, content=body, headers={"content-type": media, "accept": "*/*"})
        assert answer.status_code == 200
    assert [tuple(row) for row in await owner.fetch("SELECT email_folded FROM unsubscribed_email")] == [
        ("ann.lee@example.com",)
    ]
    await site.api.open(**BY_EMAIL, name="Another campaign")
    await site.api.order(email="ANN.LEE@example.COM", context_id="order_2")
    await site.api.order(email="other@example.com", context_id="order_3")
    await deliver(site, server)
    assert server.recipients == [ANN, "other@example.com", "other@example.com"]


async def test_the_page_asks_first_and_can_be_taken_back(
    site: HostedSite, server: MailServer, owner: Owner, path: str
) -> None:
    page = await site.visitor.get(path)
    assert (page.status_code, "Unsubscribe?" in page.text, ANN in page.text) == (200, True, True)
    assert await owner.fetchval("SELECT count(*) FROM unsubscribed_email") == 0
    done = await site.visitor.submit(path)
    assert (done.status_code, "You are unsubscribed" in done.text) == (200, True)
    assert "You are unsubscribed" in (await site.visitor.get(path)).text
    assert "Unsubscribe?" in (await site.visitor.submit(f"{path}/undo")).text
    await site.api.order(email=ANN, context_id="order_2")
    assert await deliver(site, server) == 1


async def test_it_holds_for_its_workspace_only(site: HostedSite, server: MailServer, path: str) -> None:
    assert (await site.browser("acme").get(path)).status_code == 404
    await site.visitor.submit(path)
    theirs = await site.client("acme")
    await theirs.open(**BY_EMAIL)
    await theirs.order(email=ANN)
    assert await deliver(site, server) == 1


async def test_a_forged_link_and_that_of_the_answer_do_not_unsubscribe(
    site: HostedSite, server: MailServer, owner: Owner, path: str
) -> None:
    answer = server.part("plain").split("/s/")[1][:75]
    for forged in (path[:-1], f"/unsubscribe/{answer}", f"{path}x", f"{path}/other"):
        assert (await site.visitor.get(forged)).status_code == 404
        assert (await site.visitor.submit(forged)).status_code in (404, 405)
    assert await owner.fetchval("SELECT count(*) FROM unsubscribed_email") == 0
    page = await site.visitor.get(path)
    assert (page.headers["cache-control"], page.headers["referrer-policy"]) == ("no-store", "same-origin")


async def test_unsubscribing_is_limited_by_client(site: HostedSite, owner: Owner, path: str) -> None:
    await site.visitor.submit(path)
    await owner.execute("UPDATE rate_limit SET count = $1", RateLimit.UNSUBSCRIBE.limit.max_attempts)
    assert (await site.visitor.submit(path)).status_code == 429
