"""The composition root: builds the application from its parts, with all routes as one list."""

from collections.abc import Sequence
from functools import partial

from litestar import Litestar
from litestar.datastructures import State
from litestar.handlers.base import BaseRouteHandler

from voxpop.accounts import link_pages, sign_in_pages
from voxpop.accounts import settings_pages as account_settings_pages
from voxpop.auth.authenticator import Authenticator
from voxpop.auth.dependencies import DEPENDENCIES, begin_transactions_last
from voxpop.auth.guards import AccessGuard, answer_preflight, check_access
from voxpop.auth.reopening_pages import reopening_route
from voxpop.auth.streams import OpenStreams
from voxpop.campaigns import api as campaigns_api
from voxpop.campaigns import pages as campaign_pages
from voxpop.config.settings import Settings
from voxpop.dashboards import (
    agent_pages,
    badge_api,
    badge_pages,
    feedback_pages,
    find_pages,
    low_ratings_pages,
    overview_pages,
    stream_api,
)
from voxpop.dashboards import api as dashboards_api
from voxpop.dashboards import campaign_pages as campaign_dashboard_pages
from voxpop.dashboards import feature_pages as feature_dashboard_pages
from voxpop.dashboards import feedback_api as all_feedback_api
from voxpop.dashboards.stream_api import describe_ratings
from voxpop.db.change_feed import ChangeFeed
from voxpop.db.health import ReadinessCheck
from voxpop.db.pool import Database
from voxpop.features import api as features_api
from voxpop.features import pages as feature_pages
from voxpop.features.analytics import api as analytics_api
from voxpop.features.api import FEATURE, FeatureBatchers
from voxpop.features.schemas import RatingBody, UserBody
from voxpop.feedback import api as feedback_api
from voxpop.feedback import lists as feedback_lists
from voxpop.i18n import N_
from voxpop.metrics import api as metrics_api
from voxpop.surveys import api as surveys_api
from voxpop.surveys import type_pages as survey_type_pages
from voxpop.surveys.api import SurveyBatchers
from voxpop.surveys.hosted import pages as hosted_pages
from voxpop.surveys.hosted import unsubscribe_pages
from voxpop.surveys.schemas import AnswerBody
from voxpop.tickets.api import endpoints as tickets_api
from voxpop.tickets.inbox import live_updates, ticket_pages, undo_pages
from voxpop.tickets.inbox import pages as inbox_pages
from voxpop.tickets.inbox import store as inbox_store
from voxpop.tickets.inbox.live_updates import describe_tickets
from voxpop.tickets.inbox.sidebar import load_sidebar
from voxpop.tickets.portal import pages as portal_pages
from voxpop.types import Scope
from voxpop.web import ops, pages, widget_files
from voxpop.web.allowed_methods import answer_options
from voxpop.web.error_handlers import handle_exception
from voxpop.web.fast_path import FastEndpoint, FastGet, FastPost, Operation
from voxpop.web.guide import pages as guide_pages
from voxpop.web.middleware import AppMiddleware
from voxpop.web.openapi.docs import ApiDocs
from voxpop.web.openapi.sections import ApiSection
from voxpop.web.service_metrics import ServiceMetrics
from voxpop.web.validation import note_query_parameters, validate_body, validate_query
from voxpop.widget import api as widget_api
from voxpop.widget import demo_shop_pages, install_pages
from voxpop.widget.api import WidgetCalls
from voxpop.widget.schemas import CustomerBody, TrackBody
from voxpop.workspaces import api as workspaces_api
from voxpop.workspaces import branding_pages, first_run_pages
from voxpop.workspaces import settings_pages as workspace_settings_pages
from voxpop.workspaces.widget import pages as widget_settings_pages

MAX_BODY_BYTES = 2**20
API_SECTIONS = [ApiSection("/api/csat/v1", N_("Product features"))]


def create_app(database: Database, settings: Settings, metrics: ServiceMetrics | None = None) -> AppMiddleware:
    """The whole service over one database, as an ASGI application."""
    return connect(create_framework(), database, settings, metrics or ServiceMetrics(database))


def create_framework() -> Litestar:
    """Routes, guards and documents, without the state that they read for each request."""
    app = Litestar(
        routes(),
        guards=[answer_preflight, answer_options, check_access, validate_body, validate_query],
        dependencies=DEPENDENCIES,
        exception_handlers={Exception: handle_exception},
        plugins=[ApiDocs(API_SECTIONS)],
        request_max_body_size=MAX_BODY_BYTES,
        logging_config=None,  # the framework's own would replace that of the process
    )
    note_query_parameters(app)
    begin_transactions_last(app)
    return app


def connect(app: Litestar, database: Database, settings: Settings, metrics: ServiceMetrics) -> AppMiddleware:
    """Gives the framework its state: the database, the settings, and the services that need both."""
    authenticator = Authenticator(database, settings)
    access = AccessGuard(authenticator, partial(load_sidebar, database))
    features = FeatureBatchers(database, settings.queue_limit)
    surveys = SurveyBatchers(database, settings.queue_limit)
    widget = WidgetCalls(database, settings, features.uses, surveys.due, authenticator.publishable)
    readiness = ReadinessCheck(database)
    rating_feed = ChangeFeed(database, feedback_lists.list_changes, describe_ratings)
    ticket_feed = ChangeFeed(database, inbox_store.list_changed_tickets, describe_tickets)
    streams = OpenStreams()
    app.state = State(
        {
            "database": database,
            "settings": settings,
            "readiness": readiness,
            "metrics": metrics,
            "access": access,
            "rating_feed": rating_feed,
            "ticket_feed": ticket_feed,
            "open_streams": streams,
            "feature_batchers": features,
            "survey_batchers": surveys,
            "widget_calls": widget,
        }
    )
    return AppMiddleware(
        app,
        fast_endpoints(authenticator, features, surveys, widget),
        lambda: database.notifier.stop(),
        is_secure=settings.public_url.startswith("https://"),
    )


def fast_endpoints(
    authenticator: Authenticator, features: FeatureBatchers, surveys: SurveyBatchers, widget: WidgetCalls
) -> tuple[FastEndpoint, ...]:
    """The hot endpoints, which the HTTP protocol serves without the framework."""
    language, key = b"accept-language", b"idempotency-key"
    feature = _path_template(FEATURE)
    increment = Operation(f"{feature}/increment", features.increment, (key,))
    reject = Operation(f"{feature}/reject", features.reject, (key,))
    rate = Operation(f"{feature}/feedbacks", features.rate, (key,), status=201)
    show = Operation(surveys_api.SURVEYS, surveys.show_surveys, (language,))
    submit = Operation(surveys_api.SUBMIT, surveys.submit_answer, (language, key))
    track = Operation(widget_api.TRACK, widget.track, (language, key))
    show_in_widget = Operation(widget_api.SURVEYS, widget.show_surveys, (language, key))
    check = partial(authenticator.authenticate, scope=Scope.INGEST)
    return (
        FastPost(increment, check, UserBody),
        FastPost(reject, check, UserBody),
        FastPost(rate, check, RatingBody),
        FastGet(show, check, "guid"),
        FastPost(submit, check, AnswerBody),
        FastPost(track, authenticator.authenticate_widget, TrackBody),
        FastPost(show_in_widget, authenticator.authenticate_widget, CustomerBody),
    )


def routes() -> Sequence[BaseRouteHandler]:
    """Every route; the plugin adds those of the API documentation."""
    handlers = [*open_pages(), *member_pages(), *api_routes()]
    return [*handlers, reopening_route(handlers)]


def open_pages() -> list[BaseRouteHandler]:
    """The pages of visitors and customers, and what programs read without a key."""
    return [
        *first_run_pages.routes(API_SECTIONS),
        *pages.ROUTES,
        *widget_files.ROUTES,
        *guide_pages.ROUTES,
        *ops.ROUTES,
        *sign_in_pages.ROUTES,
        *link_pages.ROUTES,
        *branding_pages.ROUTES,
        *portal_pages.ROUTES,
        *hosted_pages.ROUTES,
        *unsubscribe_pages.ROUTES,
    ]


def member_pages() -> list[BaseRouteHandler]:
    """The pages of members."""
    return [
        *account_settings_pages.ROUTES,
        *workspace_settings_pages.ROUTES,
        *widget_settings_pages.ROUTES,
        *badge_pages.ROUTES,
        *overview_pages.ROUTES,
        *feedback_pages.ROUTES,
        *find_pages.ROUTES,
        *low_ratings_pages.ROUTES,
        *agent_pages.ROUTES,
        *inbox_pages.ROUTES,
        *live_updates.ROUTES,
        *ticket_pages.ROUTES,
        *undo_pages.ROUTES,
        *campaign_pages.ROUTES,
        *campaign_dashboard_pages.ROUTES,
        *survey_type_pages.ROUTES,
        *feature_pages.ROUTES,
        *feature_dashboard_pages.ROUTES,
    ]


def api_routes() -> list[BaseRouteHandler]:
    """The APIs."""
    return [
        *workspaces_api.ROUTES,
        *features_api.ROUTES,
        *analytics_api.ROUTES,
        *feedback_api.ROUTES,
        *surveys_api.ROUTES,
        *widget_api.ROUTES,
        *demo_shop_pages.ROUTES,
        *install_pages.ROUTES,
        *campaigns_api.ROUTES,
        *metrics_api.ROUTES,
        *tickets_api.ROUTES,
        *dashboards_api.ROUTES,
        *all_feedback_api.ROUTES,
        *stream_api.ROUTES,
        *badge_api.ROUTES,
    ]


def _path_template(route: str) -> str:
    return route.replace(":str}", "}")
