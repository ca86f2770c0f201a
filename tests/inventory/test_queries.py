"""Lists, sums and look-ups of the slice, with exact answers."""

import pytest
from flask import Flask

from spares.accounts.access import SYSTEM
from spares.db import session, transaction
from spares.errors import Invalid, NotFound
from spares.inventory import ledger, places, queries, services, stock_queries, stock_services
from spares.inventory.availability import choose, offers
from spares.inventory.models import Condition, LocationKind, Posting, Tracking
from spares.inventory.stock_queries import UnitFilter
from spares.web import Hit
from tests.conftest import NOON
from tests.factories import make_bin, make_depot, make_part, put_stock


def numbers(**wanted: object) -> list[str]:
    rows, _more = queries.parts(page=1, size=50, **wanted)  # type: ignore[arg-type]
    return [row.part.part_number for row in rows]


def test_parts_are_searched_in_every_column_and_sorted(context: Flask) -> None:
    make_part("S5735", "华为", description="接入交换机 24 口", category="交换机")
    make_part("SFP-10G", "新华三", description="万兆光模块 LR", category="光模块")
    make_part("a-100%", "Acme", description="Power Supply")
    assert numbers() == ["a-100%", "S5735", "SFP-10G"]
    assert numbers(sort="-number") == ["SFP-10G", "S5735", "a-100%"]
    assert numbers(sort="maker") == ["a-100%", "S5735", "SFP-10G"]
    assert numbers(text="ｓ5735") == ["S5735"]
    assert numbers(text="新华三 光模块") == ["SFP-10G"]
    assert numbers(text="power") == ["a-100%"]
    assert numbers(text="100%") == ["a-100%"]
    assert numbers(text="_") == []
    rows, more = queries.parts(page=1, size=2)
    assert ([row.part.part_number for row in rows], more) == (["a-100%", "S5735"], True)
    rows, more = queries.parts(page=2, size=2)
    assert ([row.part.part_number for row in rows], more) == (["SFP-10G"], False)


def test_free_counts_good_unheld_pieces_in_bins_only(context: Flask, dispatch_line: int) -> None:
    depot = make_depot("AA")
    part = make_part("P", minimum_level=3)
    shelf = make_bin(depot)
    area = queries.location_page(places.inside(LocationKind.RECEIVING, depot.id))[0]
    units = put_stock(part, ["S1", "S2", "S3"], shelf)
    put_stock(part, ["S4"], area)
    put_stock(part, ["S5"], shelf, Condition.FAULTY)
    with transaction():
        ledger.hold_unit(dispatch_line, units[0].id, actor=SYSTEM, now=NOON)
    standing = queries.standing(part.id)
    assert (standing.on_hand, standing.held, standing.free) == (4, 1, 2)
    assert [(s.location.code, s.condition, s.on_hand, s.held) for s in standing.shelves] == [
        ("A-01-01", Condition.FAULTY, 1, 0),
        ("A-01-01", Condition.GOOD, 3, 1),
        ("RECEIVING", Condition.GOOD, 1, 0),
    ]
    (row,) = [row for row in queries.parts(page=1, size=50)[0] if row.part.id == part.id]
    assert (row.free, row.on_hand, row.is_low) == (2, 4, True)
    assert [offer.free for offer in offers(part.id, depot.id)] == [2]


def test_low_stock_is_counted_for_a_depot_or_for_all(context: Flask) -> None:
    here, there = make_depot("ZZ"), make_depot("LY")
    part, _none = make_part("P", minimum_level=2), make_part("Q", minimum_level=1)
    make_part("R")
    put_stock(part, ["S1"], make_bin(here))
    put_stock(part, ["S2"], make_bin(there))
    assert [row.part.part_number for row in queries.low_stock()] == ["Q"]
    assert [(row.part.part_number, row.free) for row in queries.low_stock(here.id)] == [("P", 1), ("Q", 0)]
    assert numbers(level=queries.StockLevel.LOW) == ["Q"]
    assert numbers(level=queries.StockLevel.LOW, depot_id=there.id) == ["P", "Q"]


def test_a_typed_part_is_found_or_refused_at_its_field(context: Flask) -> None:
    one, two = make_part("X-1", "华为"), make_part("X-1", "新华三")
    other = make_part("Y-1", "华为")
    assert queries.find_part(" ｙ-1 ").id == other.id
    assert queries.find_part(queries.part_name(two)).id == two.id
    with pytest.raises(Invalid, match="part_ambiguous") as caught:
        queries.find_part("x-1")
    assert (caught.value.field, sorted(caught.value.facts["makers"])) == ("part", ["华为", "新华三"])
    with pytest.raises(Invalid, match="part_unknown"):
        queries.find_part("Z-1")
    assert [part.id for part in queries.suggest_parts("x-1 华为")] == [one.id]
    assert queries.suggest_parts(" ") == []


def test_substitutes_are_read_in_both_directions_and_offered_when_approved(context: Flask) -> None:
    depot = make_depot()
    part, first, second = make_part("A"), make_part("B"), make_part("C")
    put_stock(second, ["S1", "S2"], make_bin(depot))
    with transaction():
        services.add_substitute(part.id, second.id, 2, actor=SYSTEM, now=NOON)
        row = services.add_substitute(part.id, first.id, 1, actor=SYSTEM, now=NOON)
        services.add_substitute(second.id, part.id, 1, actor=SYSTEM, now=NOON)
    found = queries.substitutions(part.id)
    assert [one.other.part_number for one in found.instead] == ["B", "C"]
    assert [one.other.part_number for one in found.stands_in_for] == ["C"]
    assert queries.substituted_part(row.id) == part.id
    assert [offer.part.part_number for offer in offers(part.id, depot.id)] == ["A"]
    with transaction():
        for one in found.instead:
            services.approve_substitute(one.row.id, actor=SYSTEM, now=NOON)
    available = offers(part.id, depot.id)
    assert [(offer.part.part_number, offer.rank, offer.free) for offer in available] == [
        ("A", 0, 0),
        ("B", 1, 0),
        ("C", 2, 2),
    ]
    best = choose(available, 2)
    assert best is not None and best.part.part_number == "C"
    assert choose(available, 3) is None


def test_one_scan_finds_every_kind_in_one_statement(context: Flask, statements: list[str]) -> None:
    depot = make_depot()
    one, two = make_part("SAME", "华为"), make_part("OTHER", "新华三")
    shelf = make_bin(depot, "SAME")
    (unit,) = put_stock(one, ["same"], shelf)
    (twin,) = put_stock(two, ["SAME"], shelf)
    expected = [
        Hit("unit", "SAME · OTHER", "unit_show", {"unit_id": twin.id}),
        Hit("unit", "same · SAME", "unit_show", {"unit_id": unit.id}),
        Hit("part", "SAME · 华为", "part_show", {"part_id": one.id}),
        Hit("location", "SAME · ZZ", "location_show", {"location_id": shelf.id}),
    ]
    statements.clear()
    assert queries.find_anything(" Ｓame\r\n") == expected
    assert len(statements) == 1
    assert queries.find_anything("po2") == [Hit("posting", "PO-000002", "posting_show", {"posting_id": 2})]
    assert queries.find_anything("PO-000099") == []
    assert queries.find_anything("RECEIVING") == []
    assert queries.find_anything(" ") == []
    assert queries.find_anything("x" * 200) == []


def listed(wanted: UnitFilter, size: int = 50) -> list[str]:
    """The serials of all pages of the list, read page by page."""
    known = stock_queries.choices(wanted)
    found: list[str] = []
    after: str | None = ""
    while after is not None:
        rows, after = stock_queries.units(wanted, known, after=after, size=size)
        assert len(rows) <= size
        found += [row.unit.serial for row in rows]
    return found


def test_units_are_filtered_and_paged_without_gaps(context: Flask) -> None:
    here, there = make_depot("ZZ"), make_depot("LY")
    part, other = make_part("P"), make_part("Q")
    a, b, c = make_bin(here, "A"), make_bin(here, "B"), make_bin(there, "A")
    put_stock(part, ["P3", "P1", "P2"], a)
    put_stock(part, ["P4"], b, Condition.FAULTY)
    put_stock(other, ["Q1", "Q2"], c)
    put_stock(other, ["P1"], b)
    for size in (1, 2, 3, 50):
        assert listed(UnitFilter(), size) == ["P1", "Q2", "Q1", "P4", "P2", "P1", "P3"]
        assert listed(UnitFilter(part="p"), size) == ["P1", "P2", "P3", "P4"]
        assert listed(UnitFilter(part="P · 华为"), size) == ["P1", "P2", "P3", "P4"]
        assert listed(UnitFilter(part="P · 新华三"), size) == []
        assert listed(UnitFilter(part="P", condition=Condition.GOOD), size) == ["P1", "P2", "P3"]
        assert listed(UnitFilter(part="P", where=f"depot:{there.id}"), size) == []
        assert listed(UnitFilter(where=f"depot:{here.id}"), size) == ["P3", "P1", "P2", "P4", "P1"]
        assert listed(UnitFilter(bin="a"), size) == ["P3", "P1", "P2", "Q1", "Q2"]
        assert listed(UnitFilter(bin="a", where=f"depot:{there.id}"), size) == ["Q1", "Q2"]
        assert listed(UnitFilter(condition=Condition.FAULTY), size) == ["P4"]
        assert listed(UnitFilter(condition=Condition.GOOD), size) == ["P3", "P1", "P2", "P1", "Q1", "Q2"]
        assert sorted(listed(UnitFilter(serial="p1"), size)) == ["P1", "P1"]
        assert listed(UnitFilter(where=f"place:{b.id}"), size) == ["P4", "P1"]
    for nonsense in ("depot:x", "place:", "what", "depot:99999999999999999999"):
        assert listed(UnitFilter(where=nonsense)) == []
    assert listed(UnitFilter(bin="NOWHERE")) == []


def test_a_mark_that_does_not_fit_is_ignored(context: Flask) -> None:
    put_stock(make_part("P"), ["P1", "P2"], make_bin(make_depot()))
    for wanted in (UnitFilter(), UnitFilter(part="P"), UnitFilter(bin="A-01-01")):
        known = stock_queries.choices(wanted)
        for mark in ("x", "1~2~3~4", "1~bad~2", "~"):
            assert len(stock_queries.units(wanted, known, after=mark, size=50)[0]) == 2


def test_a_units_whole_life_is_told(context: Flask, dispatch_line: int) -> None:
    depot, part = make_depot("AA"), make_part("P")
    shelf, other = make_bin(depot, "A"), make_bin(depot, "B")
    (unit,) = put_stock(part, ["S1"], shelf)
    with transaction():
        stock_services.move([unit.id], other.id, request_key="m", actor=SYSTEM, now=NOON)
        ledger.hold_unit(dispatch_line, unit.id, actor=SYSTEM, now=NOON)
    with transaction():
        ledger.release(ledger.open_holds([dispatch_line]), actor=SYSTEM, now=NOON, reason="取消")
    life = stock_queries.unit_life(unit.id)
    assert [(step.origin.code, step.target.code, step.posting.kind) for step in life.steps] == [
        ("A", "B", "move"),
        ("SUPPLIER", "A", "receive"),
    ]
    assert [(span.outcome, span.reason, span.ended_at) for span in life.holds] == [("released", "取消", NOON)]
    assert life.now is not None and life.now.location.code == "B"
    with pytest.raises(NotFound):
        stock_queries.unit_life(unit.id + 99)


def test_the_stock_card_runs_backwards_from_what_there_is(context: Flask) -> None:
    depot, part = make_depot(), make_part("C", tracking=Tracking.COUNTED)
    shelf = make_bin(depot)
    for quantity in (10, 5, 1):
        put_stock(part, quantity, shelf)
    lost = stock_services.Pieces(part_id=part.id, location_id=shelf.id, condition=Condition.GOOD, quantity=4)
    with transaction():
        stock_services.adjust_lost([], "少", pieces=[lost], request_key="l", actor=SYSTEM, now=NOON)
    expected = [(4, -4, 12), (1, 1, 16), (5, 5, 15), (10, 10, 10)]
    lines, following = stock_queries.stock_card(part.id, size=10)
    assert ([(line.moved, line.change, line.after) for line in lines], following) == (expected, None)
    lines, following = stock_queries.stock_card(part.id, size=2)
    assert [(line.moved, line.change, line.after) for line in lines] == expected[:2]
    assert following is not None
    lines, following = stock_queries.stock_card(part.id, before=following, size=2)
    assert ([(line.moved, line.change, line.after) for line in lines], following) == (expected[2:], None)


def test_a_posting_shows_its_moves_page_by_page(context: Flask) -> None:
    part = make_part("P")
    put_stock(part, ["S1", "S2", "S3"], make_bin(make_depot()))
    posting = session.query(Posting).one()
    found, _who, undone_by, steps, following = stock_queries.posting_page(posting.id, size=2)
    assert (found.id, undone_by) == (posting.id, None)
    assert [step.unit.serial for step in steps if step.unit] == ["S1", "S2"]
    assert following is not None
    steps = stock_queries.posting_page(posting.id, after=following, size=2)[3]
    assert [step.unit.serial for step in steps if step.unit] == ["S3"]
    with pytest.raises(NotFound):
        stock_queries.posting_page(posting.id + 99, size=2)


def test_places_are_listed_with_what_lies_there(context: Flask) -> None:
    depot = make_depot()
    part = make_part("P")
    shelf = make_bin(depot, "A-1", "左")
    put_stock(part, ["S1", "S2"], shelf)
    rows, more = queries.locations(page=1, size=50)
    assert sorted((place.code, owner.code, int(pieces)) for place, owner, pieces in rows) == [
        ("A-1", "ZZ", 2),
        ("BENCH", "ZZ", 0),
        ("RECEIVING", "ZZ", 0),
        ("RETURNS", "ZZ", 0),
    ]
    assert not more
    assert [place.code for place, _d, _n in queries.locations(text="ａ-", page=1, size=50)[0]] == ["A-1"]
    place, owner, lying = queries.location_page(shelf.id)
    assert (place.name, owner.code if owner else "") == ("左", "ZZ")
    assert [(one.part_number, balance.on_hand) for one, balance in lying] == [("P", 2)]
    with pytest.raises(NotFound):
        queries.location_page(999)
