"""Parts and opening stock as people's files have them, a whole parts list among them, and the commands."""

import io
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import func, select

from spares.accounts.access import SYSTEM
from spares.clock import now
from spares.db import session, transaction
from spares.inventory import import_queries, imports, imports_work
from spares.inventory.cli import stock
from spares.inventory.import_cli import parts
from spares.inventory.import_models import ImportKind, ImportRefusal, ImportRun, ImportState
from spares.inventory.import_outcome import Fate
from spares.inventory.ledger_check import verify
from spares.inventory.models import Condition, Location, Move, Part, StockBalance, Tracking, Unit, UnitState
from tests.factories import make_bin, make_depot, make_part, put_stock
from tests.parts_lists import LISTS, invented, real


def run(data: bytes, name: str = "a.csv", kind: ImportKind = ImportKind.PARTS, **options: object) -> ImportRun:
    upload = imports.check(data, name, kind)
    with transaction():
        run_id = imports.prepare(upload, options=options, actor=SYSTEM, now=now()).id
    looked = imports.preview(session.get_one(ImportRun, run_id))
    with transaction():
        imports.start(run_id, actor=SYSTEM)
    assert imports_work.advance(now)
    session.rollback()
    done = session.get_one(ImportRun, run_id, populate_existing=True)
    assert done.state is ImportState.DONE
    if not looked.more:
        foreseen = tuple(looked.outcome.count(fate) for fate in Fate)
        assert foreseen == (done.rows_new, done.rows_changed, done.rows_unchanged, done.rows_refused)
    return done


def counts(done: ImportRun) -> tuple[int, int, int, int]:
    return done.rows_new, done.rows_changed, done.rows_unchanged, done.rows_refused


def refused(done: ImportRun) -> list[tuple[int, str, str]]:
    return [(row.line, row.column, row.code) for row in import_queries.all_refusals(done.id)]


def workbook(text: str) -> bytes:
    import csv

    book = openpyxl.Workbook()
    for row in csv.reader(io.StringIO(text)):
        book.active.append(row)
    output = io.BytesIO()
    book.save(output)
    return output.getvalue()


@pytest.mark.parametrize("parts_list", LISTS)
def test_a_whole_parts_list(context: Flask, parts_list: Callable[[], bytes]) -> None:
    data = parts_list()
    done = run(data, "network_parts.csv")
    assert (done.rows_total, counts(done)) == (3769, (3293, 0, 0, 476))
    assert session.scalar(select(func.count()).select_from(Part)) == 3293
    found = list(import_queries.all_refusals(done.id))
    assert Counter(row.code for row in found) == {"import_value_missing": 459, "repeats_line": 17}
    lines = data.decode().splitlines()
    repeats = [(row.line, int(row.facts["first_line"]), row.value) for row in found if row.code == "repeats_line"]
    first_two = {
        invented: [(201, 197, "NW00196-0"), (401, 397, "NW00396-4")],
        real: [(1719, 1715, "J9803A"), (2282, 2280, "IM4248-2")],
    }
    assert repeats[:2] == first_two[parts_list]
    for line, first, number in repeats:
        assert first < line
        assert number.casefold() in lines[line - 1].casefold()
        assert number.casefold() in lines[first - 1].casefold()
    assert counts(run(data, "network_parts.csv")) == (0, 0, 3293, 476)


@pytest.mark.parametrize("parts_list", LISTS)
@pytest.mark.parametrize("form", ["gb18030", "utf-8-sig", "utf-16", "xlsx"])
def test_a_whole_parts_list_in_other_clothes(context: Flask, form: str, parts_list: Callable[[], bytes]) -> None:
    text = parts_list().decode()
    if form == "xlsx":
        done = run(workbook(text), "network_parts.xlsx")
    else:
        done = run(text.encode(form), "network_parts.csv")
    assert (done.rows_total, counts(done)) == (3769, (3293, 0, 0, 476))
    codes = Counter(code for _line, _column, code in refused(done))
    assert codes == {"import_value_missing": 459, "repeats_line": 17}


def test_only_what_a_sheet_says_is_taken_over(context: Flask) -> None:
    part = make_part("P-1", description="旧", price_minor=100, minimum_level=3)
    assert counts(run("厂商,备件型号,描述,价格\n华为,p-1,新,\n".encode())) == (0, 1, 0, 0)
    session.expire_all()
    assert (part.description, part.price_minor, part.minimum_level, part.version) == ("新", 100, 3, 2)
    assert counts(run("厂商,备件型号,描述,价格\n华 为,ｐ－１,新,1.00\n".encode())) == (0, 0, 1, 0)
    session.expire_all()
    assert part.version == 2


def test_tracking_is_fixed_once_stock_has_moved(context: Flask) -> None:
    part = make_part("P-1")
    put_stock(part, ["S1"], make_bin(make_depot()))
    done = run("厂商,备件型号,管理方式\n华为,P-1,数量\n".encode())
    assert refused(done) == [(2, "tracking", "tracking_fixed")]
    assert session.get_one(Part, part.id).tracking is Tracking.SERIAL


def test_a_price_without_currency_is_no_yen(context: Flask) -> None:
    make_part("P-1", currency="JPY", price_minor=500)
    assert refused(run("厂商,备件型号,价格\n华为,P-1,500\n".encode())) == [(2, "currency", "import_currency_missing")]
    assert counts(run("厂商,备件型号,价格,币种\n华为,P-1,500,JPY\n".encode())) == (0, 0, 1, 0)


STOCK = """厂商,备件型号,序列号,数量,货位,状态
华为,SW,S1,,A-01,
华为,SW,S2,1,A-01,故障品
,CABLE,,40,A-01,
,NOBODY,S3,,A-01,
,TWICE,S4,,A-01,
中兴,TWICE,S5,,A-01,
华为,SW,S6,,NO-BIN,
华为,SW,,,A-01,
华为,SW,S7,2,A-01,
,CABLE,X1,,A-01,
,SW,s1,,A-01,
,SW,S2,,A-01,良品
,CABLE,,41,A-01,
华为,CABLE,,40,A-01,
华为,SW,S8,,RETURNS,
华为,SW,S9,,RMA-000007,
"""


def test_opening_stock(context: Flask) -> None:
    depot = make_depot()
    make_bin(depot, "A-01")
    make_part("SW")
    make_part("CABLE", tracking=Tracking.COUNTED)
    make_part("TWICE", "华为")
    make_part("TWICE", "中兴")
    done = run(STOCK.encode(), kind=ImportKind.STOCK, depot_id=depot.id, make_bins=False)
    assert counts(done) == (4, 0, 2, 10)
    assert refused(done) == [
        (5, "part_number", "import_part_unknown"),
        (6, "manufacturer", "import_part_ambiguous"),
        (8, "bin", "bin_unknown"),
        (9, "serial", "import_value_missing"),
        (10, "quantity", "one_serial_one_piece"),
        (11, "serial", "counted_has_no_serial"),
        (13, "serial", "import_unit_elsewhere"),
        (14, "part_number", "repeats_line"),
        (16, "bin", "import_place_unsuitable"),
        (17, "bin", "bin_unknown"),
    ]
    assert session.scalar(select(func.count()).select_from(Unit)) == 3
    assert session.scalars(select(UnitState.condition).order_by(UnitState.unit_id)).all().count(Condition.FAULTY) == 1
    assert session.scalars(select(StockBalance.on_hand).where(StockBalance.on_hand > 1)).all() == [40]
    assert list(verify()) == []
    moves = session.scalar(select(func.count()).select_from(Move))
    again = run(STOCK.encode(), kind=ImportKind.STOCK, depot_id=depot.id, make_bins=False)
    assert counts(again) == (0, 0, 6, 10)
    assert session.scalar(select(func.count()).select_from(Move)) == moves


def test_every_fault_of_a_row_is_reported_and_the_row_counted_once(context: Flask) -> None:
    depot = make_depot()
    make_bin(depot, "A-01")
    make_part("SW")
    stock = "备件型号,序列号,数量,货位\nNOBODY,S1,,NO-BIN\nSW,,2,NO-BIN\nSW,S3,0,\nSW,S4,,A-01\nSW,s4,,A-01\n"
    done = run(stock.encode(), kind=ImportKind.STOCK, depot_id=depot.id, make_bins=False)
    assert (done.rows_total, counts(done)) == (5, (1, 0, 0, 4))
    assert refused(done) == [
        (2, "part_number", "import_part_unknown"),
        (2, "bin", "bin_unknown"),
        (3, "serial", "import_value_missing"),
        (3, "bin", "bin_unknown"),
        (4, "quantity", "whole_number_malformed"),
        (4, "bin", "import_value_missing"),
        (6, "serial", "repeats_line"),
    ]
    assert import_queries.refusal_count(done.id) == 7
    parts = run("厂商,备件型号,价格,重量\n,P-1,viel,x\n华为,P-2,1,1\n".encode())
    assert (parts.rows_total, counts(parts)) == (2, (1, 0, 0, 1))
    assert refused(parts) == [
        (2, "manufacturer", "import_value_missing"),
        (2, "price", "price_malformed"),
        (2, "weight", "import_weight_malformed"),
    ]


def test_missing_bins_are_made_for_good_rows_only(context: Flask) -> None:
    depot = make_depot()
    make_part("SW")
    before = session.scalar(select(func.count()).select_from(Location)) or 0
    text = "备件型号,序列号,货位\nSW,S1,B-01\nSW,S2,b-01\nNO,S3,B-02\nSW,,B-03\nSW,S4,RMA-000007\n"
    done = run(text.encode(), kind=ImportKind.STOCK, depot_id=depot.id, make_bins=True)
    assert counts(done) == (2, 0, 0, 3)
    assert [code for *_, code in refused(done)] == ["import_part_unknown", "import_value_missing", "bin_code_is_number"]
    assert session.scalar(select(func.count()).select_from(Location)) == before + 1


def test_a_serial_or_quantity_that_is_otherwise_known_is_refused(context: Flask) -> None:
    depot = make_depot()
    shelf, other = make_bin(depot, "A-01"), make_bin(make_depot("BJ", "北京"), "A-01")
    switch, cable = make_part("SW"), make_part("CABLE", tracking=Tracking.COUNTED)
    put_stock(switch, ["S1"], shelf)
    put_stock(switch, ["S2"], other)
    put_stock(cable, 5, shelf)
    make_bin(depot, "A-02")
    text = "备件型号,序列号,数量,货位\nSW,S1,,A-02\nSW,S2,,A-01\nCABLE,,6,A-01\nSW,S1,,A-01\nCABLE,,5,A-01\n"
    done = run(text.encode(), kind=ImportKind.STOCK, depot_id=depot.id, make_bins=False)
    found = [(row.line, row.code, row.facts.get("place"), row.facts.get("there")) for row in rows(done)]
    assert found[:3] == [
        (2, "import_unit_elsewhere", "A-01", None),
        (3, "import_unit_elsewhere", "A-01", None),
        (4, "bin_holds_other_quantity", None, 5),
    ]
    assert list(verify()) == []


def rows(done: ImportRun) -> list[ImportRefusal]:
    return list(import_queries.all_refusals(done.id))


def test_the_commands_and_their_exit_codes(context: Flask, tmp_path: Path) -> None:
    good, mixed, wrong = tmp_path / "good.csv", tmp_path / "mixed.csv", tmp_path / "wrong.csv"
    good.write_text("manufacturer,part_number\nAcme,P-1\n", "utf-8")
    mixed.write_text("manufacturer,part_number\nAcme,P-1\nAcme,\n=A,\n", "utf-8")
    wrong.write_text("maker\nAcme\n", "utf-8")
    runner = CliRunner()
    done = runner.invoke(parts, ["import", str(good)])
    assert (done.exit_code, done.output) == (0, "1 rows: 1 new, 0 changed, 0 unchanged, 0 refused\n")
    report = tmp_path / "report.csv"
    done = runner.invoke(parts, ["import", str(mixed), "--report", str(report)])
    assert done.exit_code == 3
    assert done.output == f"3 rows: 0 new, 0 changed, 1 unchanged, 2 refused\nRefused rows: {report}\n"
    assert report.read_text("utf-8-sig").splitlines() == [
        "Line,Column,Value,Reason",
        "3,Part number,Acme,The value is missing.",
        "4,Part number,'=A,The value is missing.",
    ]
    done = runner.invoke(parts, ["import", str(mixed)])
    assert done.exit_code == 3
    assert "3,Part number,Acme,The value is missing." in done.output
    done = runner.invoke(parts, ["import", str(wrong)])
    assert done.exit_code == 1
    assert "These columns are missing: Manufacturer, Part number. Found: maker." in done.output


def test_a_broken_file_ends_the_command_with_its_reason(context: Flask, tmp_path: Path) -> None:
    path = tmp_path / "late.csv"
    lines = "".join(f"Acme,P-{n}\n" for n in range(250))
    path.write_text(f'manufacturer,part_number\n{lines}Acme,"open\n', "utf-8")
    done = CliRunner().invoke(parts, ["import", str(path)])
    assert done.exit_code == 1
    assert "The quotation marks do not match in the record that starts on line 252." in done.output
    assert session.scalar(select(func.count()).select_from(Part)) == 0


def test_the_stock_command(context: Flask, tmp_path: Path) -> None:
    make_depot()
    make_part("SW")
    path = tmp_path / "stock.csv"
    path.write_text("part_number,serial,bin\nSW,S1,A-01\n", "utf-8")
    done = CliRunner().invoke(stock, ["import", str(path)])
    assert done.exit_code == 3
    done = CliRunner().invoke(stock, ["import", str(path), "--make-bins"])
    assert (done.exit_code, done.output) == (0, "1 rows: 1 new, 0 changed, 0 unchanged, 0 refused\n")
