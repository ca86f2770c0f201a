"""The box at the top of every page: each number of an exchange leads to its record."""

import pytest
from flask import Flask

from spares.accounts.access import SYSTEM
from spares.cases import services as cases
from spares.db import transaction
from spares.desk import scan
from spares.desk.words import KINDS
from tests.rma import making


@pytest.mark.parametrize(
    ("typed", "kind", "endpoint"),
    [
        ("S1", "unit", "unit_show"),
        (" ｓ1 ", "unit", "unit_show"),
        ("sw-24", "part", "part_show"),
        ("A-01-01", "location", "location_show"),
        ("CS-000001", "case", "case_show"),
        ("RMA-000001", "rma", "rma_show"),
        ("F9", "obligation", "rma_show"),
        ("DO-000001", "dispatch_order", "order_show"),
        ("SH-000001", "shipment", "shipment_show"),
        ("sf 100", "shipment", "shipment_show"),
        ("c1", "customer", "customer_show"),
        ("HT-2024-7", "customer", "customer_show"),
        ("PO-000001", "posting", "posting_show"),
    ],
)
def test_each_number_leads_to_its_record(context: Flask, typed: str, kind: str, endpoint: str) -> None:
    world = making.make_world()
    making.dispatched(world)
    with transaction():
        cases.add_contract(world.customer.id, number="HT-2024-7", actor=SYSTEM)
    (hit,) = scan.find(typed)
    assert (hit.kind, hit.endpoint) == (kind, endpoint)
    assert hit.kind in KINDS


@pytest.mark.parametrize("typed", ["", "   ", "NOBODY", "RMA", "x" * 500])
def test_what_names_nothing_leads_nowhere(context: Flask, typed: str) -> None:
    making.make_world()
    assert scan.find(typed) == []
