"""The client address that rate limits count requests by."""

from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

from litestar.connection import ASGIConnection


def client_ip(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    """The client's address as `client_network`."""
    return client_network(connection.client.host if connection.client else "unknown")


@lru_cache(maxsize=4096)
def client_network(host: str) -> str:
    """The IPv4 address, or the IPv6 /64 network, because one household or server owns a whole /64."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if not isinstance(address, IPv6Address):
        return host
    return str(address.ipv4_mapped or ip_network(f"{address}/64", strict=False))
