"""Logging: one stream on stderr for the product and all libraries, without comments, email addresses and secrets."""

import logging
import re
import sys
from asyncio import AbstractEventLoop, get_running_loop
from collections.abc import Callable, Hashable, Mapping
from typing import Any
from weakref import WeakKeyDictionary

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from voxpop.config.settings import LogFormat, LogLevel

REDACTED = "[hidden]"

_PRIVATE_KEY = re.compile(
    r"(?:^|[_-])(?:comment(?:_en)?|notes|e-?mail|token|authorization|password|secret|cookie)$", re.IGNORECASE
)
_API_KEY = re.compile(r"vxp_[\w-]+")
# The look-behind makes the search linear: a run of letters is tried once, from its start.
_ADDRESS = re.compile(r"(?<![\w.+'%-])[\w.+'%-]+(?:@|%40)[\w-]+(?:\.[\w-]+)+")
# PostgreSQL adds the whole row to the error of a broken constraint, including comments.
_ROW = re.compile(
    r"(\n[ |]*DETAIL: ).*?(?=\n[ |]*HINT: |\n\n[ |]*(?:During handling|The above exception)|\Z)", re.DOTALL
)


class _Handler(logging.StreamHandler[Any]):
    """The product's handler, which a repeated `configure` replaces."""


# These warn about invalid requests, and about each connection to a database that is down.
NOISY_LOGGERS = ("uvicorn.error", "asyncpg.pool")


def configure(level: LogLevel = "info", format: LogFormat = "auto") -> None:
    """Sends the records of structlog and the standard library to stderr, as JSON or text.

    The HTTP server must be started without a log configuration of its own (`log_config=None`).
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    root = logging.getLogger()
    others = [each for each in root.handlers if not isinstance(each, _Handler)]
    root.handlers = [*others, _stderr_handler(shared, format)]
    root.setLevel(level.upper())
    for name in NOISY_LOGGERS:
        logging.getLogger(name).setLevel(max(logging.ERROR, root.level))


REPEAT_SECONDS = 10.0  # between two lines about one failure


class _Repeats:
    """The failures since the last line, and the line about the latest of them."""

    count = 0
    line: Callable[..., object] | None = None


_repeats: WeakKeyDictionary[AbstractEventLoop, dict[Hashable, _Repeats]] = WeakKeyDictionary()


def log_failure(key: Hashable, line: Callable[..., object]) -> None:
    """Logs a failure at once, and its repeats, which have an equal key, once every ten seconds.

    `line` writes a line; it is called with the number of failures that the line stands for, as `count`.
    """
    loop = get_running_loop()
    running = _repeats.setdefault(loop, {})
    if key in running:
        running[key].count += 1
        running[key].line = line
    else:
        line(count=1)
        running[key] = _Repeats()
        loop.call_later(REPEAT_SECONDS, _log_repeats, running, key)


def _log_repeats(running: dict[Hashable, _Repeats], key: Hashable) -> None:
    repeats = running.pop(key)
    if repeats.line is not None:
        repeats.line(count=repeats.count)
        running[key] = _Repeats()
        get_running_loop().call_later(REPEAT_SECONDS, _log_repeats, running, key)


def _stderr_handler(shared: list[Processor], format: LogFormat) -> _Handler:
    """`shared`: what is done to the records of structlog already, and here to those of the standard library."""
    handler = _Handler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                redact,
                _renderer(format),
            ],
        )
    )
    return handler


def _renderer(format: LogFormat) -> Processor:
    terminal = sys.stderr.isatty()
    if format == "json" or (format == "auto" and not terminal):
        return structlog.processors.JSONRenderer()
    # Plain tracebacks, because pretty ones show local variables with private values.
    return structlog.dev.ConsoleRenderer(colors=terminal, exception_formatter=structlog.dev.plain_traceback)


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """The event without private values: secrets by key, API keys, email addresses and database rows."""
    return {key: _redacted(key, value) for key, value in event.items()}


def _redacted(key: object, value: object) -> object:
    if value is None:
        return None
    if isinstance(key, str) and _PRIVATE_KEY.search(key):
        return REDACTED
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(inner): _redacted(inner, item) for inner, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_redacted(None, item) for item in value]
    return _redact_text(str(value))


def _redact_text(text: str) -> str:
    return _ADDRESS.sub(REDACTED, _API_KEY.sub(REDACTED, _ROW.sub(rf"\1{REDACTED}", text)))
