"""The HTTP server inside this process: what it listens on, and how it ends. Knows no route and no database."""

import asyncio
import errno
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from voxpop.config.settings import Settings
from voxpop.errors import OperatorError
from voxpop.web.http_protocol import BoundedHttpProtocol
from voxpop.web.middleware import AppMiddleware


class CannotListen(OperatorError):
    """The address can't be listened on."""


def bind(host: str, port: int) -> list[socket.socket]:
    """Sockets for every address of the host, on one port, that nobody can connect to yet; CannotListen tells why not.

    Before anything else is started, so that a port in use costs nothing.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise CannotListen(f"{host} is no address to listen on: {error.strerror}") from None
    bound: list[socket.socket] = []
    for family, _, _, _, address in dict.fromkeys(found):
        try:
            bound.append(_bound(family, (address[0], port)))
        except OSError as error:
            if error.errno == errno.EADDRNOTAVAIL and len(found) > 1:
                continue  # names may have addresses that this machine lacks, as localhost has without IPv6
            raise _refusal(host, port, error) from None
        port = bound[0].getsockname()[1]
    if not bound:
        raise CannotListen(f"{host} is no address of this machine")
    return bound


def _bound(family: int, address: tuple[Any, int]) -> socket.socket:
    """Bound and listening with nobody let in would be simpler, but callers would wait instead of being refused."""
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind(address)
    except OSError:
        made.close()
        raise
    return made


def _refusal(host: str, port: int, error: OSError) -> CannotListen:
    if error.errno == errno.EADDRINUSE:
        return CannotListen(f"Port {port} on {host} is in use; stop what listens there, or choose another with --port")
    return CannotListen(f"Port {port} on {host} can't be listened on: {error.strerror}")


class HttpServer(uvicorn.Server):
    """Serves an application until SIGTERM or SIGINT, then answers what is in flight.

    A second SIGINT, or the end of `shutdown_seconds`, cuts off what is left.
    """

    def __init__(self, app: AppMiddleware, settings: Settings, ready: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=BoundedHttpProtocol,
                ws="none",
                lifespan="off",
                interface="asgi3",
                log_config=None,
                log_level="warning",
                access_log=False,
                server_header=False,
                proxy_headers=bool(settings.trusted_proxies),
                forwarded_allow_ips=settings.trusted_proxies,
            )
        )
        self._app = app
        self._ready = ready
        self._patience = settings.shutdown_seconds

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        except OSError as error:
            address, port, *_ = sockets[0].getsockname() if sockets else ("?", 0)
            raise _refusal(address, port, error) from None
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        timer = asyncio.get_running_loop().call_later(self._patience, self._force_exit)
        self._app.stop()
        await super().shutdown(sockets)
        timer.cancel()
        if self.force_exit:
            await self._cancel_everything()

    def _force_exit(self) -> None:
        self.force_exit = True

    async def _cancel_everything(self) -> None:
        """Cancels whatever this process does. Batches first, so that those who wait for one are told."""
        requests = self.server_state.tasks
        await _cancel(asyncio.all_tasks() - requests - {asyncio.current_task()})
        if requests:
            await asyncio.wait(requests, timeout=0.2)
        await _cancel(requests)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Without raising them once more at the end: the caller has a database to close."""
        before = signal.signal(signal.SIGINT, self.handle_exit)
        signal.signal(signal.SIGTERM, self.handle_exit)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)
            signal.signal(signal.SIGTERM, signal.SIG_IGN)  # it is on its way already


async def _cancel(tasks: "set[asyncio.Task[Any]]") -> None:
    if not tasks:
        return
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks, timeout=1)
