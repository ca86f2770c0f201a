"""The slice's pages through a browser's eyes: what each role is shown, what a form does once, and what a refusal keeps."""

import re

import pytest
from flask import Flask, g
from flask.testing import FlaskClient
from flask_babel import refresh
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from spares.accounts.models import Role
from spares.db import session
from spares.inventory import places
from spares.inventory.models import (
    Condition,
    Location,
    LocationKind,
    Part,
    Posting,
    PostingKind,
    Substitute,
    Tracking,
    UnitState,
)
from tests import factories
from tests.factories import make_bin, make_depot, make_part, make_user, put_stock, sign_in

ENGLISH = {"Accept-Language": "en"}
SCAN = {"HX-Request": "true", "Accept-Language": "en"}
PART = {
    "manufacturer": "华为",
    "part_number": "S5735",
    "tracking": "serial",
    "price": "3,899.50",
    "currency": "CNY",
    "minimum_level": "2",
    "request_key": "k1",
}


@pytest.fixture
def keeper(context: Flask) -> FlaskClient:
    """The browser of an RMA administrator, who may do everything here."""
    return signed_in(context, Role.RMA_ADMIN)


def signed_in(app: Flask, role: Role) -> FlaskClient:
    client = app.test_client()
    sign_in(client, make_user(role))
    return client


def post(client: FlaskClient, address: str, data: dict[str, object] | None = None, **options: object) -> TestResponse:
    """Send a form; the test's own context, which the request shares, must not keep the language or the refusal of the one
    before."""
    refresh()
    g.pop("refusal_status", None)
    return factories.post(client, address, data, **options)


def page(client: FlaskClient, address: str, status: int = 200) -> str:
    refresh()
    answer = client.get(address, headers=ENGLISH)
    assert answer.status_code == status, answer.text[:2000]
    return answer.text


def count(table: type[Part] | type[Posting]) -> int:
    session.rollback()
    return session.scalar(select(func.count(table.id))) or 0


def test_a_part_is_added_once_and_edited_by_version(keeper: FlaskClient) -> None:
    answer = post(keeper, "/parts/new", PART)
    assert answer.status_code == 302
    assert post(keeper, "/parts/new", PART).location == answer.location
    part = session.scalars(select(Part)).one()
    assert (part.price_minor, part.minimum_level, part.return_required) == (389950, 2, False)
    address = f"/parts/{part.id}/edit"
    assert 'value="3899.50"' in page(keeper, address)
    assert post(keeper, address, PART | {"version": "1", "price": "4000"}).status_code == 302
    stale = post(keeper, address, PART | {"version": "1", "price": "5000"}, headers=ENGLISH)
    assert stale.status_code == 409
    assert "Somebody changed this record" in stale.text and 'value="5000"' in stale.text
    session.rollback()
    assert session.scalars(select(Part.price_minor)).all() == [400000]


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"price": "12.345"}, 422, "“12.345” is no price."),
        ({"price": "NaN"}, 422, "“NaN” is no price."),
        ({"price": "-1"}, 422, "Enter a number from 0 to 10000000000000."),
        ({"currency": "RM1"}, 422, "A currency is three letters"),
        ({"part_number": ""}, 422, "required"),
        ({"part_number": "ｓ5734"}, 409, "is in the catalogue already"),
    ],
)
def test_a_refused_part_keeps_what_was_typed(
    keeper: FlaskClient, changes: dict[str, str], status: int, words: str
) -> None:
    make_part("S5734")
    answer = post(keeper, "/parts/new", PART | changes | {"description": "特别的说明"}, headers=ENGLISH)
    assert answer.status_code == status
    assert words in answer.text and "特别的说明" in answer.text
    assert count(Part) == 1


def test_a_substitute_is_proposed_approved_and_withdrawn_on_the_part(keeper: FlaskClient) -> None:
    part, other = make_part("A"), make_part("B")
    address = f"/parts/{part.id}/substitutes"
    data = {"substitute": "b · 华为", "rank": "1", "request_key": "k"}
    assert post(keeper, address, data).status_code == 302
    assert post(keeper, address, data | {"request_key": "k2"}).status_code == 409
    assert post(keeper, address, data | {"request_key": "k3", "substitute": "Z"}).status_code == 422
    row = session.scalars(select(Substitute)).one()
    assert (row.part_id, row.substitute_id, row.approved_at) == (part.id, other.id, None)
    assert post(keeper, f"/substitutes/{row.id}/approve").status_code == 302
    assert post(keeper, f"/substitutes/{row.id}/approve").status_code == 409
    assert post(keeper, f"/substitutes/{row.id}/withdraw", {"reason": " "}).status_code == 422
    session.rollback()
    assert session.scalars(select(Substitute.approved_at)).one() is not None
    assert post(keeper, f"/substitutes/{row.id}/withdraw", {"reason": "停产"}).status_code == 302
    session.rollback()
    assert session.scalars(select(Substitute.approved_at)).one() is None
    assert post(keeper, "/substitutes/999/approve").status_code == 404


def test_lists_show_filter_and_export_the_same(keeper: FlaskClient) -> None:
    depot = make_depot()
    part = make_part("S5735", description="=cmd", minimum_level=5)
    make_part("OTHER")
    put_stock(part, ["SN1", "SN2"], make_bin(depot, "A-1"))
    listed = page(keeper, "/parts?level=low")
    assert "S5735" in listed and "OTHER" not in listed
    exported = keeper.get("/parts/export.csv?level=low", headers=ENGLISH)
    assert exported.mimetype == "text/csv"
    assert exported.data.decode("utf-8-sig").splitlines()[1:] == ["S5735,华为,'=cmd,,by serial number,,2,2,5"]
    units = page(keeper, "/units?bin=a-1&condition=good")
    assert "SN1" in units and "SN2" in units
    rows = keeper.get("/units/export.csv?q=sn1", headers=ENGLISH).data.decode("utf-8-sig").splitlines()
    assert rows[1:] == ["SN1,S5735,华为,good,郑州备件库,A-1,"]
    assert keeper.get("/units/export.xlsx").data[:2] == b"PK"
    assert keeper.get("/units/export.exe").status_code == 404
    assert "No serial number matches" in page(keeper, "/units?q=nothing")
    assert 'value="S5735 · 华为"' in page(keeper, "/parts/suggest?part=s57")


def test_statements_of_the_busy_pages(keeper: FlaskClient, statements: list[str]) -> None:
    (unit,) = put_stock(make_part("P"), ["SN1"], make_bin(make_depot()))
    for address, most in [("/units/find?q=sn1", 3), ("/units", 4), (f"/units/{unit.id}", 5)]:
        page(keeper, address)
        statements.clear()
        assert "SN1" in page(keeper, address)
        assert len(statements) <= most, statements


def test_every_page_shows_in_both_languages(keeper: FlaskClient) -> None:
    depot = make_depot()
    part, cable = make_part("P"), make_part("C", tracking=Tracking.COUNTED)
    shelf = make_bin(depot, "A-1")
    (unit,) = put_stock(part, ["SN1"], shelf)
    put_stock(cable, 4, shelf)
    for address in (
        "/parts",
        f"/parts/{part.id}",
        f"/parts/{cable.id}",
        "/parts/new",
        "/units",
        f"/units/{unit.id}",
        "/places",
        f"/places/{shelf.id}",
        "/places/1",
        "/places/new",
        "/postings/1",
        "/stock/receive",
        "/stock/receive?depot=1&part=P&place=a-1",
        "/stock/receive?depot=1&part=C",
        "/stock/put-away",
        f"/stock/move?unit={unit.id}",
        f"/stock/move?part=C&place={shelf.id}&condition=good",
        f"/stock/adjust?unit={unit.id}",
    ):
        page(keeper, address)
        refresh()
        assert keeper.get(address, headers={"Accept-Language": "zh-CN"}).status_code == 200
    assert page(keeper, "/stock/receive?depot=1&part=NOPE", 422).count("No part in the catalogue") == 2
    for missing in ("/parts/99", "/units/99", "/places/99", "/postings/99"):
        page(keeper, missing, 404)


def test_roles_are_offered_only_what_they_may_do(context: Flask) -> None:
    part = make_part("P")
    put_stock(part, ["SN1"], make_bin(make_depot()))
    finance = signed_in(context, Role.FINANCE)
    for address in ("/parts", f"/parts/{part.id}", "/units", "/units/1", "/places", "/postings/1"):
        text = page(finance, address)
        for offered in ("/stock/", "/parts/new", "/edit", "/reverse", "/places/new"):
            assert offered not in text
    assert post(finance, "/postings/1/reverse", {"reason": "x", "request_key": "k"}).status_code == 403
    assert count(Posting) == 1


def scan(client: FlaskClient, address: str, text: str, **data: object) -> tuple[int, str]:
    answer = post(client, address, {"q": text, "request_key": f"s-{text}"} | data, headers=SCAN)
    return answer.status_code, re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text)).strip()


def test_each_scan_of_a_receipt_is_judged_at_once(keeper: FlaskClient) -> None:
    depot, part, other = make_depot(), make_part("P-1"), make_part("P-2")
    shelf = make_bin(depot, "A-1")
    put_stock(part, ["OLD"], shelf)
    put_stock(other, ["TWIN"], shelf)
    known = {"part_id": part.id, "location_id": shelf.id, "serial": ["N1"]}
    for text, status, words in [
        ("n2", 200, "Taken."),
        ("ｎ1\r\n", 200, "In the list already."),
        ("old", 422, "OLD is in the depot already, at A-1."),
        ("p-1", 422, "This is the part number."),
        ("a-1", 422, "This is a bin."),
        ("PO-000001", 422, "This is the number of a record."),
        ("twin", 200, "Another part in the depot has the same serial number"),
        ("x" * 90, 422, "This cannot be a serial number."),
    ]:
        got, said = scan(keeper, "/stock/receive/scan", text, **known)
        assert (got, words in said) == (status, True), (text, said)
    assert count(Posting) == 2


def test_a_receipt_posts_once_and_keeps_its_list_when_refused(keeper: FlaskClient) -> None:
    depot, part = make_depot(), make_part("P-1")
    shelf = make_bin(depot, "A-1")
    put_stock(part, ["OLD"], shelf)
    data = {
        "part_id": part.id,
        "location_id": shelf.id,
        "serial": ["N1", "N2"],
        "more": "n2\r\nN3\r\n\r\n",
        "reference": "采购单 7",
        "request_key": "r1",
    }
    refused = post(keeper, "/stock/receive", data | {"more": "OLD"}, headers=ENGLISH)
    assert refused.status_code == 409
    assert "OLD is in the depot already" in refused.text and 'value="N1"' in refused.text
    assert "采购单 7" in refused.text
    assert count(Posting) == 1
    without = post(keeper, "/stock/receive", data | {"remove": "N1"}, headers=ENGLISH).text
    assert 'name="serial" value="N2"' in without and 'name="serial" value="N1"' not in without
    done = post(keeper, "/stock/receive", data)
    assert done.status_code == 302
    assert post(keeper, "/stock/receive", data).location == done.location
    assert count(Posting) == 2
    posting = session.scalars(select(Posting).order_by(Posting.id.desc())).first()
    assert posting is not None and posting.reference == "采购单 7"
    assert session.scalar(select(func.count(UnitState.unit_id)).where(UnitState.location_id == shelf.id)) == 4


def test_what_was_received_asks_to_be_put_away_until_it_is_taken_back(keeper: FlaskClient) -> None:
    depot, part = make_depot(), make_part("P-1")
    shelf, area = make_bin(depot, "A-1"), places.inside(LocationKind.RECEIVING, depot.id)
    assert "In the receiving area:" not in keeper.get("/stock/put-away", headers=ENGLISH).text
    pages = []
    for place_id, serial in ((area, "N1"), (shelf.id, "N2")):
        sent = {"part_id": part.id, "location_id": place_id, "serial": [serial], "request_key": serial}
        pages.append(keeper.get(post(keeper, "/stock/receive", sent, headers=ENGLISH).location, headers=ENGLISH).text)
    words = "What lies in the receiving area is reserved for no order"
    assert [words in page for page in pages] == [True, False]
    assert 'class="btn btn-primary" href="/stock/put-away"' in pages[0]
    waiting = keeper.get("/stock/put-away", headers=ENGLISH).text
    assert f'In the receiving area: <a href="/places/{area}">{depot.name} · 1</a>' in waiting
    assert 'Scanned: <strong id="scan-count" class="num">0</strong>' in waiting
    put_back = post(keeper, "/postings/1/reverse", {"reason": "数错", "request_key": "back"}, headers=ENGLISH)
    assert put_back.status_code == 302
    assert words not in keeper.get("/postings/1", headers=ENGLISH).text


def test_scanning_without_a_script_keeps_the_list(keeper: FlaskClient) -> None:
    depot, part = make_depot(), make_part("P-1")
    shelf = make_bin(depot, "A-1")
    known = {"part_id": part.id, "location_id": shelf.id, "earlier": "N1\nN2", "q": "n3"}
    text = post(keeper, "/stock/receive/scan", known, headers=ENGLISH).text
    assert [f'name="serial" value="{one}"' in text for one in ("N1", "N2", "n3")] == [True, True, True]


def test_units_are_put_away_by_scanning_them_and_then_the_bin(keeper: FlaskClient) -> None:
    depot, part = make_depot(), make_part("P-1")
    shelf, target = make_bin(depot, "A-1"), make_bin(depot, "B-1")
    one, two = put_stock(part, ["S1", "S2"], shelf)
    address = "/stock/put-away/scan"
    assert scan(keeper, address, "b-1") == (200, "B-1 This is a bin. Scan the serial numbers first, then the bin. 0")
    status, said = scan(keeper, address, "s1")
    assert (status, "P-1 · good · A-1" in said) == (200, True)
    assert scan(keeper, address, "S1", unit=[one.id])[1] == "S1 In the list already. 1"
    assert scan(keeper, address, "nope", unit=[one.id])[0] == 422
    status, said = scan(keeper, address, "b-1", unit=[one.id, two.id])
    assert (status, "2 units put away." in said) == (200, True)
    session.rollback()
    assert set(session.scalars(select(UnitState.location_id))) == {target.id}
    assert scan(keeper, address, "b-1 ", unit=[one.id])[1].startswith("B-1 S1 is at B-1 already.")
    plain = post(keeper, address, {"q": "A-1", "earlier": f"{one.id}", "request_key": "plain"})
    assert plain.status_code == 302
    session.rollback()
    assert session.scalars(select(UnitState.location_id).where(UnitState.unit_id == one.id)).one() == shelf.id


def test_stock_is_moved_and_adjusted_by_forms(keeper: FlaskClient) -> None:
    depot, part, cable = make_depot(), make_part("P"), make_part("C", tracking=Tracking.COUNTED)
    shelf, target = make_bin(depot, "A-1"), make_bin(depot, "B-1")
    (unit,) = put_stock(part, ["S1"], shelf)
    put_stock(cable, 9, shelf)
    base = {"depot": depot.id, "condition": "good", "new_condition": "faulty", "request_key": "m1"}
    bad = post(keeper, "/stock/move", base | {"serials": "S1\nS7", "to": "B-1"}, headers=ENGLISH)
    assert (bad.status_code, "Not known here: S7." in bad.text) == (422, True)
    bad = post(keeper, "/stock/move", base | {"serials": "S1", "to": "B-9"}, headers=ENGLISH)
    assert (bad.status_code, "No place in this depot has the code" in bad.text) == (422, True)
    assert count(Posting) == 2
    assert post(keeper, "/stock/move", base | {"serials": "s1", "to": "b-1"}).status_code == 302
    more = {"part": "C", "place": "A-1", "quantity": "4", "to": "B-1", "request_key": "m2"}
    assert post(keeper, "/stock/move", base | more).status_code == 302
    adjust = base | {"change": "condition", "serials": "S1", "reason": "开箱即坏", "request_key": "a1"}
    assert post(keeper, "/stock/adjust", adjust | {"reason": ""}).status_code == 422
    assert post(keeper, "/stock/adjust", adjust).status_code == 302
    found = adjust | {"change": "found", "part": "P", "serials": "S5", "place": "B-1", "request_key": "a2"}
    assert post(keeper, "/stock/adjust", found).status_code == 302
    lost = adjust | {"change": "lost", "part": "C", "serials": "", "quantity": "2", "place": "A-1", "request_key": "a3"}
    done = post(keeper, "/stock/adjust", lost)
    assert done.status_code == 302
    session.rollback()
    states = session.scalars(select(UnitState).order_by(UnitState.unit_id)).all()
    assert [(s.location_id, s.condition) for s in states] == [
        (target.id, Condition.FAULTY),
        (target.id, Condition.GOOD),
    ]
    assert states[0].unit_id == unit.id
    reverse = done.location + "/reverse"
    assert post(keeper, reverse, {"reason": "", "request_key": "v1"}).status_code == 422
    assert post(keeper, reverse, {"reason": "找到了", "request_key": "v1"}).status_code == 302
    assert post(keeper, reverse, {"reason": "找到了", "request_key": "v2"}).status_code == 409
    kinds = session.scalars(select(Posting.kind).order_by(Posting.id)).all()
    assert kinds[2:] == [
        PostingKind.MOVE,
        PostingKind.MOVE,
        PostingKind.ADJUST,
        PostingKind.ADJUST,
        PostingKind.ADJUST,
        PostingKind.REVERSE,
    ]


def test_a_bin_is_added_by_its_form(keeper: FlaskClient) -> None:
    depot = make_depot()
    data = {"depot": depot.id, "code": "A-9", "name": "里间", "request_key": "k"}
    answer = post(keeper, "/places/new", data)
    assert answer.status_code == 302
    place = session.scalars(select(Location).where(Location.code == "A-9")).one()
    assert answer.location == f"/places/{place.id}"
    refused = post(keeper, "/places/new", data | {"code": "ａ-9", "request_key": "k2"}, headers=ENGLISH)
    assert (refused.status_code, "has a place with the code" in refused.text) == (409, True)
    assert post(keeper, "/places/new", data | {"depot": 99, "request_key": "k3"}).status_code == 422
