"""Guessing is slowed by account and by address; nobody is locked out for good, and no stranger can keep a person out."""

from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from spares.accounts import throttle
from spares.accounts.models import SignInAttempt
from spares.db import session, transaction
from tests.conftest import NOON


def attempt(name: str = "anna", address: str = "10.0.0.1", at: datetime = NOON, right: bool = False) -> None:
    with transaction():
        number = throttle.admit(name, address, at)
        if right:
            throttle.accept(number)


def counted() -> int:
    return session.scalar(select(func.count()).select_from(SignInAttempt)) or 0


def refused(name: str = "anna", address: str = "10.0.0.1", at: datetime = NOON) -> datetime:
    before = counted()
    with pytest.raises(throttle.TooManyAttempts) as refusal:
        attempt(name, address, at)
    assert counted() == before
    assert refusal.value.status == 429
    until: datetime = refusal.value.facts["until"]
    return until


def test_five_wrong_passwords_wait_until_the_first_is_five_minutes_old(context: Flask) -> None:
    for second in range(5):
        attempt(at=NOON + timedelta(seconds=second))
    assert refused(at=NOON + timedelta(seconds=10)) == NOON + timedelta(minutes=5)
    assert refused(at=NOON + timedelta(minutes=5, microseconds=-1)) == NOON + timedelta(minutes=5)
    attempt(at=NOON + timedelta(minutes=5))


def test_an_account_is_one_whatever_the_spelling_and_the_address(context: Flask) -> None:
    for number in range(5):
        attempt(" ANNA " if number % 2 else "anna", address=f"10.0.0.{number}")
    refused("Anna", "10.9.9.9")
    attempt("berta", "10.9.9.9")


def test_a_right_password_starts_the_count_anew(context: Flask) -> None:
    for _ in range(4):
        attempt()
    attempt(right=True)
    for _ in range(5):
        attempt()
    refused()


def test_twenty_in_an_hour_wait_for_the_hour(context: Flask) -> None:
    for number in range(20):
        attempt(at=NOON + timedelta(minutes=2 * number))
    assert refused(at=NOON + timedelta(minutes=50)) == NOON + timedelta(minutes=60)
    attempt(at=NOON + timedelta(minutes=60))


def test_an_address_may_not_try_many_names(context: Flask) -> None:
    for number in range(30):
        attempt(f"name{number}", right=number == 7)
    attempt("someone else")
    assert refused("yet another", at=NOON + timedelta(minutes=1)) == NOON + timedelta(minutes=5)
    attempt("yet another", address="10.0.0.2")


def test_a_stranger_cannot_keep_a_person_out_of_his_own_place(context: Flask) -> None:
    attempt(address="192.0.2.7", at=NOON - timedelta(days=3), right=True)
    for number in range(5):
        attempt(address=f"203.0.113.{number}")
    refused(address="203.0.113.99")
    attempt(address="192.0.2.7")


def test_what_was_typed_as_a_name_is_not_kept(context: Flask) -> None:
    attempt("oops my password")
    kept = session.scalars(select(SignInAttempt)).one()
    assert kept.username_key == throttle.account_key("Oops my password")
    assert "oops" not in repr(vars(kept))
