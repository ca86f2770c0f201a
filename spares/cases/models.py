"""Customers and their equipment, cases, fault confirmations, and the timeline that every step lands on."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from spares.cases.confirmation_clock import FaultLevel
from spares.db import Base, Id, text_enum
from spares.numbers import NumberKind, number


class CaseState(StrEnum):
    """A closed case takes notes and returns still owed, but no new request."""

    OPEN = "open"
    CLOSED = "closed"


class Customer(Base):
    """A company whose network is maintained. `code` is the customer number that agents ask for."""

    __tablename__ = "customer"
    id: Mapped[int] = mapped_column(Id, primary_key=True, init=False)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(120), index=True)
    version: Mapped[int] = mapped_column(default=1)


class Site(Base):
    """A place of a customer that equipment stands at and spares are shipped to."""

    __tablename__ = "site"
    id: Mapped[int] = mapped_column(Id, primary_key=True, init=False)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    address: Mapped[str] = mapped_column(String(300))
    contact_name: Mapped[str] = mapped_column(String(80), default="")
    contact_phone: Mapped[str] = mapped_column(String(40), default="")
    contact_email: Mapped[str] = mapped_column(String(200), default="")
    second_contact: Mapped[str] = mapped_column(String(120), default="")


class Contract(Base):
    """What a customer's equipment is covered by. Warranty runs three years from `accepted_on` (终验合格) unless told otherwise."""

    __tablename__ = "contract"
    id: Mapped[int] = mapped_column(Id, primary_key=True, init=False)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    number: Mapped[str] = mapped_column(String(60), unique=True)
    title: Mapped[str] = mapped_column(String(120), default="")
    accepted_on: Mapped[date | None] = mapped_column(default=None)
    warranty_ends_on: Mapped[date | None] = mapped_column(default=None)


class Equipment(Base):
    """A device or module at a customer's site, known by its serial."""

    __tablename__ = "equipment"
    __table_args__ = (UniqueConstraint("part_id", "serial_key"), Index(None, "serial_key"))
    id: Mapped[int] = mapped_column(Id, primary_key=True, init=False)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    site_id: Mapped[int | None] = mapped_column(ForeignKey("site.id"))
    part_id: Mapped[int] = mapped_column(ForeignKey("part.id"))
    serial: Mapped[str] = mapped_column(String(80))
    serial_key: Mapped[str] = mapped_column(String(80))
    contract_id: Mapped[int | None] = mapped_column(ForeignKey("contract.id"), default=None)
    warranty_ends_on: Mapped[date | None] = mapped_column(default=None)
    name: Mapped[str] = mapped_column(String(120), default="")


class ServiceCase(Base):
    """One customer problem. `external_number` is the number of another case system when it was opened there.

    `timeline_length` and `timeline_head` repeat the sequence and hash of the newest timeline entry; the row is locked
    while an entry is added, which is what keeps the chain a chain."""

    __tablename__ = "service_case"
    __table_args__ = (
        Index(None, "customer_id", "id"),
        Index(None, "state", "id"),
        Index(None, "assigned_to_id", "state"),
    )
    id: Mapped[int] = mapped_column(Id, primary_key=True, init=False)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    title: Mapped[str] = mapped_column(String(200))
    level: Mapped[FaultLevel] = mapped_column(text_enum(FaultLevel))
    opened_at: Mapped[datetime]
    opened_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    assigned_to_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    external_number: Mapped[str | None] = mapped_column(String(40), unique=True, default=None)
    site_id: Mapped[int | None] = mapped_column(ForeignKey("site.id"), default=None)
    contract_id: Mapped[int | None] = mapped_column(ForeignKey("contract.id"), default=None)
    equipment_id: Mapped[int | None] = mapped_column(ForeignKey("equipment.id"), default=None)
    description: Mapped[str] = mapped_column(Text, default="")
    contact_name: Mapped[str] = mapped_column(String(80), default="")
    contact_phone: Mapped[str] = mapped_column(String(40), default="")
    contact_email: Mapped[str] = mapped_column(String(200), default="")
    state: Mapped[CaseState] = mapped_column(text_enum(CaseState), default=CaseState.OPEN)
    closed_at: Mapped[datetime | None] = mapped_column(default=None)
    timeline_length: Mapped[int] = mapped_column(default=0)
    timeline_head: Mapped[str] = mapped_column(String(64), default="")
    version: Mapped[int] = mapped_column(default=1)
    customer: Mapped[Customer] = relationship(init=False, repr=False, viewonly=True)
    site: Mapped[Site | None] = relationship(init=False, repr=False, viewonly=True)

    @property
    def number(self) -> str:
        """The number every record of the case carries: the other system's where there is one, else ours."""
        return self.external_number or number(NumberKind.CASE, self.id)


class TimelineEntry(Base):
    """One step of a case: who did what, when it happened and when it was recorded. Append-only by trigger; `hash` covers
    the entry and the hash before it. The words are made from `kind` and `data` in the reader's language."""

    __tablename__ = "timeline_entry"
    __table_args__ = (UniqueConstraint("case_id", "sequence"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True, init=False)
    case_id: Mapped[int] = mapped_column(ForeignKey("service_case.id"))
    sequence: Mapped[int]
    kind: Mapped[str] = mapped_column(String(60))
    occurred_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    actor_name: Mapped[str] = mapped_column(String(80))
    data: Mapped[dict[str, Any]]
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class FaultConfirmation(Base):
    """An engineer's statement that this unit has a hardware fault: the gate before any spare. Both instants are kept:
    when it was confirmed (the promise counts from it) and when we were told."""

    __tablename__ = "fault_confirmation"
    id: Mapped[int] = mapped_column(Id, primary_key=True, init=False)
    case_id: Mapped[int] = mapped_column(ForeignKey("service_case.id"), index=True)
    part_id: Mapped[int] = mapped_column(ForeignKey("part.id"))
    serial: Mapped[str] = mapped_column(String(80))
    serial_key: Mapped[str] = mapped_column(String(80), index=True)
    level: Mapped[FaultLevel] = mapped_column(text_enum(FaultLevel))
    finding: Mapped[str] = mapped_column(Text)
    confirmed_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    confirmed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))


class CaseAttachment(Base):
    """A file on a case; `purpose` says what it proves (finding, receipt, damage …)."""

    __tablename__ = "case_attachment"
    id: Mapped[int] = mapped_column(Id, primary_key=True, init=False)
    case_id: Mapped[int] = mapped_column(ForeignKey("service_case.id"), index=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("stored_file.id"))
    purpose: Mapped[str] = mapped_column(String(40))
    added_at: Mapped[datetime]
    added_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
