"""Depots with their hours, and the audited days that outrank the holidays library."""

from datetime import date, datetime, time
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from spares.db import Base, Id, text_enum


class Depot(Base):
    """A place that ships and takes back parts, with the hours its promises are counted in (local to `time_zone`)."""

    __tablename__ = "depot"
    id: Mapped[int] = mapped_column(Id, primary_key=True, init=False)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    name_en: Mapped[str] = mapped_column(String(80), default="")
    address: Mapped[str] = mapped_column(String(300), default="")
    phone: Mapped[str] = mapped_column(String(40), default="")
    attention: Mapped[str] = mapped_column(String(80), default="")
    time_zone: Mapped[str] = mapped_column(String(40), default="Asia/Shanghai")
    opens: Mapped[time] = mapped_column(default=time(9))
    closes: Mapped[time] = mapped_column(default=time(17))
    cutoff: Mapped[time] = mapped_column(default=time(14))
    morning_by: Mapped[time] = mapped_column(default=time(12))
    makeup_days_open: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(Integer, default=1)


class DayStatus(StrEnum):
    """What an administrator says of a day; `library` takes an earlier word back, so that the library decides again."""

    OPEN = "open"
    CLOSED = "closed"
    LIBRARY = "library"


class DayOverride(Base):
    """One word about one day, for one depot or (depot_id null) for all. Append-only: the newest row of a day counts,
    and one for the depot outranks one for all."""

    __tablename__ = "day_override"
    __table_args__ = (Index(None, "day", "id"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True, init=False)
    depot_id: Mapped[int | None] = mapped_column(ForeignKey("depot.id"))
    day: Mapped[date]
    status: Mapped[DayStatus] = mapped_column(text_enum(DayStatus))
    reason: Mapped[str] = mapped_column(String(200))
    set_at: Mapped[datetime]
    set_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), default=None)
    notice_id: Mapped[int | None] = mapped_column(ForeignKey("year_notice.id"), default=None)


class YearNotice(Base):
    """An imported State Council notice: from then on the year is no longer provisional."""

    __tablename__ = "year_notice"
    id: Mapped[int] = mapped_column(Id, primary_key=True, init=False)
    year: Mapped[int] = mapped_column(index=True)
    source: Mapped[str] = mapped_column(String(200))
    imported_at: Mapped[datetime]
    imported_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), default=None)
