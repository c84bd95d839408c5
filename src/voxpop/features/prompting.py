"""When a user is prompted for a rating of a feature; pure."""

from datetime import datetime, timedelta

# The cool-down in SQL, for a row `i` of `interaction`: the same rule as `in_cooldown`, a test compares the two.
IN_COOLDOWN = """coalesce(i.feedback_at > :now::timestamptz - make_interval(
            hours => 24 * (SELECT cool_down_days FROM workspace WHERE id = :workspace)), false)"""


def in_cooldown(feedback_at: datetime | None, cool_down_days: int, now: datetime) -> bool:
    """Whether a rating keeps the user from being prompted: for exactly `cool_down_days` of 24 hours after it."""
    return feedback_at is not None and now < feedback_at + timedelta(days=cool_down_days)


def should_prompt(
    interactions: int, threshold: int, rejections: int, rejection_threshold: int, *, in_cooldown: bool = False
) -> bool:
    """Whether to prompt now: enough uses since the last rejection, not too many rejections, no recent rating."""
    return interactions >= threshold and rejections < rejection_threshold and not in_cooldown


def count_at(last: int, position: int, size: int) -> int:
    """The count after item `position` (from 1) of a batch of `size` that ends at `last`, as if each had come alone."""
    return last - (size - position)


def derive_name(key: str) -> str:
    """A feature's name from its key: every separator becomes a space."""
    return key.translate(str.maketrans("-_.+", "    "))
