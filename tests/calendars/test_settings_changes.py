"""Settings change only by those who may, from a page that is not stale, and leave a record."""

import pytest
from flask import Flask

from spares import settings
from spares.accounts.access import SYSTEM
from spares.accounts.models import Role
from spares.calendars.settings_changes import change_settings, version
from spares.db import transaction
from spares.errors import Conflict, Forbidden, Invalid
from tests.calendars.making import audit, counts
from tests.conftest import NOON
from tests.factories import make_actor


def test_only_what_differs_is_changed(context: Flask) -> None:
    boss = make_actor(Role.ADMINISTRATOR)
    with transaction():
        changed = change_settings({"product_name": "Spares", "default_currency": "USD"}, 0, boss, NOON)
    assert changed == ["default_currency"]
    assert settings.current().default_currency == "USD"
    assert audit() == [("setting_changed", "setting default_currency", {"value": ["CNY", "USD"]})]
    assert version() > 0


def test_a_page_made_before_the_last_change_is_stale(context: Flask) -> None:
    with transaction():
        change_settings({"product_name": "一"}, 0, SYSTEM, NOON)
    with pytest.raises(Conflict, match="stale_page"), transaction():
        change_settings({"product_name": "二"}, 0, SYSTEM, NOON)
    settings.forget()
    assert settings.current().product_name == "一"


def test_one_bad_value_keeps_all_of_them_out(context: Flask) -> None:
    with pytest.raises(Invalid) as refused, transaction():
        change_settings({"product_name": "一", "overdue_clause_zh": "x" * 301}, 0, SYSTEM, NOON)
    assert (refused.value.code, refused.value.field) == ("text_too_long", "overdue_clause_zh")
    settings.forget()
    assert settings.current() == settings.Settings()
    assert counts()["audit_entry"] == 0


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMINISTRATOR])
def test_who_may_not_changes_nothing(context: Flask, role: Role) -> None:
    somebody = make_actor(role)
    with pytest.raises(Forbidden, match="not_allowed"), transaction():
        change_settings({"product_name": "一"}, 0, somebody, NOON)
    assert counts()["setting_value"] == 0
