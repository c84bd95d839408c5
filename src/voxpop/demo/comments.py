"""Composes comments from remarks that fit the score, the subject and the customer's language."""

from random import Random

from voxpop.demo.text_files import SLOT, load_texts

BAD, FAIR, GOOD = "bad", "fair", "good"
# The chance that a rating of this sentiment has a comment. Dissatisfied customers write more.
COMMENT_CHANCES = {BAD: 0.62, FAIR: 0.42, GOOD: 0.3}
BUT = {"en": ", but ", "ru": ", но "}


def comment(
    rng: Random, subject: str, sentiment: str, *, is_russian: bool, is_careless: bool, general: bool = False
) -> str | None:
    """A short comment, or none. With `general` it may also have remarks that fit every subject."""
    if rng.random() >= COMMENT_CHANCES[sentiment]:
        return None
    language = "ru" if is_russian else "en"
    if general:
        remarks = _choose_any(rng, subject, sentiment, language)
    else:
        specific = load_texts().remarks[subject][sentiment][language]
        remarks = rng.sample(specific, rng.choices((1, 2), (3, 1))[0])
    return _compose(rng, remarks, language, is_careless)


def sentiment_of(score: int) -> str:
    """The sentiment of a score from 1 to 10."""
    return BAD if score <= 4 else FAIR if score <= 7 else GOOD


def _choose_any(rng: Random, subject: str, sentiment: str, language: str) -> list[str]:
    """One or two remarks on the subject or in general."""
    remarks = load_texts().remarks
    specific, general = remarks[subject][sentiment][language], remarks["general"][sentiment][language]
    shape = rng.random()
    if shape < 0.4:
        return [rng.choice(specific)]
    if shape < 0.52:
        return [rng.choice(general)]
    if shape < 0.64:
        return [rng.choice(general), rng.choice(specific)]
    if shape < 0.76:
        return [rng.choice(specific), rng.choice(general)]
    if sentiment == FAIR:
        return [rng.choice(remarks[subject][GOOD][language]) + BUT[language] + rng.choice(specific)]
    return rng.sample(specific, 2)


def _compose(rng: Random, remarks: list[str], language: str, is_careless: bool) -> str:
    slots = load_texts().slots[language]
    filled = [SLOT.sub(lambda slot: rng.choice(slots[slot[1]]), remark) for remark in remarks]
    return _join_carelessly(filled) if is_careless else _join_sentences(filled)


def _join_sentences(remarks: list[str]) -> str:
    """Each begins with a capital and ends with a full stop or a question mark."""
    return " ".join(one[0].upper() + one[1:] + ("" if one.endswith("?") else ".") for one in remarks)


def _join_carelessly(remarks: list[str]) -> str:
    return ", ".join(remarks).replace("?,", "?")
