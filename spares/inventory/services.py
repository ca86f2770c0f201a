"""Use cases of the catalogue and the shelves: parts, their substitutes, and bins. Stock itself moves in `stock_services`."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from spares.accounts import audit
from spares.accounts.access import Actor, Permission
from spares.calendars.models import Depot
from spares.db import session
from spares.errors import Conflict, Invalid, NotFound
from spares.inventory import freed, ledger
from spares.inventory.models import Location, LocationKind, Move, Part, Substitute, Tracking
from spares.numbers import parse, scan_key

MOST_MINOR = 10**13
MOST_PIECES = 1_000_000
MOST_GRAMS = 10_000_000
MOST_RANK = 99


@dataclass(frozen=True, kw_only=True)
class PartData:
    """What people say about a part. The price is in minor units of the currency (fen, cents)."""

    manufacturer: str
    part_number: str
    description: str = ""
    category: str = ""
    tracking: Tracking = Tracking.SERIAL
    price_minor: int | None = None
    currency: str = "CNY"
    return_required: bool = True
    minimum_level: int = 0
    weight_grams: int | None = None


def add_part(data: PartData, *, actor: Actor, now: datetime) -> Part:
    """Put a part into the catalogue. Raises Invalid at the field to blame, Conflict `part_exists` for a number that the
    maker has already."""
    actor.must(Permission.PARTS_EDIT)
    data = _checked(data)
    _refuse_known_part(data, except_id=None)
    part = Part(
        **asdict(data), manufacturer_key=scan_key(data.manufacturer), part_number_key=scan_key(data.part_number)
    )
    session.add(part)
    session.flush()
    audit.record("part_add", f"part {part.id}", _facts(data), actor=actor, now=now)
    return part


def edit_part(part_id: int, data: PartData, *, actor: Actor, now: datetime) -> Part:
    """Change a part; its price as charged and its papers as printed stay what they were. The caller has compared the
    version. Raises Conflict `tracking_fixed` when the way it is counted would change after stock has moved."""
    actor.must(Permission.PARTS_EDIT)
    part = get_part(part_id)
    data = _checked(data)
    _refuse_known_part(data, except_id=part_id)
    if data.tracking is not part.tracking and session.scalar(select(Move.id).where(Move.part_id == part_id).limit(1)):
        raise Conflict("tracking_fixed", field="tracking")
    before = {key: getattr(part, key) for key in asdict(data)}
    changed = {key: value for key, value in asdict(data).items() if before[key] != value}
    if not changed:
        return part
    for key, value in changed.items():
        setattr(part, key, value)
    part.manufacturer_key, part.part_number_key = scan_key(data.manufacturer), scan_key(data.part_number)
    part.version += 1
    session.flush()
    facts = {key: {"old": before[key], "new": value} for key, value in changed.items()}
    audit.record("part_edit", f"part {part_id}", facts, actor=actor, now=now)
    return part


def get_part(part_id: int) -> Part:
    """Raises NotFound."""
    part = session.get(Part, part_id)
    if part is None:
        raise NotFound("not_found")
    return part


def add_substitute(
    part_id: int, substitute_id: int, rank: int, note: str = "", *, actor: Actor, now: datetime
) -> Substitute:
    """Propose `substitute_id` to stand in for `part_id`. It is offered to requests only once it has been approved."""
    actor.must(Permission.PARTS_EDIT)
    part, other = get_part(part_id), get_part(substitute_id)
    if part.id == other.id:
        raise Invalid("substitute_of_itself", field="substitute")
    if part.tracking is not other.tracking:
        raise Invalid("substitute_tracking", field="substitute")
    rank, note = _bounded(rank, 1, MOST_RANK, "rank"), _line(note, 300, "note", required=False)
    query = select(Substitute.id).where(Substitute.part_id == part_id, Substitute.substitute_id == substitute_id)
    if session.scalar(query) is not None:
        raise Conflict("substitute_exists", field="substitute", part_number=other.part_number)
    row = Substitute(part_id=part_id, substitute_id=substitute_id, rank=rank, note=note)
    session.add(row)
    session.flush()
    facts = {"substitute": substitute_id, "rank": rank, "note": note}
    audit.record("substitute_add", f"part {part_id}", facts, actor=actor, now=now)
    return row


def change_substitute(row_id: int, rank: int, note: str, *, actor: Actor, now: datetime) -> Substitute:
    """Set the rank and note of a substitution anew."""
    actor.must(Permission.PARTS_EDIT)
    row = _substitute(row_id)
    rank, note = _bounded(rank, 1, MOST_RANK, "rank"), _line(note, 300, "note", required=False)
    facts = {"substitute": row.substitute_id, "old_rank": row.rank, "rank": rank, "note": note}
    row.rank, row.note = rank, note
    session.flush()
    audit.record("substitute_change", f"part {row.part_id}", facts, actor=actor, now=now)
    return row


def approve_substitute(row_id: int, *, actor: Actor, now: datetime) -> Substitute:
    """From now on requests are offered the substitute, and those that wait already get what is free of it.

    Raises Conflict when it is approved already."""
    actor.must(Permission.PARTS_EDIT)
    row = _substitute(row_id)
    if row.approved_at is not None:
        raise Conflict("substitute_approved")
    ledger.lock_parts([row.substitute_id])
    row.approved_at, row.approved_by_id = now, actor.id
    session.flush()
    freed.note_part(row.substitute_id, now)
    facts = {"substitute": row.substitute_id, "rank": row.rank}
    audit.record("substitute_approve", f"part {row.part_id}", facts, actor=actor, now=now)
    return row


def withdraw_substitute(row_id: int, reason: str, *, actor: Actor, now: datetime) -> Substitute:
    """Take the approval back: no new request is offered the substitute, and what was kept of it for those who wait for the
    part serves others. What was shipped in its name stays."""
    actor.must(Permission.PARTS_EDIT)
    row = _substitute(row_id)
    if row.approved_at is None:
        raise Conflict("substitute_not_approved")
    reason = required_reason(reason)
    row.approved_at, row.approved_by_id = None, None
    session.flush()
    freed.note_part(row.substitute_id, now)
    facts = {"substitute": row.substitute_id, "reason": reason}
    audit.record("substitute_withdraw", f"part {row.part_id}", facts, actor=actor, now=now)
    return row


def add_bin(depot_id: int, code: str, name: str = "", *, actor: Actor, now: datetime) -> Location:
    """A new bin in the depot. Its code must not read like another bin's or like a record's number."""
    if not actor.may(Permission.PARTS_EDIT):
        actor.must(Permission.STOCK_ADJUST)
    if session.get(Depot, depot_id) is None:
        raise NotFound("depot_unknown", field="depot")
    code, name = _line(code, 40, "code"), _line(name, 80, "name", required=False)
    key = scan_key(code)
    if parse(code) is not None:
        raise Invalid("bin_code_is_number", field="code", bin=code)
    query = select(Location.code).where(Location.depot_id == depot_id, Location.code_key == key)
    if session.scalar(query) is not None:
        raise Conflict("bin_exists", field="code", bin=code)
    row = Location(kind=LocationKind.BIN, code=code, code_key=key, name=name, depot_id=depot_id)
    session.add(row)
    session.flush()
    audit.record("bin_add", f"location {row.id}", {"depot": depot_id, "code": code}, actor=actor, now=now)
    return row


def required_reason(reason: str) -> str:
    """The reason without white space around it. Raises Invalid when there is none or it is too long."""
    if not reason.strip():
        raise Invalid("reason_missing", field="reason")
    return _line(reason, 300, "reason")


def _substitute(row_id: int) -> Substitute:
    row = session.get(Substitute, row_id)
    if row is None:
        raise NotFound("not_found")
    return row


def _checked(data: PartData) -> PartData:
    currency = scan_key(data.currency)
    if not (len(currency) == 3 and currency.isascii() and currency.isalpha()):
        raise Invalid("currency_invalid", field="currency")
    price, weight = data.price_minor, data.weight_grams
    return PartData(
        manufacturer=_line(data.manufacturer, 120, "manufacturer"),
        part_number=_line(data.part_number, 120, "part_number"),
        description=_line(data.description, 300, "description", required=False),
        category=_line(data.category, 60, "category", required=False),
        tracking=data.tracking,
        price_minor=None if price is None else _bounded(price, 0, MOST_MINOR, "price"),
        currency=currency,
        return_required=data.return_required,
        minimum_level=_bounded(data.minimum_level, 0, MOST_PIECES, "minimum_level"),
        weight_grams=None if weight is None else _bounded(weight, 0, MOST_GRAMS, "weight_grams"),
    )


def _refuse_known_part(data: PartData, except_id: int | None) -> None:
    query = select(Part.id).where(
        Part.manufacturer_key == scan_key(data.manufacturer), Part.part_number_key == scan_key(data.part_number)
    )
    found = session.scalar(query)
    if found is not None and found != except_id:
        raise Conflict("part_exists", field="part_number", manufacturer=data.manufacturer, part_number=data.part_number)


def _line(text: str, most: int, field: str, required: bool = True) -> str:
    """One line of text: white space folded, its key within the column too (folding may lengthen it)."""
    clean = " ".join(text.split())
    if required and not scan_key(clean):
        raise Invalid("text_missing", field=field)
    if len(clean) > most or len(scan_key(clean)) > most:
        raise Invalid("text_too_long", field=field, limit=most)
    return clean


def _bounded(value: int, least: int, most: int, field: str) -> int:
    if not least <= value <= most:
        raise Invalid("number_out_of_range", field=field, first=least, last=most)
    return value


def _facts(data: PartData) -> dict[str, Any]:
    return {key: str(value) if isinstance(value, Tracking) else value for key, value in asdict(data).items()}
