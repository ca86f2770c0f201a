"""A stocktake as rows: the run, its bins, every scan as a fact, the differences and what was done about each.

`stocktake_count` and `stocktake_event` are append-only: a scan is taken back by another row, a decision by another event.
Where a bin, a difference or the run stands is kept beside them, and changed in the transaction of the event that says so."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from spares.accounts.models import User
from spares.db import Base, Id, text_enum
from spares.inventory.models import Condition, Location, Part
from spares.inventory.stocktake_lifecycle import BinState, DifferenceState, RunState
from spares.numbers import NumberKind, number


class Scope(StrEnum):
    """What is counted: chosen bins, one part wherever it lies, or every bin of the depot."""

    BINS = "bins"
    PART = "part"
    ALL = "all"


class CountKind(StrEnum):
    """What a count says: a serial or pieces are here, a serial is not here (a recount), no piece was found when the bin
    was finished, or that an earlier scan was a mistake."""

    SERIAL = "serial"
    PIECES = "pieces"
    ABSENT = "absent"
    NOTHING = "nothing"
    UNDO = "undo"


class DifferenceKind(StrEnum):
    """Booked here and not seen; seen here and booked elsewhere; a serial nobody knows; another number of pieces."""

    MISSING = "missing"
    FOUND = "found"
    UNKNOWN = "unknown"
    PIECES = "pieces"


class StocktakeRun(Base):
    """One stocktake of a depot. The rules in force when it was opened are kept with it: whether a recount is another
    person's, and above which value (minor units of `limit_currency`) a second person agrees."""

    __tablename__ = "stocktake_run"
    __table_args__ = (Index(None, "depot_id", "state"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True, init=False)
    depot_id: Mapped[int] = mapped_column(ForeignKey("depot.id"))
    scope: Mapped[Scope] = mapped_column(text_enum(Scope))
    part_id: Mapped[int | None] = mapped_column(ForeignKey("part.id"))
    opened_at: Mapped[datetime]
    opened_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    recount_by_other: Mapped[bool]
    limit_minor: Mapped[int] = mapped_column(BigInteger)
    limit_currency: Mapped[str] = mapped_column(String(3))
    state: Mapped[RunState] = mapped_column(text_enum(RunState), default=RunState.COUNTING)
    note: Mapped[str] = mapped_column(String(120), default="")
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), default=None)
    version: Mapped[int] = mapped_column(default=1)
    part: Mapped[Part | None] = relationship(init=False, repr=False, viewonly=True)

    @property
    def number(self) -> str:
        """`STK-000042`."""
        return number(NumberKind.STOCKTAKE, self.id)


class StocktakeBin(Base):
    """A bin of a run. Counted again, its `round` goes up, and what the earlier rounds saw stays but no longer counts."""

    __tablename__ = "stocktake_bin"
    __table_args__ = (UniqueConstraint("run_id", "location_id"), Index(None, "location_id", "finished_at"))
    id: Mapped[int] = mapped_column(Id, primary_key=True, init=False)
    run_id: Mapped[int] = mapped_column(ForeignKey("stocktake_run.id"))
    location_id: Mapped[int] = mapped_column(ForeignKey("location.id"))
    state: Mapped[BinState] = mapped_column(text_enum(BinState), default=BinState.WAITING)
    round: Mapped[int] = mapped_column(default=1)
    began_at: Mapped[datetime | None] = mapped_column(default=None)
    finished_at: Mapped[datetime | None] = mapped_column(default=None)
    finished_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), default=None)
    location: Mapped[Location] = relationship(init=False, repr=False, viewonly=True)


class StocktakeCount(Base):
    """One scan or one number of pieces, as it was counted: who, when, in which bin. `away`: of the pieces that the ledger
    had there, so many lay picked in orders' boxes at that instant. A row of kind `undo` names the one it takes back."""

    __tablename__ = "stocktake_count"
    __table_args__ = (
        CheckConstraint("quantity >= 0", name="not_below_nothing"),
        Index(None, "bin_id", "round", "serial_key"),
    )
    id: Mapped[int] = mapped_column(Id, primary_key=True, init=False)
    bin_id: Mapped[int] = mapped_column(ForeignKey("stocktake_bin.id"))
    round: Mapped[int]
    kind: Mapped[CountKind] = mapped_column(text_enum(CountKind))
    counted_at: Mapped[datetime]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    serial: Mapped[str] = mapped_column(String(80), default="")
    serial_key: Mapped[str] = mapped_column(String(80), default="")
    part_id: Mapped[int | None] = mapped_column(ForeignKey("part.id"), default=None)
    condition: Mapped[Condition] = mapped_column(text_enum(Condition), default=Condition.GOOD)
    quantity: Mapped[int] = mapped_column(default=1)
    away: Mapped[int] = mapped_column(default=0)
    recount: Mapped[bool] = mapped_column(default=False)
    undoes_id: Mapped[int | None] = mapped_column(ForeignKey("stocktake_count.id"), default=None, unique=True)


class StocktakeDifference(Base):
    """Where count and ledger disagree, as last looked at. `place_id` is the bin it speaks of, `booked_id` where the ledger
    has a found unit. For an unknown serial, part and condition are what the decision says that it is."""

    __tablename__ = "stocktake_difference"
    __table_args__ = (UniqueConstraint("run_id", "key"), Index(None, "place_id"))
    id: Mapped[int] = mapped_column(Id, primary_key=True, init=False)
    run_id: Mapped[int] = mapped_column(ForeignKey("stocktake_run.id"))
    key: Mapped[str] = mapped_column(String(140))
    kind: Mapped[DifferenceKind] = mapped_column(text_enum(DifferenceKind))
    place_id: Mapped[int] = mapped_column(ForeignKey("location.id"))
    counted: Mapped[int]
    expected: Mapped[int]
    counted_at: Mapped[datetime]
    uncertain: Mapped[bool] = mapped_column(default=False)
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"), default=None)
    part_id: Mapped[int | None] = mapped_column(ForeignKey("part.id"), default=None)
    serial: Mapped[str] = mapped_column(String(80), default="")
    condition: Mapped[Condition] = mapped_column(text_enum(Condition), default=Condition.GOOD)
    booked_id: Mapped[int | None] = mapped_column(ForeignKey("location.id"), default=None)
    value_minor: Mapped[int | None] = mapped_column(BigInteger, default=None)
    currency: Mapped[str] = mapped_column(String(3), default="")
    state: Mapped[DifferenceState] = mapped_column(text_enum(DifferenceState), default=DifferenceState.OPEN)
    reason: Mapped[str] = mapped_column(String(300), default="")
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), default=None)
    approved_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), default=None)
    posting_id: Mapped[int | None] = mapped_column(ForeignKey("posting.id"), default=None)
    version: Mapped[int] = mapped_column(default=1)
    place: Mapped[Location] = relationship(init=False, repr=False, viewonly=True, foreign_keys=[place_id])
    booked: Mapped[Location | None] = relationship(init=False, repr=False, viewonly=True, foreign_keys=[booked_id])
    part: Mapped[Part | None] = relationship(init=False, repr=False, viewonly=True)


class StocktakeEvent(Base):
    """What somebody did to a run, to one of its bins or to a difference, with the reason and the values that counted."""

    __tablename__ = "stocktake_event"
    __table_args__ = (Index(None, "run_id", "id"), Index(None, "difference_id"))
    id: Mapped[int] = mapped_column(Id, primary_key=True, init=False)
    run_id: Mapped[int] = mapped_column(ForeignKey("stocktake_run.id"))
    verb: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    bin_id: Mapped[int | None] = mapped_column(ForeignKey("stocktake_bin.id"), default=None)
    difference_id: Mapped[int | None] = mapped_column(ForeignKey("stocktake_difference.id"), default=None)
    reason: Mapped[str] = mapped_column(String(300), default="")
    facts: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    actor: Mapped[User | None] = relationship(init=False, repr=False, viewonly=True)
