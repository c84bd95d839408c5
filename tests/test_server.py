"""What is bound before anything else is started, and whose word is taken for who is calling."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from voxpop.config import settings as config
from voxpop.server import CannotListen, HttpServer, bind
from voxpop.web.middleware import AppMiddleware


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


async def tell_caller(scope: Any, _receive: Any, send: Any) -> None:
    """An application that tells who is calling."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": f"{scope['scheme']}://{scope['client'][0]}".encode()})


@asynccontextmanager
async def serving(place: Path, **settings: str) -> AsyncIterator[httpx.AsyncClient]:
    env = {f"VOXPOP_{name.upper()}": value for name, value in settings.items()}
    ready = asyncio.Event()
    server = HttpServer(AppMiddleware(tell_caller), config.load(env=env, directory=place), ready.set)
    sockets = bind("127.0.0.1", 0)
    url = f"http://127.0.0.1:{sockets[0].getsockname()[1]}"
    task = asyncio.create_task(server.serve(sockets))
    await ready.wait()
    async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
        yield client
    server.should_exit = True
    await task


@pytest.mark.parametrize(
    ("trusted", "caller"),
    [
        ("", "http://127.0.0.1"),
        ("10.0.0.0/8", "http://127.0.0.1"),
        ("127.0.0.1", "https://203.0.113.7"),
        ("192.0.2.1, 127.0.0.0/8", "https://203.0.113.7"),
    ],
)
async def test_only_trusted_proxies_are_believed(tmp_path: Path, trusted: str, caller: str) -> None:
    headers = {"x-forwarded-for": "203.0.113.7", "x-forwarded-proto": "https"}
    async with serving(tmp_path, trusted_proxies=trusted) as client:
        assert (await client.get("/", headers=headers)).text == caller
