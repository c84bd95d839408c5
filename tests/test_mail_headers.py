"""An email as it is sent: the standard library reads any subject, name and text in any script as it was written."""

import re
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.utils import parseaddr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voxpop.mail import build_message, compose, parse_mail
from voxpop.mail_headers import UNSAFE
from voxpop.types import utcnow

FROM, TO = "support@voxpop.test", "ann@example.com"
WORDS = st.lists(
    st.sampled_from(
        [
            "Оплата",
            "письма",
            "войти",
            "приложения",
            "Zażółć",
            "gęślą",
            "Größe",
            "नमस्ते",
            "مرحبا",
            "你好",
            "café",
            "a",
            "b",
        ]
    ),
    max_size=40,
)
SPECIAL = st.text('ab =?_."<>@,;:\\()[]\u200c\u200d\ufe0f\U0001f3f4\U000e0067\U000e007f', max_size=120)
TEXTS = (st.text(max_size=200) | WORDS.map(" ".join) | SPECIAL).filter(lambda text: not has_unsafe(text))


def has_unsafe(text: str) -> bool:
    return UNSAFE.search(text) is not None


def sent(name: str, subject: str) -> bytes:
    now = utcnow()
    return build_message(parse_mail(compose(name, TO, subject, "x", now).body), FROM, now)


def read(header: str) -> str:
    return str(make_header(decode_header(header)))


@given(TEXTS, TEXTS)
def test_a_subject_and_a_name_arrive_as_written(name: str, subject: str) -> None:
    raw = sent(name, subject)
    parsed = message_from_bytes(raw)
    displayed, address = parseaddr(parsed["From"])
    assert (read(parsed["Subject"]), read(displayed), address) == (subject, name, FROM)
    assert message_from_bytes(raw, policy=policy.default)["Subject"] == subject


@given(st.text(max_size=300) | st.text("  .=\n\tЯFrom", max_size=300))
def test_a_text_arrives_as_written(text: str) -> None:
    now = utcnow()
    raw = build_message(parse_mail(compose("A", TO, "S", text, now).body), FROM, now)
    received = message_from_bytes(raw, policy=policy.default).get_content()
    assert plain_line_ends(received) == plain_line_ends(text)
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 998


def plain_line_ends(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n")


@given(TEXTS, TEXTS)
def test_encoded_words_and_lines_are_short(name: str, subject: str) -> None:
    head = sent(name, subject).partition(b"\r\n\r\n")[0].decode("ascii")
    assert max(map(len, re.findall(r"=\?\S+\?=", head)), default=0) <= 75
    assert max(map(len, head.split("\r\n"))) <= 76


@pytest.mark.parametrize("char", list("\0\t\n\r\x1b\x7f\x85\x9f\u2028\u2029\u202a\u202e\u2066\u2069"))
def test_a_control_character_or_an_override_becomes_a_space(char: str) -> None:
    parsed = message_from_bytes(sent(f"a{char}b", f"a{char}b"))
    assert (read(parsed["Subject"]), parseaddr(parsed["From"])) == ("a b", ("a b", FROM))


def test_short_ascii_headers_stay_readable() -> None:
    head = sent("Acme", "[TK-1] Pump leaks").decode("ascii")
    assert "\r\nSubject: [TK-1] Pump leaks\r\n" in head
    assert head.startswith("From: Acme\r\n <support@voxpop.test>\r\n")
