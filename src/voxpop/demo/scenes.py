"""Reads what hotels and support write to each other, and deals it out so that nothing is soon said again."""

import re
import tomllib
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import cache
from random import Random
from typing import ClassVar, TypeVar

from msgspec import Struct, convert

from voxpop.demo.words import TEXTS, words
from voxpop.tickets.models import Priority

Card = TypeVar("Card")
SLOT = re.compile(r"\{(\w+)\}")
ENGLISH, RUSSIAN = "en", "ru"
AGAIN = 2  # so many times as often as others comes what most are unhappy about
TROUBLE = "overbooking"


class Scene(Struct, frozen=True):
    """A problem: each answer in `solved` and `curt` fits each opening, of which the first line is the subject. `asked`:
    questions of support with their answers."""

    tags: str
    urgency: Priority
    openings: list[str]
    asked: list[tuple[str, str]]
    solved: list[str]
    noted: list[str]
    curt: list[str] = []
    good: list[str] = []
    bad: list[str] = []


class Deck:
    """Deals each of the cards once, in an order of chance, before any comes again; one deck for each name."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._left: dict[str, list[int]] = {}

    def deal(self, name: str, cards: Sequence[Card]) -> Card:
        if not self._left.get(name):
            self._left[name] = self._rng.sample(range(len(cards)), len(cards))
        return cards[self._left[name].pop()]


class Filler:
    """Puts words for slots, the same ones throughout a conversation that begins at that moment."""

    def __init__(self, rng: Random, language: str, at: datetime) -> None:
        self._rng, self._language, self._at = rng, language, at
        self._known: dict[str, str] = {}

    def fill(self, text: str, **known: str) -> str:
        return SLOT.sub(lambda slot: known.get(slot[1]) or self._word(slot[1]), text)

    def _word(self, slot: str) -> str:
        if slot not in self._known:
            self._known[slot] = self.MAKERS[slot](self)
        return self._known[slot]

    def _amount(self) -> str:
        if self._language == RUSSIAN:
            return f"{self._rng.randrange(3, 48)} {self._rng.randrange(10) * 100:03}"
        return f"{self._rng.randrange(45, 980)}.{self._rng.choice(('00', '50', '00', '80', '40'))}"

    def _channel(self) -> str:
        return self._rng.choice(manners()[self._language]["channels"])

    def _day(self) -> str:
        day = self._at + timedelta(days=self._rng.randint(2, 35))
        return f"{day.day} {manners()[self._language]['months'][day.month - 1]}"

    def _guest(self) -> str:
        if self._language == RUSSIAN:
            return self._rng.choice(manners()["people"]["russians"]).split(",")[0]
        return f"Mr {self._rng.choice(words().names['others']['last'])}"

    def _few(self) -> int:
        """So many that a Russian noun after it has its one form."""
        return self._rng.randint(3, 4 if self._language == RUSSIAN else 9)

    MAKERS: ClassVar[dict[str, Callable[["Filler"], str]]] = {
        "amount": _amount,
        "booking": lambda self: f"HD-{self._rng.randrange(41_000, 68_000)}",
        "channel": _channel,
        "day": _day,
        "guest": _guest,
        "invoice": lambda self: f"{self._at.year}-{self._rng.randrange(1_200, 9_800):05}",
        "n": lambda self: str(self._few()),
        "room": lambda self: f"{self._rng.randint(1, 4)}{self._rng.randint(1, 18):02}",
    }


@cache
def scenes(language: str) -> list[Scene]:
    text = TEXTS.joinpath("tickets", f"{language}.toml").read_text("utf-8")
    return convert(tomllib.loads(text)["scene"], list[Scene])


@cache
def openings(language: str, *, urgent: bool) -> list[tuple[Scene, str]]:
    """All that a conversation can begin with; what makes people unhappy is there more than once."""
    return [
        (scene, opening)
        for scene in scenes(language)
        if (scene.urgency is Priority.URGENT) is urgent
        for opening in scene.openings * (AGAIN if TROUBLE in scene.tags else 1)
    ]


@cache
def manners() -> dict[str, dict[str, list[str]]]:
    """What people say whatever it is about, by language and occasion; and who writes in Russian."""
    tables = tomllib.loads(TEXTS.joinpath("tickets", "manners.toml").read_text("utf-8"))
    return {name: {key: text.split("\n")[:-1] for key, text in table.items()} for name, table in tables.items()}
