"""Rows and people for the tests of depots and their days."""

from datetime import date

from sqlalchemy import func, select

from spares.accounts.models import AuditEntry
from spares.calendars.models import DayOverride, Depot, YearNotice
from spares.calendars.notice import NoticeDay, NoticeStatus
from spares.db import session, transaction
from spares.settings import SettingValue

NOTICE_2027 = [
    *(NoticeDay(date(2027, 1, day), NoticeStatus.OFF, "元旦") for day in (1, 2, 3)),
    *(NoticeDay(date(2027, 2, day), NoticeStatus.OFF, "春节") for day in range(5, 13)),
    NoticeDay(date(2027, 2, 20), NoticeStatus.WORK, "春节调休"),
    NoticeDay(date(2027, 5, 1), NoticeStatus.OFF, "劳动节"),
    NoticeDay(date(2027, 10, 1), NoticeStatus.OFF, "国庆节"),
]
"""An invented notice: February 11 and 12 are named off, the library's estimate has them worked."""


def add_depot(code: str = "ZZ", **changes: object) -> Depot:
    """A depot, straight into the table."""
    depot = Depot(code=code, name="郑州备件库", name_en="Zhengzhou spares depot", **changes)  # type: ignore[arg-type]
    with transaction():
        session.add(depot)
    return depot


def counts() -> dict[str, int]:
    """How many rows the slice's tables have: a refusal leaves them alone."""
    tables = (Depot, DayOverride, YearNotice, AuditEntry, SettingValue)
    return {table.__tablename__: session.scalar(select(func.count()).select_from(table)) or 0 for table in tables}


def audit() -> list[tuple[str, str, dict[str, object]]]:
    """Action, subject and data of every audit entry, in order."""
    return [
        (entry.action, entry.subject, entry.data)
        for entry in session.scalars(select(AuditEntry).order_by(AuditEntry.id))
    ]
