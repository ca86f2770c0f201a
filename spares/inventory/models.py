"""Parts, substitutes, units, locations, and the tables of the stock ledger.

`posting`, `move`, `hold` and `hold_end` are append-only (triggers refuse UPDATE and DELETE). `unit_state` and
`stock_balance` are caches of them that `spares stock verify` checks and rebuilds; only `ledger.py` writes any of these."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from spares.calendars.models import Depot
from spares.db import Base, Id, text_enum


class Tracking(StrEnum):
    """Serial: every piece is a unit of its own. Counted: only the number of pieces is known (cables, screws)."""

    SERIAL = "serial"
    COUNTED = "counted"


class Condition(StrEnum):
    """良品 · 故障品 · 待检 · 维修中 · 报废."""

    GOOD = "good"
    FAULTY = "faulty"
    TO_INSPECT = "to_inspect"
    IN_REPAIR = "in_repair"
    SCRAPPED = "scrapped"


class LocationKind(StrEnum):
    """Places in a depot hold stock; the others are where stock comes from and goes to, so that every move balances."""

    BIN = "bin"
    RECEIVING = "receiving"
    RETURNS = "returns"
    BENCH = "bench"
    IN_TRANSIT = "in_transit"
    CUSTOMER = "customer"
    SUPPLIER = "supplier"
    VENDOR = "vendor"
    SCRAP = "scrap"
    DIFFERENCE = "difference"
    LOST = "lost"


DEPOT_KINDS = frozenset({LocationKind.BIN, LocationKind.RECEIVING, LocationKind.RETURNS, LocationKind.BENCH})
"""Kinds of location that lie in a depot and keep a balance which may never fall below nothing."""


class Part(Base):
    """A catalogue item. The `*_key` columns are the folded forms (`numbers.scan_key`) it is found by."""

    __tablename__ = "part"
    __table_args__ = (UniqueConstraint("manufacturer_key", "part_number_key"), Index(None, "part_number_key"))
    id: Mapped[int] = mapped_column(Id, primary_key=True, init=False)
    manufacturer: Mapped[str] = mapped_column(String(120))
    manufacturer_key: Mapped[str] = mapped_column(String(120))
    part_number: Mapped[str] = mapped_column(String(120))
    part_number_key: Mapped[str] = mapped_column(String(120))
    description: Mapped[str] = mapped_column(String(300), default="")
    category: Mapped[str] = mapped_column(String(60), default="", index=True)
    tracking: Mapped[Tracking] = mapped_column(text_enum(Tracking), default=Tracking.SERIAL)
    price_minor: Mapped[int | None] = mapped_column(BigInteger, default=None)
    currency: Mapped[str] = mapped_column(String(3), default="CNY")
    return_required: Mapped[bool] = mapped_column(default=True)
    minimum_level: Mapped[int] = mapped_column(default=0)
    weight_grams: Mapped[int | None] = mapped_column(default=None)
    version: Mapped[int] = mapped_column(default=1)


class Substitute(Base):
    """`substitute_id` may stand in for `part_id` (not the other way round). Rank 1 is tried first; only approved ones are."""

    __tablename__ = "substitute"
    __table_args__ = (
        UniqueConstraint("part_id", "substitute_id"),
        CheckConstraint("part_id <> substitute_id", name="not_itself"),
    )
    id: Mapped[int] = mapped_column(Id, primary_key=True, init=False)
    part_id: Mapped[int] = mapped_column(ForeignKey("part.id"), index=True)
    substitute_id: Mapped[int] = mapped_column(ForeignKey("part.id"), index=True)
    rank: Mapped[int]
    note: Mapped[str] = mapped_column(String(300), default="")
    approved_at: Mapped[datetime | None] = mapped_column(default=None)
    approved_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), default=None)


class Location(Base):
    """A bin or another place. `depot_id` is null for the places outside every depot (supplier, customer, in transit …)."""

    __tablename__ = "location"
    __table_args__ = (UniqueConstraint("depot_id", "code"), Index(None, "code_key"))
    id: Mapped[int] = mapped_column(Id, primary_key=True, init=False)
    kind: Mapped[LocationKind] = mapped_column(text_enum(LocationKind))
    code: Mapped[str] = mapped_column(String(40))
    code_key: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(80), default="")
    depot_id: Mapped[int | None] = mapped_column(ForeignKey("depot.id"), default=None)
    depot: Mapped[Depot | None] = relationship(init=False, repr=False, viewonly=True)


class Unit(Base):
    """One serialised physical item, whoever has it. A serial is unique per part: two makers may use the same one."""

    __tablename__ = "unit"
    __table_args__ = (UniqueConstraint("part_id", "serial_key"), Index(None, "serial_key"))
    id: Mapped[int] = mapped_column(Id, primary_key=True, init=False)
    part_id: Mapped[int] = mapped_column(ForeignKey("part.id"))
    serial: Mapped[str] = mapped_column(String(80))
    serial_key: Mapped[str] = mapped_column(String(80))
    part: Mapped[Part] = relationship(init=False, repr=False, viewonly=True)


class PostingKind(StrEnum):
    """Why stock moved; the vocabulary of the stock card."""

    OPENING = "opening"
    RECEIVE = "receive"
    PUT_AWAY = "put_away"
    MOVE = "move"
    ADJUST = "adjust"
    DISPATCH = "dispatch"
    DELIVER = "deliver"
    LOSE = "lose"
    UNDELIVERED = "undelivered"
    RETURN = "return"
    INSPECT = "inspect"
    DISPOSE = "dispose"
    REVERSE = "reverse"


class Posting(Base):
    """A business event of the ledger: one or more moves that happen together. `occurred_at` is when it happened,
    `recorded_at` when we were told; nothing is back-dated into earlier rows."""

    __tablename__ = "posting"
    id: Mapped[int] = mapped_column(Id, primary_key=True, init=False)
    kind: Mapped[PostingKind] = mapped_column(text_enum(PostingKind))
    request_key: Mapped[str] = mapped_column(String(80), unique=True)
    occurred_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    reason: Mapped[str] = mapped_column(String(300), default="")
    reference: Mapped[str] = mapped_column(String(80), default="", index=True)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("service_case.id"), default=None, index=True)
    reverses_id: Mapped[int | None] = mapped_column(ForeignKey("posting.id"), default=None, unique=True)


class Move(Base):
    """`quantity` of a part (1 of one serial) from one place and condition to another. `previous_id` is the unit's move
    before this one, and can be named once: two people cannot both move the unit on from there. `digest` covers the row
    and the digest before it, so that an edit by hand shows."""

    __tablename__ = "move"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="positive"),
        CheckConstraint("unit_id IS NULL OR quantity = 1", name="one_serial"),
        Index(None, "part_id", "id"),
        Index(None, "unit_id", "id"),
    )
    id: Mapped[int] = mapped_column(Id, primary_key=True, init=False)
    posting_id: Mapped[int] = mapped_column(ForeignKey("posting.id"), index=True)
    part_id: Mapped[int] = mapped_column(ForeignKey("part.id"))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    quantity: Mapped[int]
    from_location_id: Mapped[int] = mapped_column(ForeignKey("location.id"))
    from_condition: Mapped[Condition] = mapped_column(text_enum(Condition))
    to_location_id: Mapped[int] = mapped_column(ForeignKey("location.id"))
    to_condition: Mapped[Condition] = mapped_column(text_enum(Condition))
    digest: Mapped[str] = mapped_column(String(64))
    previous_id: Mapped[int | None] = mapped_column(ForeignKey("move.id"), default=None, unique=True)


class Hold(Base):
    """Stock set aside for one dispatch line: one unit, or a quantity of a counted part in one bin."""

    __tablename__ = "hold"
    __table_args__ = (CheckConstraint("quantity > 0", name="positive"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True, init=False)
    line_id: Mapped[int] = mapped_column(ForeignKey("dispatch_line.id"), index=True)
    part_id: Mapped[int] = mapped_column(ForeignKey("part.id"), index=True)
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    location_id: Mapped[int] = mapped_column(ForeignKey("location.id"))
    quantity: Mapped[int]
    held_at: Mapped[datetime]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))


class HoldOutcome(StrEnum):
    """How a hold ended: its stock left by a posting, was freed, or moved to another bin under a new hold."""

    POSTED = "posted"
    RELEASED = "released"
    EXPIRED = "expired"


class HoldEnd(Base):
    """The one end of a hold; the primary key is the hold's, so that there cannot be two."""

    __tablename__ = "hold_end"
    hold_id: Mapped[int] = mapped_column(ForeignKey("hold.id"), primary_key=True)
    outcome: Mapped[HoldOutcome] = mapped_column(text_enum(HoldOutcome))
    ended_at: Mapped[datetime]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    reason: Mapped[str] = mapped_column(String(300), default="")


class UnitState(Base):
    """Cache: where a unit is, in what condition, and under which hold. One row a unit."""

    __tablename__ = "unit_state"
    __table_args__ = (
        Index("ix_unit_state_choose", "part_id", "condition", "location_id", "hold_id", "unit_id"),
        Index(None, "location_id", "condition", "unit_id"),
    )
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), primary_key=True, autoincrement=False)
    part_id: Mapped[int] = mapped_column(ForeignKey("part.id"))
    location_id: Mapped[int] = mapped_column(ForeignKey("location.id"))
    condition: Mapped[Condition] = mapped_column(text_enum(Condition))
    last_move_id: Mapped[int] = mapped_column(ForeignKey("move.id"))
    hold_id: Mapped[int | None] = mapped_column(ForeignKey("hold.id"), default=None, unique=True)
    unit: Mapped[Unit] = relationship(init=False, repr=False, viewonly=True)
    location: Mapped[Location] = relationship(init=False, repr=False, viewonly=True)


class StockBalance(Base):
    """Cache: pieces of a part in one condition in one depot location, and how many of them are held."""

    __tablename__ = "stock_balance"
    __table_args__ = (
        CheckConstraint("on_hand >= 0", name="not_below_nothing"),
        CheckConstraint("held >= 0 AND held <= on_hand", name="held_is_there"),
        Index(None, "location_id"),
    )
    part_id: Mapped[int] = mapped_column(ForeignKey("part.id"), primary_key=True)
    location_id: Mapped[int] = mapped_column(ForeignKey("location.id"), primary_key=True)
    condition: Mapped[Condition] = mapped_column(text_enum(Condition), primary_key=True)
    on_hand: Mapped[int] = mapped_column(default=0)
    held: Mapped[int] = mapped_column(default=0)
