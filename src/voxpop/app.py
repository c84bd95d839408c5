"""The composition root: which routes there are, and what they share."""

from collections.abc import Sequence
from functools import partial

from litestar import Litestar
from litestar.datastructures import State
from litestar.handlers.base import BaseRouteHandler

from voxpop.accounts import pages as sign_in_pages
from voxpop.auth.authenticator import Authenticator
from voxpop.auth.dependencies import DEPENDENCIES
from voxpop.auth.guards import AccessGuard
from voxpop.campaigns import api as campaigns_api
from voxpop.config.settings import Settings
from voxpop.db.pool import Database
from voxpop.features import api as features_api
from voxpop.features.analytics import api as analytics_api
from voxpop.features.api import FEATURE, FeatureBatchers
from voxpop.features.schemas import UserBody
from voxpop.feedback import api as feedback_api
from voxpop.metrics import api as metrics_api
from voxpop.surveys import api as surveys_api
from voxpop.surveys.api import SurveyBatchers
from voxpop.tickets.api import endpoints as tickets_api
from voxpop.tickets.inbox import live_updates, low_ratings_pages, ticket_pages
from voxpop.tickets.inbox import pages as inbox_pages
from voxpop.tickets.inbox.sidebar import load_sidebar
from voxpop.tickets.portal import pages as portal_pages
from voxpop.types import Scope
from voxpop.web import ops, pages
from voxpop.web.error_handlers import answer
from voxpop.web.fast_path import FastEndpoint, FastGet, FastPost, Operation
from voxpop.web.middleware import AppMiddleware
from voxpop.web.openapi.docs import Docs
from voxpop.web.openapi.document import ApiSection
from voxpop.web.validation import guard_body, guard_query
from voxpop.workspaces import api as workspaces_api
from voxpop.workspaces import settings_pages

LARGEST_BODY = 2**20  # bytes
PARTS = [ApiSection("/api/csat/v1", "Product features")]


def create_app(database: Database, settings: Settings) -> AppMiddleware:
    """The whole service over one database, as an ASGI application."""
    authenticator = Authenticator(database, settings.queue_limit)
    access = AccessGuard(authenticator, partial(load_sidebar, database))
    features = FeatureBatchers(database, settings.queue_limit)
    surveys = SurveyBatchers(database, settings.queue_limit)
    app = Litestar(
        routes(settings),
        state=State(
            {
                "database": database,
                "settings": settings,
                "authenticator": authenticator,
                "feature_gates": features,
                "survey_gates": surveys,
            }
        ),
        guards=[access.check, guard_body, guard_query],
        dependencies=DEPENDENCIES,
        exception_handlers={Exception: answer},
        plugins=[Docs(PARTS)],
        request_max_body_size=LARGEST_BODY,
        logging_config=None,  # the framework's own would replace that of the process
    )
    is_secure = settings.public_url.startswith("https://")
    return AppMiddleware(
        app, doors(authenticator, features, surveys), lambda: database.notifier.stop(), is_secure=is_secure
    )


def doors(authenticator: Authenticator, features: FeatureBatchers, surveys: SurveyBatchers) -> tuple[FastEndpoint, ...]:
    """What many ask for at once is served in front of the framework."""
    use = Operation(_plain(f"{FEATURE}/increment"), Scope.INGEST, features.use_once)
    show = Operation(surveys_api.SURVEYS, Scope.INGEST, surveys.show_once, b"accept-language")
    submit = Operation(surveys_api.SUBMIT, Scope.INGEST, surveys.submit_once, b"accept-language")
    return (
        FastPost(use, authenticator.authenticate, UserBody, LARGEST_BODY),
        FastGet(show, authenticator.authenticate, "guid"),
        FastPost(submit, authenticator.authenticate, surveys_api.Answer, LARGEST_BODY),
    )


def routes(settings: Settings) -> Sequence[BaseRouteHandler]:
    """Everything that can be asked for; the documents and their pages are added by the plugin."""
    return [
        *pages.routes(settings, PARTS),
        *ops.ROUTES,
        *sign_in_pages.ROUTES,
        *settings_pages.ROUTES,
        *portal_pages.ROUTES,
        *inbox_pages.ROUTES,
        *live_updates.ROUTES,
        *ticket_pages.ROUTES,
        *low_ratings_pages.ROUTES,
        *workspaces_api.ROUTES,
        *features_api.ROUTES,
        *analytics_api.ROUTES,
        *feedback_api.ROUTES,
        *surveys_api.ROUTES,
        *campaigns_api.ROUTES,
        *metrics_api.ROUTES,
        *tickets_api.ROUTES,
    ]


def _plain(route: str) -> str:
    return route.replace(":str}", "}")
