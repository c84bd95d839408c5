"""The steps from a question to its answer, as a page shows them. Changes nothing."""

from collections.abc import Sequence

from msgspec import Struct

from voxpop.dashboards.models import Funnel, SeriesKey
from voxpop.i18n import N_


class Step(Struct, frozen=True):
    """A step, and how many surveys reached it in the period. `has_ratings`: each of them has a rating."""

    name: str
    count: int
    has_ratings: bool = False


class UseStep(Struct, frozen=True):
    """A step of a feature's users, over all time and in the period; None where only all of them are counted.

    `ratings`: the series of which each of them has a rating.
    """

    name: str
    total: int
    count: int | None = None
    ratings: SeriesKey | None = None


def campaign_steps(funnel: Funnel) -> Sequence[Step]:
    """A campaign's surveys are opened by events, and are answered or expire."""
    return [
        Step(N_("Opened"), funnel.opened),
        Step(N_("Shown"), funnel.shown),
        Step(N_("Answered"), funnel.completed, has_ratings=True),
        Step(N_("Expired"), funnel.expired),
    ]
