"""The customers who use features, and their habits."""

from collections.abc import Iterator
from itertools import chain, count
from random import Random

from msgspec import Struct

from voxpop.demo.text_files import load_texts

USER_AGENT_WEIGHTS = (46, 12, 16, 8, 12, 6)  # of the browsers in `texts`, and of customers without a browser

RUSSIAN_SHARE = 0.11
JOINED_BEFORE_SHARE = 0.45
LEAVING_SHARE = 0.2
REFUSING_SHARE = 0.12  # these customers dismiss most prompts


class Customer(Struct, frozen=True):
    """A customer with their habits. Shares are chances from 0 to 1; those of a prompt hold each time it is shown."""

    email: str
    is_russian: bool
    is_careless: bool  # writes without capitals and full stops
    joined: float  # the share of the year after which the customer begins
    left: float  # and stops
    activity: float  # uses, as a multiple of a typical customer's
    warmth: float  # points by which the scores lie above those of others
    answer_chance: float
    dismissal_chance: float  # a prompt that is neither answered nor dismissed is shown again
    user_agent: str | None


def make_customers(rng: Random) -> Iterator[Customer]:
    """An endless sequence of customers, each with another address."""
    emails: set[str] = set()
    while True:
        is_russian = rng.random() < RUSSIAN_SHARE
        email = _email(rng, is_russian, emails)
        emails.add(email)
        yield _customer(rng, email, is_russian)


def _email(rng: Random, is_russian: bool, existing: set[str]) -> str:
    """The names and hotels are few, so later addresses get a number."""
    names = load_texts().names["russians" if is_russian else "others"]
    first, last, hotel = (rng.choice(names[kind]).lower() for kind in ("first", "last", "hotels"))
    mailbox = rng.choices((f"{first}.{last}", f"{first[0]}.{last}", first), (5, 3, 1))[0]
    numbered = (f"{first}.{last}{number}" for number in count(2))
    return next(
        email
        for local in chain((mailbox, f"{first}.{last}"), numbered)
        if (email := f"{local}@{hotel}.example") not in existing
    )


def _customer(rng: Random, email: str, is_russian: bool) -> Customer:
    joined = 0.0 if rng.random() < JOINED_BEFORE_SHARE else rng.random() * 0.95
    left = rng.uniform(joined, 1.0) if rng.random() < LEAVING_SHARE else 1.0
    refuses = rng.random() < REFUSING_SHARE
    return Customer(
        email=email,
        is_russian=is_russian,
        is_careless=rng.random() < 0.3,
        joined=joined,
        left=left,
        activity=rng.lognormvariate(-0.18, 0.6),
        warmth=rng.gauss(0, 0.9),
        answer_chance=0.04 if refuses else rng.uniform(0.2, 0.7),
        dismissal_chance=0.5 if refuses else rng.uniform(0.02, 0.2),
        user_agent=rng.choices((*load_texts().user_agents, None), USER_AGENT_WEIGHTS)[0],
    )
