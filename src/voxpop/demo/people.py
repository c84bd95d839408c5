"""The customers of the demo: made up, each with a temper that everything they do follows from."""

from collections.abc import Iterator
from itertools import chain, count
from random import Random

from msgspec import Struct

from voxpop.demo.words import words

USER_AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 "
    "Safari/605.1.15",
    "Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 "
    "Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile "
    "Safari/537.36",
    None,
)
USER_AGENT_WEIGHTS = (46, 12, 16, 8, 12, 6)

RUSSIAN_SHARE = 0.11
THERE_FROM_THE_START = 0.45
LEAVING_SHARE = 0.2


class Customer(Struct, frozen=True):
    """Who is asked. Shares are chances, from 0 to 1; those of a prompt hold each time it is shown."""

    email: str
    russian: bool
    careless: bool  # writes without capitals and full stops
    joins: float  # the share of the year after which the first use falls
    leaves: float
    activity: float  # uses, as a multiple of a typical customer's
    warmth: float  # points that the scores lie above those of others
    answers: float  # the chance that a prompt is answered
    refuses: float  # the chance that it is refused; else it is passed over
    user_agent: str | None


def customers(rng: Random) -> Iterator[Customer]:
    """Customers without end, no two with the same address."""
    taken: set[str] = set()
    while True:
        russian = rng.random() < RUSSIAN_SHARE
        email = _email(rng, russian, taken)
        taken.add(email)
        yield _customer(rng, email, russian)


def _email(rng: Random, russian: bool, taken: set[str]) -> str:
    """People of few hotels with few names: who comes late gets a number."""
    names = words().names["russians" if russian else "others"]
    first, last, hotel = (rng.choice(names[kind]).lower() for kind in ("first", "last", "hotels"))
    wanted = rng.choices((f"{first}.{last}", f"{first[0]}.{last}", first), (5, 3, 1))[0]
    numbered = (f"{first}.{last}{number}" for number in count(2))
    return next(
        email
        for local in chain((wanted, f"{first}.{last}"), numbered)
        if (email := f"{local}@{hotel}.example") not in taken
    )


def _customer(rng: Random, email: str, russian: bool) -> Customer:
    joins = 0.0 if rng.random() < THERE_FROM_THE_START else rng.random() * 0.95
    leaves = rng.uniform(joins, 1.0) if rng.random() < LEAVING_SHARE else 1.0
    refuser = rng.random() < 0.12
    return Customer(
        email=email,
        russian=russian,
        careless=rng.random() < 0.3,
        joins=joins,
        leaves=leaves,
        activity=rng.lognormvariate(-0.18, 0.6),
        warmth=rng.gauss(0, 0.9),
        answers=0.04 if refuser else rng.uniform(0.2, 0.7),
        refuses=0.5 if refuser else rng.uniform(0.02, 0.2),
        user_agent=rng.choices(USER_AGENTS, USER_AGENT_WEIGHTS)[0],
    )
