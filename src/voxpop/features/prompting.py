"""When a user is prompted for a rating of a feature; pure."""

from datetime import datetime, timedelta

# The cool-down in SQL, for a row `i` of `interaction`: the same rule as `in_cooldown`, a test compares the two.
COOL_DOWN_START = """:now::timestamptz - make_interval(
            hours => 24 * (SELECT cool_down_days FROM workspace WHERE id = :workspace))"""
IN_COOLDOWN = f"coalesce(i.feedback_at > {COOL_DOWN_START}, false)"


def in_cooldown(feedback_at: datetime | None, cool_down_days: int, now: datetime) -> bool:
    """Whether a rating keeps the user from being prompted: for exactly `cool_down_days` of 24 hours after it."""
    return feedback_at is not None and now < feedback_at + timedelta(days=cool_down_days)


def should_prompt(
    interactions: int, threshold: int, rejections: int, rejection_threshold: int, *, in_cooldown: bool = False
) -> bool:
    """Whether to prompt now: enough uses since the last rejection, not too many rejections, no recent rating."""
    return interactions >= threshold and rejections < rejection_threshold and not in_cooldown


def should_prompt_sql(interactions: str, threshold: str, rejections: str, rejection_threshold: str) -> str:
    """The rule of `should_prompt` in SQL, outside a cool-down; a test compares the two."""
    return f"{interactions} >= {threshold} AND {rejections} < {rejection_threshold}"


def count_at(last: int, position: int, size: int) -> int:
    """The count after item `position` (from 1) of a batch of `size` that ends at `last`, as if each had come alone."""
    return last - (size - position)


def derive_name(key: str) -> str:
    """A feature's name from its key: every separator becomes a space."""
    return key.translate(str.maketrans("-_.+", "    "))
