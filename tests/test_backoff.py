"""Exponential backoff: pauses double up to the longest."""

from datetime import timedelta

from voxpop.backoff import Backoff


def test_pauses_double_up_to_the_longest() -> None:
    backoff = Backoff(first=timedelta(seconds=1), longest=timedelta(seconds=30))
    assert [backoff.pause(failures).seconds for failures in range(1, 8)] == [1, 2, 4, 8, 16, 30, 30]
    assert backoff.pause(10_000) == timedelta(seconds=30)
