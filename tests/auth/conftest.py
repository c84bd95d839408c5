"""Fixtures of the tests of authentication."""

from tests.accounts.conftest import site

__all__ = ["site"]
