"""Endpoints for operators: health checks and Prometheus metrics. Knows no domain."""

import hmac
from functools import lru_cache
from ipaddress import ip_address
from typing import Any, NamedTuple

from litestar import Request, Response, get
from litestar.datastructures import State
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Histogram

from voxpop.config.settings import Settings
from voxpop.db.health import ReadinessCheck
from voxpop.errors import Forbidden, Unavailable
from voxpop.web.service_metrics import ServiceMetrics

REQUEST_COUNT = Counter("voxpop_requests", "Requests by response status", ["method", "route", "status"])
REQUEST_SECONDS = Histogram(
    "voxpop_request_seconds",
    "From the first byte of the request to the last byte of the response",
    ["method", "route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)

# Unknown addresses and methods share one label. A label for each of them would grow the metrics without bound.
UNKNOWN_LABEL = "unknown"
KNOWN_METHODS = {"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"}


def observe_request(method: str, route: str, status: int, seconds: float) -> None:
    """Counts a request that is over. `route` is a path template."""
    metrics = _request_metrics(method, route, status)
    metrics.counter.inc()
    metrics.histogram.observe(seconds)


class _RequestMetrics(NamedTuple):
    counter: Counter
    histogram: Histogram


@lru_cache(maxsize=4096)
def _request_metrics(method: str, route: str, status: int) -> _RequestMetrics:
    """Cached, because looking labels up costs more than counting."""
    method = method if method in KNOWN_METHODS else UNKNOWN_LABEL
    return _RequestMetrics(REQUEST_COUNT.labels(method, route, str(status)), REQUEST_SECONDS.labels(method, route))


@get(
    "/health/check",
    sync_to_thread=False,
    tags=["Health"],
    summary="Is the process running?",
    description="Always returns 200.",
)
def check() -> Response[bytes]:
    return Response(b"")


@get(
    "/health/ready",
    tags=["Health"],
    summary="Can the process serve requests?",
    description="Returns 200 while the database responds and takes writes, else 503.",
)
async def ready(state: State) -> Response[bytes]:
    check: ReadinessCheck = state.readiness
    if await check.is_ready():
        return Response(b"")
    return Response(b"", status_code=503, headers={"retry-after": str(Unavailable.retry_after)})


@get("/metrics", include_in_schema=False)
async def metrics(request: Request[Any, Any, Any], state: State) -> Response[bytes]:
    """The metrics in Prometheus' text format, for this machine and for callers with the configured token."""
    settings: Settings = state.settings
    if not (_is_local(request) or _has_token(request, settings.metrics_token)):
        raise Forbidden("Call /metrics from this machine, or with VOXPOP_METRICS_TOKEN as the bearer token.")
    service_metrics: ServiceMetrics = state.metrics
    return Response(await service_metrics.text(), media_type=CONTENT_TYPE_LATEST)


def _is_local(request: Request[Any, Any, Any]) -> bool:
    """A proxy on this machine forwards requests of other machines, so its requests are not local."""
    forwarded = request.headers.get("x-forwarded-for") or request.headers.get("forwarded")
    return bool(request.client and not forwarded and _is_loopback(request.client.host))


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _has_token(request: Request[Any, Any, Any], token: str | None) -> bool:
    sent = request.headers.get("authorization", "").removeprefix("Bearer ")
    return token is not None and hmac.compare_digest(sent.encode(), token.encode())


ROUTES = [check, ready, metrics]
