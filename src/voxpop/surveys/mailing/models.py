"""What the emails of a campaign came to."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct


class EmailCounts(Struct, frozen=True):
    """The surveys of a campaign that were emailed, those with a reminder, and those whose email failed."""

    sent: int
    reminded: int
    failed: int


class FailedEmail(Struct, frozen=True):
    """An email that the mail server refused, with its answer."""

    email: str
    failure: str
    failed_at: datetime


class EmailReport(Struct, frozen=True):
    """The emails of a campaign, with the latest failures."""

    counts: EmailCounts
    failed: Sequence[FailedEmail]
