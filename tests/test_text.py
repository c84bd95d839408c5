"""The rules of people's texts, compared with the tables of Unicode."""

import re
import sys
import unicodedata

import pytest

from voxpop.text import INVISIBLE, is_visible, one_line, trim_lines

BLANK_LETTERS = "\u3164\u115f\u1160\uffa0\u2800"
JOINERS = "\u200c\u200d\ufe0f"


def test_no_format_control_or_space_is_visible() -> None:  # G4
    every = map(chr, range(sys.maxunicode + 1))
    blank = [char for char in every if unicodedata.category(char) in ("Cc", "Cf", "Zs", "Zl", "Zp")]
    assert [hex(ord(char)) for char in (*blank, *BLANK_LETTERS, *JOINERS) if is_visible(char)] == []


def test_every_letter_digit_sign_and_symbol_is_visible() -> None:
    every = map(chr, range(sys.maxunicode + 1))
    shown = [char for char in every if unicodedata.category(char)[0] in "LNPS" and char not in BLANK_LETTERS]
    assert [hex(ord(char)) for char in shown if re.fullmatch(f"[{INVISIBLE}]", char)] == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  a  b  ", "a  b"),
        ("a\r\nb\tc\u2028d", "a b c d"),
        ("a\x07\x1b[31mb\x7f\x85", "a[31mb"),
        ("\u202egnp.exe\u202c\u2066x\u2069", "gnp.exex"),
        ("👩‍💻 ❤️ می‌خواهم", "👩‍💻 ❤️ می‌خواهم"),
        ("\u200fשלום\u200e", "\u200fשלום\u200e"),
    ],
)
def test_one_line_keeps_what_belongs_to_a_line(text: str, expected: str) -> None:  # G4
    assert one_line(text) == expected
    assert one_line(expected) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  a:\n    b: 1\n", "  a:\n    b: 1"),
        ("\n \t\r\n\tcode\n\n", "\tcode"),
        (" \n ", ""),
        (" " * 100_000 + "a", " " * 100_000 + "a"),
    ],
)
def test_a_text_keeps_the_indentation_of_its_first_line(text: str, expected: str) -> None:
    assert trim_lines(text) == expected
