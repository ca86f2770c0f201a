"""The pages of cases and customers through the client."""

import io
from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace

import pytest
import time_machine
from flask import Flask, g
from openpyxl import load_workbook
from sqlalchemy import func, select, text

from spares import settings
from spares.accounts.access import SYSTEM, Actor
from spares.accounts.models import Role
from spares.cases import services
from spares.cases.models import (
    CaseState,
    Contract,
    Customer,
    Equipment,
    FaultConfirmation,
    ServiceCase,
    Site,
    TimelineEntry,
)
from spares.db import db, session, transaction
from tests.cases import making
from tests.conftest import NOON
from tests.factories import make_user, sign_in

PDF = b"%PDF-1.7\n%%EOF"


@pytest.fixture
def world(app: Flask) -> Iterator[SimpleNamespace]:
    """An engineer signed in at Wednesday noon, a customer with a known SW-24, and his case opened at 10:00."""
    with time_machine.travel(NOON, tick=False), app.app_context():
        user = make_user(Role.ENGINEER)
        client = app.test_client()
        sign_in(client, user)
        making.make_depot()
        part = making.make_part("SW-24")
        customer, site = making.make_customer("某银行")
        device = making.make_device(customer, site, part, "F9")
        actor = Actor(id=user.id, name=user.display_name, role=user.role)
        case = making.make_case(customer, actor, equipment_id=device.id, site_id=site.id)
        yield SimpleNamespace(
            app=app,
            client=client,
            user=user,
            actor=actor,
            part=part,
            customer=customer,
            site=site,
            device=device,
            case=case,
        )
        session.remove()


def post(world: SimpleNamespace, path: str, **data: object):  # type: ignore[no-untyped-def]
    g.pop("csrf_token", None)  # the pushed context outlives a request, and so would the token of another browser
    token = world.client.get("/cases").text.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]
    return world.client.post(
        path, data={"request_key": "key-12345"} | data | {"csrf_token": token}, content_type="multipart/form-data"
    )


def count(table: type) -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(table)) or 0


def test_the_page_tells_everything_about_a_case(world: SimpleNamespace) -> None:
    page = world.client.get(f"/cases/{world.case.id}").text
    for words in (
        "核心交换机宕机",
        "某银行",
        "总部机房",
        "F9",
        "C-1 全网中断",
        "超时 1 小时",
        "服务单已建立",
        "完整未改动",
    ):
        assert words in page, words


def test_confirming_a_fault_stops_the_clock(world: SimpleNamespace) -> None:
    path = f"/cases/{world.case.id}/confirm"
    assert 'value="F9"' in world.client.get(path).text
    data = {"serial": "F9", "level": "C-2", "confirmed_at": "2026-11-18T11:30", "finding": "电源 <b>坏</b>"}
    answer = post(world, path, **data, attachments=(io.BytesIO(PDF), "测试.pdf"))
    assert answer.status_code == 302, answer.text
    page = world.client.get(answer.location).text
    for words in ("按时确认", "电源 &lt;b&gt;坏&lt;/b&gt;", "补录于 2026-11-18 12:00", "C-1 → C-2", "测试.pdf"):
        assert words in page, words
    assert count(FaultConfirmation) == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"confirmed_at": "2026-11-18T12:01"}, "confirmed_at"),
        ({"confirmed_at": "2026-11-15T11:59"}, "confirmed_at"),
        ({"confirmed_at": "0001-01-01T00:00"}, "confirmed_at"),
        ({"confirmed_at": "9999-12-31T23:59"}, "confirmed_at"),
        ({"serial": ""}, "serial"),
        ({"serial": "X1"}, "part"),
        ({"part": "NOPE"}, "part"),
        ({"finding": ""}, "finding"),
        ({"attachments": b""}, "attachments"),
    ],
)
def test_a_refused_confirmation_changes_nothing(world: SimpleNamespace, changes: dict[str, object], field: str) -> None:
    data = {"serial": "F9", "level": "C-1", "confirmed_at": "2026-11-18T11:30", "finding": "电源坏"}
    before = count(TimelineEntry)
    sent = {key: (io.BytesIO(value), "a.pdf") if isinstance(value, bytes) else value for key, value in changes.items()}
    answer = post(world, f"/cases/{world.case.id}/confirm", **(data | sent))
    assert answer.status_code in {404, 422}
    assert f'id="{field}-error"' in answer.text
    assert (count(FaultConfirmation), count(TimelineEntry)) == (0, before)


def test_anybody_adds_a_note_once_also_when_closed(world: SimpleNamespace) -> None:
    with transaction():
        services.close_case(world.case.id, "换了电源", actor=SYSTEM, now=NOON)
    finance = world.app.test_client()
    sign_in(finance, make_user(Role.FINANCE))
    other = SimpleNamespace(client=finance)
    path = f"/cases/{world.case.id}/note"
    before = count(TimelineEntry)
    assert post(other, path, text="<script>alert(1)</script>").status_code == 302
    assert post(other, path, text="<script>alert(1)</script>").status_code == 302
    assert count(TimelineEntry) == before + 1
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in finance.get(f"/cases/{world.case.id}").text
    refused = post(other, path, text=" ", request_key="key-67890")
    assert refused.status_code == 422
    assert 'id="text-error"' in refused.text
    assert count(TimelineEntry) == before + 1


def test_take_over_and_close(world: SimpleNamespace) -> None:
    other = make_user(Role.ENGINEER)
    client = world.app.test_client()
    sign_in(client, other)
    colleague = SimpleNamespace(client=client)
    assert post(colleague, f"/cases/{world.case.id}/take-over").status_code == 302
    session.rollback()
    assert session.get_one(ServiceCase, world.case.id).assigned_to_id == other.id
    stale = post(colleague, f"/cases/{world.case.id}/close", reason="好了", version="1", request_key="key-close1")
    assert stale.status_code == 409
    assert "好了" in stale.text
    empty = post(colleague, f"/cases/{world.case.id}/close", reason=" ", version="2", request_key="key-close2")
    assert empty.status_code == 422
    session.rollback()
    assert session.get_one(ServiceCase, world.case.id).state is CaseState.OPEN
    done = post(colleague, f"/cases/{world.case.id}/close", reason="好了", version="2", request_key="key-close3")
    assert done.status_code == 302
    session.rollback()
    assert session.get_one(ServiceCase, world.case.id).state is CaseState.CLOSED
    again = post(colleague, f"/cases/{world.case.id}/take-over", request_key="key-over-2")
    assert again.status_code == 409


def test_files_are_served_as_what_they_are_to_those_who_see_the_case(world: SimpleNamespace) -> None:
    answer = post(world, f"/cases/{world.case.id}/files", files=(io.BytesIO(PDF), "拓扑.pdf"), purpose="topology")
    assert answer.status_code == 302, answer.text
    page = world.client.get(answer.location).text
    address = page.split('href="/attachments/')[1].split('"')[0]
    served = world.client.get(f"/attachments/{address}")
    assert (served.data, served.headers["Content-Type"]) == (PDF, "application/pdf")
    assert served.headers["X-Content-Type-Options"] == "nosniff"
    assert (
        served.headers["Content-Disposition"]
        == "attachment; filename=\"download.pdf\"; filename*=UTF-8''%E6%8B%93%E6%89%91.pdf"
    )
    assert post(world, f"/cases/{world.case.id}/files", purpose="other", request_key="key-none1").status_code == 422
    with transaction():
        settings.change("engineers_see_all_cases", False, set_by_id=None, now=NOON)
    stranger = world.app.test_client()
    sign_in(stranger, make_user(Role.ENGINEER))
    for path in (f"/attachments/{address}", f"/cases/{world.case.id}", f"/cases/{world.case.id}/confirm"):
        assert stranger.get(path).status_code == 404, path
    assert post(SimpleNamespace(client=stranger), f"/cases/{world.case.id}/note", text="x").status_code == 404
    assert world.case.title not in stranger.get("/cases?whose=all").text
    assert world.case.title not in stranger.get("/cases.csv?whose=all").text
    assert world.client.get("/attachments/999999").status_code == 404


def test_the_list_is_searched_filtered_and_exported(world: SimpleNamespace) -> None:
    other, _site = making.make_customer("另一家医院", code="H-7")
    making.make_case(other, title="端口 100% 丢包", external_number="AB-1234")
    with transaction():
        closed = services.open_case(
            customer_id=other.id, title="已修好", level=world.case.level, actor=SYSTEM, now=NOON - timedelta(hours=1)
        )
        services.close_case(closed.id, "done", actor=SYSTEM, now=NOON)

    def titles(query: str) -> set[str]:
        page = world.client.get(f"/cases{query}").text
        return {title for title in ("核心交换机宕机", "端口 100% 丢包", "已修好") if title in page}

    assert titles("") == {"核心交换机宕机"}
    assert titles("?whose=all") == {"核心交换机宕机", "端口 100% 丢包", "已修好"}
    assert titles("?whose=all&state=open") == {"核心交换机宕机", "端口 100% 丢包"}
    assert titles("?whose=all&state=closed") == {"已修好"}
    assert titles("?whose=all&q=f9") == {"核心交换机宕机"}
    assert titles("?whose=all&q=ab-1234") == {"端口 100% 丢包"}
    assert titles("?whose=all&q=100%25") == {"端口 100% 丢包"}
    assert titles("?whose=all&q=医院") == {"端口 100% 丢包", "已修好"}
    assert titles(f"?whose=all&q=CS{world.case.id}") == {"核心交换机宕机"}
    assert titles("?whose=all&level=C-3") == set()
    csv = world.client.get("/cases.csv?whose=all&q=H-7").data.decode("utf-8-sig").splitlines()
    assert [line.split(",")[:3] for line in csv] == [
        ["服务单编号", "客户", "标题"],
        [closed.number, "另一家医院", "已修好"],
        ["AB-1234", "另一家医院", "端口 100% 丢包"],
    ]
    book = load_workbook(io.BytesIO(world.client.get("/cases.xlsx?whose=all&q=H-7").data))
    assert [row[0].value for row in book.active.iter_rows()] == ["服务单编号", closed.number, "AB-1234"]  # type: ignore[union-attr]


def test_a_new_case_of_a_known_device(world: SimpleNamespace) -> None:
    data = {"serial": "f9", "title": "风扇告警", "level": "C-3", "contact_name": "李工"}
    answer = post(world, "/cases/new", **data)
    assert answer.status_code == 302, answer.text
    session.rollback()
    case = session.scalars(select(ServiceCase).order_by(ServiceCase.id.desc())).first()
    assert case is not None
    assert (case.customer_id, case.equipment_id, case.site_id, case.contact_name) == (
        world.customer.id,
        world.device.id,
        world.site.id,
        "李工",
    )
    before = count(ServiceCase)
    refused = post(world, "/cases/new", title="x", level="C-3", request_key="key-newer")
    assert refused.status_code == 422
    assert 'id="customer-error"' in refused.text
    assert count(ServiceCase) == before


def test_customers_and_what_belongs_to_them(world: SimpleNamespace) -> None:
    made = post(world, "/customers/new", code="B-9", name="某医院 <b>")
    assert made.status_code == 302
    path = made.location
    steps = [
        ("sites/new", {"name": "东院", "address": "郑州 3 号", "contact_name": "孙工", "contact_phone": "137"}),
        ("contracts/new", {"number": "HT-1", "accepted_on": "2024-02-29"}),
        ("equipment/new", {"serial": "d1", "part": "sw-24", "name": "接入交换机", "site": "", "contract": ""}),
    ]
    for number, (end, data) in enumerate(steps):
        answer = post(world, f"{path}/{end}", **data, request_key=f"key-step-{number}")
        assert answer.status_code == 302, answer.text
    page = world.client.get(path).text
    for words in ("某医院 &lt;b&gt;", "东院", "孙工 · 137", "HT-1", "2024-02-29", "2027-02-28", "接入交换机"):
        assert words in page, words
    counts = [count(table) for table in (Customer, Site, Contract, Equipment)]
    refusals = [
        ("/customers/new", {"code": "B-9", "name": "x"}, "code"),
        (f"{path}/contracts/new", {"number": "HT-1"}, "number"),
        (f"{path}/equipment/new", {"serial": "D1", "part": "SW-24", "site": "", "contract": ""}, "serial"),
        (f"{path}/equipment/new", {"serial": "D2", "part": "NOPE", "site": "", "contract": ""}, "part"),
        (
            f"{path}/equipment/new",
            {"serial": "D2", "part": "SW-24", "site": str(world.site.id), "contract": ""},
            "site",
        ),
        (f"{path}/sites/new", {"name": "n" * 121, "address": "a"}, "name"),
    ]
    for number, (where, data, field) in enumerate(refusals):
        answer = post(world, where, **data, request_key=f"key-no-{number}")
        assert f'id="{field}-error"' in answer.text, (where, field)
        assert answer.status_code in {404, 409, 422}
    assert [count(table) for table in (Customer, Site, Contract, Equipment)] == counts
    assert "B-9" in world.client.get("/customers?q=医院").text
    assert "B-9" not in world.client.get("/customers?q=银行").text
    assert "B-9" in world.client.get("/options/customers?customer=医院").text
    assert "SW-24" in world.client.get("/options/parts?lines-0-part=sw").text


def test_a_broken_timeline_shows(world: SimpleNamespace) -> None:
    with db.engine.connect() as connection:
        if db.engine.dialect.name == "sqlite":
            connection.execute(text("DROP TRIGGER IF EXISTS timeline_entry_no_update"))
            names = connection.execute(
                text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'timeline_entry'")
            )
            for (name,) in names.all():
                connection.execute(text(f'DROP TRIGGER "{name}"'))
        else:
            connection.execute(text("ALTER TABLE timeline_entry DISABLE TRIGGER ALL"))
        connection.execute(text("UPDATE timeline_entry SET actor_name = 'nobody'"))
        connection.commit()
    assert "已被改动" in world.client.get(f"/cases/{world.case.id}").text


def test_who_may_open_what(world: SimpleNamespace) -> None:
    expected = {
        "/cases": set(Role),
        f"/cases/{world.case.id}": set(Role),
        "/customers": set(Role),
        "/cases/new": {Role.ENGINEER, Role.RMA_ADMIN},
        f"/cases/{world.case.id}/confirm": {Role.ENGINEER, Role.RMA_ADMIN},
        "/customers/new": {Role.ENGINEER, Role.RMA_ADMIN, Role.ADMINISTRATOR},
    }
    for role in Role:
        client = world.app.test_client()
        sign_in(client, make_user(role))
        for path, roles in expected.items():
            assert client.get(path).status_code == (200 if role in roles else 403), (role, path)
