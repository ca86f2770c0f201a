"""Use cases that move stock by hand: receive, put away, move, adjust, and take a posting back.

Each makes one posting of the ledger. `request_key` names the event (say `receive:` and the form's key), so that the same
form sent twice posts once. What dispatch and returns move, they move themselves."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from spares.accounts.access import Actor, Permission
from spares.db import session
from spares.errors import Conflict, Invalid, NotFound
from spares.inventory import ledger, places
from spares.inventory.ledger import Step
from spares.inventory.models import (
    DEPOT_KINDS,
    Condition,
    LocationKind,
    Part,
    Posting,
    PostingKind,
    Tracking,
)
from spares.inventory.services import required_reason
from spares.inventory.stock_arrivals import Arriving, arrivals
from spares.inventory.stock_carried import refuse_carried, refuse_carried_pieces
from spares.inventory.stock_checks import Known, refuse_held, refuse_move, shelf, units_by_id

UNDONE_HERE = frozenset(
    {PostingKind.OPENING, PostingKind.RECEIVE, PostingKind.PUT_AWAY, PostingKind.MOVE, PostingKind.ADJUST}
)
"""What may be taken back by hand; the other kinds are steps of an order or an exchange and are undone there."""


@dataclass(frozen=True, kw_only=True)
class Pieces:
    """A quantity of a counted part that lies somewhere in some condition."""

    part_id: int
    location_id: int
    condition: Condition
    quantity: int


def receive(
    depot_id: int,
    items: Sequence[Arriving],
    *,
    request_key: str,
    actor: Actor,
    now: datetime,
    location_id: int | None = None,
    reference: str = "",
    opening: bool = False,
) -> int:
    """Take stock in from the supplier (`opening`: what was there when the books began); returns the posting's key.

    Items without a place of their own go to `location_id`, else to the depot's receiving area. Raises Conflict
    `unit_in_depot` naming where a serial already is, `unit_outside` for one that must come back through returns."""
    if not (opening and actor.may(Permission.IMPORTS_RUN)):
        actor.must(Permission.STOCK_MOVE)
    default = location_id if location_id is not None else places.inside(LocationKind.RECEIVING, depot_id)
    steps = arrivals(depot_id, items, default, LocationKind.SUPPLIER)
    return ledger.post(
        PostingKind.OPENING if opening else PostingKind.RECEIVE,
        steps,
        request_key=request_key,
        occurred_at=now,
        actor=actor,
        now=now,
        reference=_reference(reference),
    )


def put_away(
    unit_ids: Collection[int],
    to_location_id: int,
    *,
    request_key: str,
    actor: Actor,
    now: datetime,
    pieces: Sequence[Pieces] = (),
) -> int:
    """Bring what was received or inspected to its bin; returns the posting's key. Refuses as `move` does."""
    return _relocate(PostingKind.PUT_AWAY, unit_ids, pieces, to_location_id, request_key, actor, now, "")


def move(
    unit_ids: Collection[int],
    to_location_id: int,
    *,
    request_key: str,
    actor: Actor,
    now: datetime,
    pieces: Sequence[Pieces] = (),
    reason: str = "",
) -> int:
    """Move units and pieces to another shelf of their depot; returns the posting's key.

    Raises Conflict `stock_held` naming who holds a unit, `unit_outside` for one that is in no depot, `other_depot`,
    `unit_awaits_inspection`, `pieces_await_inspection` and `unit_in_repair`, and `unit_carried` and `pieces_carried`
    naming the return that must be finished first; Invalid `already_there`."""
    return _relocate(PostingKind.MOVE, unit_ids, pieces, to_location_id, request_key, actor, now, reason)


def adjust_found(
    depot_id: int,
    items: Sequence[Arriving],
    location_id: int,
    reason: str,
    *,
    request_key: str,
    actor: Actor,
    now: datetime,
) -> int:
    """Book in what lies there though the books do not have it; returns the posting's key."""
    actor.must(Permission.STOCK_ADJUST)
    reason = required_reason(reason)
    steps = arrivals(depot_id, items, location_id, LocationKind.DIFFERENCE)
    return ledger.post(
        PostingKind.ADJUST, steps, request_key=request_key, occurred_at=now, actor=actor, now=now, reason=reason
    )


def adjust_lost(
    unit_ids: Collection[int],
    reason: str,
    *,
    request_key: str,
    actor: Actor,
    now: datetime,
    pieces: Sequence[Pieces] = (),
) -> int:
    """Book out what is not where the books say; returns the posting's key.

    Raises Conflict for held stock, and `unit_carried` and `pieces_carried` for what a return still carries."""
    actor.must(Permission.STOCK_ADJUST)
    reason = required_reason(reason)
    away = places.outside(LocationKind.DIFFERENCE)
    steps = [_step(known, away, known.state.condition) for known in _in_depot(unit_ids, pieces)]
    steps += [_pieces_step(p, away, p.condition) for p in pieces]
    return ledger.post(
        PostingKind.ADJUST, steps, request_key=request_key, occurred_at=now, actor=actor, now=now, reason=reason
    )


def change_condition(
    unit_ids: Collection[int],
    condition: Condition,
    reason: str,
    *,
    request_key: str,
    actor: Actor,
    now: datetime,
    pieces: Sequence[Pieces] = (),
) -> int:
    """Say that stock is in another condition than the books have, where it lies; returns the posting's key.

    Raises Conflict `unit_carried` and `pieces_carried` for what a return still carries: its condition is what the
    inspection finds. Scrapping is no change of condition: it takes the unit out of the depot, by its exchange's
    disposal."""
    actor.must(Permission.STOCK_ADJUST)
    reason = required_reason(reason)
    if condition is Condition.SCRAPPED:
        raise Invalid("scrap_by_disposal", field="condition")
    steps = []
    for known in _in_depot(unit_ids, pieces):
        if known.state.condition is condition:
            raise Invalid("condition_same", field="condition", serial=known.unit.serial)
        steps.append(_step(known, known.state.location_id, condition))
    steps += [_pieces_step(p, p.location_id, condition) for p in pieces]
    return ledger.post(
        PostingKind.ADJUST, steps, request_key=request_key, occurred_at=now, actor=actor, now=now, reason=reason
    )


def reverse_posting(posting_id: int, reason: str, *, request_key: str, actor: Actor, now: datetime) -> int:
    """Take a posting made by hand back by a new one; returns the new one's key.

    Raises Conflict `reversed_elsewhere` for a step of an order or exchange, and what `ledger.reverse` raises."""
    actor.must(Permission.STOCK_ADJUST)
    reason = required_reason(reason)
    posting = session.get(Posting, posting_id)
    if posting is None:
        raise NotFound("not_found")
    if posting.kind not in UNDONE_HERE:
        raise Conflict("reversed_elsewhere")
    return ledger.reverse(posting_id, request_key=request_key, actor=actor, now=now, reason=reason)


def _relocate(
    kind: PostingKind,
    unit_ids: Collection[int],
    pieces: Sequence[Pieces],
    to_location_id: int,
    request_key: str,
    actor: Actor,
    now: datetime,
    reason: str,
) -> int:
    actor.must(Permission.STOCK_MOVE)
    target = shelf(to_location_id)
    units = units_by_id(unit_ids)
    _refuse_carried(units, pieces)
    for known in units:
        refuse_move(known, target)
    refuse_held(units)
    steps = [_step(known, target.id, known.state.condition) for known in units]
    for piece in pieces:
        source = shelf(piece.location_id, DEPOT_KINDS)
        if source.depot_id != target.depot_id:
            raise Conflict("other_depot", field="location", serial="")
        if source.kind is LocationKind.RETURNS and piece.condition is Condition.TO_INSPECT:
            raise Conflict("pieces_await_inspection", field="quantity")
        steps.append(_pieces_step(piece, target.id, piece.condition))
    return ledger.post(
        kind, steps, request_key=request_key, occurred_at=now, actor=actor, now=now, reason=reason.strip()[:300]
    )


def _in_depot(unit_ids: Collection[int], pieces: Sequence[Pieces]) -> list[Known]:
    units = units_by_id(unit_ids)
    _refuse_carried(units, pieces)
    for known in units:
        if known.location.kind not in DEPOT_KINDS:
            raise Conflict("unit_outside", field="serials", serial=known.unit.serial)
    refuse_held(units)
    return units


def _refuse_carried(units: Sequence[Known], pieces: Sequence[Pieces]) -> None:
    # The parts are locked before it is asked, so that nothing comes back between the answer and the posting.
    ledger.lock_parts([*(known.unit.part_id for known in units), *(piece.part_id for piece in pieces)])
    refuse_carried(units)
    for piece in pieces:
        refuse_carried_pieces(piece.part_id, shelf(piece.location_id, DEPOT_KINDS))


def _step(known: Known, to_id: int, condition: Condition) -> Step:
    return Step(
        part_id=known.unit.part_id,
        unit_id=known.unit.id,
        from_id=known.state.location_id,
        from_condition=known.state.condition,
        to_id=to_id,
        to_condition=condition,
    )


def _pieces_step(pieces: Pieces, to_id: int, condition: Condition) -> Step:
    if not 1 <= pieces.quantity <= 1_000_000:
        raise Invalid("number_out_of_range", field="quantity", first=1, last=1_000_000)
    part = session.get(Part, pieces.part_id)
    if part is None or part.tracking is not Tracking.COUNTED:
        raise Invalid("part_is_serial", field="quantity")
    if shelf(pieces.location_id, DEPOT_KINDS).id == to_id and condition is pieces.condition:
        raise Invalid("step_goes_nowhere", field="location")
    return Step(
        part_id=pieces.part_id,
        quantity=pieces.quantity,
        from_id=pieces.location_id,
        from_condition=pieces.condition,
        to_id=to_id,
        to_condition=condition,
    )


def _reference(text: str) -> str:
    clean = " ".join(text.split())
    if len(clean) > 80:
        raise Invalid("text_too_long", field="reference", limit=80)
    return clean
