"""CSRF protection: recognises requests that a page of another site made, by Sec-Fetch-Site and by Origin."""

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}  # change nothing, so any site may cause them
CROSS_SITE_VALUES = {"cross-site", "same-site"}  # a sibling host is another workspace
DEFAULT_PORTS = {"http": 80, "https": 443}


def is_cross_site(headers: Mapping[str, str]) -> bool:
    """Whether another site's page made the request: the browser says so, or Origin differs from Host."""
    if headers.get("sec-fetch-site") in CROSS_SITE_VALUES:
        return True
    origin = headers.get("origin")
    return origin is not None and not is_same_origin(origin, headers.get("host", ""))


def is_same_origin(origin: str, host: str) -> bool:
    """Whether an Origin header is that of a page of this host."""
    scheme = origin.partition(":")[0]
    return _origin(origin) is not None and _origin(origin) == _origin(f"{scheme}://{host}")


class _Origin(NamedTuple):
    host: str
    port: int | None


def _origin(url: str) -> _Origin | None:
    """None if the URL has no host or cannot be parsed."""
    try:
        parts = urlsplit(url)
        return _Origin(parts.hostname, parts.port or DEFAULT_PORTS.get(parts.scheme)) if parts.hostname else None
    except ValueError:
        return None
