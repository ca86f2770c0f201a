"""The spare request through the client: the whole page, its refusals, and what a second copy does."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from types import SimpleNamespace

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from spares.accounts.access import SYSTEM
from spares.accounts.models import Role
from spares.cases import services as case_services
from spares.cases.models import CaseAttachment, CaseState, FaultConfirmation, ServiceCase, TimelineEntry
from spares.db import session, transaction
from spares.dispatch.lifecycle import LineState
from spares.dispatch.models import DispatchLine, DispatchOrder
from spares.files.models import StoredFile
from spares.inventory.models import Hold, Part, Tracking
from spares.rma.models import Obligation, Rma
from tests.cases import making
from tests.conftest import NOON
from tests.factories import make_actor, make_user, post, sign_in

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)
KEPT = (ServiceCase, FaultConfirmation, Rma, DispatchOrder, DispatchLine, Obligation, Hold, StoredFile, TimelineEntry)


@pytest.fixture
def world(app: Flask) -> Iterator[SimpleNamespace]:
    """An engineer signed in at Wednesday noon; a depot with two SW-24; a customer whose SW-24 with serial F9 is known."""
    with time_machine.travel(NOON, tick=False), app.app_context():
        engineer = make_user(Role.ENGINEER)
        client = app.test_client()
        sign_in(client, engineer)
        depot = making.make_depot()
        part = making.make_part("SW-24")
        making.stock(depot, part, "S1", "S2")
        customer, site = making.make_customer()
        device = making.make_device(customer, site, part, "F9")
        yield SimpleNamespace(
            app=app, client=client, depot=depot, part=part, customer=customer, site=site, device=device, user=engineer
        )
        session.remove()


def typed(world: SimpleNamespace, **changes: object) -> dict[str, object]:
    values: dict[str, object] = {
        "request_key": "key-1",
        "case_mode": "new",
        "serial": "F9",
        "level": "C-1",
        "confirmed_at": "2026-11-18T11:42",
        "finding": "电源板烧毁",
        "method": "courier",
        "depot": world.depot.id,
    }
    return values | changes


def ask(world: SimpleNamespace, **changes: object) -> TestResponse:
    client: FlaskClient = world.client
    token = client.get("/request").text.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]
    data = {key: value for key, value in typed(world, **changes).items() if value is not None}
    return client.post("/request", data=data | {"csrf_token": token}, content_type="multipart/form-data")


def counts() -> list[int]:
    session.rollback()
    return [session.scalar(select(func.count()).select_from(table)) or 0 for table in KEPT]


def lines() -> list[tuple[str, str, int, LineState, str]]:
    session.rollback()
    wanted, sent = select(Part.id, Part.part_number).subquery(), select(Part.id, Part.part_number).subquery()
    query = (
        select(
            wanted.c.part_number,
            sent.c.part_number,
            DispatchLine.quantity,
            DispatchLine.state,
            DispatchLine.faulty_serial,
        )
        .join(wanted, wanted.c.id == DispatchLine.requested_part_id)
        .join(sent, sent.c.id == DispatchLine.part_id)
        .order_by(DispatchLine.line_no)
    )
    return [tuple(row) for row in session.execute(query)]  # type: ignore[misc]


def test_a_known_device_needs_serial_level_and_finding_alone(world: SimpleNamespace) -> None:
    answer = ask(world)
    assert answer.status_code == 302, answer.text
    session.rollback()
    case = session.scalars(select(ServiceCase)).one()
    order = session.scalars(select(DispatchOrder)).one()
    confirmation = session.scalars(select(FaultConfirmation)).one()
    rma = session.scalars(select(Rma)).one()
    assert (case.customer_id, case.site_id, case.equipment_id) == (world.customer.id, world.site.id, world.device.id)
    assert (case.title, case.assigned_to_id) == ("电源板烧毁", world.user.id)
    assert confirmation.confirmed_at == datetime(2026, 11, 18, 3, 42, tzinfo=UTC)
    assert order.due_at == datetime(2026, 11, 18, 9, 0, tzinfo=UTC)
    assert (order.consignee, order.phone, order.address) == ("李工", "13800000000", "郑州市金水区花园路 1 号")
    assert lines() == [("SW-24", "SW-24", 1, LineState.RESERVED, "F9")]
    obligation = session.scalars(select(Obligation)).one()
    assert (obligation.part_id, obligation.serial, obligation.rma_id) == (world.part.id, "F9", rma.id)
    assert world.client.get(answer.location).status_code == 200


def test_several_lines_substitute_back_order_and_counted_pieces(world: SimpleNamespace) -> None:
    psu, psu2, cable, rare = (
        making.make_part("PSU-1"),
        making.make_part("PSU-2"),
        making.make_part("CAB-5", tracking=Tracking.COUNTED, return_required=False),
        making.make_part("RARE-1"),
    )
    making.make_substitute(psu, psu2)
    making.stock(world.depot, psu2, "P1")
    making.stock(world.depot, cable, pieces=10)
    answer = ask(
        world,
        **{
            "lines-0-part": "psu-1",
            "lines-0-serial": "FP1",
            "lines-1-part": "CAB-5",
            "lines-1-quantity": "4",
            "lines-2-part": "RARE-1",
            "lines-2-serial": "FR1",
            "lines-3-part": "",
        },
    )
    assert answer.status_code == 302, answer.text
    case_page = world.client.get(f"/cases/{session.scalars(select(ServiceCase.id)).one()}").text
    for words in ("已申请备件：RMA-000001", "PSU-1 × 1 · 已预留 · 同级替换品 PSU-2", "RARE-1 × 1 · 缺货待补"):
        assert words in case_page, words
    assert lines() == [
        ("SW-24", "SW-24", 1, LineState.RESERVED, "F9"),
        ("PSU-1", "PSU-2", 1, LineState.RESERVED, "FP1"),
        ("CAB-5", "CAB-5", 4, LineState.RESERVED, ""),
        ("RARE-1", "RARE-1", 1, LineState.BACK_ORDERED, "FR1"),
    ]
    owed = session.execute(select(Obligation.part_id, Obligation.serial).order_by(Obligation.id)).all()
    assert [tuple(row) for row in owed] == [(world.part.id, "F9"), (psu.id, "FP1"), (rare.id, "FR1")]


def test_an_existing_case_and_attachments(world: SimpleNamespace) -> None:
    case = making.make_case(world.customer)
    files = [(BytesIO(PNG), "板卡.png"), (BytesIO(b"%PDF-1.7\n%%EOF"), "log.pdf")]
    answer = ask(world, case_mode="existing", case_number=f"cs{case.id}", attachments=files)
    assert answer.status_code == 302, answer.text
    session.rollback()
    assert session.scalars(select(ServiceCase.id)).all() == [case.id]
    names = session.execute(
        select(StoredFile.name, StoredFile.content_type, CaseAttachment.purpose)
        .join(CaseAttachment, CaseAttachment.file_id == StoredFile.id)
        .order_by(CaseAttachment.id)
    ).all()
    assert [tuple(row) for row in names] == [
        ("板卡.png", "image/png", "finding"),
        ("log.pdf", "application/pdf", "finding"),
    ]


def test_the_promise_of_a_part_without_stock_is_at_risk_before_and_after_the_request(world: SimpleNamespace) -> None:
    making.make_part("RARE-1")
    seen = post(world.client, "/request/preview", typed(world, wanted="RARE-1")).text
    assert "今日 17:00 前发出" in seen and "缺货，承诺有风险" in seen and "系统立即通知 RMA 管理员" in seen
    assert "tone-good" not in seen
    in_stock = post(world.client, "/request/preview", typed(world)).text
    assert "缺货" not in in_stock and "deadline tone-good" in in_stock
    page = world.client.get(ask(world, wanted="RARE-1").location).text
    assert "缺货，承诺有风险" in page and "deadline tone-warn" in page


def test_the_same_form_twice_makes_one_rma(world: SimpleNamespace) -> None:
    first, second = ask(world), ask(world)
    assert (first.status_code, second.status_code) == (302, 302)
    assert first.location == second.location
    assert session.scalar(select(func.count()).select_from(Rma)) == 1
    assert session.scalar(select(func.count()).select_from(ServiceCase)) == 1


def test_an_unknown_serial_needs_part_customer_and_destination(world: SimpleNamespace) -> None:
    before = counts()
    answer = ask(world, serial="X1")
    assert answer.status_code == 422
    for field in ("part", "customer", "consignee", "phone", "address"):
        assert f'id="{field}-error"' in answer.text, field
    assert counts() == before
    answer = ask(
        world,
        serial="X1",
        part="SW-24",
        customer=world.customer.code,
        site="other",
        consignee="王工",
        phone="139",
        address="洛阳市 2 号",
    )
    assert answer.status_code == 302, answer.text
    session.rollback()
    order = session.scalars(select(DispatchOrder)).one()
    assert (order.consignee, order.address, order.site_name) == ("王工", "洛阳市 2 号", "")


REFUSALS = {
    "too long ago": ({"confirmed_at": "2026-11-15T11:59"}, "confirmed_at", "72"),
    "in the future": ({"confirmed_at": "2026-11-18T12:01"}, "confirmed_at", "2026-11-18 12:01"),
    "year 9999": ({"confirmed_at": "9999-12-31T23:59"}, "confirmed_at", "9999"),
    "year 1": ({"confirmed_at": "0001-01-01T00:00"}, "confirmed_at", "72"),
    "no instant": ({"confirmed_at": "yesterday"}, "confirmed_at", ""),
    "unknown part": ({"wanted": "NOPE-1"}, "wanted", "NOPE-1"),
    "no serial": ({"serial": " "}, "serial", ""),
    "serial too long": ({"serial": "S" * 81}, "serial", "80"),
    "title too long": ({"title": "题" * 201}, "title", "200"),
    "address too long": ({"address": "路" * 301}, "address", "300"),
    "consignee too long": ({"consignee": "李" * 81}, "consignee", "80"),
    "note too long": ({"note": "n" * 501}, "note", "500"),
    "finding too long": ({"finding": "n" * 4001}, "finding", "4000"),
    "no finding": ({"finding": ""}, "finding", ""),
    "no level": ({"level": None}, "level", ""),
    "strange level": ({"level": "C-9"}, "level", ""),
    "malformed number": ({"external_number": "???"}, "external_number", "???"),
    "our kind of number": ({"external_number": "CS-000001"}, "external_number", "CS-000001"),
    "taken number": ({"external_number": "AB-1234"}, "external_number", "AB-1234"),
    "no such case": ({"case_mode": "existing", "case_number": "CS-999999"}, "case_number", "CS-999999"),
    "no case number": ({"case_mode": "existing"}, "case_number", ""),
    "closed case": ({"case_mode": "existing", "case_number": "closed"}, "case_number", ""),
    "unknown customer": ({"customer": "<b>nobody</b>"}, "customer", "&lt;b&gt;nobody&lt;/b&gt;"),
    "two units of one serial": ({"quantity": "2"}, "quantity", ""),
    "quantity nought": ({"quantity": "0"}, "quantity", ""),
    "quantity of nonsense": ({"quantity": "many"}, "quantity", ""),
    "further line without serial": ({"lines-0-part": "SW-24"}, "lines-0-serial", ""),
    "further line with the same serial": ({"lines-0-part": "SW-24", "lines-0-serial": "f9"}, "lines-0-serial", "f9"),
    "further line of an unknown part": ({"lines-0-part": "NOPE", "lines-0-serial": "1"}, "lines-0-part", "NOPE"),
    "further line without a part": ({"lines-0-serial": "1"}, "lines-0-part", ""),
    "empty file": ({"attachments": (BytesIO(b""), "a.pdf")}, "attachments", ""),
    "lying file": ({"attachments": (BytesIO(PNG), "a.pdf")}, "attachments", ".pdf"),
    "refused kind": ({"attachments": (BytesIO(b"MZ\x00\x01"), "a.exe")}, "attachments", ".exe"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_changes_nothing_and_keeps_what_was_typed(world: SimpleNamespace, name: str) -> None:
    changes, field, words = REFUSALS[name]
    changes = {
        key: (BytesIO(value[0].getvalue()), value[1]) if isinstance(value, tuple) else value
        for key, value in changes.items()
    }
    case = making.make_case(world.customer, external_number="AB-1234")
    if changes.get("case_number") == "closed":
        with transaction():
            case_services.close_case(case.id, "done", actor=SYSTEM, now=NOON)
        changes["case_number"] = "AB-1234"
    before = counts()
    answer = ask(world, **({"finding": "<i>烧毁</i>", "second_contact": "赵工 <b>"} | changes))
    assert answer.status_code in {409, 422}, answer.text
    error = answer.text.split(f'id="{field}-error"')
    assert len(error) == 2, f"no error at {field}"
    assert words in error[1].split("</p>")[0]
    assert "赵工 &lt;b&gt;" in answer.text
    assert "<i>烧毁" not in answer.text
    assert counts() == before


def test_a_refused_form_says_that_files_must_be_chosen_again(world: SimpleNamespace) -> None:
    answer = ask(world, finding="", attachments=(BytesIO(PNG), "板卡.png"))
    assert answer.status_code == 422
    assert "板卡.png" in answer.text.split('id="attachments-error"')[1].split("</p>")[0]
    assert counts()[-2] == 0


def test_only_those_who_may_request_see_the_page(world: SimpleNamespace) -> None:
    for role in Role:
        client = world.app.test_client()
        sign_in(client, make_user(role))
        expected = 200 if role in {Role.ENGINEER, Role.RMA_ADMIN} else 403
        assert client.get("/request").status_code == expected, role
    assert world.app.test_client().get("/request").status_code == 302


def test_looking_up_and_adding_a_line_without_a_script(world: SimpleNamespace) -> None:
    before = counts()
    answer = ask(world, look="1", finding="")
    assert answer.status_code == 200
    assert 'value="李工"' in answer.text
    assert "error-summary" not in answer.text
    answer = ask(world, add_line="1", finding="<b>")
    assert 'name="lines-0-part"' in answer.text
    assert "&lt;b&gt;" in answer.text
    assert counts() == before


def test_the_preview_says_promise_and_stock_and_writes_nothing(world: SimpleNamespace) -> None:
    before = counts()
    token = world.client.get("/request").text.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]
    data = typed(world) | {"csrf_token": token, "lines-0-part": "SW-24", "lines-1-part": "SW-24", "ship_customer": ""}
    answer = world.client.post("/request/preview", data=data, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    for words in (
        "今日 17:00 前发出",
        "剩余 5 小时",
        "11:42 确认，早于 14:00",
        "总部机房",
        "2 件可用",
        "1 件可用",
        "缺货",
    ):
        assert words in answer.text, words
    assert 'hx-swap-oob="true"' in answer.text
    late = world.client.post("/request/preview", data=data | {"confirmed_at": "9999-01-01T00:00"})
    assert "前发出" not in late.text
    assert "填写的 9999-01-01 00:00 晚于现在（2026-11-18 12:00）。" in late.text
    assert counts() == before


def field_value(page: str, name: str) -> str:
    found = re.search(f'<input[^>]*name="{name}"[^>]*value="([^"]*)"', page)
    assert found is not None, name
    return found[1]


def chosen(page: str) -> tuple[str, str]:
    """Which kind of case the page has checked, and who chose it."""
    (mode,) = re.findall('<input[^>]*checked[^>]*name="case_mode"[^>]*value="([a-z]+)"', page)
    return mode, field_value(page, "case_chosen")


def look(world: SimpleNamespace, **changes: object) -> str:
    """What the live look-up answers."""
    token = world.client.get("/request").text.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]
    data = typed(world, **changes) | {"csrf_token": token, "ship_customer": ""}
    answer = world.client.post("/request/preview", data=data, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    return str(answer.text)


@pytest.mark.parametrize("serial", ["F9", "UNKNOWN-7"])
def test_a_serial_without_an_open_case_chooses_a_new_one_by_itself(world: SimpleNamespace, serial: str) -> None:
    before = counts()
    plain = ask(world, case_mode="existing", serial=serial, look="1", finding="<b>烧毁").text
    assert chosen(plain) == ("new", "look_up")
    assert "&lt;b&gt;烧毁" in plain
    scripted = look(world, case_mode="existing", serial=serial)
    assert chosen(scripted) == ("new", "look_up")
    assert re.search('id="case-fields"[^>]*hx-swap-oob="true"', scripted)
    assert counts() == before


def test_the_form_that_the_look_up_left_can_be_sent(world: SimpleNamespace) -> None:
    mode, by = chosen(ask(world, case_mode="existing", look="1").text)
    assert ask(world, case_mode=mode, case_chosen=by).status_code == 302
    assert counts()[0] == 1


def test_the_look_up_takes_its_choice_back_for_a_serial_with_a_case(world: SimpleNamespace) -> None:
    case = making.make_case(world.customer, equipment_id=world.device.id)
    page = look(world, case_mode="new", case_chosen="look_up")
    assert chosen(page) == ("existing", "")
    assert f"记入服务单 {case.number}" in page


@pytest.mark.parametrize(
    ("sent", "mode"),
    [
        ({"case_mode": "existing", "case_chosen": "look_up"}, "existing"),
        ({"case_mode": "existing", "case_chosen": "person"}, "existing"),
        ({"case_mode": "existing", "case_number": "SC-1"}, "existing"),
        ({"case_mode": "existing", "serial": ""}, "existing"),
        ({"case_mode": "existing", "serial": "UNKNOWN-7", "part": "NOPE-1"}, "existing"),
        ({"case_mode": "new", "case_chosen": "look_up", "customer": "C-1"}, "new"),
        ({"case_mode": "new"}, "new"),
    ],
)
def test_what_a_person_chose_or_typed_is_not_chosen_anew(
    world: SimpleNamespace, sent: dict[str, object], mode: str
) -> None:
    assert 'id="case-fields"' not in look(world, **sent)
    page = ask(world, look="1", **sent).text
    assert chosen(page)[0] == mode
    for name in ("case_number", "customer"):
        if name in sent:
            assert field_value(page, name) == sent[name]


def test_no_promise_is_shown_before_a_part_is_known(world: SimpleNamespace) -> None:
    neutral = "填写故障件或所需型号后，显示承诺时间和库存。"
    for page in (world.client.get("/request").text, look(world, serial="UNKNOWN-7"), look(world, serial="")):
        assert neutral in page
        assert "前发出" not in page
    known = look(world, serial="UNKNOWN-7", wanted="SW-24")
    assert neutral not in known
    assert "今日 17:00 前发出" in known


def test_a_part_that_is_not_in_the_catalogue_is_named(world: SimpleNamespace) -> None:
    for sent in ({"wanted": "NOPE-1"}, {"part": "NOPE-1"}, {"lines-0-part": "NOPE-1"}):
        page = look(world, serial="UNKNOWN-7", **sent)
        assert page.count("没有型号 NOPE-1。") == 1
        assert "填写故障件" not in page
        assert "前发出" not in page
    both = look(world, **{"lines-0-part": "NOPE-1"})
    assert "没有型号 NOPE-1。" in both
    assert "今日 17:00 前发出" in both


def test_the_only_open_case_about_the_device_is_chosen_at_once(world: SimpleNamespace) -> None:
    case = making.make_case(world.customer, equipment_id=world.device.id)
    asked = ask(world, case_mode="existing", look="1").text
    assert f"记入服务单 {case.number}（该设备唯一处理中的服务单）" in asked
    assert 'name="take_case"' not in asked
    assert 'value="李工"' in asked
    assert counts()[2] == 0
    answer = ask(world, case_mode="existing")
    assert answer.status_code == 302, answer.text
    session.rollback()
    assert session.scalars(select(Rma.case_id)).all() == [case.id]
    assert counts()[0] == 1


def test_a_new_case_is_one_press_away_from_the_one_that_was_chosen(world: SimpleNamespace) -> None:
    case = making.make_case(world.customer, equipment_id=world.device.id)
    pressed = ask(world, case_mode="existing", new_case="1").text
    assert re.search('<input[^>]*checked[^>]*name="case_mode"[^>]*value="new"', pressed)
    assert f'name="take_case" value="{case.number}"' in pressed
    answer = ask(world)
    assert answer.status_code == 302, answer.text
    assert counts()[0] == 2


def test_of_several_open_cases_one_is_pressed_and_none_is_guessed(world: SimpleNamespace) -> None:
    first, second = (making.make_case(world.customer, equipment_id=world.device.id) for _n in range(2))
    before = counts()
    refused = ask(world, case_mode="existing", finding="<b>烧毁")
    assert refused.status_code == 422
    assert "该设备有 2 张处理中的服务单" in refused.text.split('id="case_number-error"')[1].split("</p>")[0]
    assert "&lt;b&gt;烧毁" in refused.text
    for case in (first, second):
        assert f'name="take_case" value="{case.number}"' in refused.text
    taken = ask(world, take_case=second.number).text
    assert field_value(taken, "case_number") == second.number
    assert 'name="take_case"' not in taken
    assert counts() == before
    assert ask(world, case_mode="existing", case_number=second.number).status_code == 302
    session.rollback()
    assert session.scalars(select(Rma.case_id)).all() == [second.id]


def test_a_hidden_open_case_is_neither_offered_nor_chosen(world: SimpleNamespace) -> None:
    from spares import settings

    case = making.make_case(world.customer, make_actor(Role.ENGINEER), equipment_id=world.device.id)
    with transaction():
        settings.change("engineers_see_all_cases", False, set_by_id=None, now=NOON)
    refused = ask(world, case_mode="existing")
    assert refused.status_code == 422
    assert case.number not in refused.text
    assert counts()[2] == 0


def test_what_the_serial_found_stands_right_after_it(world: SimpleNamespace) -> None:
    page = world.client.get("/request?serial=F9").text
    places = [page.index(f'id="{name}"') for name in ("serial", "part", "request-preview", "level", "finding")]
    assert places == sorted(places)
    shown = page[places[2] : places[3]]
    for words in ("SW-24", "总部机房", "今日 17:00 前发出", "12:00 确认，早于 14:00", "2 件可用"):
        assert words in shown, words


def test_after_the_request_the_exchange_says_what_ships_when_and_why(world: SimpleNamespace) -> None:
    rare = making.make_part("RARE-1")
    answer = ask(world, **{"lines-0-part": rare.part_number, "lines-0-serial": "FR1"})
    top = world.client.get(answer.location).text.split('id="out-head"')[0]
    for words in ("今日 17:00 前发出", "11:42 确认，早于 14:00", "已为其预留：", "SW-24", "等待补货", "RARE-1"):
        assert words in top, words


def test_a_provisional_year_says_so(world: SimpleNamespace) -> None:
    with time_machine.travel(datetime(2026, 12, 31, 7, 0, tzinfo=UTC), tick=False):
        sign_in(world.client, world.user)
        token = world.client.get("/request").text.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]
        data = typed(world, confirmed_at="2026-12-31T14:30") | {"csrf_token": token}
        answer = world.client.post("/request/preview", data=data)
    assert "2027-01-04 周一 12:00 前发出" in answer.text
    assert "暂定" in answer.text


def test_a_case_that_may_not_be_seen_is_as_unknown_as_one_that_is_not(world: SimpleNamespace) -> None:
    from spares import settings

    case = making.make_case(world.customer, make_actor(Role.ENGINEER))
    with transaction():
        settings.change("engineers_see_all_cases", False, set_by_id=None, now=NOON)
    hidden = ask(world, case_mode="existing", case_number=case.number)
    assert hidden.status_code == 422
    assert case.title not in hidden.text
    assert session.get_one(ServiceCase, case.id).state is CaseState.OPEN
    assert session.scalar(select(func.count()).select_from(Rma)) == 0


def test_confirmed_at_begins_with_now(world: SimpleNamespace) -> None:
    with time_machine.travel(NOON + timedelta(seconds=59), tick=False):
        assert 'value="2026-11-18T12:00"' in world.client.get("/request").text
