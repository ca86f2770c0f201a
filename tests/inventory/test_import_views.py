"""The import's pages: what a file would do, the start, the progress, the report, and every kind of file that is refused."""

import io
import zipfile

import openpyxl
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from spares.accounts.models import Role
from spares.clock import now
from spares.db import session, transaction
from spares.files.models import StoredFile
from spares.inventory import imports, imports_work
from spares.inventory.import_models import ImportKind, ImportRefusal, ImportRun, ImportState
from spares.inventory.import_rows import TEMPLATES
from spares.inventory.models import Location, Part, Unit
from spares.sheets.reading import open_sheet
from tests.factories import make_actor, make_bin, make_depot, make_part, make_user, post, sign_in
from tests.sheets.factories import header, parts, zipped

PARTS = "厂商,备件型号,单价,备注\n华为,02310ABC,1200,x\n华为,,5,y\n华为,02310ABC,7,z\n中兴,ZX-1,abc,\n"


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """An RMA administrator's browser, in English; there is a depot with a bin."""
    browser = app.test_client()
    with app.app_context():
        make_bin(make_depot(), "A-01")
        sign_in(browser, make_user(Role.RMA_ADMIN, language="en"))
        session.remove()
    return browser


def upload(client: FlaskClient, data: bytes, name: str = "parts.csv", **fields: object) -> TestResponse:
    form = {
        "kind": "parts",
        "depot": "1",
        "request_key": f"k{len(data)}-{name.encode().hex()[:40]}",
        "file": (io.BytesIO(data), name),
    }
    return post(client, "/imports/new", form | fields, content_type="multipart/form-data")


def work(app: Flask) -> None:
    with app.app_context():
        while imports_work.advance(now):
            pass
        session.remove()


def kept(app: Flask) -> tuple[int, ...]:
    """How many rows there are of all that an import could make."""
    with app.app_context():
        found = tuple(
            session.scalar(select(func.count()).select_from(table)) or 0
            for table in (ImportRun, StoredFile, ImportRefusal, Part, Unit, Location)
        )
        session.remove()
    return found


def test_from_the_file_to_the_report(app: Flask, client: FlaskClient) -> None:
    empty = client.get("/imports").text
    assert "Nothing has been imported yet" in empty
    answer = upload(client, PARTS.encode("gb18030"), "我的备件.csv")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/imports/IM-000001")
    before = kept(app)
    page = client.get("/imports/IM-000001").text
    for words in (
        "GBK / GB18030",
        "comma",
        "厂商 → Manufacturer",
        "备注",
        "我的备件.csv",
        "Start the import",
        "Discard",
    ):
        assert words in page
    assert "Part number: The value is missing." in page
    assert "Repeats line 2 (02310ABC)." in page
    assert "Price: “abc” is no price." in page
    assert kept(app) == before

    started = post(client, "/imports/IM-000001/start", {"request_key": "s1"})
    assert started.headers["Location"] == "/imports/IM-000001"
    waiting = client.get("/imports/IM-000001").text
    assert "Waiting for the background worker" in waiting
    assert 'hx-trigger="every 1s"' in waiting
    assert "hx-get" in client.get("/imports/IM-000001/progress", headers={"HX-Request": "true"}).text
    work(app)
    ended = client.get("/imports/IM-000001/progress", headers={"HX-Request": "true"})
    assert (ended.text, ended.headers["HX-Refresh"]) == ("", "true")
    done = client.get("/imports/IM-000001").text
    assert "finished" in done
    assert "Repeats line 2 (02310ABC)." in done
    assert "IM-000001" in client.get("/imports").text
    with app.app_context():
        assert session.scalars(select(Part.part_number)).all() == ["02310ABC"]
        session.remove()


def test_the_report_as_csv_and_as_a_workbook(app: Flask, client: FlaskClient) -> None:
    upload(client, PARTS.encode() + b"=1+1,,<b>x</b>,\n")
    post(client, "/imports/IM-000001/start", {"request_key": "s1"})
    work(app)
    csv = client.get("/imports/IM-000001/refused.csv")
    assert csv.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert csv.headers["Content-Disposition"].startswith('attachment; filename="IM-000001 refused rows.csv"')
    lines = csv.get_data().decode("utf-8-sig").splitlines()
    assert lines == [
        "Line,Column,Value,Reason",
        "3,Part number,华为 / 5 / y,The value is missing.",
        "4,Part number,02310ABC,Repeats line 2 (02310ABC).",
        '5,Price,abc,"“abc” is no price. Write a plain amount such as 12800 or 12,800.50."',
        "6,Part number,'=1+1 / <b>x</b>,The value is missing.",
        '6,Price,<b>x</b>,"“<b>x</b>” is no price. Write a plain amount such as 12800 or 12,800.50."',
    ]
    book = openpyxl.load_workbook(io.BytesIO(client.get("/imports/IM-000001/refused.xlsx").data))
    rows = list(book.active.iter_rows(values_only=True))
    assert rows[1] == (3, "Part number", "华为 / 5 / y", "The value is missing.")
    assert len(rows) == 6
    page = client.get("/imports/IM-000001").text
    assert "<b>x</b>" not in page
    assert "&lt;b&gt;x&lt;/b&gt;" in page
    assert client.get("/imports/IM-000001/refused.exe").status_code == 404


def test_a_chinese_page_is_chinese_throughout(app: Flask, client: FlaskClient) -> None:
    upload(client, PARTS.encode())
    with app.app_context():
        reader = make_user(Role.ADMINISTRATOR, language="zh_Hans_CN")
        sign_in(client, reader)
        session.remove()
    page = client.get("/imports/IM-000001").text
    for words in (
        "导入前检查",
        "文件解析结果",
        "逗号",
        "缺少该值。",
        "与第 2 行重复（02310ABC）。",
        "开始导入",
        "放弃",
    ):
        assert words in page
    refused = upload(client, "品名\n1\n".encode()).text
    assert "缺少以下列：厂商, 备件型号" in refused or "厂商, 备件型号" in refused
    assert "品名" in refused


def test_a_preview_is_discarded_and_a_run_cancelled(app: Flask, client: FlaskClient) -> None:
    upload(client, PARTS.encode())
    answer = post(client, "/imports/IM-000001/cancel", {"request_key": "c1"})
    assert answer.headers["Location"] == "/imports"
    assert post(client, "/imports/IM-000001/start", {"request_key": "s1"}).status_code == 409
    assert post(client, "/imports/IM-000001/cancel", {"request_key": "c2"}).status_code == 409
    upload(client, PARTS.encode(), request_key="again")
    post(client, "/imports/IM-000002/start", {"request_key": "s2"})
    answer = post(client, "/imports/IM-000002/cancel", {"request_key": "c3"})
    assert answer.headers["Location"] == "/imports/IM-000002"
    work(app)
    assert "cancelled" in client.get("/imports/IM-000002").text
    assert kept(app)[3] == 0


def test_the_same_form_twice_makes_one_run(app: Flask, client: FlaskClient) -> None:
    first = upload(client, PARTS.encode(), request_key="once")
    second = upload(client, PARTS.encode(), request_key="once")
    assert first.headers["Location"] == second.headers["Location"] == "/imports/IM-000001"
    post(client, "/imports/IM-000001/start", {"request_key": "s1"})
    again = post(client, "/imports/IM-000001/start", {"request_key": "s1"})
    assert again.headers["Location"] == "/imports/IM-000001"
    assert kept(app)[:2] == (1, 1)


def test_stock_says_what_becomes_of_each_row(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        make_part("PN-1")
        session.remove()
    sheet = "备件型号,序列号,货位\nPN-1,S1,A-01\nPN-1,S2,B-99\nPN-9,S3,A-01\n".encode()
    upload(client, sheet, "stock.csv", kind="stock")
    page = client.get("/imports/IM-000001").text
    assert "The depot has no bin B-99." in page
    assert "No part in the catalogue has the number “PN-9”." in page
    assert "are refused" in page
    upload(client, sheet, "stock.csv", kind="stock", make_bins="y", request_key="bins")
    page = client.get("/imports/IM-000002").text
    assert "The depot has no bin B-99." not in page
    assert "are made" in page
    post(client, "/imports/IM-000002/start", {"request_key": "s2"})
    work(app)
    with app.app_context():
        assert session.scalars(select(Unit.serial).order_by(Unit.serial)).all() == ["S1", "S2"]
        assert session.scalar(select(Location.id).where(Location.code == "B-99")) is not None
        session.remove()


def workbook(*rows: tuple[object, ...]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    output = io.BytesIO()
    book.save(output)
    return output.getvalue()


def bomb() -> bytes:
    """A workbook whose sheet unpacks to a thousand times its size."""
    made = parts(header("manufacturer", "part_number"))
    made["xl/worksheets/sheet1.xml"] = b"<worksheet>" + b" " * 20_000_000 + b"</worksheet>"
    return zipped(made)


PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01"
REFUSED = {
    "zero bytes": (b"", "parts.csv", "The file is empty."),
    "broken workbook": (workbook(("manufacturer", "part_number"), ("a", "b"))[:-400], "parts.xlsx", "is damaged"),
    "zip that is no workbook": (zipped({"a.txt": "x"}), "parts.xlsx", "is damaged"),
    "zip bomb": (bomb(), "parts.xlsx", "refused for safety. Copy the table"),
    "text called workbook": (b"manufacturer,part_number\na,b\n", "parts.xlsx", "it is no such table. Open it in Excel"),
    "workbook called text": (
        workbook(("manufacturer", "part_number")),
        "parts.csv",
        "is called .csv, but it is no such table",
    ),
    "wrong extension": (b"manufacturer,part_number\na,b\n", "parts.pdf", "cannot be read. Allowed: .csv"),
    "old workbook": (bytes.fromhex("d0cf11e0a1b11ae1") + b"x" * 600, "parts.xls", "old .xls format"),
    "wrong columns": (b"maker,number\na,b\n", "parts.csv", "Manufacturer, Part number. Found: maker, number."),
    "a column twice": ("厂商,备件型号,料号\na,b,c\n".encode(), "parts.csv", "stand more than once: 备件型号, 料号"),
    "no rows": (b"manufacturer,part_number\n", "parts.csv", "has a header but no rows"),
    "bytes": (b"manufacturer,part_number\na,b\0c\n", "parts.csv", "This is no table: from line 2 on"),
    "picture called text": (PNG, "parts.csv", "This is no table: from line 3 on"),
    "picture called workbook": (PNG, "parts.xlsx", "is called .xlsx, but it is no such table"),
    "open quotes": (b'manufacturer,part_number\na,"b\nc,d\n', "parts.csv", "quotation marks do not match"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_cannot_be_read_changes_nothing_and_says_what_to_do(
    app: Flask, client: FlaskClient, name: str
) -> None:
    data, filename, words = REFUSED[name]
    before = kept(app)
    answer = upload(client, data, filename)
    assert answer.status_code == 422
    assert words in answer.text
    assert kept(app) == before


def test_no_file_at_all(app: Flask, client: FlaskClient) -> None:
    before = kept(app)
    answer = post(client, "/imports/new", {"kind": "parts", "depot": "1", "request_key": "k"})
    assert answer.status_code == 422
    assert "Choose a file." in answer.text
    answer = upload(client, PARTS.encode(), kind="people")
    assert answer.status_code == 422
    answer = upload(client, PARTS.encode(), kind="stock", depot="77")
    assert answer.status_code == 422
    assert kept(app) == before


def test_a_file_too_large_is_refused_in_words(app: Flask, client: FlaskClient) -> None:
    before = kept(app)
    form = {"kind": "parts", "depot": "1", "request_key": "k", "file": (io.BytesIO(b"x" * (21 * 1024 * 1024)), "p.csv")}
    english = {"Accept-Language": "en"}
    answer = post(client, "/imports/new", form, content_type="multipart/form-data", headers=english)
    assert answer.status_code == 413
    assert "The file is too large" in answer.text
    assert kept(app) == before


def test_formulas_count_by_their_value_and_long_text_is_refused(app: Flask, client: FlaskClient) -> None:
    book = workbook(("manufacturer", "part_number", "description"), ("a", "=1+1", ""), ("b", "P-2", "x" * 301))
    upload(client, book, "parts.xlsx")
    page = client.get("/imports/IM-000001").text
    assert "the formula in B2 has no stored value" in page
    assert "The text has 301 characters; at most 300 are allowed." in page
    assert "Sheet" in page


@pytest.mark.parametrize("kind", list(ImportKind))
@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_the_template_is_understood(client: FlaskClient, kind: ImportKind, form: str) -> None:
    answer = client.get(f"/imports/template/{kind}.{form}")
    assert answer.status_code == 200
    sheet = open_sheet(answer.data, f"t.{form}", aliases=imports.ALIASES[kind], required=imports.REQUIRED[kind])
    assert tuple(sheet.titles) == TEMPLATES[kind.value]
    assert set(sheet.header) <= imports.KNOWN[kind]


def test_a_template_of_nothing_is_not_found(client: FlaskClient) -> None:
    assert client.get("/imports/template/people.csv").status_code == 404
    assert client.get("/imports/template/parts.exe").status_code == 404
    assert client.get("/imports/IM-000099").status_code == 404
    assert client.get("/imports/nonsense").status_code == 404


def test_a_file_that_breaks_further_down_is_refused_whole(app: Flask, client: FlaskClient) -> None:
    rows = "".join(f"华为,P-{n}\n" for n in range(300))
    upload(client, ("manufacturer,part_number\n" + rows + 'x,"open\n').encode())
    post(client, "/imports/IM-000001/start", {"request_key": "s1"})
    work(app)
    page = client.get("/imports/IM-000001").text
    assert "failed" in page
    assert "The quotation marks do not match in the record that starts on line 302." in page
    assert kept(app)[3] == 0


def test_the_page_costs_few_statements(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        actor = make_actor(Role.RMA_ADMIN)
        for number in range(60):
            sheet = imports.check(PARTS.encode(), f"f{number}.csv", ImportKind.PARTS)
            with transaction():
                imports.prepare(sheet, options={}, actor=actor, now=now())
        session.remove()
    page = client.get("/imports").text
    assert page.count("/imports/IM-") == 50
    assert "IM-000010" in client.get("/imports?page=2").text
    with zipfile.ZipFile(io.BytesIO(client.get("/imports/template/parts.xlsx").data)) as archive:
        assert "xl/workbook.xml" in archive.namelist()
    with app.app_context():
        states = session.scalars(select(ImportRun.state).distinct()).all()
        session.remove()
    assert states == [ImportState.PREVIEWED]
