"""Emails that ask for a rating, as a real mail server receives them: their content, once, reminders and refusals."""

import asyncio
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from tests.support.campaigns import PLAN
from tests.support.clients import expect_ok
from tests.support.hosted import TEXTS, HostedSite, path_of
from tests.support.invariants import Owner
from tests.support.mail_server import MailServer

from voxpop import outbox
from voxpop.mail import MailSender
from voxpop.surveys import campaign_surveys
from voxpop.surveys.mailing.service import write_due_emails
from voxpop.surveys.mailing.tracking import SurveyMailTracker
from voxpop.types import utcnow
from voxpop.worker.loop import run_worker

FROM = "feedback@voxpop.test"
ANN = "Ann.Lee@example.com"
BY_EMAIL: dict[str, Any] = {"channels": ["email"]}
DAY = timedelta(days=1)
LINK = re.compile(r"https?://[^\s\"<>]+")


async def deliver(site: HostedSite, server: MailServer, now: datetime | None = None) -> int:
    """Writes what is due, sends it, and returns the number of emails that the server took."""
    await write_due_emails(site.database, site.settings.public_url, now or utcnow())
    sender = MailSender(site.database, server.url, FROM, tracker=SurveyMailTracker())
    sent = await sender.send_due(utcnow())
    await sender.release_lease()
    return sent


async def test_a_due_survey_is_emailed_once(site: HostedSite, server: MailServer, owner: Owner) -> None:
    await site.api.open(**BY_EMAIL, delay_hours=1)
    (survey,) = (await site.api.order(email=ANN))["surveys"]
    assert await deliver(site, server) == 0
    later = utcnow() + timedelta(hours=2)
    assert [await deliver(site, server, later) for _ in range(3)] == [1, 0, 0]
    (email,) = server.emails
    assert (email["To"], email["From"], email["Auto-Submitted"]) == (ANN, f"default <{FROM}>", "auto-generated")
    assert email["Subject"] == "Оцените от 0 до 10, порекомендуете ли вы нас?"
    assert email.get_content_type() == "multipart/alternative"
    links = re.findall(r"^(\d+)(?: \(.+\))?: (\S+)$", server.part("plain"), re.MULTILINE)
    assert [int(score) for score, _ in links] == list(range(11))
    assert all(link.endswith(f"?score={score}") for score, link in links)
    assert {link for _, link in links} <= set(LINK.findall(server.part("html")))
    page = await site.visitor.get(path_of(links[9][1]))
    assert re.search(r'value="9"[^>]* checked', page.text)
    row = await owner.fetchrow("SELECT id::text, sent_at FROM survey")
    assert (row["id"], row["sent_at"] is not None) == (survey, True)
    assert await owner.fetchval("SELECT sum(shown) FROM survey_count WHERE series_kind = 'campaign'") == 2
    assert (await site.emails())[0].text == ""
    assert await site.api.surveys() == []


@pytest.mark.parametrize(
    ("event", "address"),
    [
        ({"email": ANN, "guid": "g"}, ANN),
        ({"email": ANN, "guid": "other@example.com"}, ANN),
        ({"guid": "guid@example.com"}, "guid@example.com"),
        ({"email": "nothing", "guid": "guid@example.com"}, "guid@example.com"),
        ({"email": None, "guid": "g"}, None),
        *(
            ({"email": wrong, "guid": "g"}, None)
            for wrong in (1, [], "a b@c.de", "a@b\r\nBcc: x@y.z", "x" * 300 + "@y.z")
        ),
    ],
)
async def test_the_address_is_that_of_the_event_or_its_guid(
    site: HostedSite, server: MailServer, event: dict[str, Any], address: str | None
) -> None:
    await site.api.open(**BY_EMAIL)
    assert (await site.api.order(**event))["status"] == "created"  # F31
    await deliver(site, server)
    assert server.recipients == ([] if address is None else [address])


@pytest.mark.parametrize(
    ("language", "direction", "words"),
    [(None, "ltr", "Отписаться"), ("en", "ltr", "Unsubscribe"), ("ar", "rtl", ""), ("yi", "rtl", "")],
)
async def test_an_email_has_the_language_of_its_campaign(
    site: HostedSite, server: MailServer, language: str | None, direction: str, words: str
) -> None:
    code = await site.survey_type("FIVE", 1, 5)
    await site.api.open(**BY_EMAIL, survey_type_code=code, language=language)
    await site.api.order(email=ANN)
    await deliver(site, server)
    question = TEXTS[language]["question"] if language else "Как вам?"
    assert server.emails[0]["Subject"] == question
    assert f'<html lang="{language or "ru"}" dir="{direction}">' in server.part("html")
    assert question in server.part("html")
    assert question in server.part("plain")
    assert words in server.part("plain")


async def test_hostile_texts_stay_texts(site: HostedSite, server: MailServer, owner: Owner) -> None:
    evil = "<img src=x onerror=alert(1)>{title} %s\u202e\nBcc: x@evil.test"
    code = await site.survey_type("EVIL", 0, 100, question=evil, translations={})
    await owner.execute("UPDATE workspace SET name = 'A</title><script>\"' WHERE slug = 'default'")
    await site.api.open(**BY_EMAIL, survey_type_code=code)
    await site.api.order(email=ANN)
    await deliver(site, server)
    assert server.recipients == [ANN]
    assert server.emails[0]["Bcc"] is None
    assert "<script" not in server.part("html")
    assert "<img" not in server.part("html")
    assert server.part("html").count("?score=") == 101
    assert server.part("plain").count("http") == 2


async def test_only_one_reminder_is_sent(site: HostedSite, server: MailServer) -> None:
    await site.api.open(**BY_EMAIL, reminder_after_days=3, language="en", survey_type_code="CSAT")
    await site.api.order(email=ANN)
    now = utcnow()
    sent = [await deliver(site, server, now + days * DAY) for days in (0, 2, 4, 5, 8, 40)]
    assert sent == [1, 0, 1, 0, 0, 0]
    first, second = server.emails
    assert second["Subject"] == f"Reminder: {first['Subject']}" or second["Subject"].endswith(first["Subject"])
    assert first["Message-ID"] != second["Message-ID"]


@pytest.mark.parametrize("change", ["answered", "no reminder", "deleted", "unsubscribed", "paused", "in app"])
async def test_some_surveys_are_not_emailed_again(site: HostedSite, server: MailServer, change: str) -> None:
    campaign = (await site.api.open(**BY_EMAIL, reminder_after_days=1))["id"]
    survey = (await site.api.order(email=ANN))["surveys"][0]
    await deliver(site, server)
    if change == "answered":
        await site.api.submit(survey, 9)
    elif change == "deleted":
        await site.api.client.delete(f"/api/v1/campaigns/{campaign}")
    elif change == "unsubscribed":
        await site.visitor.submit(path_of(server.emails[0]["List-Unsubscribe"].strip("<>")))
    else:
        changes = {"no reminder": {"reminder_after_days": None}, "paused": {"active": False}}
        await site.api.put(f"campaigns/{campaign}", PLAN | changes.get(change, {"channels": ["in_app"]}))
    assert await deliver(site, server, utcnow() + 2 * DAY) == 0
    if change == "paused":
        await site.api.put(f"campaigns/{campaign}", PLAN)
        assert await deliver(site, server, utcnow() + 2 * DAY) == 1


async def test_a_refused_address_is_recorded_and_not_tried_again(
    site: HostedSite, server: MailServer, owner: Owner
) -> None:
    await site.api.open(**BY_EMAIL, reminder_after_days=1)
    server.refusals = {ANN: "550 5.1.1 no such person", "busy@example.com": "451 4.3.0 later"}
    await site.api.send(
        *({**{"event_type": "ORDER_COMPLETED", "context_type": "ORDER"}, "guid": "g", "context_id": to, "email": to}
          for to in (ANN, "busy@example.com", "fine@example.com"))
    )  # fmt: skip
    assert [await deliver(site, server, utcnow() + days * DAY) for days in (0, 0)] == [1, 0]
    refused, busy, fine = await owner.fetch("SELECT * FROM survey_email ORDER BY email = $1 DESC, email", ANN)
    assert (refused["sent_at"], "no such person" in refused["failure"]) == (None, True)
    assert (busy["failed_at"], busy["sent_at"], fine["failed_at"]) == (None, None, None)
    assert await owner.fetchval("SELECT sent_at FROM survey WHERE id = $1", refused["survey_id"]) is None
    assert await owner.fetchval("SELECT retry_at IS NOT NULL FROM outbox WHERE key = 'busy@example.com'")


async def test_a_killed_sender_repeats_an_email_with_the_same_id(
    site: HostedSite, server: MailServer, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    await site.api.open(**BY_EMAIL)
    await site.api.order(email=ANN)

    async def die(*_: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(outbox, "set_mail_outcome", die)
        with pytest.raises(SystemExit):
            await deliver(site, server)
    assert await owner.fetchval("SELECT count(*) FROM survey_email WHERE sent_at IS NOT NULL") == 0
    await owner.execute("UPDATE lease SET expires_at = now()")
    assert [await deliver(site, server) for _ in range(2)] == [1, 0]
    assert len(server.emails) == 2
    assert len({email["Message-ID"] for email in server.emails}) == 1
    assert await owner.fetchval("SELECT count(*) FROM survey_email WHERE sent_at IS NOT NULL") == 1


@pytest.mark.parametrize("change", ["answered", "unsubscribed", "expired", "deleted"])
async def test_an_email_that_waits_is_not_sent_when_it_is_not_wanted_any_more(
    site: HostedSite, server: MailServer, owner: Owner, change: str
) -> None:
    campaign = (await site.api.open(**BY_EMAIL))["id"]
    survey = (await site.api.order(email=ANN))["surveys"][0]
    await write_due_emails(site.database, site.settings.public_url, utcnow())
    if change == "answered":
        await site.api.submit(survey, 9)
    elif change == "unsubscribed":
        await site.visitor.submit(path_of((await site.emails())[0].unsubscribe or ""))
    elif change == "deleted":
        await site.api.client.delete(f"/api/v1/campaigns/{campaign}")
    else:
        await owner.execute("UPDATE survey SET status = 'EXPIRED'")
    assert await deliver(site, server) == 0
    assert server.emails == []
    assert await owner.fetchval("SELECT failure FROM outbox WHERE kind = 'mail'") in (
        "The survey was closed before the email was sent", "The recipient has unsubscribed",
        "The campaign was deleted before the email was sent",
    )  # fmt: skip
    assert await owner.fetchval("SELECT failed_at IS NULL AND sent_at IS NULL FROM survey_email")


async def test_mail_scanners_change_nothing(site: HostedSite, server: MailServer, owner: Owner) -> None:
    """They open, prefetch and look up every link of an email, that of unsubscribing too."""
    await site.api.open(**BY_EMAIL)
    await site.api.order(email=ANN)
    await deliver(site, server)
    (email,) = server.emails
    texts = [server.part("plain"), server.part("html"), email["List-Unsubscribe"]]
    links = {link for text in texts for link in LINK.findall(text)}
    assert len(links) == 12
    tables = ("survey", "survey_email", "unsubscribed_email", "feedback", "survey_count", "rate_limit")
    before = [await owner.fetch(f"SELECT * FROM {table}") for table in tables]
    for link in links:
        for method, headers in (("HEAD", {}), ("GET", {}), ("GET", {"sec-purpose": "prefetch"})):
            answer = await site.browser(**headers).request(method, path_of(link))
            assert (answer.status_code, answer.headers["x-robots-tag"]) == (200, "noindex, nofollow")
    assert [await owner.fetch(f"SELECT * FROM {table}") for table in tables] == before


async def test_own_tickets_are_never_mailed_about(site: HostedSite, server: MailServer, owner: Owner) -> None:  # T4
    await site.api.open(**BY_EMAIL, trigger_type="TICKET_CLOSED", survey_type_code="CSAT")
    ticket = {"subject": "Help", "description": "It stops", "requester": {"name": "Ann", "email": ANN}}
    opened = expect_ok(await site.api.post("tickets", ticket), 201)
    await site.api.client.patch(f"/api/v1/tickets/{opened['ref']}", json={"status": "Closed"})
    assert await owner.fetchval("SELECT count(*) FROM survey WHERE origin = 'campaign'") == 1
    assert await deliver(site, server) == 0
    await site.api.send({"event_type": "TICKET_CLOSED", "context_type": "TICKET", "guid": ANN, "context_id": "ext-1"})
    assert await deliver(site, server) == 1


async def test_an_emailed_survey_expires_like_one_that_was_shown(
    site: HostedSite, server: MailServer, owner: Owner
) -> None:
    await site.api.open(**BY_EMAIL)
    await site.api.order(email=ANN)
    await deliver(site, server)
    link = LINK.findall(server.part("plain"))[0]
    async with site.database.transaction(site.workspace_id()) as tx:
        later = utcnow() + 8 * DAY
        assert await campaign_surveys.expire_surveys(tx, site.workspace_id(), later, 7, None, later) == 1  # F90
    assert (await site.visitor.get(path_of(link))).status_code == 410


async def test_the_page_of_a_campaign_shows_its_emails(site: HostedSite, server: MailServer) -> None:
    campaign = (await site.api.open(**BY_EMAIL))["id"]
    server.refusals = {"gone@example.com": "550 5.1.1 <b>no such person</b>"}
    for number, address in enumerate(("gone@example.com", ANN, "bob@example.com")):
        await site.api.order(email=address, context_id=f"order_{number}")
    await deliver(site, server)
    page = (await (await site.owner()).get(f"/campaigns/{campaign}")).text
    assert "2 surveys emailed, 0 reminders, 1 refused by a mail server." in page
    assert "<bdi>gone@example.com</bdi>" in page
    assert "&lt;b&gt;no such person" in page


async def test_the_worker_writes_and_sends_what_is_due(site: HostedSite, server: MailServer) -> None:
    settings = replace(site.settings, smtp_url=server.url)
    await site.api.open(**BY_EMAIL)
    await site.api.order(email=ANN)
    async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
        working = tasks.create_task(run_worker(site.database, settings))
        await server.arrived.wait()
        working.cancel()
    assert server.recipients == [ANN]
