"""What can be done to customers, equipment and cases. Every step of a case lands on its timeline."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select

from spares import settings
from spares.accounts.access import Actor, Permission
from spares.cases.confirmation_clock import FaultLevel
from spares.cases.models import (
    CaseAttachment,
    CaseState,
    Contract,
    Customer,
    Equipment,
    FaultConfirmation,
    ServiceCase,
    Site,
)
from spares.cases.timeline import lock_case, record
from spares.db import session
from spares.errors import Conflict, Invalid
from spares.numbers import parse, scan_key

Objection = Callable[[ServiceCase], None]
_objections: list[Objection] = []


def objects_to_closing(objection: Objection) -> None:
    """Have a function of an upper slice asked about every case that is to be closed: it raises Conflict while something
    of the case would go on. Registering it again changes nothing."""
    if objection not in _objections:
        _objections.append(objection)


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who reported the problem."""

    name: str = ""
    phone: str = ""
    email: str = ""


def add_customer(*, code: str, name: str, actor: Actor) -> Customer:
    """A new customer. Raises Conflict when the customer number is taken."""
    actor.must(Permission.CUSTOMERS_EDIT)
    code, name = _needed(code, "code"), _needed(name, "name")
    if session.scalar(select(Customer.id).where(Customer.code == code)) is not None:
        raise Conflict("customer_exists", field="code", number=code)
    customer = Customer(code=code, name=name)
    session.add(customer)
    session.flush()
    return customer


def add_site(customer_id: int, *, name: str, address: str, actor: Actor, **contact: str) -> Site:
    """A new place of the customer; `contact` may name contact_name, contact_phone, contact_email, second_contact."""
    actor.must(Permission.CUSTOMERS_EDIT)
    site = Site(customer_id=customer_id, name=_needed(name, "name"), address=_needed(address, "address"), **contact)
    session.add(site)
    session.flush()
    return site


def add_contract(
    customer_id: int,
    *,
    number: str,
    actor: Actor,
    title: str = "",
    accepted_on: date | None = None,
    warranty_ends_on: date | None = None,
) -> Contract:
    """A new contract; `accepted_on` is the final acceptance (终验合格) that the warranty runs from."""
    actor.must(Permission.CUSTOMERS_EDIT)
    number = _needed(number, "number")
    if session.scalar(select(Contract.id).where(Contract.number == number)) is not None:
        raise Conflict("contract_exists", field="number", number=number)
    contract = Contract(
        customer_id=customer_id,
        number=number,
        title=title.strip(),
        accepted_on=accepted_on,
        warranty_ends_on=warranty_ends_on,
    )
    session.add(contract)
    session.flush()
    return contract


def add_equipment(
    customer_id: int,
    *,
    part_id: int,
    serial: str,
    actor: Actor,
    site_id: int | None = None,
    contract_id: int | None = None,
    name: str = "",
) -> Equipment:
    """A device at the customer's. Raises Conflict when the part and serial are known already."""
    actor.must(Permission.CUSTOMERS_EDIT)
    serial = _needed(serial, "serial")
    key = scan_key(serial)
    known = select(Equipment.id).where(Equipment.part_id == part_id, Equipment.serial_key == key)
    if session.scalar(known) is not None:
        raise Conflict("equipment_exists", field="serial", serial=serial)
    equipment = Equipment(
        customer_id=customer_id,
        site_id=site_id,
        part_id=part_id,
        serial=serial,
        serial_key=key,
        contract_id=contract_id,
        name=name.strip(),
    )
    session.add(equipment)
    session.flush()
    return equipment


def open_case(
    *,
    customer_id: int,
    title: str,
    level: FaultLevel,
    actor: Actor,
    now: datetime,
    external_number: str = "",
    site_id: int | None = None,
    contract_id: int | None = None,
    equipment_id: int | None = None,
    description: str = "",
    caller: Caller | None = None,
) -> ServiceCase:
    """A new case, assigned to the engineer who opens it. `external_number` is its number in another case system: it must
    match the configured pattern in full and look like none of our own. Raises Invalid or Conflict at that field."""
    actor.must(Permission.CASES_EDIT)
    title = _needed(title, "title")
    caller = caller or Caller()
    case = ServiceCase(
        customer_id=customer_id,
        title=title,
        level=level,
        opened_at=now,
        opened_by_id=actor.id,
        assigned_to_id=actor.id,
        external_number=_external(external_number),
        site_id=site_id,
        contract_id=contract_id,
        equipment_id=equipment_id,
        description=description.strip(),
        contact_name=caller.name.strip(),
        contact_phone=caller.phone.strip(),
        contact_email=caller.email.strip(),
    )
    session.add(case)
    session.flush()
    record(case, "case_opened", actor=actor, now=now, title=title, level=level.value)
    return case


def confirm_fault(
    case: ServiceCase,
    *,
    part_id: int,
    serial: str,
    level: FaultLevel,
    finding: str,
    confirmed_at: datetime,
    actor: Actor,
    now: datetime,
) -> FaultConfirmation:
    """State that a unit has a hardware fault: the gate before any spare. The caller has locked the case.

    `confirmed_at` may lie back as far as the setting allows (the promise counts from it), never in the future. A
    changed level is taken over by the case, with both values on the timeline."""
    actor.must(Permission.FAULT_CONFIRM)
    _must_be_open(case)
    check_confirmed_at(confirmed_at, now)
    serial = _needed(serial, "serial")
    if level is not case.level:
        change_level(case, level, actor=actor, now=now)
    confirmation = FaultConfirmation(
        case_id=case.id,
        part_id=part_id,
        serial=serial,
        serial_key=scan_key(serial),
        level=level,
        finding=_needed(finding, "finding"),
        confirmed_at=confirmed_at,
        recorded_at=now,
        confirmed_by_id=actor.id,
    )
    session.add(confirmation)
    session.flush()
    record(
        case,
        "fault_confirmed",
        actor=actor,
        now=now,
        occurred_at=confirmed_at,
        serial=serial,
        level=level.value,
        finding=confirmation.finding,
    )
    return confirmation


def change_level(case: ServiceCase, level: FaultLevel, *, actor: Actor, now: datetime) -> None:
    """Set the fault level of a locked case; old and new stay on the timeline."""
    actor.must(Permission.CASES_EDIT)
    old, case.level = case.level, level
    case.version += 1
    record(case, "level_changed", actor=actor, now=now, old=old.value, new=level.value)


def add_note(case_id: int, text: str, *, actor: Actor, now: datetime) -> None:
    """Anybody may add a note, also to a closed case; it can never be changed."""
    actor.must(Permission.NOTES_ADD)
    record(lock_case(case_id, actor), "note", actor=actor, now=now, text=_needed(text, "text"))


def take_over(case_id: int, *, actor: Actor, now: datetime) -> None:
    """Any engineer can take a case over."""
    actor.must(Permission.CASES_EDIT)
    case = lock_case(case_id, actor)
    _must_be_open(case)
    case.assigned_to_id = actor.id
    case.version += 1
    record(case, "taken_over", actor=actor, now=now, name=actor.name)


def close_case(case_id: int, resolution: str, *, actor: Actor, now: datetime) -> None:
    """Close with what solved it. What is still owed back stays owed, and a closed case still takes notes. Raises Conflict
    while an upper slice objects: an order that is still open would go on taking stock."""
    actor.must(Permission.CASES_EDIT)
    case = lock_case(case_id, actor)
    _must_be_open(case)
    text = _needed(resolution, "resolution")
    for objection in _objections:
        objection(case)
    case.state = CaseState.CLOSED
    case.closed_at = now
    case.version += 1
    record(case, "case_closed", actor=actor, now=now, resolution=text)


def attach(case: ServiceCase, file_id: int, name: str, purpose: str, *, actor: Actor, now: datetime) -> CaseAttachment:
    """Put a stored file on a locked case."""
    actor.must(Permission.NOTES_ADD)
    attachment = CaseAttachment(case_id=case.id, file_id=file_id, purpose=purpose, added_at=now, added_by_id=actor.id)
    session.add(attachment)
    session.flush()
    record(case, "file_attached", actor=actor, now=now, name=name, purpose=purpose, attachment_id=attachment.id)
    return attachment


def _must_be_open(case: ServiceCase) -> None:
    if case.state is not CaseState.OPEN:
        raise Conflict("case_closed", number=case.number)


def check_confirmed_at(confirmed_at: datetime, now: datetime) -> None:
    """Raises Invalid for an instant in the future or further back than the setting allows."""
    if confirmed_at > now:
        raise Invalid("confirmed_in_future", field="confirmed_at", at=confirmed_at, now=now)
    hours = settings.current().backdate_confirmation_hours
    if confirmed_at < now - timedelta(hours=hours):
        raise Invalid("confirmed_too_long_ago", field="confirmed_at", at=confirmed_at, hours=hours)


def _external(text: str) -> str | None:
    typed = text.strip()
    if not typed:
        return None
    if parse(typed) is not None or not re.fullmatch(settings.current().case_number_pattern, typed):
        raise Invalid("case_number_malformed", field="external_number", number=typed)
    if session.scalar(select(ServiceCase.id).where(ServiceCase.external_number == typed)) is not None:
        raise Conflict("case_number_taken", field="external_number", number=typed)
    return typed


def _needed(text: str, field: str) -> str:
    cleaned = text.strip()
    if not cleaned:
        raise Invalid("value_missing", field=field)
    return cleaned
