"""Which workspace a host name means, and where a workspace is reached: pure, so that links never trust a request."""

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

DEFAULT = "default"  # the label of the workspace that the bare host shows
LOCAL = "localhost"
LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z")


def label_of(host: str, base_url: str | None) -> str | None:
    """The label that a Host header asks for; None for a host that is not of this service.

    `acme.example.com` under `https://example.com` and `acme.localhost` anywhere are `acme`. This machine is the
    default workspace; so is any other host where no base address is set, for it can't be known then.
    """
    try:
        name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return None
    base = urlsplit(base_url).hostname if base_url else None
    if name in (base, LOCAL) or _is_loopback(name):
        return DEFAULT
    for parent in filter(None, (base, LOCAL)):
        label = name.removesuffix(f".{parent}")
        if label != name:
            return label if LABEL.match(label) else None
    return DEFAULT if base is None else None


def address_of(public_url: str, slug: str) -> str:
    """Where people reach a workspace, without a slash at the end; on a laptop `acme.localhost`."""
    parts = urlsplit(public_url)
    host = parts.hostname or LOCAL
    if host in ("0.0.0.0", "::"):  # noqa: S104 - what was listened on is no address to go to
        host = LOCAL
    if slug != DEFAULT:
        host = f"{slug}.{LOCAL}" if _is_address(host) else f"{slug}.{host}"
    host = f"[{host}]" if ":" in host else host
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{host}{port}{parts.path}"


def _is_loopback(name: str) -> bool:
    return _is_address(name) and ip_address(name).is_loopback


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
