"""A client of the API, and what tests expect of responses."""

from typing import Any

import httpx

from voxpop.types import WorkspaceId


class Client(httpx.AsyncClient):
    """A client with an API key; `workspace` is the workspace of the key."""

    workspace: WorkspaceId


def expect_ok(response: httpx.Response, status: int = 200) -> Any:
    """The body of a response that must have this status."""
    assert response.status_code == status, response.text
    return response.json()


def error_code(response: httpx.Response) -> tuple[int, str]:
    """The status and the code of an error response."""
    return response.status_code, response.json()["code"]


def invalid_fields(response: httpx.Response) -> list[str]:
    """The fields that a validation error names."""
    assert error_code(response) == (400, "VALIDATION_ERROR"), response.text
    return [detail["field"] for detail in response.json()["details"]]
