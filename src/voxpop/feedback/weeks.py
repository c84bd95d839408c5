"""The weeks in which the words of comments are indexed, so that a search for the newest reads few of them."""

from collections.abc import Iterator
from datetime import datetime

from voxpop.cursors import EPOCH
from voxpop.search_text import workspace_prefix
from voxpop.types import WorkspaceId

DAYS = 7
FIRST_STEP, GROWTH = 1, 4  # weeks that a search reads at first, and how many times more in each step


def week_of(moment: datetime) -> int:
    """The number of the week, in UTC, from 1970 on."""
    return (moment - EPOCH).days // DAYS


def word_prefix(workspace: WorkspaceId, week: int) -> str:
    """What each stored word of a week begins with."""
    return f"{workspace_prefix(workspace)}{week % 0x10000:04x}"


def weeks_backwards(last: int, first: int) -> Iterator[range]:
    """The weeks from the last one back to the first one, in growing steps."""
    size = FIRST_STEP
    while last >= first:
        begin = max(first, last - size + 1)
        yield range(begin, last + 1)
        last, size = begin - 1, size * GROWTH
