"""The returns shelf of a depot: what comes back is put on it, judged on it, and given its place from it.

Nothing on the shelf is available: only good parts in a bin are, and a part reaches a bin only after its inspection."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from spares.accounts.access import Actor
from spares.errors import Conflict, Invalid
from spares.inventory import ledger, places
from spares.inventory.models import Condition, LocationKind, Part, PostingKind, Tracking
from spares.numbers import scan_key
from spares.rma.standing import Standing


class Inspection(StrEnum):
    """What the bench found: 确认故障 · 未发现故障 · 损坏 · 错件 · 缺失."""

    FAULT_FOUND = "fault_found"
    NO_FAULT_FOUND = "no_fault_found"
    DAMAGED = "damaged"
    WRONG_ITEM = "wrong_item"
    MISSING = "missing"


class Disposition(StrEnum):
    """Where the inspected part goes. Back to stock only when no fault was found; nowhere when nothing came."""

    REPAIR = "repair"
    VENDOR = "vendor"
    SCRAP = "scrap"
    STOCK = "stock"
    SEND_BACK = "send_back"
    NONE = "none"


CONDITION_AFTER = {
    Inspection.FAULT_FOUND: Condition.FAULTY,
    Inspection.NO_FAULT_FOUND: Condition.GOOD,
    Inspection.DAMAGED: Condition.FAULTY,
    Inspection.WRONG_ITEM: Condition.TO_INSPECT,
}
PLACE_AFTER = {
    Disposition.REPAIR: (LocationKind.BENCH, Condition.IN_REPAIR),
    Disposition.VENDOR: (LocationKind.VENDOR, Condition.FAULTY),
    Disposition.SCRAP: (LocationKind.SCRAP, Condition.SCRAPPED),
}


def dispositions(result: Inspection) -> tuple[Disposition, ...]:
    """Where a part with this finding may go, the usual one first."""
    if result is Inspection.MISSING:
        return (Disposition.NONE,)
    if result is Inspection.NO_FAULT_FOUND:
        return (
            Disposition.STOCK,
            Disposition.REPAIR,
            Disposition.VENDOR,
            Disposition.SCRAP,
            Disposition.SEND_BACK,
        )
    if result is Inspection.WRONG_ITEM:
        return (Disposition.SEND_BACK, Disposition.REPAIR, Disposition.VENDOR, Disposition.SCRAP)
    return (Disposition.REPAIR, Disposition.VENDOR, Disposition.SCRAP, Disposition.SEND_BACK)


@dataclass(frozen=True, kw_only=True)
class Goods:
    """What lies on the shelf: a unit, or so many pieces of a counted part; and under which record. `serial` is that of
    the unit as it was first written."""

    part_id: int
    unit_id: int | None
    quantity: int
    depot_id: int
    reference: str
    case_id: int
    serial: str = ""


def take_in(
    part: Part,
    serial: str,
    quantity: int,
    *,
    known: Standing | None,
    depot_id: int,
    reference: str,
    case_id: int,
    request_key: str,
    actor: Actor,
    now: datetime,
) -> Goods:
    """Put what came on the shelf, from wherever the ledger last knew it (a customer, when it never did). `known` is the
    standing of that serial, which contradicts nothing.

    Raises Invalid without the serial of a serial-tracked part; Conflict when the unit has moved since it was asked for."""
    shelf = places.inside(LocationKind.RETURNS, depot_id)
    origin, condition = places.outside(LocationKind.CUSTOMER), Condition.FAULTY
    unit_id: int | None = None
    known_as = ""
    ledger.lock_parts([part.id])
    if part.tracking is Tracking.SERIAL:
        if known is not None:
            unit_id, known_as = known.unit.id, known.unit.serial
            if known.place is not None and known.condition is not None:
                origin, condition = known.place.id, known.condition
        else:
            unit_id, known_as = _new_unit(part, serial), serial.strip()
    goods = Goods(
        part_id=part.id,
        unit_id=unit_id,
        quantity=quantity if unit_id is None else 1,
        depot_id=depot_id,
        reference=reference,
        case_id=case_id,
        serial=known_as,
    )
    _post(PostingKind.RETURN, goods, (origin, condition), (shelf, Condition.TO_INSPECT), request_key, actor, now)
    return goods


def judge(goods: Goods, result: Inspection, *, request_key: str, actor: Actor, now: datetime) -> None:
    """The part's condition follows from what the inspection found; a wrong item stays uninspected, since it is not ours."""
    condition = CONDITION_AFTER[result]
    if condition is not Condition.TO_INSPECT:
        shelf = places.inside(LocationKind.RETURNS, goods.depot_id)
        moved = (shelf, Condition.TO_INSPECT), (shelf, condition)
        _post(PostingKind.INSPECT, goods, *moved, request_key, actor, now)


def place(
    goods: Goods,
    result: Inspection,
    disposition: Disposition,
    *,
    location_id: int | None,
    request_key: str,
    actor: Actor,
    now: datetime,
    way: str = "",
) -> None:
    """Give the judged part its place; `way` is how it travels there, kept with the posting. Raises Invalid for a
    disposition that does not fit the finding, and for a bin that is none."""
    if disposition is Disposition.STOCK and result is not Inspection.NO_FAULT_FOUND:
        raise Invalid("only_sound_parts_to_stock", field="disposition")
    if disposition not in dispositions(result):
        raise Invalid("disposition_does_not_fit", field="disposition")
    before = CONDITION_AFTER[result]
    if disposition is Disposition.STOCK:
        if location_id is None:
            raise Invalid("value_missing", field="location")
        target, condition = location_id, Condition.GOOD
        if places.kind_of(location_id, goods.depot_id) is not LocationKind.BIN:
            raise Invalid("not_a_bin", field="location")
    elif disposition is Disposition.SEND_BACK:
        target, condition = places.outside(LocationKind.CUSTOMER), before
    else:
        kind, condition = PLACE_AFTER[disposition]
        target = places.inside(kind, goods.depot_id) if kind is LocationKind.BENCH else places.outside(kind)
    shelf = places.inside(LocationKind.RETURNS, goods.depot_id)
    _post(PostingKind.DISPOSE, goods, (shelf, before), (target, condition), request_key, actor, now, way)


def _new_unit(part: Part, serial: str) -> int:
    """The key of a unit that nobody has seen before. The part is locked. Raises Conflict when somebody was faster."""
    key = scan_key(serial)
    if not key:
        raise Invalid("value_missing", field="serial")
    made = ledger.make_units([{"part_id": part.id, "serial_key": key, "serial": serial.strip()}])
    if not made:
        raise Conflict("unit_elsewhere", serial=serial.strip())
    return made[part.id, key]


def _post(
    kind: PostingKind,
    goods: Goods,
    before: tuple[int, Condition],
    after: tuple[int, Condition],
    request_key: str,
    actor: Actor,
    now: datetime,
    reason: str = "",
) -> None:
    step = ledger.Step(
        part_id=goods.part_id,
        unit_id=goods.unit_id,
        quantity=goods.quantity,
        from_id=before[0],
        from_condition=before[1],
        to_id=after[0],
        to_condition=after[1],
    )
    ledger.post(
        kind,
        [step],
        request_key=request_key,
        occurred_at=now,
        actor=actor,
        now=now,
        reason=reason,
        reference=goods.reference,
        case_id=goods.case_id,
    )
