"""What of a case a scanned or typed text may name."""

from typing import Any

from sqlalchemy import CompoundSelect, literal, select, union_all

from spares.cases.models import Contract, Customer, Equipment, ServiceCase
from spares.db import session
from spares.numbers import NumberKind, key_of, scan_key
from spares.web import Hit


def find(text: str) -> list[Hit]:
    """Cases by our number or the other system's, customers' equipment by serial, customers by their number or that of
    a contract; one statement. Whether the person
    may see them is asked where they are opened."""
    typed = text.strip()
    key = key_of(NumberKind.CASE, typed)
    query: CompoundSelect[Any] = union_all(
        select(literal("case"), ServiceCase.id, ServiceCase.external_number).where(
            (ServiceCase.external_number == typed.upper()) | (ServiceCase.external_number == typed)
        ),
        select(literal("case"), ServiceCase.id, ServiceCase.external_number).where(ServiceCase.id == (key or 0)),
        select(literal("equipment"), Equipment.customer_id, Equipment.serial).where(
            Equipment.serial_key == scan_key(typed)
        ),
        select(literal("customer"), Customer.id, Customer.name).where(Customer.code.in_([typed, typed.upper()])),
        select(literal("customer"), Contract.customer_id, Contract.number).where(
            Contract.number.in_([typed, typed.upper()])
        ),
    )
    hits = []
    for kind, found, label in session.execute(query.limit(20)):
        if kind == "case":
            hits.append(Hit("case", label or typed, "case_show", {"case_id": found}))
        else:
            hits.append(Hit(kind, label, "customer_show", {"customer_id": found}))
    return hits
