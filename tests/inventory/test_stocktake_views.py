"""A stocktake through the pages, as two people at the shelf and a manager go through it; refusals keep what was typed."""

import csv
import io
import re
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from spares.accounts.models import Role, User
from spares.db import session
from spares.inventory.ledger_check import verify
from spares.inventory.models import Condition, Posting, StockBalance, Tracking, Unit, UnitState
from spares.inventory.stocktake_lifecycle import DifferenceState, RunState
from spares.inventory.stocktake_models import StocktakeCount, StocktakeDifference, StocktakeRun
from tests.factories import make_bin, make_depot, make_part, make_user, post, put_stock, sign_in

HTMX = {"HX-Request": "true"}


@dataclass
class Depot:
    """Keys and browsers."""

    depot: int
    first: int
    second: int
    cable: int
    keeper: FlaskClient
    other: FlaskClient
    manager: FlaskClient
    admin: FlaskClient

    def bin(self, number: str, code: str) -> int:
        """Scan a bin's label; the key of its page."""
        answer = post(self.keeper, f"/stocktakes/{number}/bins", {"request_key": key(), "q": code})
        assert answer.status_code == 302
        return int(answer.headers["Location"].rsplit("/", 1)[1])


_keys = iter(range(10**6))


def key() -> str:
    """A form's key that was not used before."""
    return f"key{next(_keys)}"


def browser(app: Flask, role: Role) -> FlaskClient:
    """A signed-in browser that reads English."""
    client = app.test_client()
    user: User = make_user(role, language="en")
    sign_in(client, user)
    return client


@pytest.fixture
def depot(app: Flask) -> Depot:
    """Two bins: three switches and ten cables in the first, one switch in the second."""
    with app.app_context():
        home = make_depot()
        first, second = make_bin(home, "A-01"), make_bin(home, "A-02")
        switch, cable = make_part("SW-1", price_minor=1000), make_part("CABLE-1", tracking=Tracking.COUNTED)
        put_stock(switch, ["SN1", "SN2", "SN3"], first)
        put_stock(switch, ["SN4"], second)
        put_stock(cable, 10, first)
        made = Depot(
            home.id,
            first.id,
            second.id,
            cable.id,
            *(browser(app, role) for role in (Role.WAREHOUSE, Role.WAREHOUSE, Role.MANAGER, Role.RMA_ADMIN)),
        )
        session.remove()
    return made


def open_run(depot: Depot, bins: str = "A-01\nA-02") -> str:
    form = {"request_key": key(), "depot": depot.depot, "scope": "bins", "bins": bins}
    answer = post(depot.manager, "/stocktakes/new", form)
    assert answer.status_code == 302, answer.text
    return answer.headers["Location"].rsplit("/", 1)[1]


def scan(client: FlaskClient, bin_id: int, text: str, request_key: str | None = None) -> TestResponse:
    return post(
        client, f"/stocktakes/bins/{bin_id}/scan", {"request_key": request_key or key(), "q": text}, headers=HTMX
    )


def finish(client: FlaskClient, bin_id: int) -> None:
    assert post(client, f"/stocktakes/bins/{bin_id}/finish", {"request_key": key()}).status_code == 302


def differences(app: Flask) -> dict[str, StocktakeDifference]:
    with app.app_context():
        rows = session.scalars(select(StocktakeDifference)).all()
        return {row.serial or "pieces": row for row in rows}


def count_everything(depot: Depot, number: str) -> None:
    """SN2 is missing, SN4 lies in the first bin, NEW is unknown, two cables are missing."""
    first, second = depot.bin(number, "A-01"), depot.bin(number, "a-02")
    for client, text in ((depot.keeper, "SN1"), (depot.other, "ＳＮ３"), (depot.keeper, "SN4"), (depot.other, "NEW")):
        assert scan(client, first, text).status_code == 200
    pieces = {"request_key": key(), "part": "CABLE-1", "quantity": 8, "condition": "good"}
    assert post(depot.keeper, f"/stocktakes/bins/{first}/pieces", pieces).status_code == 302
    finish(depot.keeper, first)
    finish(depot.other, second)
    assert post(depot.manager, f"/stocktakes/{number}/close", {"request_key": key()}).status_code == 302


def test_from_opening_to_posted(app: Flask, depot: Depot) -> None:
    number = open_run(depot)
    count_everything(depot, number)
    page = depot.manager.get(f"/stocktakes/{number}/differences").text
    assert all(text in page for text in ("SN2", "SN4", "NEW", "CABLE-1", "booked at A-02"))
    found = differences(app)
    assert sorted(found) == ["NEW", "SN2", "SN4", "pieces"]
    chosen = [found["SN2"].id, found["SN4"].id]
    accept = {"request_key": key(), "difference": chosen, "reason": "counted twice"}
    assert post(depot.manager, f"/stocktakes/{number}/accept", accept).status_code == 302
    decide = {"request_key": key(), "reason": "box found", "verb": "accept", "part": "SW-1", "condition": "to_inspect"}
    assert post(depot.manager, f"/stocktakes/differences/{found['NEW'].id}/decide", decide).status_code == 302
    assert "1" in depot.manager.get(f"/stocktakes/{number}/post").text
    refused = post(depot.manager, f"/stocktakes/{number}/post", {"request_key": key()})
    assert refused.status_code == 409
    assert "Differences not decided yet: 1." in refused.text
    # Cables have no price, so a second person agrees.
    decide = {"request_key": key(), "reason": "used up", "verb": "accept"}
    cables = f"/stocktakes/differences/{found['pieces'].id}"
    assert post(depot.manager, f"{cables}/decide", decide).status_code == 302
    assert post(depot.manager, f"{cables}/approve", {"request_key": key()}).status_code == 409
    assert post(depot.admin, f"{cables}/approve", {"request_key": key()}).status_code == 302
    posting = {"request_key": key()}
    answers = [post(depot.manager, f"/stocktakes/{number}/post", posting) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [302, 302]
    with app.app_context():
        assert session.scalars(select(StocktakeRun.state)).one() is RunState.POSTED
        places = dict(
            session.execute(
                select(Unit.serial, UnitState.location_id).join(UnitState, UnitState.unit_id == Unit.id)
            ).all()
        )
        assert {serial: places[serial] for serial in ("SN1", "SN3", "SN4", "NEW")} == dict.fromkeys(
            ("SN1", "SN3", "SN4", "NEW"), depot.first
        )
        assert places["SN2"] not in {depot.first, depot.second}
        assert session.get_one(StockBalance, (depot.cable, depot.first, Condition.GOOD)).on_hand == 8
        reasons = session.scalars(select(Posting.reason).where(Posting.reference == number).order_by(Posting.id))
        assert sorted(reasons) == ["box found", "counted twice", "used up"]
        assert list(verify()) == []
    sheet = depot.manager.get(f"/stocktakes/{number}/result.csv").data.decode("utf-8-sig")
    told = {row["Serial number"]: row for row in csv.DictReader(io.StringIO(sheet))}
    assert (told["SN2"]["Difference"], told["SN2"]["State"], told["SN2"]["Reason"]) == (
        "missing",
        "posted",
        "counted twice",
    )
    assert told["SN4"]["Booked at"] == "A-02"
    assert depot.manager.get(f"/stocktakes/{number}/result.xlsx").data[:2] == b"PK"
    assert depot.manager.get(f"/stocktakes/{number}/result.pdf").status_code == 404
    again = open_run(depot)
    assert "differences: 4" not in depot.manager.get(f"/stocktakes/{again}").text
    finish(depot.keeper, depot.bin(again, "A-01"))
    assert post(depot.manager, f"/stocktakes/{again}/close", {"request_key": key()}).status_code == 302
    assert re.search(rf"{number}.*differences: 4", depot.manager.get(f"/stocktakes/{again}").text, re.S)


def test_counting_tells_nothing_of_what_is_expected(app: Flask, depot: Depot) -> None:
    number = open_run(depot)
    first = depot.bin(number, "A-01")
    scan(depot.keeper, first, "SN1")
    for page in (f"/stocktakes/bins/{first}", f"/stocktakes/{number}", f"/stocktakes/{number}/differences"):
        text = depot.keeper.get(page).text
        assert not any(hidden in text for hidden in ("SN2", "SN3", "CABLE-1", "SW-1")), page


def test_neither_a_finished_bin_nor_a_second_count_tells_it(app: Flask, depot: Depot) -> None:
    number = open_run(depot)
    first = depot.bin(number, "A-01")
    finish(depot.keeper, first)
    assert "CABLE-1" not in depot.keeper.get(f"/stocktakes/bins/{first}").text
    assert post(depot.manager, f"/stocktakes/{number}/close", {"request_key": key()}).status_code == 302
    found = differences(app)
    second = depot.keeper.get(f"/stocktakes/{number}/second-counts").text
    assert all(name in second for name in ("A-01", "SN1", "SN2", "SN3", "CABLE-1", "counted once"))
    page = f"/stocktakes/differences/{found['pieces'].id}/recount"
    for text in (second, depot.keeper.get(page).text):
        said = re.sub("<[^>]+>", " ", text.partition("<main")[2])
        assert not re.search(r"booked|missing|\b10\b", said, re.IGNORECASE), said
    assert post(depot.keeper, page, {"request_key": key(), "quantity": 3}).status_code == 302
    assert "counted a second time" in depot.keeper.get(f"/stocktakes/{number}/second-counts").text
    # The counting is taken up again: what was compared is out of sight until it has ended.
    assert post(depot.manager, f"/stocktakes/{number}/resume", {"request_key": key()}).status_code == 302
    assert "Still being counted" in depot.keeper.get(f"/stocktakes/{number}/differences").text
    for path in (f"/stocktakes/differences/{found['SN2'].id}", page, f"/stocktakes/{number}/result.csv"):
        assert depot.keeper.get(path).status_code == 409, path
    assert "SN2" not in depot.keeper.get(f"/stocktakes/{number}/second-counts").text
    assert (
        "Differences"
        not in depot.keeper.get(f"/stocktakes/{number}").text.partition("<main")[2].partition("History")[0]
    )


def test_what_a_scan_says(app: Flask, depot: Depot) -> None:
    first = depot.bin(open_run(depot), "A-01")
    said = {
        "SN1": (200, "Counted."),
        " sn1 ": (200, "Counted already."),
        "SN4": (200, "the books have it somewhere else"),
        "STRANGE": (200, "nobody knows this serial number"),
        "A-02": (422, "This is a bin."),
        "SW-1": (422, "This is the part number."),
        "　": (422, "This cannot be a serial number."),
        "x" * 81: (422, "This cannot be a serial number."),
    }
    for text, (status, words) in said.items():
        answer = scan(depot.keeper, first, text)
        assert (answer.status_code, words in answer.text) == (status, True), text
    pieces = scan(depot.keeper, first, "CABLE-1")
    assert pieces.headers["HX-Redirect"].startswith(f"/stocktakes/bins/{first}?part=")
    with app.app_context():
        assert session.scalars(select(StocktakeCount.serial).order_by(StocktakeCount.id)).all() == [
            "SN1",
            "SN4",
            "STRANGE",
        ]


def test_the_same_scan_sent_twice_counts_once_and_is_taken_back_once(app: Flask, depot: Depot) -> None:
    first = depot.bin(open_run(depot), "A-01")
    twice = key()
    words = [scan(depot.keeper, first, "SN1", twice).text.count("Counted.") for _ in range(2)]
    assert words == [1, 1]
    with app.app_context():
        (fact,) = session.scalars(select(StocktakeCount.id)).all()
    for _ in range(2):
        assert post(depot.other, f"/stocktakes/counts/{fact}/undo", {"request_key": key()}).status_code == 302
    with app.app_context():
        assert session.scalar(select(func.count()).select_from(StocktakeCount)) == 2
    assert "Counted." in scan(depot.keeper, first, "SN1").text
    finish(depot.keeper, first)
    assert post(depot.other, f"/stocktakes/counts/{fact + 2}/undo", {"request_key": key()}).status_code == 409
    assert scan(depot.keeper, first, "SN2").status_code == 422


def test_codes_of_labels_are_read_like_everywhere(app: Flask, depot: Depot) -> None:
    number = open_run(depot)
    label = {"request_key": key(), "q": "http://depot.example/scan?q=A-01"}
    begun = post(depot.keeper, f"/stocktakes/{number}/bins", label)
    first = int(begun.headers["Location"].rsplit("/", 1)[1])
    assert "Counted." in scan(depot.keeper, first, "(240)SW-1(21)SN1").text
    assert "nobody knows" in scan(depot.keeper, first, "(240)SW-1(21)NEW").text
    with app.app_context():
        rows = session.execute(select(StocktakeCount.serial, StocktakeCount.part_id).order_by(StocktakeCount.id)).all()
        part = session.scalars(select(Unit.part_id).where(Unit.serial == "SN1")).one()
    assert [tuple(row) for row in rows] == [("SN1", part), ("NEW", part)]
    assert "SN1 · SW-1" in depot.keeper.get(f"/stocktakes/bins/{first}").text


def test_two_people_finish_a_bin_and_the_second_one_is_told(app: Flask, depot: Depot) -> None:
    first = depot.bin(open_run(depot), "A-01")
    finish(depot.keeper, first)
    told = post(depot.other, f"/stocktakes/bins/{first}/finish", {"request_key": key()})
    assert (told.status_code, "the bin&#39;s state is “counted”" in told.text) == (409, True)
    assert "Count this bin anew" in told.text


def test_the_first_screen_shows_stocktakes_under_way(app: Flask, depot: Depot) -> None:
    assert "Stocktakes under way" not in depot.keeper.get("/").text
    number = open_run(depot)
    assert "Stocktakes under way: 1" in depot.keeper.get("/").text
    cancel = {"request_key": key(), "reason": "wrong day"}
    assert post(depot.manager, f"/stocktakes/{number}/cancel", cancel).status_code == 302
    assert "Stocktakes under way" not in depot.keeper.get("/").text


def test_the_scan_box_opens_a_stocktake_by_its_number(app: Flask, depot: Depot) -> None:
    number = open_run(depot)
    for typed in (number, number.lower(), "ＳＴＫ－１", "stk1"):
        assert depot.keeper.get("/scan", query_string={"q": typed}).headers["Location"] == f"/stocktakes/{number}"


def test_a_refused_form_keeps_what_was_typed(app: Flask, depot: Depot) -> None:
    form = {"request_key": key(), "depot": depot.depot, "scope": "bins", "bins": "A-01\nB-99", "note": "year end"}
    refused = post(depot.manager, "/stocktakes/new", form)
    assert refused.status_code == 422
    assert "B-99" in refused.text
    assert "year end" in refused.text
    number = open_run(depot)
    overlapping = post(depot.manager, "/stocktakes/new", form | {"request_key": key(), "bins": "A-01"})
    assert overlapping.status_code == 409
    assert f"Bin A-01 is part of {number} already" in overlapping.text
    assert post(depot.manager, f"/stocktakes/{number}/close", {"request_key": key()}).status_code == 409
    cancel = {"request_key": key(), "reason": " "}
    assert post(depot.manager, f"/stocktakes/{number}/cancel", cancel).status_code == 422
    with app.app_context():
        assert session.scalars(select(StocktakeRun.state)).all() == [RunState.COUNTING]


def test_a_cancelled_stocktake_keeps_its_counts_and_posts_nothing(app: Flask, depot: Depot) -> None:
    number = open_run(depot)
    count_everything(depot, number)
    with app.app_context():
        before = session.scalar(select(func.count()).select_from(Posting))
    cancel = {"request_key": key(), "reason": "wrong day"}
    assert post(depot.manager, f"/stocktakes/{number}/cancel", cancel).status_code == 302
    assert "wrong day" in depot.manager.get(f"/stocktakes/{number}").text
    assert post(depot.manager, f"/stocktakes/{number}/post", {"request_key": key()}).status_code == 409
    with app.app_context():
        assert session.scalar(select(func.count()).select_from(Posting)) == before
        assert session.scalar(select(func.count()).select_from(StocktakeCount)) == 5
    assert open_run(depot) != number


def test_a_second_count_stands(app: Flask, depot: Depot) -> None:
    number = open_run(depot)
    count_everything(depot, number)
    found = differences(app)
    recount = f"/stocktakes/differences/{found['SN2'].id}/recount"
    assert post(depot.other, recount, {"request_key": key(), "seen": "yes"}).status_code == 302
    pieces = f"/stocktakes/differences/{found['pieces'].id}/recount"
    assert post(depot.other, pieces, {"request_key": key(), "quantity": ""}).status_code == 422
    assert post(depot.other, pieces, {"request_key": key(), "quantity": 11}).status_code == 302
    unknown = f"/stocktakes/differences/{found['NEW'].id}/recount"
    assert post(depot.other, unknown, {"request_key": key(), "seen": "no"}).status_code == 302
    now = differences(app)
    assert {name: (row.state, row.counted) for name, row in now.items()} == {
        "SN2": (DifferenceState.EXPLAINED, 0),
        "SN4": (DifferenceState.OPEN, 1),
        "NEW": (DifferenceState.EXPLAINED, 1),
        "pieces": (DifferenceState.OPEN, 11),
    }


def test_proposals_lead_to_a_stocktake(app: Flask, depot: Depot) -> None:
    page = depot.manager.get("/stocktakes/proposals").text
    assert "2 of 2 bins are due." in page
    assert "never counted" in page
    assert "A-01\nA-02" in depot.manager.get(f"/stocktakes/new?bin={depot.second}&bin={depot.first}&bin=x").text
    assert "Nothing has been counted yet" in depot.manager.get("/stocktakes").text
