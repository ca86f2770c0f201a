"""Pages that make labels and set printers and scanners."""

import html
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from spares.accounts.models import AuditEntry, Role
from spares.calendars.models import Depot
from spares.db import session
from spares.inventory.models import Condition, Unit
from spares.labels import queries
from spares.labels.models import LabelSettings
from spares.outbox import Message, MessageState
from spares.web import fresh_key
from tests.factories import make_bin, make_depot, make_part, make_user, post, put_stock, sign_in
from tests.labels.reading import formats
from tests.pdf.reading import codes, flat, pages

SETTINGS = {
    "printer_host": "10.20.0.15",
    "printer_port": "9100",
    "printer_dpi": "300",
    "scan_prefix": "~",
    "scan_suffix": "",
    "patterns": "",
}


@pytest.fixture
def world(context: Flask) -> tuple[Depot, list[Unit]]:
    depot = make_depot()
    shelf = make_bin(depot, "A-01-01", "一号库房")
    make_bin(depot, "A-01-02")
    part = make_part("SW-24", "示例网络", description="交换机")
    return depot, put_stock(part, ["S1", "S2", "S3"], shelf)


def browser(app: Flask, role: Role = Role.WAREHOUSE, language: str = "zh_Hans_CN") -> FlaskClient:
    client = app.test_client()
    sign_in(client, make_user(role, language=language))
    return client


def save(client: FlaskClient, depot: Depot, version: int = 0, **changes: str) -> tuple[int, str]:
    data: dict[str, object] = {**SETTINGS, "version": version, "request_key": fresh_key(), **changes}
    answer = post(client, f"/depots/{depot.id}/labels", data)
    return answer.status_code, html.unescape(answer.get_data(as_text=True))


def serials(data: bytes) -> list[str]:
    return [text for page in pages(data) for form, text in codes(page) if form == "Code128"]


@pytest.mark.parametrize(("language", "words"), [("zh_Hans_CN", "序列号"), ("en", "Serialnumber")])
def test_a_unit_has_its_label_in_the_readers_language(
    context: Flask, world: tuple[Depot, list[Unit]], language: str, words: str
) -> None:
    unit = world[1][0]
    client = browser(context, language=language)
    assert f"/labels/units?unit={unit.id}" in client.get(f"/units/{unit.id}").get_data(as_text=True)
    assert client.get(f"/labels/units?unit={unit.id}").status_code == 200
    answer = client.get(f"/labels/units.pdf?unit={unit.id}")
    assert (answer.mimetype, serials(answer.data)) == ("application/pdf", ["S1"])
    assert f"{words}S1" in flat(answer.data)
    assert "交换机" in flat(answer.data)


def test_chosen_units_filtered_units_and_received_ones(context: Flask, world: tuple[Depot, list[Unit]]) -> None:
    client = browser(context)
    _depot, (one, two, three) = world
    assert serials(client.get(f"/labels/units.pdf?unit={three.id}&unit={one.id}&unit={one.id}").data) == ["S3", "S1"]
    assert serials(client.get("/labels/units.pdf?q=s2").data) == ["S2"]
    assert sorted(serials(client.get("/labels/units.pdf?bin=a-01-01").data)) == ["S1", "S2", "S3"]
    assert serials(client.get("/labels/units.pdf?posting=1").data) == ["S1", "S2", "S3"]
    assert "/labels/units?posting=1" in client.get("/postings/1").get_data(as_text=True)
    listed = client.get("/units?condition=good").get_data(as_text=True)
    assert f'name="unit" value="{two.id}" form="label-choice"' in listed
    assert "/labels/units?condition=good" in listed


def test_copies_papers_and_places(context: Flask, world: tuple[Depot, list[Unit]]) -> None:
    client = browser(context)
    assert serials(client.get("/labels/units.pdf?posting=1&copies=2").data) == ["S1", "S1", "S2", "S2", "S3", "S3"]
    assert len(pages(client.get("/labels/units.pdf?posting=1&paper=a4&start=9").data, 36)) == 2
    found = formats(client.get("/labels/units.zpl?posting=1&dpi=300").get_data(as_text=True))
    assert [size for size, _fields in found] == [(1200, 600)] * 3


@pytest.mark.parametrize(
    "wrong", ["start=0", "start=11", "start=x", "copies=21", "copies=-1", "dpi=250", "copies=99999999999999999999"]
)
def test_what_cannot_be_is_said_on_the_page(context: Flask, world: tuple[Depot, list[Unit]], wrong: str) -> None:
    answer = browser(context).get(f"/labels/units.pdf?posting=1&{wrong}")
    assert (answer.status_code, answer.mimetype) == (422, "text/html")
    assert "请输入" in answer.get_data(as_text=True)


def test_nothing_chosen_and_nothing_there(context: Flask, world: tuple[Depot, list[Unit]]) -> None:
    client = browser(context)
    assert client.get("/labels/units?q=NOBODY").status_code == 422
    assert client.get("/labels/units?unit=999").status_code == 404
    assert client.get("/labels/units?posting=999").status_code == 404
    assert client.get("/labels/bins?place=999").status_code == 404
    assert client.get("/labels/units.exe?posting=1").status_code == 404


def test_bins_have_labels(context: Flask, world: tuple[Depot, list[Unit]]) -> None:
    client = browser(context)
    answer = client.get("/labels/bins.pdf")
    assert serials(answer.data) == ["A-01-01", "A-01-02"]
    assert "一号库房·郑州备件库" in flat(answer.data)
    assert serials(client.get("/labels/bins.pdf?q=02").data) == ["A-01-02"]
    assert "/labels/bins" in client.get("/places").get_data(as_text=True)


def test_a_long_list_is_made_in_portions(
    context: Flask, world: tuple[Depot, list[Unit]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("inventory.label_views", "labels.pages"):
        monkeypatch.setattr(f"spares.{module}.MOST", 2)
    client = browser(context)
    for address in ("/labels/units?posting=1", "/labels/units?bin=a-01-01", "/labels/units?part=SW-24"):
        first = client.get(address).get_data(as_text=True)
        (following,) = re.findall(r'href="(/labels/units\?[^"]*after=[^"]+)"', first)
        second = client.get(html.unescape(following)).get_data(as_text=True)
        got = [re.findall(r'<li class="mono">(S\d)</li>', page) for page in (first, second)]
        assert (len(got[0]), sorted(got[0] + got[1])) == (2, ["S1", "S2", "S3"])
        assert "after=" not in second.split("<aside")[1]
    assert client.get("/labels/units.pdf?posting=1&copies=2").status_code == 422


def test_condition_is_not_printed(context: Flask) -> None:
    depot = make_depot()
    put_stock(make_part("SW-24"), ["S1"], make_bin(depot), Condition.FAULTY)
    text = flat(browser(context).get("/labels/units.pdf?q=S1").data)
    assert "故障" not in text


def test_labels_are_sent_to_the_printer_once(context: Flask, world: tuple[Depot, list[Unit]]) -> None:
    client, admin = browser(context), browser(context, Role.ADMINISTRATOR)
    assert save(admin, world[0])[0] == 302
    page = client.get("/labels/units?posting=1").get_data(as_text=True)
    assert 'action="/labels/units/print"' in page
    data = {"posting": "1", "copies": "2", "printer": str(world[0].id), "request_key": fresh_key()}
    for _ in range(2):
        answer = post(client, "/labels/units/print", data)
        assert (answer.status_code, answer.location) == (302, "/postings/1")
    (message,) = session.scalars(select(Message)).all()
    assert len(formats(message.body)) == 6
    assert "S1 … S3 (6)" in message.subject
    listed = client.get("/labels/sent").get_data(as_text=True)
    assert "待打印" in listed
    assert "S1 … S3 (6)" in listed


def test_without_a_printer_it_is_said_and_nothing_waits(context: Flask, world: tuple[Depot, list[Unit]]) -> None:
    client = browser(context)
    assert "/labels/units/print" not in client.get("/labels/units?posting=1").get_data(as_text=True)
    answer = post(client, "/labels/units/print", {"posting": "1", "request_key": fresh_key()})
    assert answer.status_code == 409
    assert "该备件库没有标签打印机" in answer.get_data(as_text=True)
    assert session.scalars(select(Message)).all() == []


def test_labels_that_wait_are_withdrawn_and_printed_again(context: Flask, world: tuple[Depot, list[Unit]]) -> None:
    client, admin = browser(context), browser(context, Role.ADMINISTRATOR)
    save(admin, world[0])
    post(client, "/labels/bins/print", {"request_key": fresh_key()})
    (message_id,) = session.scalars(select(Message.id)).all()
    for verb, state, status in (
        ("withdraw", MessageState.WITHDRAWN, 302),
        ("withdraw", MessageState.WITHDRAWN, 409),
        ("again", MessageState.WAITING, 302),
    ):
        answer = post(client, f"/labels/sent/{message_id}/{verb}", {"request_key": fresh_key()})
        assert answer.status_code == status
        session.rollback()
        assert session.get_one(Message, message_id, populate_existing=True).state is state


def test_settings_are_kept_audited_and_guarded_against_a_stale_page(context: Flask) -> None:
    depot, admin = make_depot(), browser(context, Role.ADMINISTRATOR)
    assert f"/depots/{depot.id}/labels" in admin.get(f"/depots/{depot.id}").get_data(as_text=True)
    assert save(admin, depot, patterns="SN:{serial}\r\n\r\n")[0] == 302
    assert save(admin, depot, version=0, scan_prefix="%")[0] == 409
    session.rollback()
    row = session.get_one(LabelSettings, depot.id, populate_existing=True)
    assert (row.printer_host, row.printer_dpi, row.scan_prefix, row.scan_patterns, row.version) == (
        "10.20.0.15", 300, "~", "SN:{serial}", 1,
    )  # fmt: skip
    (entry,) = session.scalars(select(AuditEntry).where(AuditEntry.action == "label_settings_changed")).all()
    assert entry.data["scan_prefix"] == ["", "~"]
    assert queries.read("~sn:7").serial == "7"
    assert "打印机和扫描枪设置已修改" in admin.get("/audit").get_data(as_text=True)
    assert 'value="10.20.0.15"' in admin.get(f"/depots/{depot.id}/labels").get_data(as_text=True)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("printer_host", "http://10.20.0.15", "不带端口和协议"),
        ("printer_host", "10.20.0.15:9100", "不带端口和协议"),
        ("printer_host", "127.1", "不带端口和协议"),
        ("printer_host", "a b", "不带端口和协议"),
        ("printer_host", "x" * 300, ""),
        ("printer_port", "0", "65535"),
        ("printer_port", "70000", "65535"),
        ("printer_port", "", ""),
        ("printer_dpi", "9999", ""),
        ("scan_prefix", "x" * 11, "10"),
        ("scan_suffix", "\x1d", "可见字符"),
        ("patterns", "{serial}", "第 1 行会匹配任何条码"),
        ("patterns", "a{serial}\n(a+)+$", "第 2 行没有 {serial}"),
        ("patterns", "SN{", "第 1 行从“{”起无法识别"),
        ("patterns", "{serial}{part}", "{serial:12}"),
    ],
)
def test_what_cannot_be_set_is_refused_and_kept_on_the_page(context: Flask, field: str, value: str, words: str) -> None:
    depot, admin = make_depot(), browser(context, Role.ADMINISTRATOR)
    status, page = save(admin, depot, **{field: value})
    assert status == 422
    assert words in page
    session.rollback()
    assert session.get(LabelSettings, depot.id) is None


def test_a_code_is_tried_with_what_is_typed_and_nothing_is_kept(context: Flask) -> None:
    depot, admin = make_depot(), browser(context, Role.ADMINISTRATOR)
    status, page = save(admin, depot, patterns="SN:{serial};PN:{part}", sample="~sn:7;pn:SW-24", act="try")
    assert status == 200
    assert "自有条码模板之一" in page
    assert re.search(r"备件型号.*SW-24", page, re.S)
    session.rollback()
    assert session.get(LabelSettings, depot.id) is None
    assert save(admin, depot, patterns="{serial}", sample="7", act="try")[0] == 422
