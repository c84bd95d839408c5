"""Logging: one stream on stderr for the product and every library, without comments, addresses and secrets."""

import logging
import re
import sys
from collections.abc import Mapping
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from voxpop.config.settings import LogFormat, LogLevel

HIDDEN = "[hidden]"

_PRIVATE_KEY = re.compile(
    r"(?:^|[_-])(?:comment(?:_en)?|notes|e-?mail|token|authorization|password|secret|cookie)$", re.IGNORECASE
)
_API_KEY = re.compile(r"vxp_[\w-]+")
# The look-behind lets a run of letters be tried once, from its start: linear however long a line is.
_ADDRESS = re.compile(r"(?<![\w.+'%-])[\w.+'%-]+(?:@|%40)[\w-]+(?:\.[\w-]+)+")
# What PostgreSQL adds to a broken constraint is the whole row, comment included.
_ROW = re.compile(
    r"(\n[ |]*DETAIL: ).*?(?=\n[ |]*HINT: |\n\n[ |]*(?:During handling|The above exception)|\Z)", re.DOTALL
)


class _Handler(logging.StreamHandler[Any]):
    """Ours, so that configuring again replaces it and nothing else."""


# Who warns of what callers send, or of every connection to a database that is away.
NOISY = ("uvicorn.error", "asyncpg.pool")


def configure(level: LogLevel = "info", format: LogFormat = "auto") -> None:
    """Send structlog's and the standard library's records of `level` and above to stderr, as JSON or text.

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
    handler = _Handler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                hide,
                _renderer(format),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [other for other in root.handlers if not isinstance(other, _Handler)] + [handler]
    root.setLevel(level.upper())
    for name in NOISY:
        logging.getLogger(name).setLevel(max(logging.ERROR, root.level))


def _renderer(format: LogFormat) -> Processor:
    terminal = sys.stderr.isatty()
    if format == "json" or (format == "auto" and not terminal):
        return structlog.processors.JSONRenderer()
    # Plain tracebacks: the pretty ones show local variables, and with them what must not be logged.
    return structlog.dev.ConsoleRenderer(colors=terminal, exception_formatter=structlog.dev.plain_traceback)


def hide(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """The event without what must not be logged: values of private keys, API keys, e-mail addresses, rows."""
    return {key: _hidden(key, value) for key, value in event.items()}


def _hidden(key: object, value: object) -> object:
    if value is None:
        return None
    if isinstance(key, str) and _PRIVATE_KEY.search(key):
        return HIDDEN
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(inner): _hidden(inner, item) for inner, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_hidden(None, item) for item in value]
    return _masked(str(value))


def _masked(text: str) -> str:
    return _ADDRESS.sub(HIDDEN, _API_KEY.sub(HIDDEN, _ROW.sub(rf"\1{HIDDEN}", text)))
