"""The outgoing leg: what the depot must send by when, what left in which shipment, and the frozen papers."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from spares.cases.confirmation_clock import FaultLevel
from spares.cases.models import ServiceCase
from spares.db import Base, Id, text_enum
from spares.dispatch.lifecycle import LineState, ShipmentState
from spares.inventory.models import Part, Unit
from spares.numbers import NumberKind, number


class DeliveryMethod(StrEnum):
    """By courier, fetched by the customer, or carried by an engineer who then brings the faulty part back (§10.1.6 B)."""

    COURIER = "courier"
    PICK_UP = "pick_up"
    ENGINEER = "engineer"


class DispatchOrder(Base):
    """What one depot must send for one RMA. `first_due_at` is the promise as first made and never changes; `due_at` is
    the promise in force. `open_lines` counts lines not yet dispatched or cancelled, for the board."""

    __tablename__ = "dispatch_order"
    __table_args__ = (Index(None, "depot_id", "is_open", "due_at"), Index(None, "rma_id"), Index(None, "case_id"))
    id: Mapped[int] = mapped_column(Id, primary_key=True, init=False)
    rma_id: Mapped[int] = mapped_column(ForeignKey("rma.id"))
    case_id: Mapped[int] = mapped_column(ForeignKey("service_case.id"))
    depot_id: Mapped[int] = mapped_column(ForeignKey("depot.id"))
    level: Mapped[FaultLevel] = mapped_column(text_enum(FaultLevel))
    confirmed_at: Mapped[datetime]
    promise_kind: Mapped[str] = mapped_column(String(40))
    promise_reason: Mapped[str] = mapped_column(String(40))
    promise_provisional: Mapped[bool]
    first_due_at: Mapped[datetime]
    due_at: Mapped[datetime]
    created_at: Mapped[datetime]
    method: Mapped[DeliveryMethod] = mapped_column(text_enum(DeliveryMethod))
    consignee: Mapped[str] = mapped_column(String(80))
    phone: Mapped[str] = mapped_column(String(40))
    address: Mapped[str] = mapped_column(String(300))
    site_name: Mapped[str] = mapped_column(String(120), default="")
    second_contact: Mapped[str] = mapped_column(String(120), default="")
    note: Mapped[str] = mapped_column(String(500), default="")
    is_open: Mapped[bool] = mapped_column(default=True)
    promise_changed_by_hand: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=1)
    case: Mapped[ServiceCase] = relationship(init=False, repr=False, viewonly=True)
    lines: Mapped[list["DispatchLine"]] = relationship(
        init=False, repr=False, viewonly=True, order_by="DispatchLine.line_no"
    )

    @property
    def number(self) -> str:
        """`DO-000042`."""
        return number(NumberKind.DISPATCH_ORDER, self.id)

    @property
    def rma_number(self) -> str:
        """The exchange's number, which stands on both slips."""
        return number(NumberKind.RMA, self.rma_id)


class PromiseChange(Base):
    """A promise set anew: by an RMA administrator with a reason, or by a calendar change. Append-only."""

    __tablename__ = "promise_change"
    id: Mapped[int] = mapped_column(Id, primary_key=True, init=False)
    order_id: Mapped[int] = mapped_column(ForeignKey("dispatch_order.id"), index=True)
    old_due_at: Mapped[datetime]
    new_due_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(String(300))
    changed_at: Mapped[datetime]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))


class DispatchLine(Base):
    """One item to send: one unit of a serial-tracked part, or a quantity of a counted one. `part_id` is what is to be
    sent; when it differs from `requested_part_id` it is an approved substitute, `substitution_reason` says why."""

    __tablename__ = "dispatch_line"
    __table_args__ = (UniqueConstraint("order_id", "line_no"), Index(None, "state", "part_id"))
    id: Mapped[int] = mapped_column(Id, primary_key=True, init=False)
    order_id: Mapped[int] = mapped_column(ForeignKey("dispatch_order.id"))
    line_no: Mapped[int]
    requested_part_id: Mapped[int] = mapped_column(ForeignKey("part.id"))
    part_id: Mapped[int] = mapped_column(ForeignKey("part.id"))
    quantity: Mapped[int]
    state: Mapped[LineState] = mapped_column(text_enum(LineState))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"), default=None)
    faulty_part_id: Mapped[int | None] = mapped_column(ForeignKey("part.id"), default=None)
    faulty_serial: Mapped[str] = mapped_column(String(80), default="")
    substitution_reason: Mapped[str] = mapped_column(String(300), default="")
    part: Mapped[Part] = relationship(init=False, repr=False, viewonly=True, foreign_keys=[part_id])
    requested_part: Mapped[Part] = relationship(init=False, repr=False, viewonly=True, foreign_keys=[requested_part_id])
    unit: Mapped[Unit | None] = relationship(init=False, repr=False, viewonly=True)


class Shipment(Base):
    """What leaves together, in one or more packages under one waybill. `due_at` and `promise_met` are written once, at
    the dispatch, from the promise in force then."""

    __tablename__ = "shipment"
    __table_args__ = (Index(None, "order_id"), Index(None, "waybill_key"), Index(None, "state", "dispatched_at"))
    id: Mapped[int] = mapped_column(Id, primary_key=True, init=False)
    order_id: Mapped[int] = mapped_column(ForeignKey("dispatch_order.id"))
    state: Mapped[ShipmentState] = mapped_column(text_enum(ShipmentState))
    packages: Mapped[int]
    weight_grams: Mapped[int | None]
    packed_at: Mapped[datetime]
    packed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    carrier: Mapped[str] = mapped_column(String(60), default="")
    waybill: Mapped[str] = mapped_column(String(60), default="")
    waybill_key: Mapped[str] = mapped_column(String(60), default="")
    dispatched_at: Mapped[datetime | None] = mapped_column(default=None)
    dispatched_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), default=None)
    due_at: Mapped[datetime | None] = mapped_column(default=None)
    promise_met: Mapped[bool | None] = mapped_column(default=None)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
    version: Mapped[int] = mapped_column(default=1)
    order: Mapped[DispatchOrder] = relationship(init=False, repr=False, viewonly=True)

    @property
    def number(self) -> str:
        """`SH-000042`: the number of the shipping slip."""
        return number(NumberKind.SHIPMENT, self.id)


class ShipmentLine(Base):
    """Which lines were packed into which shipment, with the unit, and a piece's price in the catalogue at the packing.

    That price is the value that the shipping slip declares. What finance reports and a customer is charged is the price
    at the dispatch, which the obligation keeps: a price may change between the two, and only what owes has the second."""

    __tablename__ = "shipment_line"
    shipment_id: Mapped[int] = mapped_column(ForeignKey("shipment.id"), primary_key=True)
    line_id: Mapped[int] = mapped_column(ForeignKey("dispatch_line.id"), primary_key=True, index=True)
    quantity: Mapped[int]
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"), default=None)
    price_minor: Mapped[int | None] = mapped_column(BigInteger, default=None)
    currency: Mapped[str] = mapped_column(String(3), default="CNY")


class DocumentKind(StrEnum):
    """The two slips."""

    SHIPPING_SLIP = "shipping_slip"
    RETURN_SLIP = "return_slip"


class Document(Base):
    """A paper's content as it was when first printed; every reprint draws the same data. `data` never changes; a line of
    `document_print` is added for every print."""

    __tablename__ = "document"
    __table_args__ = (Index(None, "kind", "subject"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True, init=False)
    kind: Mapped[DocumentKind] = mapped_column(text_enum(DocumentKind))
    subject: Mapped[str] = mapped_column(String(40))
    data: Mapped[dict[str, Any]]
    frozen_at: Mapped[datetime]
    frozen_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))


class DocumentPrint(Base):
    """One print of a document: 1 is the original, the others are copies."""

    __tablename__ = "document_print"
    __table_args__ = (UniqueConstraint("document_id", "copy_no"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True, init=False)
    document_id: Mapped[int] = mapped_column(ForeignKey("document.id"))
    copy_no: Mapped[int]
    printed_at: Mapped[datetime]
    printed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
