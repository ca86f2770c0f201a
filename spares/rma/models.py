"""The exchange: the RMA, and the obligation to send the faulty part back with everything that happened to it."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from spares.cases.models import Customer, ServiceCase
from spares.db import Base, Id, text_enum
from spares.dispatch.models import DispatchLine
from spares.inventory.models import Part
from spares.numbers import NumberKind, number
from spares.rma.lifecycle import ObligationState


class RmaKind(StrEnum):
    """What is exchanged, and in which order."""

    ADVANCE_REPLACEMENT = "advance_replacement"


class Rma(Base):
    """The authorisation and record of one exchange. Its state is that of its legs."""

    __tablename__ = "rma"
    __table_args__ = (Index(None, "case_id"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True, init=False)
    case_id: Mapped[int] = mapped_column(ForeignKey("service_case.id"))
    confirmation_id: Mapped[int] = mapped_column(ForeignKey("fault_confirmation.id"))
    kind: Mapped[RmaKind] = mapped_column(text_enum(RmaKind))
    requested_at: Mapped[datetime]
    requested_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    cancelled_at: Mapped[datetime | None] = mapped_column(default=None)
    version: Mapped[int] = mapped_column(default=1)
    case: Mapped[ServiceCase] = relationship(init=False, repr=False, viewonly=True)

    @property
    def number(self) -> str:
        """`RMA-000042`."""
        return number(NumberKind.RMA, self.id)


class Obligation(Base):
    """One faulty part owed back for one good part sent, or so many pieces of a counted one. Instants named
    `*_recorded_at` say when we learned of the fact as it stands now; the report "as of" a past date reads the events,
    which also tell what stood before.

    `first_due_on` never changes; `due_on` is in force. `part_id` is what is expected back, `serial` its serial (empty
    when unknown). `price_minor` is the price at dispatch of the good part that went out, a piece: the
    one that counts for reports and charges (that of `shipment_line`, from the packing, is only the slip's declared value).

    Goods that came without ending the obligation (some of the pieces, or another thing that was not accepted) have a row
    of their own, which names the obligation in `came_for_id`. Nothing is owed by such a row: it carries what lies on the
    shelf to its place. `came_quantity` of the obligation counts the pieces that went to such rows, `received_quantity` the
    pieces that lie on the shelf under this very row."""

    __tablename__ = "obligation"
    __table_args__ = (
        Index(None, "state", "due_on"),
        Index(None, "rma_id"),
        Index(None, "case_id"),
        Index(None, "serial_key"),
        Index(None, "return_waybill_key"),
        Index(None, "closed_recorded_at", "started_recorded_at"),
        Index(None, "came_for_id"),
        Index(
            "uq_obligation_line_id_owed",
            "line_id",
            unique=True,
            sqlite_where=text("came_for_id IS NULL"),
            postgresql_where=text("came_for_id IS NULL"),
        ),
    )
    id: Mapped[int] = mapped_column(Id, primary_key=True, init=False)
    rma_id: Mapped[int] = mapped_column(ForeignKey("rma.id"))
    case_id: Mapped[int] = mapped_column(ForeignKey("service_case.id"))
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    depot_id: Mapped[int] = mapped_column(ForeignKey("depot.id"))
    line_id: Mapped[int] = mapped_column(ForeignKey("dispatch_line.id"))
    part_id: Mapped[int] = mapped_column(ForeignKey("part.id"))
    serial: Mapped[str] = mapped_column(String(80))
    serial_key: Mapped[str] = mapped_column(String(80))
    quantity: Mapped[int]
    state: Mapped[ObligationState] = mapped_column(text_enum(ObligationState))
    created_at: Mapped[datetime]
    dispatched_at: Mapped[datetime | None] = mapped_column(default=None)
    shipped_unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"), default=None)
    price_minor: Mapped[int | None] = mapped_column(BigInteger, default=None)
    currency: Mapped[str] = mapped_column(String(3), default="CNY")
    good_received_on: Mapped[date | None] = mapped_column(default=None)
    started_recorded_at: Mapped[datetime | None] = mapped_column(default=None)
    first_due_on: Mapped[date | None] = mapped_column(default=None)
    due_on: Mapped[date | None] = mapped_column(default=None)
    due_provisional: Mapped[bool] = mapped_column(default=False)
    due_changed_by_hand: Mapped[bool] = mapped_column(default=False)
    posted_on: Mapped[date | None] = mapped_column(default=None)
    posted_recorded_at: Mapped[datetime | None] = mapped_column(default=None)
    return_carrier: Mapped[str] = mapped_column(String(60), default="")
    return_waybill: Mapped[str] = mapped_column(String(60), default="")
    return_waybill_key: Mapped[str] = mapped_column(String(60), default="")
    received_at: Mapped[datetime | None] = mapped_column(default=None)
    received_part_id: Mapped[int | None] = mapped_column(ForeignKey("part.id"), default=None)
    received_unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"), default=None)
    received_serial: Mapped[str] = mapped_column(String(80), default="")
    received_quantity: Mapped[int] = mapped_column(default=0)
    came_quantity: Mapped[int] = mapped_column(default=0)
    came_for_id: Mapped[int | None] = mapped_column(ForeignKey("obligation.id"), default=None)
    inspection: Mapped[str] = mapped_column(String(40), default="")
    disposition: Mapped[str] = mapped_column(String(40), default="")
    closed_recorded_at: Mapped[datetime | None] = mapped_column(default=None)
    version: Mapped[int] = mapped_column(default=1)
    rma: Mapped[Rma] = relationship(init=False, repr=False, viewonly=True)
    case: Mapped[ServiceCase] = relationship(init=False, repr=False, viewonly=True)
    customer: Mapped[Customer] = relationship(init=False, repr=False, viewonly=True)
    part: Mapped[Part] = relationship(init=False, repr=False, viewonly=True, foreign_keys=[part_id])
    line: Mapped[DispatchLine] = relationship(init=False, repr=False, viewonly=True)

    @property
    def worth_minor(self) -> int | None:
        """The price at dispatch of the pieces still out; None when no price is known."""
        return None if self.price_minor is None else self.price_minor * self.outstanding

    @property
    def outstanding(self) -> int:
        """The pieces that have not come in part."""
        return self.quantity - self.came_quantity


class ObligationEvent(Base):
    """What happened to an obligation, append-only. For changes of the due date `old_due_on` and `new_due_on` are set;
    `facts` holds the rest (waybill, serial found, reason …). What happens to goods that came for it stands here too."""

    __tablename__ = "obligation_event"
    __table_args__ = (Index(None, "obligation_id", "id"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True, init=False)
    obligation_id: Mapped[int] = mapped_column(ForeignKey("obligation.id"))
    kind: Mapped[str] = mapped_column(String(40))
    recorded_at: Mapped[datetime]
    occurred_at: Mapped[datetime]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    facts: Mapped[dict[str, Any]]
    reason: Mapped[str] = mapped_column(String(300), default="")
    old_due_on: Mapped[date | None] = mapped_column(default=None)
    new_due_on: Mapped[date | None] = mapped_column(default=None)


CLOSING = ("received", "waived", "lost", "charged", "cancelled")
"""Events after which nothing is owed, until a later one of REOPENED."""
REOPENED = "reopened"
"""What came was not accepted, or what was written off as lost was received after all: owed again, by the day in force."""
WAY = ("sent", "received_part", REOPENED)
"""Events that say what is on its way, and with `came` how many pieces had come."""


class DiscrepancyKind(StrEnum):
    """How what came differs from what was expected."""

    OTHER_SERIAL = "other_serial"
    OTHER_PART = "other_part"
    MISSING = "missing"
    ACCESSORIES = "accessories"
    SURPLUS = "surplus"
    UNEXPECTED = "unexpected"
    ELSEWHERE = "elsewhere"


class Discrepancy(Base):
    """A mismatch found at the door: recorded at once, resolved by a decision with a reason. `obligation_id` is null for
    an arrival that no RMA expects. Of a unit that the books have elsewhere `expected` is the record that says so
    (`Standing.record`), and the ledger knows nothing of the arrival."""

    __tablename__ = "discrepancy"
    __table_args__ = (Index(None, "resolved_at", "id"), Index(None, "obligation_id"))
    id: Mapped[int] = mapped_column(Id, primary_key=True, init=False)
    kind: Mapped[DiscrepancyKind] = mapped_column(text_enum(DiscrepancyKind))
    found_at: Mapped[datetime]
    found_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    expected: Mapped[str] = mapped_column(String(200))
    found: Mapped[str] = mapped_column(String(200))
    case_id: Mapped[int] = mapped_column(ForeignKey("service_case.id"))
    obligation_id: Mapped[int | None] = mapped_column(ForeignKey("obligation.id"), default=None)
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"), default=None)
    note: Mapped[str] = mapped_column(String(500), default="")
    resolved_at: Mapped[datetime | None] = mapped_column(default=None)
    resolved_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), default=None)
    resolution: Mapped[str] = mapped_column(String(40), default="")
    resolution_reason: Mapped[str] = mapped_column(String(300), default="")
