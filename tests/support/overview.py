"""A workspace with ratings that the overview shows, and what its page says."""

import html
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from types import SimpleNamespace
from typing import Any, cast

from tests.support.clients import Client
from tests.support.dashboards import TODAY, Ratings
from tests.support.inbox import InboxSite
from tests.support.metrics import Clock

from voxpop.types import CampaignId

MOVES = {"Delivery": ([2, 5, 7, 8] * 5, [9, 10, 10, 9, 8] * 12), "Returns": ([9] * 12, [3, 9, 6] * 5)}


def ratings_of(site: InboxSite, slug: str = "default") -> Ratings:
    """Records ratings in a workspace of the site."""
    return Ratings(site.database, cast(Client, SimpleNamespace(workspace=site.workspace_id(slug))), Clock())


async def answer(ratings: Ratings, campaign: CampaignId, day: date, scores: Sequence[int]) -> None:
    """Answers to surveys of a campaign at noon of a day."""
    await ratings.campaigns.answer(campaign, *scores, at=datetime.combine(day, time(12), UTC))


async def fill(ratings: Ratings, today: date = TODAY) -> None:
    """Two campaigns with answers 100 and 10 days ago, so that both move NPS: one up, one down."""
    for name, (earlier, later) in MOVES.items():
        campaign = await ratings.campaigns.open("NPS", name)
        await answer(ratings, campaign, today - timedelta(days=100), earlier)
        await answer(ratings, campaign, today - timedelta(days=10), later)


def words_of(page: str) -> str:
    """The text of a page without its elements."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def rows_of(page: str, marker: str) -> list[dict[str, Any]]:
    """The rows of the table that follows the marker: the address of the first cell, and the texts of all."""
    table = page[page.index(marker) :]
    table = table[table.index("<tbody>") : table.index("</tbody>")]
    return [
        {
            "href": html.unescape(link[1]) if (link := re.search(r'<a href="([^"]+)"', row)) else None,
            "cells": [words_of(cell) for cell in re.findall(r"<t[hd]\b[^>]*>(.*?)</t[hd]>", row, re.DOTALL)],
        }
        for row in table.split("</tr>")[:-1]
    ]
