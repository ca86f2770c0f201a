"""The timeline of a case: one chain, written once a transaction, and gone with a transaction that is undone."""

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import event, text

from spares.accounts.access import SYSTEM
from spares.cases.models import ServiceCase
from spares.cases.timeline import broken_entries, entries, is_whole, lock_case, record
from spares.db import db, session, transaction
from tests.cases.making import make_case, make_customer
from tests.conftest import NOON


@pytest.fixture
def written(context: Flask) -> Iterator[list[str]]:
    """Every statement from here on that writes to a timeline."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith(("INSERT INTO timeline_entry", "UPDATE service_case")):
            seen.append(statement.split(maxsplit=1)[0])

    event.listen(db.engine, "before_cursor_execute", note)
    yield seen
    event.remove(db.engine, "before_cursor_execute", note)


def tell(case: ServiceCase, *texts: str) -> None:
    for one in texts:
        record(case, "note", actor=SYSTEM, now=NOON, text=one)
        session.flush()


def texts(case_id: int) -> list[str]:
    return [entry.data["text"] for entry in entries(case_id) if entry.kind == "note"]


def test_the_steps_of_a_transaction_are_written_together_and_stay_one_chain(written: list[str]) -> None:
    case_id = make_case(make_customer()[0]).id
    written.clear()
    with transaction():
        tell(lock_case(case_id, SYSTEM), "甲", "乙")
        tell(lock_case(case_id, SYSTEM), "丙")
        assert written == []
    assert sorted(written) == ["INSERT", "UPDATE"]
    with transaction():
        tell(lock_case(case_id, SYSTEM), "丁")
    case = session.get_one(ServiceCase, case_id, populate_existing=True)
    assert texts(case_id) == ["甲", "乙", "丙", "丁"]
    assert [entry.sequence for entry in entries(case_id)] == [1, 2, 3, 4, 5]
    assert (case.timeline_length, is_whole(case)) == (5, True)


def test_two_cases_told_in_one_transaction_have_a_chain_each(context: Flask) -> None:
    one, other = make_case(make_customer()[0]).id, make_case(make_customer()[0]).id
    with transaction():
        first, second = lock_case(one, SYSTEM), lock_case(other, SYSTEM)
        tell(first, "甲")
        tell(second, "乙")
        tell(first, "丙")
    assert (texts(one), texts(other)) == (["甲", "丙"], ["乙"])
    assert all(is_whole(session.get_one(ServiceCase, key, populate_existing=True)) for key in (one, other))


def test_what_an_undone_transaction_told_is_forgotten(context: Flask) -> None:
    case_id = make_case(make_customer()[0]).id
    with pytest.raises(RuntimeError, match="undone"), transaction():
        tell(lock_case(case_id, SYSTEM), "不会留下")
        raise RuntimeError("undone")
    with transaction():
        tell(lock_case(case_id, SYSTEM), "留下")
    case = session.get_one(ServiceCase, case_id, populate_existing=True)
    assert (texts(case_id), case.timeline_length, is_whole(case)) == (["留下"], 2, True)


def test_the_open_transaction_reads_what_it_told_and_may_tell_more(context: Flask) -> None:
    case_id = make_case(make_customer()[0]).id
    with transaction():
        tell(lock_case(case_id, SYSTEM), "甲")
        assert texts(case_id) == ["甲"]
        tell(lock_case(case_id, SYSTEM), "乙")
    case = session.get_one(ServiceCase, case_id, populate_existing=True)
    assert (texts(case_id), is_whole(case)) == (["甲", "乙"], True)


def test_an_entry_that_does_not_fit_its_hash_is_named(context: Flask) -> None:
    case_id = make_case(make_customer()[0]).id
    with transaction():
        tell(lock_case(case_id, SYSTEM), "甲", "乙")
    case = session.get_one(ServiceCase, case_id, populate_existing=True)
    listed = entries(case_id)
    assert list(broken_entries(case, listed)) == []
    session.expunge_all()
    listed[1].data = {"text": "改过"}
    assert [entry.sequence for entry in broken_entries(case, listed)] == [2]
    assert not is_whole(case, listed)
    assert session.scalar(text("SELECT count(*) FROM timeline_entry")) == 3
