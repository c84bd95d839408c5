"""The groups of database errors, by what a caller does next: isolate the item, retry, or wait for the server."""

import asyncpg

from voxpop.errors import Unavailable

# One item's data is invalid. A batch is split until that item is isolated.
ITEM_ERRORS = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError, UnicodeEncodeError, OverflowError)

# A value that must be unique is in use.
UNIQUE_ERRORS = (asyncpg.UniqueViolationError,)

# Another transaction or a schema change interfered. The same transaction passes when it is retried.
TRANSIENT_ERRORS = (
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.InvalidCachedStatementError,
    asyncpg.OutdatedSchemaCacheError,
)

# A batch also retries when a row that its statement has read is deleted before the insert that references it.
BATCH_RETRY_ERRORS = (*TRANSIENT_ERRORS, asyncpg.ForeignKeyViolationError)

# The server is unreachable, ended the session, or cannot serve anything at the moment.
CONNECTION_ERRORS = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # also raised when the server ended the session between two statements
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.IdleSessionTimeoutError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.TransactionTimeoutError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.DatabaseDroppedError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InsufficientResourcesError,  # no disk space, memory or connection is left
    asyncpg.PostgresSystemError,  # the disk of the server fails
)

# The request was not served and can be sent again.
UNAVAILABLE_ERRORS = (
    *CONNECTION_ERRORS,
    *TRANSIENT_ERRORS,
    asyncpg.LockNotAvailableError,
    asyncpg.QueryCanceledError,
)

# Every error of the server, the driver or the network.
DATABASE_ERRORS = (*CONNECTION_ERRORS, Unavailable, asyncpg.PostgresError)
