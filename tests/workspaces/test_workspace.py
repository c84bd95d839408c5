"""The API of the key's workspace: its settings, changes to them, and their limits."""

from datetime import UTC, datetime
from typing import Any

import pytest
from tests.support.clients import Client, error_code, expect_ok
from tests.support.factories import Factory

from voxpop.types import WorkspaceId, uuid7
from voxpop.workspaces.models import Workspace

PATH = "/api/v1/workspace"
SETTINGS: dict[str, Any] = {"time_zone": "UTC", "cool_down_days": 180, "portal_enabled": True, "csat_enabled": True} | {
    "minimum_answers": 5,
    "week_start": "monday",
    "agents_see_all": False,
    "accent": None,
    "logo": None,
    "widget_signature_required": True,
}
OURS = {"name": "ours", "slug": "ours"} | SETTINGS


async def test_a_change_is_shown_afterwards(client: Client, other_client: Client) -> None:
    assert expect_ok(await client.get(PATH)) == OURS
    changes: list[dict[str, Any]] = [
        {"time_zone": "Europe/Berlin"},
        {"cool_down_days": 0},
        {"csat_enabled": False},
        {"csat_enabled": True, "portal_enabled": False},
        {"minimum_answers": 100, "week_start": "sunday"},
        {"minimum_answers": 1.0, "week_start": "saturday", "agents_see_all": True},
        {"accent": "#1b5eae"},
        {"accent": None},
        {"widget_signature_required": False},
        {"name": "acme", "cool_down_days": 3650, "unknown": 1},
    ]
    shown = dict(OURS)
    for change in changes:
        shown |= {field: value for field, value in change.items() if field in shown}
        assert expect_ok(await client.patch(PATH, json=change)) == shown
        assert expect_ok(await client.get(PATH)) == shown
    assert expect_ok(await other_client.get(PATH)) == {"name": "theirs", "slug": "theirs"} | SETTINGS


async def test_an_invalid_change_is_refused(client: Client, other_client: Client) -> None:  # G2, G4
    before = expect_ok(await client.get(PATH))
    wrong: list[dict[str, Any]] = [{}, {"unknown": 1}, {"name": ""}, {"name": " \t"}, {"name": None}, {"name": 5}]
    wrong += [{"time_zone": zone} for zone in ("", "Berlin", "europe/berlin", "../etc/passwd", "UTC\x00", None, 2)]
    wrong += [{"cool_down_days": days} for days in (-1, 3651, 1.5, "180", True, None, 10**30)]
    wrong += [{"minimum_answers": answers} for answers in (0, 101, 2.5, "5", True, None)]
    wrong += [{"week_start": day} for day in ("tuesday", "Monday", "", None, 1)]
    wrong += [
        {switch: value}
        for switch in ("portal_enabled", "csat_enabled", "agents_see_all", "widget_signature_required")
        for value in (None, 1, "true")
    ]
    wrong += [{"accent": accent} for accent in ("", "1b5eae", "#1b5ea", "red", "#1b5eag", "#1b5eae\n", 5)]
    wrong += [{"cool_down_days": 90, "time_zone": "Nowhere/City"}]
    for change in wrong:
        assert error_code(await client.patch(PATH, json=change)) == (400, "VALIDATION_ERROR"), change
    assert error_code(await client.patch(PATH, json={"name": "theirs"})) == (409, "WORKSPACE_ALREADY_EXISTS")
    assert expect_ok(await client.get(PATH)) == before


async def test_an_unknown_time_zone_is_named_in_the_error(client: Client) -> None:  # G2
    answer = await client.patch(PATH, json={"time_zone": "Mars/Olympus"})
    fault = "unknown time zone 'Mars/Olympus', try one like Europe/Berlin"
    assert answer.json()["details"] == [{"field": "time_zone", "message": fault}]


@pytest.mark.parametrize(
    ("zone", "moment", "day"),
    [
        ("UTC", (2026, 6, 30, 23, 59, 59, 999_999), (2026, 6, 30)),
        ("Europe/Berlin", (2026, 6, 30, 21, 59, 59), (2026, 6, 30)),
        ("Europe/Berlin", (2026, 6, 30, 22), (2026, 7, 1)),
        ("Europe/Berlin", (2026, 1, 1, 22, 30), (2026, 1, 1)),
        ("America/Los_Angeles", (2026, 1, 1, 7, 59), (2025, 12, 31)),
        ("Pacific/Kiritimati", (2026, 1, 1, 10), (2026, 1, 2)),
    ],
)
def test_a_day_follows_the_time_zone(zone: str, moment: tuple[int, ...], day: tuple[int, ...]) -> None:  # G3
    workspace = Workspace(WorkspaceId(uuid7()), "ours", zone, 180)
    assert workspace.day(datetime(*moment, tzinfo=UTC)).timetuple()[:3] == day  # type: ignore[arg-type,misc]


async def test_a_renamed_workspace_keeps_its_keys(make: Factory, client: Client) -> None:
    expect_ok(await client.patch(PATH, json={"name": "acme"}))
    assert expect_ok(await (await make.client(client.workspace)).get(PATH))["name"] == "acme"
    await make.workspace("ours")
