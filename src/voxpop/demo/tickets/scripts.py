"""The texts of conversations: scripts for problems, phrases for occasions, and the choice among them."""

import tomllib
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import cache
from random import Random
from typing import ClassVar, TypeVar

from msgspec import Struct, convert

from voxpop.demo.text_files import FOLDER, SLOT, load_texts, read_tables
from voxpop.tickets.models import Priority

Item = TypeVar("Item")
ENGLISH, RUSSIAN = "en", "ru"
TROUBLE_TAG = "overbooking"  # the problem that causes most low ratings
TROUBLE_WEIGHT = 2  # it comes so many times as often as another problem


class Question(Struct, frozen=True, array_like=True):
    """A question of the agent, and the requester's answer."""

    text: str
    answer: str


class Script(Struct, frozen=True):
    """The texts of a problem. Every solution and every curt reply fits every opening.

    The first line of an opening is the ticket's subject.
    """

    tags: str
    urgency: Priority
    openings: list[str]
    questions: list[Question]
    solutions: list[str]
    notes: list[str]
    curt_replies: list[str] = []
    praise: list[str] = []
    complaints: list[str] = []

    @property
    def tag_names(self) -> list[str]:
        return sorted(self.tags.split())


class Opening(Struct, frozen=True):
    """A first message and its script."""

    script: Script
    text: str


class ShuffledTexts:
    """Takes texts from named lists in random order, and repeats none before the whole list was used."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._remaining: dict[str, list[int]] = {}

    def take(self, name: str, items: Sequence[Item]) -> Item:
        if not self._remaining.get(name):
            self._remaining[name] = self._rng.sample(range(len(items)), len(items))
        return items[self._remaining[name].pop()]


class TemplateFiller:
    """Replaces the placeholders in the texts of one conversation. Each keeps its value throughout."""

    def __init__(self, rng: Random, language: str, at: datetime) -> None:
        self._rng, self._language, self._at = rng, language, at
        self._values: dict[str, str] = {}

    def fill(self, text: str, **values: str) -> str:
        return SLOT.sub(lambda slot: values.get(slot[1]) or self._value(slot[1]), text)

    def _value(self, slot: str) -> str:
        if slot not in self._values:
            self._values[slot] = self.MAKERS[slot](self)
        return self._values[slot]

    def _amount(self) -> str:
        if self._language == RUSSIAN:
            return f"{self._rng.randrange(3, 48)} {self._rng.randrange(10) * 100:03}"
        return f"{self._rng.randrange(45, 980)}.{self._rng.choice(('00', '50', '00', '80', '40'))}"

    def _channel(self) -> str:
        return self._rng.choice(load_phrases()[self._language]["channels"])

    def _day(self) -> str:
        day = self._at + timedelta(days=self._rng.randint(2, 35))
        return f"{day.day} {load_phrases()[self._language]['months'][day.month - 1]}"

    def _guest(self) -> str:
        if self._language == RUSSIAN:
            return self._rng.choice(load_phrases()["people"]["russians"]).split(",")[0]
        return f"Mr {self._rng.choice(load_texts().names['others']['last'])}"

    def _small_number(self) -> str:
        """In Russian 3 or 4, because the texts have the noun form of these numbers."""
        return str(self._rng.randint(3, 4 if self._language == RUSSIAN else 9))

    MAKERS: ClassVar[dict[str, Callable[["TemplateFiller"], str]]] = {
        "amount": _amount,
        "booking": lambda self: f"HD-{self._rng.randrange(41_000, 68_000)}",
        "channel": _channel,
        "day": _day,
        "guest": _guest,
        "invoice": lambda self: f"{self._at.year}-{self._rng.randrange(1_200, 9_800):05}",
        "n": _small_number,
        "room": lambda self: f"{self._rng.randint(1, 4)}{self._rng.randint(1, 18):02}",
    }


@cache
def load_scripts(language: str) -> list[Script]:
    text = FOLDER.joinpath("tickets", f"{language}.toml").read_text("utf-8")
    return convert(tomllib.loads(text)["script"], list[Script])


@cache
def load_openings(language: str, *, urgent: bool) -> list[Opening]:
    """Every opening of the language. Those of the most troublesome problem are repeated."""
    return [
        Opening(script, text)
        for script in load_scripts(language)
        if (script.urgency is Priority.URGENT) is urgent
        for text in script.openings * (TROUBLE_WEIGHT if TROUBLE_TAG in script.tags else 1)
    ]


@cache
def load_phrases() -> dict[str, dict[str, list[str]]]:
    """Phrases by language and occasion, for every problem. The table `people` has the Russian requesters."""
    return read_tables(FOLDER.joinpath("tickets", "phrases.toml"), lambda text: text.split("\n")[:-1])
