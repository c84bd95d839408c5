"""The parser of the Accept-Language header and the choice among the languages that exist."""

import pytest

from voxpop.accept_language import best_language, parse_accept_language


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, []),
        ("", []),
        ("ru", ["ru"]),
        ("da, en-GB;q=0.8, en;q=0.7", ["da", "en-gb", "en"]),
        ("en;q=0.7, da", ["da", "en"]),
        ("en, da", ["en", "da"]),
        ("en;q=0, da;q=0.001", ["da"]),
        ("en;q=nan, da;q=-1, fr;q=x", []),
        (" , ,ru", ["ru"]),
        ("ru;level=1;q=0.5, en", ["en", "ru"]),
    ],
)
def test_languages_are_listed_best_first(header: str | None, expected: list[str]) -> None:
    assert parse_accept_language(header) == expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("zh-Hant-TW", "zh-hant"),
        ("zh-TW", "zh"),
        ("fr, *, zh", None),
        ("fr", None),
        ("fr, zh;q=0.1", "zh"),
        (f"zh{30_000 * '-a'}, zh-hant;q=0.1", "zh-hant"),
    ],
)
def test_a_language_falls_back_one_subtag_at_a_time(header: str, expected: str | None) -> None:
    assert best_language(header, {"zh", "zh-hant"}) == expected
