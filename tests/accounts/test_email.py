"""Outgoing email: its headers, sending each message once, retries, and rejected messages."""

import asyncio
from datetime import datetime, timedelta
from email import message_from_bytes, message_from_string, policy
from email.message import EmailMessage
from typing import Any

import asyncpg
import pytest
from tests.support.sites import AGENT, OWNER, FakeSmtpServer, Site, fake_smtp_server

from voxpop import mail, outbox
from voxpop.mail import (
    MailSender,
    build_message,
    compose,
    parse_mail,
    send_mail,
    sender_address,
)
from voxpop.outbox import Kind, Message
from voxpop.types import utcnow
from voxpop.worker.relay import purge

FROM = "support@voxpop.test"
Owner = asyncpg.Connection


async def write(site: Site, *recipients: str) -> None:
    async with site.database.transaction(site.workspace_id()) as tx:
        messages = [compose("Ёлка & Co", to, "Привет", "Текст\n.\nEnd\n", utcnow()) for to in recipients]
        await outbox.record(tx, site.workspace_id(), messages, utcnow())


def sender(site: Site, server: FakeSmtpServer) -> MailSender:
    return MailSender(site.database, server.url, FROM)


async def outbox_rows(owner: Owner) -> list[Any]:
    return await owner.fetch("SELECT * FROM outbox ORDER BY id")


def built(sender: str, to: str, subject: str, text: str, now: datetime) -> EmailMessage:
    """The email as a mail program reads it."""
    message = build_message(parse_mail(compose(sender, to, subject, text, now).body), FROM, now)
    return message_from_bytes(message, policy=policy.default)


def test_an_email_has_the_needed_headers() -> None:
    now = utcnow()
    parsed = built("Ёлка & Co", OWNER, "Привет", "Текст", now)
    assert (parsed["From"], parsed["To"], parsed["Subject"]) == (f"Ёлка & Co <{FROM}>", OWNER, "Привет")
    assert parsed["Message-ID"].endswith("@voxpop.test>")
    assert parsed["Date"].datetime == now.replace(microsecond=0)
    assert parsed["Auto-Submitted"] == "auto-generated"
    assert parsed.get_content().strip() == "Текст"


@pytest.mark.parametrize("evil", ["A\r\nBcc: x@evil.test", "A\nB", "A\r\n\r\nbody", "A\x00B", "A\u2028B", "A\x85B"])
def test_a_line_end_adds_no_header(evil: str) -> None:
    parsed = built(evil, OWNER, evil, "x", utcnow())
    assert parsed["Bcc"] is None
    assert parsed.get_content().strip() == "x"
    assert sorted(parsed.keys()).count("Subject") == 1


def test_a_recipient_with_a_line_end_is_refused() -> None:
    with pytest.raises(ValueError, match="invalid characters"):
        built("A", "a@b.test\nBcc: x@evil.test", "S", "x", utcnow())


def test_emails_to_one_address_have_the_same_key() -> None:
    one, other = (compose("A", to, "S", "x", utcnow()) for to in ("U@x.com", "u@X.com"))
    assert (one.kind, one.key) == (Kind.MAIL, other.key)
    assert parse_mail(one.body).id != parse_mail(other.body).id


async def test_emails_are_sent_in_order_and_once(site: Site, owner: Owner) -> None:
    async with fake_smtp_server() as server:
        await write(site, OWNER, AGENT)
        one, other = sender(site, server), sender(site, server)
        assert sum(await asyncio.gather(one.send_due(utcnow()), other.send_due(utcnow()))) == 2
        assert (await one.send_due(utcnow()), await other.send_due(utcnow())) == (0, 0)
    assert [OWNER in server.received[0], AGENT in server.received[1], len(server.received)] == [True, True, 2]
    for row in await outbox_rows(owner):
        assert row["sent_at"] is not None
        assert parse_mail(row["body"]).text == ""  # it may have held a link


async def test_a_permanent_rejection_fails_one_email_and_the_rest_is_sent(site: Site, owner: Owner) -> None:
    async with fake_smtp_server() as server:
        server.rejections = {OWNER: "550 no such person", AGENT: "451 come back later"}
        await write(site, OWNER, AGENT, "third@example.com")
        assert await sender(site, server).send_due(utcnow()) == 1
    rejected, waiting, sent = await outbox_rows(owner)
    assert rejected["failed_at"] is not None
    assert "550" in rejected["failure"]
    assert "no such person" in rejected["failure"]
    assert (waiting["failed_at"], waiting["sent_at"]) == (None, None)
    assert timedelta(seconds=50) < waiting["retry_at"] - utcnow() <= timedelta(minutes=1)
    assert parse_mail(waiting["body"]).text != ""
    assert sent["sent_at"] is not None


async def test_retries_back_off_and_end_after_three_days(site: Site, owner: Owner) -> None:
    server = FakeSmtpServer()  # not listening
    server.port = 1
    await write(site, OWNER)
    pauses, now = [], utcnow()
    for _ in range(10):
        await sender(site, server).send_due(now)
        await owner.execute("UPDATE lease SET expires_at = now()")
        row = (await outbox_rows(owner))[0]
        pauses.append(round((row["retry_at"] - utcnow()) / timedelta(minutes=1)))
        now = row["retry_at"]
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 240, 240]
    await owner.execute("UPDATE outbox SET create_time = create_time - interval '3 days'")
    await sender(site, server).send_due(now)
    row = (await outbox_rows(owner))[0]
    assert row["failed_at"] is not None
    assert "within 3 days" in row["failure"]


async def test_the_worker_sends_until_it_is_stopped(site: Site, owner: Owner) -> None:
    async with fake_smtp_server() as server:
        async with asyncio.timeout(20):
            with_server = Site(site.database, VOXPOP_SMTP_URL=server.url)
            running = asyncio.create_task(send_mail(with_server.database, with_server.settings))
            await write(site, OWNER)
            await server.arrived.wait()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
    assert await owner.fetchval("SELECT count(*) FROM lease") == 0
    assert "From: " in server.received[0]
    assert "voxpop@voxpop.test" in server.received[0]


async def test_without_a_server_emails_stay_in_the_outbox(site: Site) -> None:
    await write(site, OWNER)
    async with asyncio.timeout(5):
        await send_mail(site.database, site.settings)
    assert [email.text for email in await site.emails()] == ["Текст\n.\nEnd\n"]
    assert sender_address(site.settings) == "voxpop@voxpop.test"


@pytest.mark.parametrize(
    ("url", "port", "tls", "starttls", "login"),
    [
        ("smtp://mail.test", 587, False, None, (None, None)),
        ("smtp://u%40x:p%2Fw@mail.test:25", 25, False, True, ("u@x", "p/w")),
        ("smtps://u:p@mail.test", 465, True, None, ("u", "p")),
    ],
)
def test_a_password_is_sent_over_tls_only(
    url: str, port: int, tls: bool, starttls: bool | None, login: tuple[str | None, str | None]
) -> None:
    client = mail.smtp_client(url)
    assert (client.port, client.use_tls, client._start_tls_on_connect) == (port, tls, starttls)
    assert (client._login_username, client._login_password) == login


ENCODED = "=?utf-8?q?=0d=0aReply-To:_evil=40evil.test?="


@pytest.mark.parametrize(
    ("name", "subject"), [(ENCODED, "Hello"), ("Ours", ENCODED), ("Ours", f"x {ENCODED} {ENCODED}")]
)
async def test_an_encoded_word_adds_no_header(site: Site, name: str, subject: str) -> None:
    async with fake_smtp_server() as server:
        async with site.database.transaction(site.workspace_id()) as tx:
            await outbox.record(tx, site.workspace_id(), [compose(name, OWNER, subject, "x", utcnow())], utcnow())
        assert await sender(site, server).send_due(utcnow()) == 1
    parsed = message_from_string(server.received[0], policy=policy.default)
    assert parsed.keys().count("Reply-To") == 0
    assert [parsed[header].splitlines() for header in ("From", "Subject")] == [[parsed["From"]], [parsed["Subject"]]]
    assert (FROM in parsed["From"], parsed["To"], parsed.get_content().splitlines()[0]) == (True, OWNER, "x")


async def test_replies_go_to_the_set_address_and_threads_are_linked(site: Site) -> None:
    settings = Site(site.database, VOXPOP_MAIL_REPLY_TO="Help@Почта.рф", VOXPOP_MAIL_FROM=FROM).settings
    async with fake_smtp_server() as server:
        async with site.database.transaction(site.workspace_id()) as tx:
            messages = [compose("A", OWNER, "S", "x", utcnow(), thread=thread) for thread in ("ticket.1", None)]
            await outbox.record(tx, site.workspace_id(), messages, utcnow())
        assert await MailSender(site.database, server.url, FROM, settings.mail_reply_to).send_due(utcnow()) == 2
    one, other = (message_from_string(raw, policy=policy.default) for raw in server.received)
    assert (one["References"], one["In-Reply-To"]) == ("<ticket.1@voxpop>", "<ticket.1@voxpop>")
    assert [each["Reply-To"] for each in (one, other)] == ["Help@xn--80a1acny.xn--p1ai"] * 2
    assert (other["References"], other["In-Reply-To"]) == (None, None)


@pytest.mark.parametrize(
    ("to", "envelope"),
    [
        ("ivan@почта.рф", "ivan@xn--80a1acny.xn--p1ai"),
        ("Ivan@XN--80A1ACNY.xn--p1ai", "Ivan@xn--80a1acny.xn--p1ai"),
        ('"a, <b>@c"@example.com', '"a, <b>@c"@example.com'),
        ("a&b/c@host.local", "a&b/c@host.local"),
        (f"{'x' * 64}@{'y' * 60}.{'z' * 60}.example.com", f"{'x' * 64}@{'y' * 60}.{'z' * 60}.example.com"),
    ],
)
async def test_any_address_is_mailed_in_its_ascii_form(site: Site, to: str, envelope: str) -> None:  # G5
    async with fake_smtp_server() as server:
        await write(site, to)
        assert await sender(site, server).send_due(utcnow()) == 1
    assert server.recipients == [f"<{envelope}>"]
    head = server.received[0].partition("\r\n\r\n")[0]
    assert f"To: {envelope}" in head.split("\r\n")
    assert [email.to for email in await site.emails()] == [to]


async def wait_for(server: FakeSmtpServer, count: int) -> None:
    async with asyncio.timeout(20):
        while len(server.received) < count:
            server.arrived.clear()
            await server.arrived.wait()


async def test_an_unexpected_error_does_not_stop_sending(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    errors = [asyncpg.QueryCanceledError("canceling statement due to statement timeout")]
    list_due = outbox.list_due_mail

    async def list_or_fail(*arguments: Any) -> Any:
        if errors:
            raise errors.pop()
        return await list_due(*arguments)

    monkeypatch.setattr(outbox, "list_due_mail", list_or_fail)
    monkeypatch.setattr(mail, "PAUSE", timedelta(milliseconds=10))
    async with fake_smtp_server() as server, asyncio.TaskGroup() as tasks:
        with_server = Site(site.database, VOXPOP_SMTP_URL=server.url)
        running = tasks.create_task(send_mail(with_server.database, with_server.settings))
        await write(site, OWNER)
        await wait_for(server, 1)
        running.cancel()
    assert errors == []


async def test_the_next_batch_follows_a_full_one_at_once(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "MAX_BATCH_SIZE", 2)
    monkeypatch.setattr(mail, "PAUSE", timedelta(hours=1))
    await write(site, *(f"u{number}@example.com" for number in range(5)))
    async with fake_smtp_server() as server, asyncio.TaskGroup() as tasks:
        with_server = Site(site.database, VOXPOP_SMTP_URL=server.url)
        running = tasks.create_task(send_mail(with_server.database, with_server.settings))
        await wait_for(server, 5)
        running.cancel()


@pytest.mark.parametrize("broker", [{}, {"VOXPOP_KAFKA_BOOTSTRAP": "127.0.0.1:1"}])
async def test_old_emails_are_deleted_with_or_without_a_broker(
    site: Site, owner: Owner, broker: dict[str, str]
) -> None:
    settings = Site(site.database, **broker).settings
    await write(site, "old@example.com", "new@example.com")
    async with site.database.transaction(site.workspace_id()) as tx:
        await outbox.record(tx, site.workspace_id(), [Message(Kind.FEEDBACK, "k", "{}")], utcnow())
    age = timedelta(days=max(settings.outbox_keep_days, settings.outbox_unsent_days) + 1)
    await owner.execute(
        "UPDATE outbox SET create_time = create_time - $1::interval WHERE key <> 'new@example.com'", age
    )
    await purge(site.database, settings, utcnow())
    keys = [row["key"] for row in await outbox_rows(owner)]
    assert keys == (["new@example.com", "k"] if broker else ["new@example.com"])
