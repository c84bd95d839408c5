"""Session cookies: their names and attributes, and how they are read."""

from typing import Any

from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie

from voxpop.accounts.models import SessionKind
from voxpop.accounts.sessions import TTL
from voxpop.auth.tokens import OpaqueToken
from voxpop.config.settings import Settings


def cookie_name(kind: SessionKind, settings: Settings) -> str:
    """Members and customers have separate cookies, so that one browser can be signed in as both.

    Over https the prefix `__Host-` binds the cookie to its host, so that no sibling host can set it.
    """
    person = "member" if kind == SessionKind.MEMBER else "customer"
    return f"__Host-voxpop-{person}" if _is_secure(settings) else f"voxpop-{person}"


def read_cookie(connection: ASGIConnection[Any, Any, Any, Any], kind: SessionKind, settings: Settings) -> str | None:
    """The value of a session cookie. Session cookies are never quoted.

    The framework's `cookies` unquotes every value, which takes Python 3.11 time quadratic in the length of a value.
    """
    pairs = (part.strip().partition("=") for part in connection.headers.get("cookie", "").split(";"))
    return {name: value for name, _, value in pairs}.get(cookie_name(kind, settings))


def session_cookie(kind: SessionKind, token: OpaqueToken, settings: Settings) -> Cookie:
    """The cookie of a new session; the browser keeps it as long as the session can last."""
    return _cookie(kind, str(token), int(TTL[kind].total.total_seconds()), settings)


def expired_cookie(kind: SessionKind, settings: Settings) -> Cookie:
    """Makes the browser delete the session's cookie."""
    return _cookie(kind, "", 0, settings)


def _cookie(kind: SessionKind, value: str, max_age: int, settings: Settings) -> Cookie:
    return Cookie(
        key=cookie_name(kind, settings),
        value=value,
        path="/",
        max_age=max_age,
        secure=_is_secure(settings),
        httponly=True,
        samesite="lax",
    )


def _is_secure(settings: Settings) -> bool:
    return settings.public_url.startswith("https://")
