"""Ratings of series at times that a test sets, and the API of series."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import uuid4

import pytest
from tests.support.clients import Client, expect_ok
from tests.support.metrics import Campaigns, Clock

from voxpop.db.pool import Database
from voxpop.metrics.models import Series, SeriesKind
from voxpop.surveys import service as surveys
from voxpop.surveys.models import Answer
from voxpop.types import Origin
from voxpop.workspaces import service as workspaces

SERIES = "/api/v1/series"
FEEDBACK = "/api/v1/feedback"
TODAY = date(2026, 11, 30)
SCALES_FROM_ZERO = {"NPS", "PCT"}


class Ratings:
    """Records ratings of one workspace, and reads its series through the API. Today is TODAY."""

    def __init__(self, database: Database, client: Client, clock: Clock) -> None:
        self.database, self.client, self.clock = database, client, clock
        self.campaigns = Campaigns(database, client.workspace, clock)

    async def give(
        self, day: date, scores: Sequence[int], *series: Series, survey_type: str = "NPS", comment: str | None = None
    ) -> None:
        """Records ratings at noon of a day in UTC, under these series and the workspace."""
        now = datetime.combine(day, time(12), UTC)
        answers = [
            Answer(
                origin=Origin.FEATURE,
                origin_id=uuid4(),
                open_survey=None,
                survey_type=survey_type,
                scale_min=0 if survey_type in SCALES_FROM_ZERO else 1,
                score=score,
                series=series,
                comment=comment,
            )
            for score in scores
        ]
        async with self.database.transaction(self.client.workspace) as tx:
            place = await workspaces.get_workspace(tx, self.client.workspace)
            await surveys.record_answers(tx, place, answers, now)

    async def campaign(self, name: str, survey_type: str = "NPS") -> Series:
        return Series(Origin.CAMPAIGN, await self.campaigns.open(survey_type, name))

    async def tag(self, name: str) -> Series:
        tag = uuid4()
        async with self.database.transaction(self.client.workspace) as tx:
            await tx.execute(
                "INSERT INTO tag (workspace_id, id, name, name_folded, create_time) VALUES ($1, $2, $3, $3, now())",
                *(self.client.workspace, tag, name),
            )
        return Series(SeriesKind.TAG, tag)

    @property
    def workspace(self) -> Series:
        return Series(SeriesKind.WORKSPACE, self.client.workspace)

    async def list(self, **query: Any) -> list[dict[str, Any]]:
        """The rows of all pages."""
        rows: list[dict[str, Any]] = []
        cursor = ""
        while True:
            page = expect_ok(await self.client.get(SERIES, params=query | {"cursor": cursor}))
            assert page["has_more"] is (page["next_cursor"] is not None)
            rows += page["data"]
            if not page["has_more"]:
                return rows
            cursor = page["next_cursor"]

    async def show(self, series: Series, **query: Any) -> Any:
        return expect_ok(await self.client.get(path_of(series), params=query))


async def feedback_rows(client: Client, **query: Any) -> list[dict[str, Any]]:
    """The ratings of all pages."""
    rows: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = expect_ok(await client.get(FEEDBACK, params=query | {"cursor": cursor}))
        assert page["has_more"] is (page["next_cursor"] is not None)
        rows += page["data"]
        if not page["has_more"]:
            return rows
        cursor = page["next_cursor"]


def path_of(series: Series, suffix: str = "") -> str:
    return f"{SERIES}/{series.kind}/{series.id}{suffix}"


def set_today(monkeypatch: pytest.MonkeyPatch, today: date = TODAY, module: str = "api") -> None:
    """The API takes noon of this day for the current time."""
    now = datetime.combine(today, time(12), UTC)
    monkeypatch.setattr(f"voxpop.dashboards.{module}.utcnow", lambda: now)
