"""What the process writes about itself: one JSON object a line on standard error, in UTC.

Each line says the request's reference (which a person sees on an error page) and the id of who was signed in, never a
name. A line break in a value is encoded by JSON, so that nobody can write a line of his own; a password link's token is
taken out of every address."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog
from flask import g, has_request_context

_TOKEN = re.compile(r"(/password/)[^/?#\s]+")
_SECRET = {"password", "token", "cookie", "secret", "secret_key", "authorization", "csrf_token"}


def configure(stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Send structlog's and the libraries' messages from `level` on to `stream` (standard error). Called once a process,
    by the command line and by the servers' entry point."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        about_the_request,
        without_secrets,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                without_secrets,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)


def about_the_request(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Add which request it was and who asked, by id."""
    if has_request_context():
        event.setdefault("reference", g.get("reference"))
        actor = g.get("actor")
        event.setdefault("user", actor.id if actor else None)
    return event


def without_secrets(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Take out what must not be kept: values under telling names, and the tokens in addresses."""
    for key, value in event.items():
        if key.lower() in _SECRET:
            event[key] = "…"
        elif isinstance(value, str) and "/password/" in value:
            event[key] = _TOKEN.sub(r"\1…", value)
    return event
