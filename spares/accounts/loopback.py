"""What only this very machine may reach: a demo database, whose passwords everybody knows, and the metrics.

`spares serve` refuses to listen for a demo database on other addresses; this gate stands in every process, so that the
same holds behind any other server. Whether the database is a demo is asked at the first request, since an application may
be made before its database is."""

import ipaddress

import structlog
from flask import Flask, current_app, g, request
from sqlalchemy.exc import SQLAlchemyError

from spares.accounts.people import is_demo_database
from spares.config import Config
from spares.db import session
from spares.errors import Forbidden

log = structlog.get_logger("spares.access")
ALWAYS_OPEN = {"health_alive", "health_ready"}


def is_loopback(host: str) -> bool:
    """Whether the name or address means this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def came_from_this_machine() -> bool:
    """Whether the request was made on this machine. What a proxy has passed on without our being told to believe it
    (SPARES_PROXIES) counts as made elsewhere, and so does a request without an address (a socket file)."""
    config: Config = current_app.config["SPARES_CONFIG"]
    if not config.proxies and ("X-Forwarded-For" in request.headers or "Forwarded" in request.headers):
        return False
    return is_loopback(request.remote_addr or "")


def init_app(app: Flask) -> None:
    """Put the gate in front of `app`, before anything asks who is signed in."""

    @app.before_request
    def _demo_stays_here() -> None:
        if current_app.config["SPARES_DEMO_DATA"] is None:
            _find_out()
        config: Config = current_app.config["SPARES_CONFIG"]
        if not current_app.config["SPARES_DEMO_DATA"] or config.serve_demo_publicly:
            return
        if request.endpoint not in ALWAYS_OPEN and not came_from_this_machine():
            g.actor = None
            log.warning("demo_refused", address=request.remote_addr)
            raise Forbidden("demo_stays_here")


def _find_out() -> None:
    """Keep the answer for as long as the process runs. A database that becomes a demo later is not served as one until
    the next start: its invented people cannot sign in before that."""
    if request.endpoint == "health_alive":
        return
    try:
        current_app.config["SPARES_DEMO_DATA"] = is_demo_database()
    except SQLAlchemyError:
        session.rollback()
