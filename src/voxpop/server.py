"""The HTTP server of the process: its sockets, its start and its graceful shutdown."""

import asyncio
import errno
import gc
import resource
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import uvicorn

from voxpop.config.settings import Settings
from voxpop.errors import OperatorError
from voxpop.web.http_protocol import BoundedHttpProtocol, possible_connections
from voxpop.web.middleware import AppMiddleware

GARBAGE_THRESHOLDS = (50_000, 20, 100)


class CannotListen(OperatorError):
    """The server cannot listen on the address. The message gives the reason."""


def bind(host: str, port: int, *, is_shared: bool = False) -> list[socket.socket]:
    """Binds every address of the host to one port, without accepting connections yet. Raises CannotListen.

    It runs before anything else starts, so that a port in use is reported at once. `is_shared`: the processes of a
    service bind the same port, and the system spreads connections over those that listen.
    """
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise CannotListen(f"{host} is not an address to listen on: {error.strerror}") from None
    sockets: list[socket.socket] = []
    for family, _, _, _, address in dict.fromkeys(addresses):
        try:
            sockets.append(_bind_socket(family, address[0], port, is_shared=is_shared))
        except OSError as error:
            if error.errno == errno.EADDRNOTAVAIL and len(addresses) > 1:
                continue  # a name can have addresses that this machine lacks, for example localhost without IPv6
            raise _bind_error(host, port, error) from None
        port = sockets[0].getsockname()[1]
    if not sockets:
        raise CannotListen(f"{host} is not an address of this machine")
    return sockets


def _bind_socket(family: int, address: str | int, port: int, *, is_shared: bool) -> socket.socket:
    """Binds without listening, so that early connections are refused instead of waiting."""
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if is_shared:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        bound.bind((address, port))
    except OSError:
        bound.close()
        raise
    return bound


def _bind_error(host: str, port: int, error: OSError) -> CannotListen:
    if error.errno == errno.EADDRINUSE:
        return CannotListen(
            f"Port {port} on {host} is in use. Stop the process that uses it, or choose another with --port"
        )
    return CannotListen(f"Cannot listen on port {port} of {host}: {error.strerror}")


class HttpServer(uvicorn.Server):
    """Serves an application until SIGTERM or SIGINT, then completes the requests in progress.

    A second SIGINT, or the end of `shutdown_seconds`, cancels the remaining requests.
    """

    def __init__(self, app: AppMiddleware, settings: Settings, ready: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=partial(BoundedHttpProtocol, max_connections=possible_connections(settings.max_connections)),  # type: ignore[arg-type]
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
        self._shutdown_timeout = settings.shutdown_seconds

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        except OSError as error:
            address, port, *_ = sockets[0].getsockname() if sockets else ("?", 0)
            raise _bind_error(address, port, error) from None
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        timer = asyncio.get_running_loop().call_later(self._shutdown_timeout, self._force_exit)
        self._app.stop()
        await super().shutdown(sockets)
        timer.cancel()
        if self.force_exit:
            await self._cancel_everything()

    def _force_exit(self) -> None:
        self.force_exit = True

    async def _cancel_everything(self) -> None:
        """Cancels all tasks of the process. Batches come first, so that their callers still get a response."""
        requests = self.server_state.tasks
        await _cancel_tasks(asyncio.all_tasks() - requests - {asyncio.current_task()})
        if requests:
            await asyncio.wait(requests, timeout=0.2)
        await _cancel_tasks(requests)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handles signals without raising them again at the end, because the caller still closes the database."""
        before = signal.signal(signal.SIGINT, self.handle_exit)
        signal.signal(signal.SIGTERM, self.handle_exit)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)
            signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the shutdown has started


def raise_open_file_limit() -> None:
    """Raises the soft limit to the hard one: a connection is an open file, and many systems allow 1,024 by default."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):  # some systems refuse an unlimited number
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def quiet_garbage_collector() -> None:
    """Keeps the collector from pauses under load: it never visits again what the start has made, and runs rarely.

    Requests leave no reference cycles behind, so that it finds nothing to free.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE_THRESHOLDS)


async def _cancel_tasks(tasks: "set[asyncio.Task[Any]]") -> None:
    if not tasks:
        return
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks, timeout=1)
