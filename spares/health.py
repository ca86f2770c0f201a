"""What machines ask: is the process alive, can it serve, and how is it doing.

Counts are labelled by endpoint, never by path, so that numbers and guesses in addresses make no new series."""

import hmac
import os
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from alembic.script import ScriptDirectory
from flask import Flask, Response, current_app, g, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from spares import outbox
from spares.accounts.guard import public
from spares.accounts.loopback import came_from_this_machine
from spares.config import Config
from spares.db import session
from spares.errors import Forbidden
from spares.inventory import imports
from spares.web import Routes

routes = Routes()
METHODS = {"GET", "HEAD", "POST", "OPTIONS"}
BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Waiting(Collector):
    """How much work waits for the worker, counted when it is asked for."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """One gauge a queue; none while the database is away."""
        try:
            counts = (
                ("spares_outbox_waiting", "Messages that wait to be sent.", outbox.waiting()),
                ("spares_imports_waiting", "Imports that wait or run.", imports.waiting()),
            )
        except SQLAlchemyError:
            session.rollback()
            return
        for name, words, count in counts:
            yield GaugeMetricFamily(name, words, value=count)


class Numbers:
    """The counters of one application. With PROMETHEUS_MULTIPROC_DIR set, the library keeps them in files there and the
    answer sums up all processes that share the folder."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "spares_requests", "Requests answered.", ["endpoint", "method", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "spares_request_seconds", "Time to answer.", ["endpoint"], buckets=BUCKETS, registry=self.registry
        )

    def shown(self) -> bytes:
        """All numbers in Prometheus' text format."""
        registry = self.registry
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry) + generate_latest(_waiting())


def _waiting() -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(Waiting())
    return registry


def init_app(app: Flask, migrations: Path) -> None:
    """Count every request of `app`; `migrations` is where its newest schema is read from."""
    numbers = Numbers()
    app.extensions["spares_numbers"] = numbers
    app.extensions["spares_migrations"] = migrations
    routes.register(app)

    @app.before_request
    def _begin() -> None:
        g.begun = time.perf_counter()

    @app.after_request
    def _count(response: Response) -> Response:
        endpoint = request.endpoint or "none"
        method = request.method if request.method in METHODS else "other"
        numbers.requests.labels(endpoint, method, str(response.status_code)).inc()
        numbers.seconds.labels(endpoint).observe(time.perf_counter() - g.get("begun", time.perf_counter()))
        return response


@routes.get("/healthz")
@public
def health_alive() -> Response:
    """The process answers. Touches nothing else: a database that is away is no reason to restart the process."""
    return _plain("alive\n")


@routes.get("/readyz")
@public
def health_ready() -> Response:
    """The database answers and has the schema that this version was made for; else 503 with the reason."""
    try:
        stands_at = session.scalar(text("SELECT version_num FROM alembic_version"))
    except SQLAlchemyError:
        session.rollback()
        return _plain("the database does not answer, or has not been made\n", 503)
    wanted = newest_schema(current_app.extensions["spares_migrations"])
    if stands_at != wanted:
        return _plain(f"the database stands at schema {stands_at}, this version needs {wanted}: run spares init\n", 503)
    return _plain("ready\n")


@routes.get("/metrics")
@public
def metrics_show() -> Response:
    """For a Prometheus on this machine, or for one that shows SPARES_METRICS_TOKEN as its bearer token."""
    config: Config = current_app.config["SPARES_CONFIG"]
    shown = request.headers.get("Authorization", "").encode()
    trusted = bool(config.metrics_token) and hmac.compare_digest(shown, f"Bearer {config.metrics_token}".encode())
    if not trusted and not came_from_this_machine():
        raise Forbidden("not_allowed")
    numbers: Numbers = current_app.extensions["spares_numbers"]
    return Response(numbers.shown(), content_type=CONTENT_TYPE_LATEST)


@cache
def newest_schema(migrations: Path) -> str | None:
    """The revision that the scripts in the folder lead to."""
    return ScriptDirectory(str(migrations)).get_current_head()


@cache
def known_schemas(migrations: Path) -> frozenset[str]:
    """Every revision that the scripts in the folder know."""
    return frozenset(script.revision for script in ScriptDirectory(str(migrations)).walk_revisions())


def _plain(words: str, status: int = 200) -> Response:
    return Response(words, status, content_type="text/plain; charset=utf-8")
