"""Calls under /api/v1 refuse unknown query parameters; part C ignores them, for clients of its peer."""

from typing import Any

import pytest
from tests.support.clients import Client, invalid_fields
from tests.support.factories import Factory
from tests.support.widget import WidgetPage

from voxpop.app import create_framework

WIDGET = "/api/v1/widget/"
ID = "0192f1c0-0000-7000-8000-000000000000"


def calls(prefix: str) -> list[Any]:
    """Method and path of every documented operation under a prefix."""
    return sorted(
        (method, route.path.replace(":uuid", "").replace(":str", ""))
        for route in create_framework().routes
        if route.path.startswith(prefix)
        for method in getattr(route, "route_handler_map", {})
        if method != "OPTIONS"
    )


def filled(path: str) -> str:
    return "/".join(ID if part.startswith("{") else part for part in path.split("/"))


@pytest.mark.parametrize(("method", "path"), [call for call in calls("/api/v1/") if not call[1].startswith(WIDGET)])
async def test_an_unknown_parameter_is_named(client: Client, method: str, path: str) -> None:  # G6
    body = {"json": {}} if method in ("POST", "PUT", "PATCH") else {}
    response = await client.request(method, f"{filled(path)}?unknown_one=1&Limit=5", **body)
    if body and "body" in response.json()["message"]:  # the body is checked first
        assert response.status_code == 400
    else:
        assert invalid_fields(response) == ["Limit", "unknown_one"]


@pytest.mark.parametrize("name", [path.removeprefix(WIDGET) for _, path in calls(WIDGET)])
async def test_an_unknown_parameter_of_the_widget_is_named(make: Factory, client: Client, name: str) -> None:  # G6, G8
    page = await WidgetPage.open(make, client.workspace)
    answer = await page.call(f"{name}?unknown_one=1", product="p", feature="f", score=1, survey_id=ID)
    assert answer.status_code == 400
    assert invalid_fields(answer) == ["unknown_one"] or "body" in answer.json()["message"]


@pytest.mark.parametrize("query", ["limit=2&_=17", "Q=x", "delimiter=;", "status[]=Open", "=1"])
async def test_a_misspelt_filter_is_not_ignored(client: Client, query: str) -> None:  # G6
    assert (await client.get(f"/api/v1/tickets?{query}")).status_code == 400


async def test_known_parameters_and_those_of_dependencies_are_taken(client: Client) -> None:  # G6
    query = "status=Open&status=Closed&priority=High&q=x&sort=created&direction=asc&limit=1"
    assert (await client.get(f"/api/v1/tickets?{query}")).status_code == 200
    assert (await client.get("/api/v1/tickets.csv?bom=true&raw=true&delimiter=%09&tag=x")).status_code == 200


@pytest.mark.parametrize("path", ["products", "features"])
async def test_part_c_ignores_unknown_parameters(client: Client, path: str) -> None:  # G6, C5
    assert (await client.get(f"/api/csat/v1/{path}?unknown_one=1")).status_code == 200
