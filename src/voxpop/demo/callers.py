"""Who writes to support: people of hotels, some of them often."""

from collections.abc import Sequence
from random import Random

from msgspec import Struct

from voxpop.demo.scenes import ENGLISH, RUSSIAN, manners
from voxpop.demo.words import words
from voxpop.tickets.models import Requester

OTHERS = 120
REGULARS = 1.3  # the higher, the more of the tickets are those of few


class Caller(Struct, frozen=True):
    """`hello` and `bye` go around what they write; who has none writes as in a chat."""

    requester: Requester
    language: str
    hello: str
    bye: str

    @property
    def first_name(self) -> str:
        return self.requester.name.split()[0]

    def letter(self, text: str) -> str:
        return "\n\n".join(filter(None, (self.hello, text, self.bye)))


def callers(rng: Random) -> dict[str, list[Caller]]:
    """By language."""
    names = words().names
    russians = [line.split(", ") for line in manners()["people"]["russians"]]
    others = [(f"{first} {last}", f"{first}.{last}".lower()) for first, last in _pairs(rng, names["others"])]
    return {
        ENGLISH: [_caller(rng, ENGLISH, name, local, names["others"]["hotels"]) for name, local in others],
        RUSSIAN: [_caller(rng, RUSSIAN, name, local, names["russians"]["hotels"]) for name, local in russians],
    }


def one_of(rng: Random, known: Sequence[Caller]) -> Caller:
    return known[int(len(known) * rng.random() ** REGULARS)]


def _pairs(rng: Random, names: dict[str, list[str]]) -> list[tuple[str, str]]:
    """First and last names, none of the last ones twice before all were used."""
    lasts = rng.sample(names["last"], len(names["last"])) * 2
    return [(rng.choice(names["first"]), last) for last in lasts[:OTHERS]]


def _caller(rng: Random, language: str, name: str, local: str, hotels: Sequence[str]) -> Caller:
    hotel = rng.choice(hotels)
    said = manners()[language]
    bye = "\n".join((rng.choice(said["bye"]), name, hotel.replace("-", " ").title()))
    return Caller(
        Requester(name, f"{local}@{hotel}.example"),
        language,
        rng.choice(said["hello"]) if rng.random() < 0.6 else "",
        bye if rng.random() < 0.35 else name.split()[0] if rng.random() < 0.4 else "",
    )
