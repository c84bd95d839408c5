"""Reproducible ids for bulk rows, with the time at which the product would have made them."""

from datetime import datetime
from random import Random
from uuid import UUID


def new_id(rng: Random, at: datetime) -> UUID:
    """A UUID of version 7 of that moment."""
    value = int(at.timestamp() * 1000) << 80 | rng.getrandbits(80)
    return UUID(int=value & ~(0xF << 76 | 0x3 << 62) | 0x7 << 76 | 0x2 << 62)
