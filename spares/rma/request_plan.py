"""A spare request that is fit to be carried out: plain values, read from a checked form before the transaction begins."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from spares.cases.confirmation_clock import FaultLevel
from spares.cases.models import FaultConfirmation
from spares.dispatch.models import DeliveryMethod
from spares.dispatch.orders import ShipTo, Wanted
from spares.rma.request_forms import ANEW, RequestForm
from spares.rma.request_reading import Reading, WantedLine, ship_value
from spares.rma.request_standing import Unit


@dataclass(frozen=True, kw_only=True)
class Plan:
    """`case_id` None: a case is opened from `new_case`, the keyword arguments of `open_case`. `confirmation_id` is the
    standing confirmation that the person was shown, `anew` the wish for another one. `units` are the faulty units; with
    `another` they may be in an exchange already."""

    case_id: int | None
    new_case: dict[str, Any]
    faulty_part_id: int
    anew: bool
    confirmation_id: int | None
    units: frozenset[Unit]
    another: bool
    serial: str
    level: FaultLevel
    finding: str
    confirmed_at: datetime
    wanted: list[Wanted]
    ship_to: ShipTo
    depot_id: int


def plan_of(form: RequestForm, reading: Reading, depot_id: int, confirmed_at: datetime) -> Plan:
    """The plan of a form in which `check_whole` and its own validation found nothing wrong."""
    if reading.faulty_part is None:
        raise AssertionError("no request passes the checks without the faulty part")
    used = reading.used
    return Plan(
        case_id=reading.case.id if reading.case else None,
        new_case={} if reading.case else _new_case(form, reading),
        faulty_part_id=reading.faulty_part.id,
        anew=form.confirmation.data == ANEW,
        confirmation_id=used.id if used and _was_shown(form, used) else None,
        units=frozenset(reading.units),
        another=form.another.data,
        serial=form.serial.data or "",
        level=used.level if used else FaultLevel(form.level.data),
        finding=used.finding if used else form.finding.data or "",
        confirmed_at=confirmed_at,
        wanted=[_wanted(line) for line in reading.wanted],
        ship_to=_ship_to(form, reading),
        depot_id=depot_id,
    )


def _was_shown(form: RequestForm, used: FaultConfirmation) -> bool:
    """Whether the page showed it, or nothing was typed that it would leave aside."""
    shown = form.confirmation.data or ""
    return shown == str(used.id) or not (shown or (form.finding.data or "").strip())


def _new_case(form: RequestForm, reading: Reading) -> dict[str, Any]:
    if reading.customer is None:
        raise AssertionError("no request passes the checks without the customer")
    known = reading.device if reading.device and reading.device.customer.id == reading.customer.id else None
    first_line = next(iter((form.finding.data or "").strip().splitlines()), "")
    return {
        "customer_id": reading.customer.id,
        "title": (form.title.data or "").strip() or first_line[:200],
        "external_number": form.external_number.data or "",
        "site_id": reading.site.id if reading.site else None,
        "contract_id": known.contract.id if known and known.contract else None,
        "equipment_id": known.equipment.id if known else None,
    }


def _wanted(line: WantedLine) -> Wanted:
    """A further line is for a part of its own; the first is for the unit whose fault was confirmed."""
    if line.part is None:
        raise AssertionError("no request passes the checks with an unknown part")
    if line.entry is None:
        return Wanted(part_id=line.part.id, quantity=line.quantity)
    return Wanted(
        part_id=line.part.id,
        quantity=line.quantity,
        faulty_part_id=line.part.id,
        faulty_serial="" if line.counted else line.serial,
    )


def _ship_to(form: RequestForm, reading: Reading) -> ShipTo:
    """The site's name goes on the slip only with the site's own address."""
    address = ship_value(form, reading, "address")
    return ShipTo(
        consignee=ship_value(form, reading, "consignee"),
        phone=ship_value(form, reading, "phone"),
        address=address,
        second_contact=ship_value(form, reading, "second_contact"),
        method=DeliveryMethod(form.method.data),
        site_name=reading.site.name if reading.site is not None and reading.site.address.strip() == address else "",
        note=form.note.data or "",
    )
