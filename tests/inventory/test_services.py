"""The catalogue and the bins: what is accepted, what is refused at which field, and what a refusal leaves as it was."""

from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import func, select

from spares.accounts.access import SYSTEM, Actor
from spares.accounts.models import AuditEntry, Role
from spares.db import session, transaction
from spares.errors import Conflict, Forbidden, Invalid, NotFound
from spares.inventory import services
from spares.inventory.models import Location, LocationKind, Part, Substitute, Tracking
from spares.inventory.services import PartData
from tests.conftest import NOON
from tests.factories import make_bin, make_depot, make_part, put_stock

SWITCH = PartData(manufacturer="华为", part_number="S5735-L24T4X-A1", description="接入交换机", price_minor=389900)


def add(data: PartData, actor: Actor = SYSTEM) -> Part:
    with transaction():
        return services.add_part(data, actor=actor, now=NOON)


def test_a_part_is_kept_with_its_folded_keys(context: Flask) -> None:
    part = add(replace(SWITCH, part_number=" s5735-l24t4x-a1 ", currency="cny"))
    assert (part.part_number, part.part_number_key) == ("s5735-l24t4x-a1", "S5735-L24T4X-A1")
    assert (part.manufacturer_key, part.price_minor, part.currency, part.version) == ("华为", 389900, "CNY", 1)
    entry = session.scalars(select(AuditEntry)).one()
    assert (entry.action, entry.subject, entry.data["price_minor"]) == ("part_add", f"part {part.id}", 389900)


def test_the_same_number_of_the_same_maker_is_refused_however_it_is_typed(context: Flask) -> None:
    add(SWITCH)
    with pytest.raises(Conflict, match="part_exists") as caught:
        add(replace(SWITCH, part_number="Ｓ5735-L24T4X-a1"))
    assert caught.value.field == "part_number"
    add(replace(SWITCH, manufacturer="新华三"))
    assert session.scalar(select(func.count(Part.id))) == 2


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"manufacturer": "  "}, "text_missing", "manufacturer"),
        ({"part_number": "\u200b"}, "text_missing", "part_number"),
        ({"part_number": "x" * 121}, "text_too_long", "part_number"),
        ({"part_number": "㎑" * 60}, "text_too_long", "part_number"),
        ({"description": "字" * 301}, "text_too_long", "description"),
        ({"price_minor": -1}, "number_out_of_range", "price"),
        ({"price_minor": 10**13 + 1}, "number_out_of_range", "price"),
        ({"currency": "RMBX"}, "currency_invalid", "currency"),
        ({"currency": "人民币"}, "currency_invalid", "currency"),
        ({"minimum_level": -1}, "number_out_of_range", "minimum_level"),
        ({"weight_grams": 10_000_001}, "number_out_of_range", "weight_grams"),
    ],
)
def test_a_bad_part_is_refused_at_its_field(context: Flask, changes: dict[str, object], code: str, field: str) -> None:
    with pytest.raises(Invalid) as caught:
        add(replace(SWITCH, **changes))  # type: ignore[arg-type]
    assert (caught.value.code, caught.value.field) == (code, field)
    assert session.scalars(select(Part)).all() == []
    assert session.scalars(select(AuditEntry)).all() == []


def test_an_edit_counts_the_version_and_keeps_both_values(context: Flask) -> None:
    part = add(SWITCH)
    with transaction():
        services.edit_part(part.id, replace(SWITCH, price_minor=400000, minimum_level=3), actor=SYSTEM, now=NOON)
    assert (part.price_minor, part.minimum_level, part.version) == (400000, 3, 2)
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "part_edit")).one()
    assert entry.data == {"price_minor": {"old": 389900, "new": 400000}, "minimum_level": {"old": 0, "new": 3}}


def test_an_edit_that_changes_nothing_is_no_event(context: Flask) -> None:
    part = add(SWITCH)
    with transaction():
        services.edit_part(part.id, SWITCH, actor=SYSTEM, now=NOON)
    assert part.version == 1
    assert session.scalars(select(AuditEntry.action)).all() == ["part_add"]


def test_the_way_of_counting_is_fixed_once_stock_has_moved(context: Flask) -> None:
    part = add(SWITCH)
    put_stock(part, ["SN1"], make_bin(make_depot()))
    with pytest.raises(Conflict, match="tracking_fixed"), transaction():
        services.edit_part(part.id, replace(SWITCH, tracking=Tracking.COUNTED), actor=SYSTEM, now=NOON)
    session.expire_all()
    assert (session.get_one(Part, part.id).tracking, session.get_one(Part, part.id).version) == (Tracking.SERIAL, 1)


@pytest.mark.parametrize("role", [Role.WAREHOUSE, Role.ENGINEER, Role.FINANCE, Role.MANAGER])
def test_only_the_catalogues_keepers_change_it(context: Flask, role: Role) -> None:
    with pytest.raises(Forbidden):
        add(SWITCH, Actor(id=None, name="x", role=role))
    assert session.scalars(select(Part)).all() == []


def test_a_substitute_counts_from_its_approval_until_it_is_withdrawn(context: Flask) -> None:
    part, other = make_part("A"), make_part("B")
    with transaction():
        row = services.add_substitute(part.id, other.id, 1, "同系列", actor=SYSTEM, now=NOON)
    assert row.approved_at is None
    with transaction():
        services.approve_substitute(row.id, actor=SYSTEM, now=NOON)
    assert row.approved_at == NOON
    with pytest.raises(Conflict, match="substitute_approved"), transaction():
        services.approve_substitute(row.id, actor=SYSTEM, now=NOON)
    with pytest.raises(Invalid, match="reason_missing"), transaction():
        services.withdraw_substitute(row.id, " ", actor=SYSTEM, now=NOON)
    assert session.get_one(Substitute, row.id).approved_at == NOON
    with transaction():
        services.withdraw_substitute(row.id, "停产", actor=SYSTEM, now=NOON)
    assert session.get_one(Substitute, row.id).approved_at is None
    with pytest.raises(Conflict, match="substitute_not_approved"), transaction():
        services.withdraw_substitute(row.id, "停产", actor=SYSTEM, now=NOON)
    with transaction():
        services.change_substitute(row.id, 2, "", actor=SYSTEM, now=NOON)
    assert (session.get_one(Substitute, row.id).rank, session.get_one(Substitute, row.id).note) == (2, "")
    actions = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert actions[2:] == ["substitute_add", "substitute_approve", "substitute_withdraw", "substitute_change"]


def test_a_substitute_that_makes_no_sense_is_refused(context: Flask) -> None:
    part, other, cable = make_part("A"), make_part("B"), make_part("C", tracking=Tracking.COUNTED)
    with transaction():
        services.add_substitute(part.id, other.id, 1, actor=SYSTEM, now=NOON)
    for substitute_id, rank, code in [
        (part.id, 1, "substitute_of_itself"),
        (cable.id, 1, "substitute_tracking"),
        (other.id, 2, "substitute_exists"),
        (10_000, 1, "not_found"),
    ]:
        with pytest.raises((Invalid, Conflict, NotFound), match=code), transaction():
            services.add_substitute(part.id, substitute_id, rank, actor=SYSTEM, now=NOON)
    with pytest.raises(Invalid, match="number_out_of_range"), transaction():
        services.add_substitute(other.id, part.id, 0, actor=SYSTEM, now=NOON)
    assert [(s.part_id, s.substitute_id, s.rank) for s in session.scalars(select(Substitute))] == [
        (part.id, other.id, 1)
    ]


def test_a_bin_is_found_by_its_folded_code_and_is_alone_with_it(context: Flask) -> None:
    depot, elsewhere = make_depot("ZZ"), make_depot("LY")
    bin_ = make_bin(depot, "a-01-02", "左侧第一列")
    assert (bin_.kind, bin_.code_key, bin_.name) == (LocationKind.BIN, "A-01-02", "左侧第一列")
    make_bin(elsewhere, "A-01-02")
    with pytest.raises(Conflict, match="bin_exists"):
        make_bin(depot, "Ａ-01-02")
    with pytest.raises(Invalid, match="bin_code_is_number"):
        make_bin(depot, "po-12")
    with pytest.raises(Invalid, match="text_missing"):
        make_bin(depot, " ")
    assert session.scalars(select(Location.code).where(Location.kind == LocationKind.BIN)).all() == [
        "a-01-02",
        "A-01-02",
    ]


def test_bins_are_made_by_those_who_work_with_them(context: Flask) -> None:
    depot = make_depot()
    for role in (Role.WAREHOUSE, Role.RMA_ADMIN, Role.ADMINISTRATOR):
        with transaction():
            services.add_bin(depot.id, f"B-{role}", actor=Actor(id=None, name="x", role=role), now=NOON)
    with pytest.raises(Forbidden), transaction():
        services.add_bin(depot.id, "B-9", actor=Actor(id=None, name="x", role=Role.ENGINEER), now=NOON)
    with pytest.raises(NotFound, match="depot_unknown"), transaction():
        services.add_bin(depot.id + 99, "B-9", actor=SYSTEM, now=NOON)
