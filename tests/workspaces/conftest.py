"""Fixtures of the tests of workspaces."""

from tests.accounts.conftest import site

__all__ = ["site"]
