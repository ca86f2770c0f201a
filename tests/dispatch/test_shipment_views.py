"""Packing, papers and the end of a shipment, by the forms of their pages."""

import io
from datetime import timedelta
from html import unescape

import pypdf
import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from spares.accounts.models import Role
from spares.db import session
from spares.dispatch.models import DeliveryMethod, DispatchOrder, Document, DocumentPrint, Shipment
from spares.inventory.ledger_check import verify
from spares.inventory.models import Condition, Location, LocationKind, Posting, UnitState
from spares.rma.models import Obligation
from tests.conftest import NOON
from tests.dispatch.desk import browser, send_form, statements
from tests.dispatch.making import keep, lines_now, make_exchange, pack_all, pick_all, send
from tests.factories import make_bin, make_depot, make_part, put_stock


@pytest.fixture(autouse=True)
def _clock() -> object:
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def order(app: Flask) -> DispatchOrder:
    """An order for two units of one part, both reserved."""
    with app.app_context():
        depot, part = make_depot(address="郑州市某路 8 号"), make_part("SW-24", price_minor=123400)
        put_stock(part, ["S1", "S2"], make_bin(depot))
        return make_exchange(depot, part, part).order


def shipments(app: Flask) -> list[Shipment]:
    with app.app_context():
        found = list(session.scalars(select(Shipment).order_by(Shipment.id)))
        keep(*found)
        session.remove()
        return found


def places(app: Flask) -> dict[str, tuple[LocationKind, Condition]]:
    """Where each unit is, by serial; the ledger and its caches must agree."""
    with app.app_context():
        assert list(verify()) == []
        rows = session.execute(
            select(UnitState, Location.kind).join(Location, Location.id == UnitState.location_id)
        ).all()
        found = {state.unit.serial: (kind, state.condition) for state, kind in rows}
        session.remove()
        return found


def pdf_text(content: bytes) -> str:
    return "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)


def test_a_part_of_the_order_goes_first_and_the_rest_in_another_shipment(app: Flask, order: DispatchOrder) -> None:
    client = browser(app, Role.WAREHOUSE)
    with app.app_context():
        pick_all(order)
        first, second = lines_now(order)
        version = session.get_one(DispatchOrder, order.id).version
    address = f"/dispatch/{order.number}/pack"
    assert client.get(address).text.count('type="checkbox"') == 2
    answer = send_form(client, address, packages=2, weight="4,2 kg", lines=[first.id], version=version)
    assert answer.location == "/shipments/SH-000001"
    with app.app_context():
        assert [line.state for line in lines_now(order)] == ["packed", "picked"]
        version = session.get_one(DispatchOrder, order.id).version
    assert send_form(client, address, packages=1, lines=[second.id], version=version).location == "/shipments/SH-000002"
    assert [(one.packages, one.weight_grams) for one in shipments(app)] == [(2, 4200), (1, None)]
    for number, waybill in ((1, "SF1001"), (2, "SF1002")):
        address = f"/shipments/SH-00000{number}/dispatch"
        assert send_form(client, address, carrier="顺丰", waybill=waybill, version=1).status_code == 302
    with app.app_context():
        assert not session.get_one(DispatchOrder, order.id).is_open
    assert set(places(app).values()) == {(LocationKind.IN_TRANSIT, Condition.GOOD)}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"packages": 0}, "Enter 1 to 999 packages."),
        ({"packages": "many"}, "packages"),
        ({"packages": 1, "weight": "1,200"}, "with a point for decimals"),
        ({"packages": 1, "weight": "6000"}, "between 0.001 and 5000 kg"),
        ({"packages": 1, "weight": "0"}, "between 0.001 and 5000 kg"),
        ({"packages": 1, "lines": []}, "Choose at least one line."),
        ({"packages": 1, "lines": [999]}, "Nothing of DO-000001 is picked."),
        ({"packages": 1, "version": "0"}, "Nothing of yours was saved"),
    ],
)
def test_packing_that_cannot_be_is_refused(
    app: Flask, order: DispatchOrder, fields: dict[str, object], said: str
) -> None:
    client = browser(app, Role.WAREHOUSE)
    with app.app_context():
        pick_all(order)
        ids = [line.id for line in lines_now(order)]
        version = session.get_one(DispatchOrder, order.id).version
    answer = send_form(client, f"/dispatch/{order.number}/pack", **({"lines": ids, "version": version} | fields))
    assert answer.status_code == (409 if "version" in fields or fields.get("lines") else 422)
    assert said in unescape(answer.text)
    assert shipments(app) == []


def test_everything_that_is_wrong_with_a_packing_is_said_at_once(app: Flask, order: DispatchOrder) -> None:
    client = browser(app, Role.WAREHOUSE)
    with app.app_context():
        pick_all(order)
    answer = send_form(client, f"/dispatch/{order.number}/pack", packages=0, weight="heavy", lines=[], version=1)
    words = unescape(answer.text)
    summary = words.split("data-error-summary")[1].split("</ul>")[0]
    assert summary.count("<li>") == 3
    for said in ("Enter 1 to 999 packages.", "with a point for decimals", "Choose at least one line."):
        assert said in summary
    assert 'value="heavy"' in words
    assert shipments(app) == []


def test_the_packing_page_of_a_packed_order_leads_to_its_shipment(app: Flask, order: DispatchOrder) -> None:
    client = browser(app, Role.WAREHOUSE)
    address = f"/dispatch/{order.number}/pack"
    with app.app_context():
        pick_all(order)
        ids = [line.id for line in lines_now(order)]
        version = session.get_one(DispatchOrder, order.id).version
    fields = {"packages": 1, "lines": ids, "version": version}
    assert send_form(client, address, **fields).location == "/shipments/SH-000001"
    late = send_form(client, address, **fields)
    assert late.status_code == 409
    assert len(shipments(app)) == 1
    for page in (late.text, client.get(address).text):
        assert '<a class="btn" href="/shipments/SH-000001">Open SH-000001</a>' in page
        assert 'name="packages"' not in page


def test_packing_twice_by_the_same_form_makes_one_shipment(app: Flask, order: DispatchOrder) -> None:
    client = browser(app, Role.WAREHOUSE)
    with app.app_context():
        pick_all(order)
        ids = [line.id for line in lines_now(order)]
        version = session.get_one(DispatchOrder, order.id).version
    fields = {"packages": 1, "lines": ids, "version": version}
    for _ in range(2):
        answer = send_form(client, f"/dispatch/{order.number}/pack", key="one-and-the-same", **fields)
        assert answer.location == "/shipments/SH-000001"
    assert len(shipments(app)) == 1


def test_dispatching_says_whether_the_promise_was_met(app: Flask, order: DispatchOrder) -> None:
    client = browser(app, Role.WAREHOUSE)
    with app.app_context():
        pack_all(order)
    address = "/shipments/SH-000001/dispatch"
    for missing in ("carrier", "waybill"):
        fields = {"carrier": "顺丰", "waybill": "SF1001", "version": 1} | {missing: " "}
        refused = send_form(client, address, **fields)
        assert refused.status_code == 422 and "Please fill this in." in refused.text
    assert set(places(app).values()) == {(LocationKind.BIN, Condition.GOOD)}
    with time_machine.travel(NOON + timedelta(hours=5, seconds=1), tick=False):
        fields = {"carrier": " 顺丰 ", "waybill": " ｓｆ 1001\r\n", "version": 1}
        assert send_form(client, address, key="one-and-the-same", **fields).location == "/shipments/SH-000001"
        assert send_form(client, address, key="one-and-the-same", **fields).location == "/shipments/SH-000001"
        page = unescape(client.get("/shipments/SH-000001").text)
        assert "Promise missed" in page and "Left at 2026-11-18 17:00, promised by 2026-11-18 17:00." in page
        again = send_form(client, address, **(fields | {"version": 2}))
        assert again.status_code == 409 and "the shipment's state is “On its way”" in unescape(again.text)
    (shipment,) = shipments(app)
    assert (shipment.carrier, shipment.waybill_key, shipment.promise_met) == ("顺丰", "SF1001", False)
    with app.app_context():
        prices = session.scalars(select(Obligation.price_minor)).all()
        dispatched = session.scalar(select(func.count()).where(Posting.reference == shipment.number))
    assert (prices, dispatched) == ([123400, 123400], 1)


def test_at_the_promised_second_it_is_met(app: Flask, order: DispatchOrder) -> None:
    client = browser(app, Role.WAREHOUSE)
    with app.app_context():
        pack_all(order)
    with time_machine.travel(NOON + timedelta(hours=5), tick=False):
        send_form(client, "/shipments/SH-000001/dispatch", carrier="顺丰", waybill="SF1001", version=1)
        assert "Promise met" in client.get("/shipments/SH-000001").text


def test_a_stale_page_dispatches_nothing(app: Flask, order: DispatchOrder) -> None:
    client = browser(app, Role.WAREHOUSE)
    with app.app_context():
        pack_all(order)
    answer = send_form(client, "/shipments/SH-000001/dispatch", carrier="顺丰", waybill="SF1001", version=7)
    assert (
        answer.status_code == 409
        and "Packed as SH-000001. Nothing of yours was saved." in answer.text
        and "SF1001" in answer.text
    )
    assert [one.state for one in shipments(app)] == ["packed"]
    assert set(places(app).values()) == {(LocationKind.BIN, Condition.GOOD)}


@pytest.mark.parametrize("waybill", ["W" * 61, "㍿" * 20, "<script>alert(1)</script>" * 2])
def test_odd_waybills(app: Flask, order: DispatchOrder, waybill: str) -> None:
    client = browser(app, Role.WAREHOUSE)
    with app.app_context():
        pack_all(order)
    answer = send_form(client, "/shipments/SH-000001/dispatch", carrier="<b>x</b>", waybill=waybill, version=1)
    assert answer.status_code == 422
    assert "<script>alert" not in answer.text and "<b>x</b>" not in answer.text
    assert [one.state for one in shipments(app)] == ["packed"]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("!!", "This is no waybill number: it has 5 to 40 letters, digits, hyphens, dots or slashes"),
        ("sh-1", "SH-000001 is a number of this system, not a waybill."),
        ("s100 1", "S1001 is the serial of a part in this shipment, not a waybill."),
    ],
)
def test_what_is_no_waybill_is_refused_and_kept_as_typed(app: Flask, typed: str, said: str) -> None:
    client = browser(app, Role.WAREHOUSE)
    with app.app_context():
        depot, part = make_depot(), make_part()
        put_stock(part, ["S1001"], make_bin(depot))
        pack_all(make_exchange(depot, part).order)
    answer = send_form(client, "/shipments/SH-000001/dispatch", carrier="顺丰", waybill=typed, version=1)
    assert answer.status_code == 422
    assert said in answer.text and f'value="{typed}"' in answer.text
    assert [(one.state, one.waybill) for one in shipments(app)] == [("packed", "")]


def test_a_waybill_of_another_shipment_is_asked_about_once(app: Flask, order: DispatchOrder) -> None:
    client = browser(app, Role.WAREHOUSE)
    with app.app_context():
        pack_all(order)
        depot, part = make_depot("BJ"), make_part()
        put_stock(part, ["T1"], make_bin(depot))
        send(make_exchange(depot, part).order, waybill="sf 7700")
    page = client.get("/shipments/SH-000001").text
    assert "Same waybill on purpose" not in page
    fields = {"carrier": "顺丰速运", "waybill": "SF7700", "version": 1}
    refused = send_form(client, "/shipments/SH-000001/dispatch", **fields)
    assert refused.status_code == 409
    assert "Waybill sf 7700 of this carrier is on shipment SH-000002 already" in refused.text
    assert 'name="shared"' in refused.text and 'value="SF7700"' in refused.text
    assert [one.state for one in shipments(app)] == ["packed", "dispatched"]
    other = send_form(client, "/shipments/SH-000001/dispatch", **(fields | {"shared": "y"}))
    assert other.status_code == 302
    assert [one.state for one in shipments(app)] == ["dispatched", "dispatched"]


def test_an_engineer_carries_it_without_a_waybill(app: Flask) -> None:
    client = browser(app, Role.WAREHOUSE)
    with app.app_context():
        depot, part = make_depot(), make_part()
        put_stock(part, ["S1"], make_bin(depot))
        pack_all(make_exchange(depot, part, method=DeliveryMethod.ENGINEER).order)
    assert "not sent by courier" in client.get("/shipments/SH-000001").text
    assert send_form(client, "/shipments/SH-000001/dispatch", carrier="", waybill="", version=1).status_code == 302
    assert shipments(app)[0].promise_met is True


@pytest.mark.parametrize(
    ("verb", "role", "to"),
    [
        ("lose", Role.RMA_ADMIN, (LocationKind.LOST, Condition.GOOD)),
        ("undelivered", Role.WAREHOUSE, (LocationKind.RETURNS, Condition.TO_INSPECT)),
    ],
)
def test_a_shipment_that_never_arrived_ends_with_a_reason(
    app: Flask, order: DispatchOrder, verb: str, role: Role, to: tuple[LocationKind, Condition]
) -> None:
    client = browser(app, role)
    with app.app_context():
        shipment = send(order)
    address = f"/shipments/{shipment.number}/{verb}"
    for reason, version, status in (("", 2, 422), ("长" * 301, 2, 422), ("丢件", 1, 409)):
        refused = send_form(client, address, reason=reason, version=version)
        assert refused.status_code == status and reason[:300] in refused.text
        link = f'<a href="#reason-{address.replace("/", "-")}">Reason · '
        assert (link in refused.text) == (status == 422)
        assert set(places(app).values()) == {(LocationKind.IN_TRANSIT, Condition.GOOD)}
    for _ in range(2):
        assert send_form(client, address, key="one-and-the-same", reason="<i>丢件</i>", version=2).status_code == 302
    assert set(places(app).values()) == {to}
    with app.app_context():
        owed = select(Obligation.state).where(Obligation.came_for_id.is_(None))
        assert set(session.scalars(owed)) == {"cancelled"}
    page = client.get(f"/dispatch/{order.number}").text
    assert "&lt;i&gt;丢件" in page and "<i>丢件" not in page


def test_opening_the_packing_again_takes_a_reason_and_voids_nothing_else(app: Flask, order: DispatchOrder) -> None:
    client = browser(app, Role.WAREHOUSE)
    with app.app_context():
        pack_all(order)
    address = "/shipments/SH-000001/reopen"
    assert send_form(client, address, reason=" ", version=1).status_code == 422
    assert send_form(client, address, reason="装错箱", version=1).location == f"/dispatch/{order.number}"
    with app.app_context():
        assert [line.state for line in lines_now(order)] == ["picked", "picked"]
        pack_all(order)
    assert [one.state for one in shipments(app)] == ["reopened", "packed"]
    assert f"/shipments/{shipments(app)[1].number}" in client.get("/board").text


def test_the_page_marks_which_slips_were_printed_how_often_and_when(app: Flask, order: DispatchOrder) -> None:
    with app.app_context():
        pick_all(order)
        shipment = pack_all(order)
    client = browser(app, Role.WAREHOUSE)
    address = f"/shipments/{shipment.number}"
    assert client.get(address).text.count("Not printed yet") == 2
    for _n in range(2):
        send_form(client, f"{address}/slip")
    page = client.get(address).text
    assert page.count("Not printed yet") == 1
    assert "2 times, last 2026-11-18 12:00" in page


def test_the_slip_is_frozen_when_printed_and_every_print_is_counted(app: Flask, order: DispatchOrder) -> None:
    client = browser(app, Role.WAREHOUSE)
    with app.app_context():
        pack_all(order)
    first = send_form(client, "/shipments/SH-000001/slip", key="one-and-the-same").location
    assert send_form(client, "/shipments/SH-000001/slip", key="one-and-the-same").location == first
    assert first == "/documents/1/1.pdf"
    original = client.get(first)
    assert original.mimetype == "application/pdf" and original.data.startswith(b"%PDF-")
    assert original.headers["Content-Disposition"] == 'inline; filename="SH-000001-shipping-slip-1.pdf"'
    assert original.headers["Cache-Control"] == "no-store"
    assert original.headers["X-Content-Type-Options"] == "nosniff"
    words = pdf_text(original.data)
    assert "SH-000001" in words and order.rma_number in words and "S1" in words and "SF9001" not in words
    assert send_form(client, "/shipments/SH-000001/slip").location == "/documents/1/2.pdf"
    assert "COPY" in pdf_text(client.get("/documents/1/2.pdf").data)
    send_form(client, "/shipments/SH-000001/dispatch", carrier="顺丰", waybill="SF9001", version=1)
    assert send_form(client, "/shipments/SH-000001/slip").location == "/documents/2/1.pdf"
    assert "SF9001" in pdf_text(client.get("/documents/2/1.pdf").data)
    assert send_form(client, "/documents/1/print").location == "/documents/1/3.pdf"
    assert client.get(first).data == original.data
    for gone in ("/documents/1/9.pdf", "/documents/7/1.pdf", "/documents/0/0.pdf"):
        assert client.get(gone).status_code == 404
    assert send_form(client, "/documents/9/print").status_code == 404
    with app.app_context():
        assert session.scalar(select(func.count()).select_from(Document)) == 2
        assert session.scalars(select(DocumentPrint.copy_no).order_by(DocumentPrint.id)).all() == [1, 2, 1, 3]
    page = unescape(client.get("/shipments/SH-000001").text)
    assert "version 1" in page and "version 2" in page and "Copy 3" in page


def test_shipments_are_found_by_waybill_and_number(app: Flask, order: DispatchOrder) -> None:
    client = browser(app, Role.FINANCE)
    with app.app_context():
        send(order, waybill="SF 7700")
    for text in ("sf7700", "ＳＦ7700", "SH-1", order.number, order.rma_number, ""):
        assert "SH-000001" in client.get("/shipments", query_string={"q": text}).text
    for query in ({"q": "SF7800"}, {"q": "SH-000002"}, {"state": "packed"}, {"q": "<b>"}):
        page = client.get("/shipments", query_string=query).text
        assert "SH-000001" not in page and "No such shipment" in page and "<b>" not in page


def test_the_shipments_page_takes_few_statements(app: Flask, order: DispatchOrder) -> None:
    client = browser(app, Role.WAREHOUSE)
    with app.app_context():
        pack_all(order)
    client.get("/shipments/SH-000001")
    with statements(app) as sent:
        assert client.get("/shipments/SH-000001").status_code == 200
    assert len(sent) <= 8, "\n\n".join(sent)
