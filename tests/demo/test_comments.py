"""Comments: there are remarks on every feature in both languages, and they fit their writer."""

from random import Random

import pytest

from voxpop.demo.comments import BAD, FAIR, GOOD, comment, sentiment_of
from voxpop.demo.features.plans import PLANS
from voxpop.demo.text_files import SLOT, load_texts

SENTIMENTS = (BAD, FAIR, GOOD)


def possible(
    sentiment: str, subject: str = "export-csv", *, is_russian: bool = False, is_careless: bool = False
) -> set[str]:
    """All comments that are likely in a long time."""
    rng = Random(3)  # noqa: S311
    comments = (
        comment(rng, subject, sentiment, is_russian=is_russian, is_careless=is_careless, general=True)
        for _ in range(2_000)
    )
    return {one for one in comments if one}


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("sentiment", SENTIMENTS)
def test_every_feature_has_remarks(sentiment: str, language: str) -> None:
    for subject in ("general", *(plan.feature.feature_key for plan in PLANS)):
        remarks = load_texts().remarks[subject][sentiment][language]
        assert len(set(remarks)) == len(remarks) >= 3
        slots = {slot for remark in remarks for slot in SLOT.findall(remark)}
        assert slots <= set(load_texts().slots[language])


def test_sentiments_cover_the_scale() -> None:
    assert [sentiment_of(score) for score in range(1, 11)] == [BAD] * 4 + [FAIR] * 3 + [GOOD] * 3


def test_careful_customers_write_sentences() -> None:
    comments = possible(BAD, "broken")
    assert len(comments) > 50
    for one in comments:
        assert one[0].isupper()
        assert one[-1] in ".?"
        assert "?." not in one


def test_careless_customers_write_without_capitals() -> None:
    comments = possible(GOOD, is_careless=True, is_russian=True)
    assert len(comments) > 50
    assert all(one[0].islower() or not one[0].isalpha() for one in comments)


def test_a_breakdown_has_its_own_remarks() -> None:
    assert any("hangs at 90 percent" in one for one in possible(BAD, "broken"))
    assert not any("hangs at 90 percent" in one for one in possible(BAD))
