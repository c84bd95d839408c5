"""The origins of pages as members type them, and as browsers send them; pure."""

import re
from urllib.parse import urlsplit

from voxpop.errors import Invalid
from voxpop.i18n import N_

MAX_ORIGINS, MAX_ORIGIN = 20, 300  # origins of a key; characters
DEFAULT_PORTS = {"http": 80, "https": 443}
HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*\Z")

NO_ORIGIN = N_("Enter at least one origin, for example https://app.example.com.")
TOO_MANY = N_("Enter at most {limit} origins.", limit=MAX_ORIGINS)
NOT_AN_ORIGIN = N_(
    "Enter origins as https://app.example.com: scheme, host and port only, without * and without a path."
)


def parse_origins(text: str) -> list[str]:
    """The origins in a text, one on each line or separated by spaces or commas, each once. Invalid names `origins`."""
    origins = list(dict.fromkeys(parse_origin(word) for word in re.split(r"[\s,]+", text) if word))
    if not origins:
        raise Invalid.of("body", "origins", NO_ORIGIN)
    if len(origins) > MAX_ORIGINS:
        raise Invalid.of("body", "origins", TOO_MANY)
    return origins


def parse_origin(text: str) -> str:
    """The form that browsers send: in lower case, the host in ASCII, without a default port. A slash may follow."""
    try:
        parts = urlsplit(text[: MAX_ORIGIN + 1])
        host, port = (parts.hostname or "").encode("idna").decode(), parts.port
    except (ValueError, UnicodeError):
        raise Invalid.of("body", "origins", NOT_AN_ORIGIN) from None
    is_ipv6 = ":" in host
    has_more = parts.path not in ("", "/") or parts.query or parts.fragment or "@" in parts.netloc
    if len(text) > MAX_ORIGIN or parts.scheme not in DEFAULT_PORTS or has_more or not (is_ipv6 or HOST.match(host)):
        raise Invalid.of("body", "origins", NOT_AN_ORIGIN)
    shown_port = "" if port in (None, DEFAULT_PORTS[parts.scheme]) else f":{port}"
    return f"{parts.scheme}://{f'[{host}]' if is_ipv6 else host}{shown_port}"
