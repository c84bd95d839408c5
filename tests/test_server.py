"""What is bound before anything else is started."""

import socket

import pytest

from voxpop.server import CannotListen, bind


def close(sockets: list[socket.socket]) -> None:
    for one in sockets:
        one.close()


def test_bound_is_not_yet_listening() -> None:
    bound = bind("127.0.0.1", 0)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(bound[0].getsockname(), timeout=5)
    close(bound)


def test_all_addresses_of_a_name_are_on_one_port() -> None:
    bound = bind("localhost", 0)
    assert len({one.getsockname()[1] for one in bound}) == 1
    assert "127.0.0.1" in {one.getsockname()[0] for one in bound}
    close(bound)


@pytest.mark.parametrize(
    ("host", "said"),
    [("no such host", "no address to listen on"), ("192.0.2.1", "can't be listened on")],
)
def test_hosts_that_are_not_here(host: str, said: str) -> None:
    with pytest.raises(CannotListen, match=said):
        bind(host, 0)


def test_a_port_in_use() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CannotListen, match=f"Port {port} on 127.0.0.1 is in use"):
            bind("127.0.0.1", port)
