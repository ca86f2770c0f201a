"""What machines ask: alive, ready, numbers; and who may ask for the numbers."""

import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text

from spares import outbox
from spares.accounts.guard import public
from spares.db import db, transaction
from spares.files.models import StoredFile
from spares.health import known_schemas, newest_schema
from spares.inventory.import_models import ImportKind, ImportRun, ImportState
from tests.conftest import NOON, Databases, serving
from tests.factories import make_user

ELSEWHERE = {"REMOTE_ADDR": "192.0.2.7"}


def numbers(client: FlaskClient) -> dict[tuple[str, ...], float]:
    """Every sample of the metrics, by its name and the values of its labels."""
    answer = client.get("/metrics")
    assert answer.status_code == 200
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_alive_touches_no_database(databases: Databases) -> None:
    with serving("sqlite:////nowhere/at/all.sqlite3", demo=None) as app:
        answer = app.test_client().get("/healthz", environ_base=ELSEWHERE)
    assert (answer.status_code, answer.text) == (200, "alive\n")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"


def test_ready_at_the_newest_schema(app: Flask) -> None:
    answer = app.test_client().get("/readyz", environ_base=ELSEWHERE)
    assert (answer.status_code, answer.text) == (200, "ready\n")


def test_not_ready_at_another_schema(app: Flask) -> None:
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'older'"))
    newest = newest_schema(app.extensions["spares_migrations"])
    answer = app.test_client().get("/readyz")
    assert answer.status_code == 503
    assert answer.text == f"the database stands at schema older, this version needs {newest}: run spares init\n"


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_not_ready_before_the_database_is_made(databases: Databases, kind: str) -> None:
    with serving(databases.empty(kind), demo=None) as app:
        answer = app.test_client().get("/readyz")
    assert (answer.status_code, answer.text) == (503, "the database does not answer, or has not been made\n")


def test_not_ready_while_the_database_is_away() -> None:
    with serving("postgresql+psycopg://spares@127.0.0.1:1/spares", demo=None) as app:
        client = app.test_client()
        assert client.get("/readyz").status_code == 503
        assert client.get("/healthz").status_code == 200
        assert ("spares_outbox_waiting",) not in numbers(client)


def test_the_newest_schema_is_the_last_script(app: Flask) -> None:
    migrations: Path = app.extensions["spares_migrations"]
    last = sorted((migrations / "versions").glob("*.py"))[-1]
    found = re.search(r'^revision(?:: str)? = "([^"]+)"', last.read_text(encoding="utf-8"), re.M)
    assert found
    assert newest_schema(migrations) == found[1]
    assert found[1] in known_schemas(migrations)


def test_requests_are_counted_by_endpoint_never_by_path(app: Flask) -> None:
    client = app.test_client()
    client.get("/sign-in")
    client.get("/sign-in?x=1")
    for guess in range(3):
        client.get(f"/guess/{guess}")
        client.get(f"/password/{guess}")
    client.open("/sign-in", method="BREW")
    found = numbers(client)
    assert found["spares_requests_total", "session_begin", "GET", "200"] == 2
    assert found["spares_requests_total", "none", "GET", "404"] == 3
    assert found["spares_requests_total", "password_set", "GET", "404"] == 3
    assert found["spares_request_seconds_count", "session_begin"] >= 2
    assert {labels[2] for labels in found if labels[0] == "spares_requests_total"} == {"GET", "other"}
    assert not [labels for labels in found if "/" in "".join(labels)]


def test_an_error_counts_too(app: Flask) -> None:
    @public
    def boom() -> str:
        raise RuntimeError

    app.add_url_rule("/boom", "boom", boom)
    client = app.test_client()
    assert client.get("/boom").status_code == 500
    assert numbers(client)["spares_requests_total", "boom", "GET", "500"] == 1


def test_what_waits_for_the_worker_is_counted(app: Flask) -> None:
    client = app.test_client()
    assert numbers(client)["spares_outbox_waiting",] == 0
    assert numbers(client)["spares_imports_waiting",] == 0
    with app.app_context():
        user = make_user()
        with transaction():
            for number in range(3):
                outbox.enqueue(recipient=f"a{number}@depot.example", subject="x", body="y", now=NOON)
            _imports(user.id)
    assert numbers(client)["spares_outbox_waiting",] == 3
    assert numbers(client)["spares_imports_waiting",] == 2


def _imports(user_id: int) -> None:
    file = StoredFile(name="x.csv", content_type="text/csv", data=b"x", size=1, sha256="0" * 64, uploaded_at=NOON)
    db.session.add(file)
    db.session.flush()
    for state in (ImportState.WAITING, ImportState.RUNNING, ImportState.DONE):
        db.session.add(
            ImportRun(
                kind=ImportKind.PARTS,
                file_id=file.id,
                state=state,
                created_at=NOON,
                created_by_id=user_id,
                options={},
            )
        )


def test_numbers_stay_on_this_machine(app: Flask) -> None:
    client = app.test_client()
    assert client.get("/metrics", environ_base=ELSEWHERE).status_code == 403
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": ""}).status_code == 403
    assert client.get("/metrics", headers={"X-Forwarded-For": "192.0.2.7"}).status_code == 403
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": "::1"}).status_code == 200


def test_a_token_opens_the_numbers(database_url: str) -> None:
    with serving(database_url, metrics_token="a-token-for-tests") as app:
        client = app.test_client()

        def asked(shown: str | None) -> int:
            headers = {"Authorization": shown} if shown is not None else {}
            return client.get("/metrics", environ_base=ELSEWHERE, headers=headers).status_code

        assert asked("Bearer a-token-for-tests") == 200
        assert [asked(shown) for shown in (None, "", "Bearer ", "Bearer other", "a-token-for-tests", "Bearer é")] == (
            [403] * 6
        )


def test_without_a_token_an_empty_one_opens_nothing(app: Flask) -> None:
    headers = {"Authorization": "Bearer "}
    assert app.test_client().get("/metrics", environ_base=ELSEWHERE, headers=headers).status_code == 403
