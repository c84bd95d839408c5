"""Maps the errors of a command to lines for the user and an exit code."""

import asyncpg
from cyclopts import CycloptsError
from msgspec import Struct

from voxpop.config.loading import ConfigError
from voxpop.db.errors import CONNECTION_ERRORS
from voxpop.errors import AppError, FieldError, Invalid, OperatorError

FAILED, USAGE = 1, 2
DATABASE_ERRORS = (*CONNECTION_ERRORS, asyncpg.InsufficientPrivilegeError, asyncpg.LockNotAvailableError)


class Failure(Struct, frozen=True):
    """How a command ends that failed: its exit code and the lines on stderr."""

    exit_code: int
    lines: list[str]


def explain(error: BaseException) -> Failure | None:
    """Returns None for an unexpected error, which needs its traceback."""
    match error:
        case BaseExceptionGroup():
            return explain(error.exceptions[0])
        case CycloptsError():
            return Failure(USAGE, [f"{error} See 'voxpop --help'."])
        case ConfigError():
            return Failure(USAGE, error.problems)
        case Invalid():
            return Failure(USAGE, [_option_message(field) for field in error.details] or [error.message])
        case AppError() | OperatorError():
            return Failure(FAILED, [str(error)])
        case BrokenPipeError():
            return Failure(FAILED, ["The program that reads the output has ended"])
        case OSError() if error.filename:
            return Failure(FAILED, [f"{error.filename}: {error.strerror}"])
        case _ if isinstance(error, DATABASE_ERRORS):
            return Failure(FAILED, [f"The database cannot be used: {str(error) or 'it did not respond in time'}"])
    return None


def _option_message(field: FieldError) -> str:
    return f"--{field.field.replace('_', '-')}: {field.message}"
