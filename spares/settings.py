"""Settings that an administrator changes while the product runs: names, terms and limits, as audited data.

Each has a default here; a row overrides it. Values are read through a short cache, since nearly every page needs some."""

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import current_app
from sqlalchemy import JSON, ForeignKey, String, select
from sqlalchemy.orm import Mapped, mapped_column

from spares.db import Base, Id, session

CACHED_SECONDS = 5.0


class SettingValue(Base):
    """One change of one setting; the newest row of a key is in force, the older ones are its history."""

    __tablename__ = "setting_value"
    id: Mapped[int] = mapped_column(Id, primary_key=True, init=False)
    key: Mapped[str] = mapped_column(String(60), index=True)
    value: Mapped[Any] = mapped_column(JSON)
    set_at: Mapped[datetime]
    set_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), default=None)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What is in force. Amounts of time say their unit; `case_number_pattern` is a regular expression that numbers of
    another case system must match in full (empty: only our own automatic numbers)."""

    product_name: str = "Spares"
    organisation_zh: str = "示例服务公司"
    organisation_en: str = "Example Service Company"
    case_number_pattern: str = r"[A-Z]{2,5}-?\d{4,12}"
    backdate_confirmation_hours: int = 72
    chase_receipt_after_days: int = 3
    return_within_days: int = 10
    engineers_see_all_cases: bool = True
    session_idle_minutes: int = 480
    session_absolute_hours: int = 24
    time_zone: str = "Asia/Shanghai"
    default_currency: str = "CNY"
    stocktake_approval_minor: int = 500_000
    stocktake_recount_by_other: bool = False
    overdue_clause_zh: str = "请在上述期限内寄回故障件；逾期未返还的，按备件价格收取费用。"
    overdue_clause_en: str = (
        "Please send the faulty part back within the time stated above; parts not returned are charged at their price."
    )


def current() -> Settings:
    """The settings in force, at most five seconds old."""
    cache: dict[str, Any] = current_app.extensions.setdefault("spares_settings", {})
    moment = time.monotonic()
    if not cache or moment - cache["read"] > CACHED_SECONDS:
        newest = select(SettingValue.key, SettingValue.value).order_by(SettingValue.id)
        values = {key: value for key, value in session.execute(newest) if key in Settings.__dataclass_fields__}
        cache.update(read=moment, settings=Settings(**values))
    settings: Settings = cache["settings"]
    return settings


def change(key: str, value: Any, *, set_by_id: int | None, now: datetime) -> None:
    """Put a new value in force. Raises KeyError for an unknown key; the caller has validated the value's type."""
    if key not in Settings.__dataclass_fields__:
        raise KeyError(key)
    session.add(SettingValue(key=key, value=value, set_at=now, set_by_id=set_by_id))
    session.flush()
    forget()


def forget() -> None:
    """Read anew on the next question: after a change, and after a transaction that made one was undone."""
    current_app.extensions.pop("spares_settings", None)
