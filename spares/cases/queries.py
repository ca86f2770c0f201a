"""Reading cases, customers and equipment, always within what the person may see."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import joinedload

from spares.accounts.access import Actor
from spares.accounts.models import User
from spares.cases.access import must_see, visible_cases
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
from spares.db import session
from spares.errors import NotFound
from spares.files.models import StoredFile
from spares.inventory.models import Part
from spares.numbers import NumberKind, key_of, scan_key

WARRANTY_YEARS = 3


@dataclass(frozen=True)
class Device:
    """A known device with everything it belongs to."""

    equipment: Equipment
    part: Part
    customer: Customer
    site: Site | None
    contract: Contract | None

    @property
    def warranty_ends_on(self) -> date | None:
        """Its own date, else its contract's: three years from the final acceptance unless the contract says otherwise."""
        return self.equipment.warranty_ends_on or contract_warranty(self.contract)


def contract_warranty(contract: Contract | None) -> date | None:
    """The day the contract's warranty ends; None when neither it nor the final acceptance is known."""
    if contract is None or contract.warranty_ends_on or contract.accepted_on is None:
        return contract.warranty_ends_on if contract else None
    accepted = contract.accepted_on
    leap_day = accepted.month == 2 and accepted.day == 29
    return accepted.replace(year=accepted.year + WARRANTY_YEARS, day=28 if leap_day else accepted.day)


def warranty_of(case: ServiceCase, part_id: int, serial_key: str) -> date | None:
    """The day the warranty of a customer's unit ends: by the equipment with this serial and its contract, else by the
    contract of the case; None when nothing tells."""
    query = (
        select(Equipment, Contract)
        .outerjoin(Contract, Contract.id == Equipment.contract_id)
        .where(
            Equipment.customer_id == case.customer_id,
            Equipment.part_id == part_id,
            Equipment.serial_key == serial_key,
        )
    )
    for equipment, contract in session.execute(query):
        ends_on = equipment.warranty_ends_on or contract_warranty(contract)
        if ends_on is not None:
            return ends_on
    return contract_warranty(session.get(Contract, case.contract_id) if case.contract_id is not None else None)


def case_seen(case_id: int, actor: Actor) -> ServiceCase:
    """The case with customer and site. Raises NotFound for one that does not exist or that the person may not see."""
    query = select(ServiceCase).where(ServiceCase.id == case_id)
    case = session.scalars(query.options(joinedload(ServiceCase.customer), joinedload(ServiceCase.site))).first()
    if case is None:
        raise NotFound("not_found")
    must_see(case, actor)
    return case


def case_numbered(typed: str, actor: Actor, field: str = "case_number") -> ServiceCase:
    """The case whose number, ours or the other system's, was typed or scanned. Raises NotFound("case_unknown")."""
    query = select(ServiceCase).options(joinedload(ServiceCase.customer), joinedload(ServiceCase.site))
    key = key_of(NumberKind.CASE, typed)
    mine = (
        ServiceCase.id == key if key is not None else ServiceCase.external_number.in_({typed.strip(), scan_key(typed)})
    )
    found = session.scalars(query.where(mine, visible_cases(actor)).order_by(ServiceCase.id)).first()
    if found is None:
        raise NotFound("case_unknown", field=field, typed=typed.strip()[:40])
    return found


def own_open_cases(actor: Actor, most: int = 20) -> Sequence[ServiceCase]:
    """Open cases assigned to the person, the newest first, with their customers."""
    query = select(ServiceCase).where(ServiceCase.assigned_to_id == actor.id, ServiceCase.state == CaseState.OPEN)
    return session.scalars(
        query.options(joinedload(ServiceCase.customer)).order_by(ServiceCase.id.desc()).limit(most)
    ).all()


def open_cases_of(equipment_id: int, actor: Actor) -> Sequence[ServiceCase]:
    """Open cases about the device that the person may see, the newest first."""
    query = select(ServiceCase).where(ServiceCase.equipment_id == equipment_id, ServiceCase.state == CaseState.OPEN)
    return session.scalars(query.where(visible_cases(actor)).order_by(ServiceCase.id.desc()).limit(5)).all()


def devices_with(serial: str) -> list[Device]:
    """Every known device with this serial: usually one, more when several makers use the same."""
    key = scan_key(serial)
    if not key:
        return []
    rows = session.execute(_devices().where(Equipment.serial_key == key).order_by(Equipment.id).limit(10))
    return [Device(*row) for row in rows]


def devices_of(customer_id: int, most: int = 500) -> list[Device]:
    """The customer's equipment by serial."""
    query = _devices().where(Equipment.customer_id == customer_id).order_by(Equipment.serial_key, Equipment.id)
    return [Device(*row) for row in session.execute(query.limit(most))]


def device(equipment_id: int) -> Device | None:
    """One device."""
    row = session.execute(_devices().where(Equipment.id == equipment_id)).first()
    return Device(*row) if row else None


def _devices() -> Select[Equipment, Part, Customer, Site, Contract]:
    return (
        select(Equipment, Part, Customer, Site, Contract)
        .join(Part, Part.id == Equipment.part_id)
        .join(Customer, Customer.id == Equipment.customer_id)
        .outerjoin(Site, Site.id == Equipment.site_id)
        .outerjoin(Contract, Contract.id == Equipment.contract_id)
    )


def customer(customer_id: int) -> Customer:
    """Raises NotFound."""
    found = session.get(Customer, customer_id)
    if found is None:
        raise NotFound("not_found")
    return found


def customer_named(typed: str, field: str = "customer") -> Customer:
    """The customer whose number or whole name was typed. Raises NotFound("customer_unknown")."""
    return customer_with_sites(typed, field)[0]


def customer_with_sites(typed: str, field: str = "customer") -> tuple[Customer, list[Site]]:
    """As `customer_named`, with the customer's places as `sites_of` gives them."""
    text = typed.strip()
    query = (
        select(Customer, Site)
        .outerjoin(Site, Site.customer_id == Customer.id)
        .where((Customer.code == text) | (Customer.name == text))
        .order_by(Customer.code != text, Customer.id, Site.id)
    )
    rows = session.execute(query).all()
    if not rows:
        raise NotFound("customer_unknown", field=field, typed=text[:40])
    found = rows[0][0]
    return found, [site for customer, site in rows if customer is found and site is not None]


def customers_like(text: str, page: int = 1, size: int = 20) -> tuple[Sequence[Customer], bool]:
    """Customers with the text in name or number, by number; and whether there are more."""
    query = select(Customer).order_by(Customer.code)
    if text.strip():
        like = contains(text)
        query = query.where(Customer.name.ilike(like, escape="/") | Customer.code.ilike(like, escape="/"))
    found = session.scalars(query.limit(size + 1).offset((page - 1) * size)).all()
    return found[:size], len(found) > size


def sites_of(customer_id: int) -> Sequence[Site]:
    """The customer's places, in the order they were added."""
    return session.scalars(select(Site).where(Site.customer_id == customer_id).order_by(Site.id)).all()


def contracts_of(customer_id: int) -> Sequence[Contract]:
    """The customer's contracts, in the order they were added."""
    return session.scalars(select(Contract).where(Contract.customer_id == customer_id).order_by(Contract.id)).all()


def confirmations_of(case_id: int) -> list[tuple[FaultConfirmation, Part, str]]:
    """The fault confirmations of the case with part and confirming person's name, oldest first."""
    query = (
        select(FaultConfirmation, Part, User.display_name)
        .join(Part, Part.id == FaultConfirmation.part_id)
        .outerjoin(User, User.id == FaultConfirmation.confirmed_by_id)
        .where(FaultConfirmation.case_id == case_id)
        .order_by(FaultConfirmation.id)
    )
    return [(row[0], row[1], row[2] or "") for row in session.execute(query)]


def attachments_of(case_id: int) -> Sequence[Row[CaseAttachment, str, int]]:
    """The case's files without their content: (attachment, name, bytes), oldest first."""
    query = select(CaseAttachment, StoredFile.name, StoredFile.size).join(
        StoredFile, StoredFile.id == CaseAttachment.file_id
    )
    return session.execute(query.where(CaseAttachment.case_id == case_id).order_by(CaseAttachment.id)).all()


def attachment_seen(attachment_id: int, actor: Actor) -> CaseAttachment:
    """One attachment, if the person may see its case. Raises NotFound."""
    found = session.get(CaseAttachment, attachment_id)
    if found is None:
        raise NotFound("not_found")
    case_seen(found.case_id, actor)
    return found


def contains(text: str) -> str:
    """A LIKE pattern for text anywhere; `/` is the escape character."""
    escaped = text.strip().replace("/", "//").replace("%", "/%").replace("_", "/_")
    return f"%{escaped}%"


def contract(contract_id: int) -> Contract | None:
    """One contract."""
    return session.get(Contract, contract_id)
