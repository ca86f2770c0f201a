"""The log: one JSON object a line, with whose request it was, and without secrets."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from flask import Flask, g

from spares import logs
from spares.accounts.access import Actor


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    stream = io.StringIO()
    logs.configure(stream)
    yield stream
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


def written(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_one_object_a_line_in_utc(lines: io.StringIO) -> None:
    structlog.get_logger("spares.x").warning("refused", path='/a\n{"event":"forged"}')
    (entry,) = written(lines)
    assert str(entry.pop("timestamp")).endswith("Z")
    assert entry == {
        "event": "refused",
        "level": "warning",
        "logger": "spares.x",
        "path": '/a\n{"event":"forged"}',
    }


def test_libraries_write_the_same_way(lines: io.StringIO) -> None:
    logging.getLogger("waitress").warning("Task queue depth is %d", 4)
    logging.getLogger("waitress").debug("not this")
    (entry,) = written(lines)
    assert (entry["event"], entry["logger"], entry["level"]) == ("Task queue depth is 4", "waitress", "warning")


def test_the_request_and_the_person_are_named_by_id(lines: io.StringIO) -> None:
    app = Flask("x")
    with app.test_request_context():
        g.reference = "abc123"
        g.actor = Actor(id=7, name="张三", role=None)
        structlog.get_logger().info("seen")
    (entry,) = written(lines)
    assert (entry["reference"], entry["user"]) == ("abc123", 7)
    assert "张三" not in lines.getvalue()


def test_secrets_are_left_out(lines: io.StringIO) -> None:
    structlog.get_logger().info("x", password="geheim", Token="geheim", path="/password/geheim-geheim?next=1")
    assert "geheim" not in lines.getvalue()
    assert written(lines)[0]["path"] == "/password/…?next=1"


def test_a_traceback_is_one_line_too(lines: io.StringIO) -> None:
    try:
        raise ValueError("at /password/geheim\nsecond line")
    except ValueError:
        structlog.get_logger().exception("unexpected")
    (entry,) = written(lines)
    assert "ValueError: at /password/…\nsecond line" in str(entry["exception"])
