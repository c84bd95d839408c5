"""Maps host names to workspaces and workspaces to their URL, so that links never depend on the Host header."""

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

DEFAULT_LABEL = "default"  # the workspace at the host without a label
LOCALHOST = "localhost"
LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z")


def workspace_label(host: str, base_url: str | None) -> str | None:
    """The label of the workspace in a Host header; None for a host of another service.

    `acme.example.com` with the base URL `https://example.com` is `acme`, and so is `acme.localhost` with any base URL.
    A loopback host is the default workspace. Without a base URL any other host is too.
    """
    try:
        name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return None
    base = urlsplit(base_url).hostname if base_url else None
    if name in (base, LOCALHOST) or _is_loopback(name):
        return DEFAULT_LABEL
    for parent in filter(None, (base, LOCALHOST)):
        label = name.removesuffix(f".{parent}")
        if label != name:
            return label if LABEL.match(label) else None
    return DEFAULT_LABEL if base is None else None


def workspace_url(public_url: str, slug: str) -> str:
    """The URL of a workspace, without a slash at the end. On a laptop it is `http://acme.localhost`, with the port."""
    parts = urlsplit(public_url)
    host = parts.hostname or LOCALHOST
    if host in ("0.0.0.0", "::"):  # noqa: S104 - these listen on all addresses, but are not an address to open
        host = LOCALHOST
    if slug != DEFAULT_LABEL:
        host = f"{slug}.{LOCALHOST}" if _is_ip_address(host) else f"{slug}.{host}"
    host = f"[{host}]" if ":" in host else host
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{host}{port}{parts.path}"


def _is_loopback(name: str) -> bool:
    return _is_ip_address(name) and ip_address(name).is_loopback


def _is_ip_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
