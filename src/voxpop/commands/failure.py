"""Which failures of a command people can put right, and how they are told."""

from typing import NamedTuple

import asyncpg
from cyclopts import CycloptsError

from voxpop.config.loading import ConfigError
from voxpop.db.errors import CONNECTION_ERRORS
from voxpop.errors import AppError, FieldError, Invalid, OperatorError

FAILED, USAGE = 1, 2
DATABASE = (
    *CONNECTION_ERRORS,
    asyncpg.InsufficientPrivilegeError,
    asyncpg.LockNotAvailableError,
)


class Failure(NamedTuple):
    code: int
    lines: list[str]


def explain(error: BaseException) -> Failure | None:
    """None for what nobody expected: that is a fault of ours, and needs its traceback."""
    match error:
        case BaseExceptionGroup():
            return explain(error.exceptions[0])
        case CycloptsError():
            return Failure(USAGE, [f"{error} 'voxpop --help' tells more."])
        case ConfigError():
            return Failure(USAGE, error.problems)
        case Invalid():
            return Failure(USAGE, [_in_options(fault) for fault in error.details] or [error.message])
        case AppError() | OperatorError():
            return Failure(FAILED, [str(error)])
        case BrokenPipeError():
            return Failure(FAILED, ["Nobody reads the output any more"])
        case OSError() if error.filename:
            return Failure(FAILED, [f"{error.filename}: {error.strerror}"])
        case _ if isinstance(error, DATABASE):
            return Failure(FAILED, [f"The database is out of reach: {str(error) or 'it does not answer in time'}"])
    return None


def _in_options(fault: FieldError) -> str:
    return f"--{fault.field.replace('_', '-')}: {fault.message}"
