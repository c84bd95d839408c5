"""Comments: every feature can be spoken of in both languages, well and badly."""

from random import Random
from typing import Any

import msgspec
import pytest

from voxpop.demo.comments import SLOT, band_of, comment
from voxpop.demo.people import Customer, customers
from voxpop.demo.plan import PLANS
from voxpop.demo.words import words

BANDS = ("bad", "fair", "good")
SCORES = {"bad": 2, "fair": 6, "good": 9}


def customer(**changes: Any) -> Customer:
    return msgspec.structs.replace(next(customers(Random(1))), **changes)  # noqa: S311


def said(band: str, broken: bool = False, **changes: Any) -> set[str]:
    """All that somebody may say of the export."""
    rng = Random(3)  # noqa: S311
    who = customer(**changes)
    told = [comment(rng, who, "export-csv", SCORES[band], broken) for _ in range(2_000)]
    return {one for one in told if one}


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("band", BANDS)
def test_there_are_words_for_everything(band: str, language: str) -> None:
    for about in ("general", *(plan.feature.feature_key for plan in PLANS)):
        phrases = words().phrases[about][band][language]
        assert len(set(phrases)) == len(phrases) >= 3
        assert {slot for phrase in phrases for slot in SLOT.findall(phrase)} <= set(words().slots[language])


def test_bands_cover_the_scale() -> None:
    assert [band_of(score) for score in range(1, 11)] == ["bad"] * 4 + ["fair"] * 3 + ["good"] * 3


def test_careful_people_write_sentences() -> None:
    for one in said("bad", broken=True, careless=False, russian=False):
        assert one[0].isupper()
        assert one[-1] in ".?"
        assert "?." not in one


def test_careless_people_write_as_they_speak() -> None:
    assert all(one[0].islower() or not one[0].isalpha() for one in said("good", careless=True, russian=True))


def test_a_breakdown_is_what_they_talk_about() -> None:
    assert any("hangs at 90 percent" in one for one in said("bad", broken=True, russian=False))
    assert not any("hangs at 90 percent" in one for one in said("bad", russian=False))
    assert said("good", broken=True) == said("good")
