"""What a spare request says so far: the records meant by what was typed, for the preview and for the act alike.

Reading never refuses: what is missing or unknown is simply not there. `problems` is what stands against the request."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from wtforms import Field

from spares import settings
from spares.accounts.access import Actor
from spares.calendars.models import Depot
from spares.cases import queries as cases
from spares.cases.models import CaseState, Customer, FaultConfirmation, ServiceCase, Site
from spares.cases.services import check_confirmed_at
from spares.errors import Conflict, Invalid, NotFound, SparesError
from spares.inventory.models import Part, Tracking
from spares.inventory.part_lookup import parts_by_number, the_part
from spares.numbers import scan_key
from spares.rma.request_forms import ANEW, BY_LOOK_UP, BY_PERSON, LineForm, RequestForm
from spares.rma.request_standing import Asked, Standing, Unit, asked_already, standing_confirmation
from spares.rma.sent_units import sent_under
from spares.web import as_utc


@dataclass(frozen=True)
class WantedLine:
    """One line as typed: `part` is None while it is not known which is meant. `entry` is None for the first line."""

    typed: str
    part: Part | None
    serial: str
    quantity: int
    entry: LineForm | None

    @property
    def counted(self) -> bool:
        return self.part is not None and self.part.tracking is Tracking.COUNTED


@dataclass
class Reading:
    """The records meant by a form. Wherever a field was left empty, what is known of the device or case stands in.

    `open_cases` are those about the device, while no case number is typed; for an existing case the only one of them is
    `case` at once, and nobody has to type its number. `confirmed` is the confirmation that stands for the unit in the
    case, `used` the same unless the fault is confirmed anew."""

    actor: Actor
    serial_key: str
    case: ServiceCase | None = None
    open_cases: list[ServiceCase] = field(default_factory=list)
    device: cases.Device | None = None
    customer: Customer | None = None
    sites: list[Site] = field(default_factory=list)
    site: Site | None = None
    faulty_part: Part | None = None
    wanted: list[WantedLine] = field(default_factory=list)
    confirmed: Standing | None = None
    used: FaultConfirmation | None = None
    problems: list[tuple[Field, SparesError]] = field(default_factory=list)

    @property
    def units(self) -> set[Unit]:
        """The faulty units with a serial, as far as they are known."""
        found = {
            (line.part.id, scan_key(line.serial))
            for line in self.wanted
            if line.entry and line.part and not line.counted
        }
        if self.faulty_part is not None:
            found.add((self.faulty_part.id, self.serial_key))
        return {(part_id, key) for part_id, key in found if key}

    @cached_property
    def asked(self) -> list[Asked]:
        """Exchanges under way for the faulty units. Looked up when a page shows them; the act asks under its lock."""
        return asked_already(self.units, self.actor)

    def against(self, at: Field, error: SparesError) -> None:
        """Note a problem at a field."""
        self.problems.append((at, error))


def read(form: RequestForm, actor: Actor) -> Reading:
    """Find what the form means. The number of statements does not grow with its lines."""
    reading = Reading(actor, scan_key(_text(form.serial)))
    lines = [entry.form for entry in form.lines if not entry.form.is_empty]
    parts = parts_by_number({_text(form.part), _text(form.wanted), *(_text(line.part) for line in lines)})
    _read_case(reading, form, actor)
    _read_device(reading, form, parts)
    _read_sent(reading, form, actor)
    _offer_cases(reading, form, actor)
    _read_confirmed(reading, form)
    _read_customer(reading, form)
    _read_wanted(reading, form, lines, parts)
    return reading


def look_up(form: RequestForm, actor: Actor) -> tuple[Reading, bool]:
    """The same for a page that is still being filled in; and whether that chose the other kind of case by itself.

    A serial without an open case can only be for a new one, so that is chosen, and taken back when the serial changes to
    one that has a case. What a person chose against it, or typed for either kind, stays."""
    before = form.case_mode.data
    if form.case_chosen.data == BY_LOOK_UP:
        if _is_existing(form) or any(_text(form[name]) for name in ("customer", "title", "external_number")):
            form.case_chosen.data = BY_PERSON
        else:
            form.case_mode.data = "existing"
            form.case_chosen.data = ""
    reading = read(form, actor)
    if _has_no_case(form, reading):
        form.case_mode.data, form.case_chosen.data = "new", BY_LOOK_UP
        reading = read(form, actor)
    return reading, form.case_mode.data != before


def _has_no_case(form: RequestForm, reading: Reading) -> bool:
    """Whether the form means an existing case although none can be meant. A serial of several parts, or a part that is
    not known, may yet turn out to have one."""
    unclear = any(at is form.part for at, _error in reading.problems)
    asked = _is_existing(form) and not form.case_chosen.data and not _text(form.case_number)
    return asked and bool(reading.serial_key) and not unclear and reading.case is None and not reading.open_cases


def confirmed_instant(form: RequestForm, reading: Reading, depot: Depot) -> datetime | None:
    """The instant of the confirmation in use, else of the one typed; None while none that can be read was typed. Raises Invalid for a year beyond
    what clocks can count."""
    if reading.used is not None:
        return reading.used.confirmed_at
    typed = form.confirmed_at.data
    if typed is None:
        return None
    try:
        return as_utc(typed, depot.time_zone)
    except OverflowError:
        raise Invalid(
            "confirmed_too_long_ago", field="confirmed_at", at=typed.replace(tzinfo=UTC), hours=_hours()
        ) from None


def check_whole(form: RequestForm, reading: Reading, confirmed_at: datetime | None, now: datetime) -> None:
    """Add what is missing before the request can be made."""
    if _is_existing(form):
        if reading.case is None and not _text(form.case_number):
            reading.against(form.case_number, _no_case(reading))
        elif reading.case is not None and reading.case.state is not CaseState.OPEN:
            reading.against(form.case_number, Conflict("case_closed", number=reading.case.number))
    elif reading.customer is None and not _text(form.customer):
        reading.against(form.customer, Invalid("customer_needed"))
    if reading.faulty_part is None and not _text(form.part):
        reading.against(form.part, Invalid("part_needed"))
    if confirmed_at is not None and reading.used is None:
        try:
            check_confirmed_at(confirmed_at, now)
        except Invalid as error:
            reading.against(form.confirmed_at, error)
    _check_lines(form, reading)
    for at in (form.consignee, form.phone, form.address):
        if not ship_value(form, reading, at.short_name):
            reading.against(at, Invalid("value_missing"))


def ship_value(form: RequestForm, reading: Reading, name: str) -> str:
    """A field of the destination: what was typed, else what is known of the site."""
    typed = _text(form[name])
    if typed or reading.site is None:
        return typed
    return site_values(reading.site).get(name, "")


def site_values(site: Site) -> dict[str, str]:
    """What a site says about a destination, by the form's field names."""
    return {
        "consignee": site.contact_name,
        "phone": site.contact_phone,
        "address": site.address,
        "second_contact": site.second_contact,
    }


def _read_case(reading: Reading, form: RequestForm, actor: Actor) -> None:
    if not _is_existing(form) or not _text(form.case_number):
        return
    try:
        reading.case = cases.case_numbered(_text(form.case_number), actor)
    except NotFound as error:
        reading.against(form.case_number, error)


def _read_device(reading: Reading, form: RequestForm, parts: dict[str, list[Part]]) -> None:
    typed = _text(form.part)
    devices = cases.devices_with(_text(form.serial))
    if typed:
        try:
            reading.faulty_part = the_part(parts[typed], typed, "part")
        except SparesError as error:
            reading.against(form.part, error)
            return
        devices = [one for one in devices if one.part.id == reading.faulty_part.id]
    if len(devices) == 1:
        reading.device = devices[0]
        reading.faulty_part = devices[0].part
    elif len(devices) > 1:
        numbers = sorted(one.part.part_number for one in devices)
        reading.against(form.part, Conflict("serial_of_several", parts=numbers))


def _read_sent(reading: Reading, form: RequestForm, actor: Actor) -> None:
    """A serial that is no customer's device may be of a good part that we sent: dead on arrival, it belongs to that case."""
    case_is_open = _is_existing(form) and not _text(form.case_number)
    if reading.device is not None or not _text(form.serial) or (_text(form.part) and not case_is_open):
        return
    sent = sent_under(_text(form.serial), actor)
    if reading.faulty_part is not None:
        sent = [(part, case) for part, case in sent if part.id == reading.faulty_part.id]
    if len({part.id for part, _case in sent}) != 1:
        return
    reading.faulty_part = sent[0][0]
    if reading.case is None and not _text(form.case_number):
        reading.open_cases = list({case.id: case for _part, case in sent}.values())
        if _is_existing(form) and len(reading.open_cases) == 1:
            reading.case = reading.open_cases[0]


def _offer_cases(reading: Reading, form: RequestForm, actor: Actor) -> None:
    if reading.device is None or reading.case is not None or (_is_existing(form) and _text(form.case_number)):
        return
    reading.open_cases = list(cases.open_cases_of(reading.device.equipment.id, actor))
    if _is_existing(form) and len(reading.open_cases) == 1:
        reading.case = reading.open_cases[0]


def _read_confirmed(reading: Reading, form: RequestForm) -> None:
    """The fault may be confirmed already: the request rests on that, and the promise counts from it."""
    if reading.case is None or (reading.faulty_part is None and _text(form.part)):
        return
    part_id = reading.faulty_part.id if reading.faulty_part else None
    reading.confirmed = standing_confirmation(reading.case.id, _text(form.serial), part_id)
    if reading.confirmed is None:
        return
    reading.faulty_part = reading.confirmed.part
    if form.confirmation.data != ANEW:
        reading.used = reading.confirmed.confirmation


def _no_case(reading: Reading) -> SparesError:
    """Why the request has no case: nothing to go by, or several to choose from."""
    if not reading.open_cases:
        return Invalid("case_needed")
    return Invalid("case_to_choose", count=len(reading.open_cases))


def _read_customer(reading: Reading, form: RequestForm) -> None:
    if _is_existing(form):
        if reading.case is not None:
            reading.customer = reading.case.customer
        elif not _text(form.case_number) and reading.device is not None:
            reading.customer = reading.device.customer  # the case is still to be chosen; where to ship is known
    elif _text(form.customer):
        try:
            reading.customer, reading.sites = cases.customer_with_sites(_text(form.customer))
        except NotFound as error:
            reading.against(form.customer, error)
    elif reading.device is not None:
        reading.customer = reading.device.customer
    if reading.customer is None:
        return
    if not reading.sites:
        reading.sites = list(cases.sites_of(reading.customer.id))
    device_site = reading.device.site if reading.device else None
    case_site_id = reading.case.site_id if reading.case else None
    wanted = _text(form.site)
    usual = case_site_id or (device_site.id if device_site else None)
    only = reading.sites[0] if len(reading.sites) == 1 else None
    reading.site = next((one for one in reading.sites if str(one.id) == wanted), None)
    if reading.site is None and wanted != "other":
        reading.site = next((one for one in reading.sites if one.id == usual), only)


def _read_wanted(reading: Reading, form: RequestForm, lines: list[LineForm], parts: dict[str, list[Part]]) -> None:
    first = _text(form.wanted)
    part = _line_part(reading, form.wanted, parts) if first else reading.faulty_part
    reading.wanted.append(WantedLine(first, part, _text(form.serial), form.quantity.data or 1, None))
    for line in lines:
        found = _line_part(reading, line.part, parts)
        reading.wanted.append(WantedLine(_text(line.part), found, _text(line.serial), line.quantity.data or 1, line))


def _line_part(reading: Reading, at: Field, parts: dict[str, list[Part]]) -> Part | None:
    typed = _text(at)
    if not typed:
        reading.against(at, Invalid("part_needed"))
        return None
    try:
        return the_part(parts[typed], typed, at.short_name)
    except SparesError as error:
        reading.against(at, error)
        return None


def _check_lines(form: RequestForm, reading: Reading) -> None:
    seen: set[tuple[int | None, str]] = set()
    if reading.faulty_part is not None:
        seen.add((reading.faulty_part.id, scan_key(_text(form.serial))))
    for line in reading.wanted:
        if line.part is None:
            continue
        quantity = line.entry.quantity if line.entry else form.quantity
        if not line.counted and line.quantity != 1:
            reading.against(quantity, Invalid("one_unit_a_line"))
        if line.entry is None or line.counted:
            continue
        if not line.serial:
            if line.part.return_required:
                reading.against(line.entry.serial, Invalid("serial_of_line_needed"))
            continue
        key = (line.part.id, scan_key(line.serial))
        if key in seen:
            reading.against(line.entry.serial, Conflict("serial_twice", serial=line.serial))
        seen.add(key)


def _is_existing(form: RequestForm) -> bool:
    return bool(form.case_mode.data == "existing")


def _hours() -> int:
    return settings.current().backdate_confirmation_hours


def _text(at: Any) -> str:
    return str(at.data or "").strip()
