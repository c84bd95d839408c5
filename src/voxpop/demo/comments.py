"""Puts comments together from remarks: they fit the score, the feature and the customer's language."""

import re
from random import Random

from voxpop.demo.people import Customer
from voxpop.demo.words import Phrases, words

# The chance that a rating of this band has a comment: who is unhappy writes more.
CHATTY = {"bad": 0.62, "fair": 0.42, "good": 0.3}
BUT = {"en": ", but ", "ru": ", но "}
SLOT = re.compile(r"\{(\w+)\}")


def comment(rng: Random, customer: Customer, feature: str, score: int, broken: bool) -> str | None:
    """A short comment, or none. `broken`: the feature is in a drop, so complaints are about that."""
    band = band_of(score)
    if rng.random() >= CHATTY[band]:
        return None
    language = "ru" if customer.russian else "en"
    about = "broken" if broken and band == "bad" else feature
    return _put_together(rng, _choose(rng, about, band, language), language, customer.careless)


def remark(rng: Random, about: str, band: str, *, russian: bool, careless: bool) -> str | None:
    """The same on one thing alone, without things in general."""
    if rng.random() >= CHATTY[band]:
        return None
    language = "ru" if russian else "en"
    remarks = rng.sample(words().phrases[about][band][language], rng.choices((1, 2), (3, 1))[0])
    return _put_together(rng, remarks, language, careless)


def band_of(score: int) -> str:
    return "bad" if score <= 4 else "fair" if score <= 7 else "good"


def _choose(rng: Random, about: str, band: str, language: str) -> Phrases:
    """One or two remarks, on the thing itself or on things in general."""
    phrases = words().phrases
    specific, general = phrases[about][band][language], phrases["general"][band][language]
    shape = rng.random()
    if shape < 0.4:
        return [rng.choice(specific)]
    if shape < 0.52:
        return [rng.choice(general)]
    if shape < 0.64:
        return [rng.choice(general), rng.choice(specific)]
    if shape < 0.76:
        return [rng.choice(specific), rng.choice(general)]
    if band == "fair":
        return [rng.choice(phrases[about]["good"][language]) + BUT[language] + rng.choice(specific)]
    return rng.sample(specific, 2)


def _put_together(rng: Random, remarks: Phrases, language: str, careless: bool) -> str:
    slots = words().slots[language]
    filled = [SLOT.sub(lambda slot: rng.choice(slots[slot[1]]), one) for one in remarks]
    return _careless(filled) if careless else _careful(filled)


def _careful(remarks: Phrases) -> str:
    """Each begins with a capital and ends with a stop."""
    return " ".join(one[0].upper() + one[1:] + ("" if one.endswith("?") else ".") for one in remarks)


def _careless(remarks: Phrases) -> str:
    return ", ".join(remarks).replace("?,", "?")
