"""The application for a test's database and settings, around a framework that is built once per process."""

from copy import copy
from functools import cache

from litestar import Litestar

from voxpop.app import connect, create_framework
from voxpop.config.settings import Settings
from voxpop.db.pool import Database
from voxpop.web.middleware import AppMiddleware
from voxpop.web.service_metrics import ServiceMetrics


@cache
def _framework() -> Litestar:
    return create_framework()


def app_for(database: Database, settings: Settings) -> AppMiddleware:
    """The application of `create_app`, without the 100 ms in which the framework registers every route.

    Each application gets a shallow copy. The copies share the routes, and each has a state of its own.
    """
    return connect(copy(_framework()), database, settings, ServiceMetrics(database))
