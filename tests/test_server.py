"""The HTTP server: bound sockets and trusted proxies."""

import resource
import socket
from pathlib import Path
from typing import Any

import pytest
from tests.support.served import serving

from voxpop.config.loading import load
from voxpop.server import CannotListen, bind, raise_open_file_limit
from voxpop.web.middleware import AppMiddleware


def close(sockets: list[socket.socket]) -> None:
    for each in sockets:
        each.close()


def test_a_bound_socket_does_not_accept_connections() -> None:
    sockets = bind("127.0.0.1", 0)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(sockets[0].getsockname(), timeout=5)
    close(sockets)


def test_all_addresses_of_a_name_share_one_port() -> None:
    sockets = bind("localhost", 0)
    assert len({each.getsockname()[1] for each in sockets}) == 1
    assert "127.0.0.1" in {each.getsockname()[0] for each in sockets}
    close(sockets)


@pytest.mark.parametrize(
    ("host", "message"),
    [("no such host", "not an address to listen on"), ("192.0.2.1", "Cannot listen on port 0 of 192.0.2.1")],
)
def test_an_address_of_another_machine_is_refused(host: str, message: str) -> None:
    with pytest.raises(CannotListen, match=message):
        bind(host, 0)


def test_a_port_in_use_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(CannotListen, match=f"Port {port} on 127.0.0.1 is in use"):
            bind("127.0.0.1", port)


async def client_address(scope: Any, _receive: Any, send: Any) -> None:
    """An application that responds with the address of its client."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": f"{scope['scheme']}://{scope['client'][0]}".encode()})


@pytest.mark.parametrize(
    ("trusted_proxies", "address"),
    [
        ("", "http://127.0.0.1"),
        ("10.0.0.0/8", "http://127.0.0.1"),
        ("127.0.0.1", "https://203.0.113.7"),
        ("192.0.2.1, 127.0.0.0/8", "https://203.0.113.7"),
    ],
)
async def test_only_trusted_proxies_set_the_client_address(tmp_path: Path, trusted_proxies: str, address: str) -> None:
    settings = load(env={"VOXPOP_TRUSTED_PROXIES": trusted_proxies}, directory=tmp_path)
    headers = {"x-forwarded-for": "203.0.113.7", "x-forwarded-proto": "https"}
    async with serving(AppMiddleware(client_address), settings) as client:
        assert (await client.get("/", headers=headers)).text == address


def test_the_soft_limit_of_open_files_is_raised_to_the_hard_one() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(256, hard), hard))
        raise_open_file_limit()
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (hard, hard)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_shared_sockets_bind_one_port_that_no_other_service_can_take() -> None:
    first = bind("127.0.0.1", 0, is_shared=True)
    port = first[0].getsockname()[1]
    second = bind("127.0.0.1", port, is_shared=True)
    for each in second:
        each.listen()
    with pytest.raises(CannotListen, match=f"Port {port} on 127.0.0.1 is in use"):
        bind("127.0.0.1", port)
    close(first + second)
