"""The requesters of tickets: employees of hotels, some of whom write often."""

from collections.abc import Sequence
from random import Random

from msgspec import Struct

from voxpop.demo.text_files import load_texts
from voxpop.demo.tickets.scripts import ENGLISH, RUSSIAN, load_phrases
from voxpop.tickets.models import Requester

ENGLISH_REQUESTERS = 120
CONCENTRATION = 1.3  # higher: fewer requesters open most of the tickets


class SimulatedRequester(Struct, frozen=True):
    """A requester with their language and the frame of their messages, which is empty for a chatty style."""

    requester: Requester
    language: str
    greeting: str
    closing: str

    @property
    def first_name(self) -> str:
        return self.requester.name.split()[0]

    def format_message(self, text: str) -> str:
        return "\n\n".join(filter(None, (self.greeting, text, self.closing)))


class _Person(Struct, frozen=True):
    name: str
    mailbox: str  # the local part of the address


def make_requesters(rng: Random) -> dict[str, list[SimulatedRequester]]:
    """All requesters by language."""
    names = load_texts().names
    russians = [_Person(*line.split(", ")) for line in load_phrases()["people"]["russians"]]
    english = _english_people(rng, names["others"])
    return {
        ENGLISH: [_requester(rng, ENGLISH, person, names["others"]["hotels"]) for person in english],
        RUSSIAN: [_requester(rng, RUSSIAN, person, names["russians"]["hotels"]) for person in russians],
    }


def choose_requester(rng: Random, requesters: Sequence[SimulatedRequester]) -> SimulatedRequester:
    return requesters[int(len(requesters) * rng.random() ** CONCENTRATION)]


def _english_people(rng: Random, names: dict[str, list[str]]) -> list[_Person]:
    """Every last name is used once before any is used again."""
    lasts = rng.sample(names["last"], len(names["last"])) * 2
    pairs = [(rng.choice(names["first"]), last) for last in lasts[:ENGLISH_REQUESTERS]]
    return [_Person(f"{first} {last}", f"{first}.{last}".lower()) for first, last in pairs]


def _requester(rng: Random, language: str, person: _Person, hotels: Sequence[str]) -> SimulatedRequester:
    hotel = rng.choice(hotels)
    phrases = load_phrases()[language]
    signature = "\n".join((rng.choice(phrases["bye"]), person.name, hotel.replace("-", " ").title()))
    return SimulatedRequester(
        Requester(person.name, f"{person.mailbox}@{hotel}.example"),
        language,
        rng.choice(phrases["hello"]) if rng.random() < 0.6 else "",
        signature if rng.random() < 0.35 else person.name.split()[0] if rng.random() < 0.4 else "",
    )
