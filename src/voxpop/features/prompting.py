"""When a customer is asked about a feature: pure rules, time comes in as an argument."""

from datetime import datetime, timedelta


def should_prompt(
    uses: int, threshold: int, rejections: int, rejection_threshold: int, *, cooling: bool = False
) -> bool:
    """Whether to ask now: used often enough since the last refusal, not refused too often, not rated lately."""
    return uses >= threshold and rejections < rejection_threshold and not cooling


def in_cooldown(feedback_at: datetime | None, cool_down_days: int, now: datetime) -> bool:
    """Whether a rating is so recent that the customer is left alone; over exactly `cool_down_days` after it."""
    return feedback_at is not None and now < feedback_at + timedelta(days=cool_down_days)


def count_of(last: int, place: int, size: int) -> int:
    """The count after item `place` (from 1) of `size` that together brought it to `last`, as if each had come alone."""
    return last - (size - place)


def derive_name(key: str) -> str:
    """A feature's name from its key: every separator becomes a space."""
    return key.translate(str.maketrans("-_.+", "    "))
