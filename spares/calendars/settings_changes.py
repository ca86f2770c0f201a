"""Settings that an administrator changes on their page: checked, audited, and only when nobody else changed one since."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import available_timezones

from sqlalchemy import func, select

from spares import settings
from spares.accounts import audit
from spares.accounts.access import Actor, Permission
from spares.calendars.case_number_pattern import check_pattern
from spares.db import session
from spares.errors import Conflict, Invalid
from spares.settings import SettingValue

TEXT_LENGTHS = {
    "product_name": 40,
    "organisation_zh": 80,
    "organisation_en": 80,
    "overdue_clause_zh": 300,
    "overdue_clause_en": 300,
}
RANGES = {
    "backdate_confirmation_hours": (0, 720),
    "chase_receipt_after_days": (1, 60),
    "return_within_days": (1, 60),
    "stocktake_approval_minor": (0, 10**12),
    "session_idle_minutes": (5, 1440),
    "session_absolute_hours": (1, 720),
}
SWITCHES = frozenset({"engineers_see_all_cases", "stocktake_recount_by_other"})


def version() -> int:
    """Changes with every change of a setting: what a page says that it was made from."""
    return session.scalar(select(func.max(SettingValue.id))) or 0


def change_settings(values: Mapping[str, Any], seen_version: int, actor: Actor, now: datetime) -> list[str]:
    """Put new values in force; returns the keys that changed. Raises Invalid, naming the field, and Conflict when a
    setting was changed after `seen_version`. An unknown key is a programmer's error (KeyError)."""
    actor.must(Permission.SETTINGS_EDIT)
    settings.forget()
    if version() != seen_version:
        raise Conflict("stale_page")
    in_force = settings.current()
    clean = {key: _checked(key, value) for key, value in values.items()}
    if clean.get("session_idle_minutes", 0) > 60 * clean.get("session_absolute_hours", in_force.session_absolute_hours):
        raise Invalid("idle_longer_than_session", field="session_idle_minutes")
    changed = [key for key, value in clean.items() if value != getattr(in_force, key)]
    for key in changed:
        old = getattr(in_force, key)
        settings.change(key, clean[key], set_by_id=actor.id, now=now)
        audit.record("setting_changed", f"setting {key}", {"value": [old, clean[key]]}, actor=actor, now=now)
    return changed


def _checked(key: str, value: Any) -> Any:
    if key in RANGES:
        first, last = RANGES[key]
        if not first <= value <= last:
            raise Invalid("number_out_of_range", field=key, first=first, last=last)
        return value
    if key in SWITCHES:
        return bool(value)
    text = " ".join(value.split())
    if key == "case_number_pattern":
        check_pattern(text)
    elif key == "time_zone":
        if text not in available_timezones():
            raise Invalid("time_zone_unknown", field=key, name=text)
    elif key == "default_currency":
        if not re.fullmatch(r"[A-Z]{3}", text):
            raise Invalid("currency_unknown", field=key)
    elif not text:
        raise Invalid("text_missing", field=key)
    elif len(text) > TEXT_LENGTHS[key]:
        raise Invalid("text_too_long", field=key, limit=TEXT_LENGTHS[key])
    elif not text.isprintable():
        raise Invalid("text_not_printable", field=key)
    return text
