"""Lines that wait for stock are served by themselves, in turn, in the transaction that brings or frees it, or in which a
line ahead of them leaves its place.

Whoever writes stock of a part holds its lock until he commits, so two arrivals serve the queue one after the other. A
line's case is locked after the part, against the usual order; so it is never waited for. When somebody else has it in
hand, what the line waits for is kept, and the worker offers it again a little later."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime

import structlog
from sqlalchemy import select

from spares.accounts.access import SYSTEM, Actor, Permission
from spares.cases.models import ServiceCase
from spares.cases.timeline import record
from spares.db import session
from spares.dispatch.lifecycle import LineState, LineVerb, line_after
from spares.dispatch.models import DispatchLine, DispatchOrder
from spares.dispatch.orders import choose_for, hold_for, line_of, lock_order, offers_for
from spares.dispatch.stock_queue import Turn, Waiting, kept_back, waiting_for
from spares.errors import Conflict, SparesError
from spares.inventory import freed, ledger
from spares.inventory.availability import approved_for, free_in_bins
from spares.inventory.models import Part

log = structlog.get_logger("spares.waiting")
AT_ONCE = 500
"""The most lines that are looked at in one go; what more stock could serve is served in the next."""

Teller = Callable[[DispatchOrder, ServiceCase, Sequence[DispatchLine], dict[int, Part], datetime], None]
_tellers: list[Teller] = []


def when_served(teller: Teller) -> Teller:
    """Register the function of an upper slice that tells people which lines of an order have got stock."""
    if teller not in _tellers:
        _tellers.append(teller)
    return teller


def reserve_waiting(order_id: int, line_id: int, *, actor: Actor, now: datetime) -> bool:
    """Try to reserve a back-ordered line now; whether stock was there that no line ahead of it waits for."""
    actor.must(Permission.DISPATCH_WORK)
    order, case = lock_order(order_id, actor)
    line = line_of(order, line_id)
    line_after(line.state, LineVerb.RESERVE)
    ledger.lock_families([line.requested_part_id])
    if not reserve_again(order, line, actor=actor, now=now):
        return False
    record(case, "line_reserved", actor=actor, now=now, order=order.number, rma=order.rma_number, line=line.line_no)
    session.flush()
    return True


def reserve_again(order: DispatchOrder, line: DispatchLine, *, actor: Actor, now: datetime) -> bool:
    """Reserve what is there for a back-ordered line, beyond what lines ahead of it wait for; whether something was. The
    caller has locked the case, the order and every part that may be taken."""
    turn = Turn(due_at=order.due_at, level=order.level, order_id=order.id)
    kept = kept_back([line.requested_part_id], order.depot_id, turn)
    choose_for(line, offers_for(line, order.depot_id), kept)
    if line.state is not LineState.RESERVED:
        return False
    hold_for(line, order.depot_id, actor=actor, now=now)
    order.version += 1
    return True


def serve_freed() -> None:
    """Give the stock that the open transaction has freed to those who wait for it. Done at the end of every transaction."""
    parts = freed.take()
    if parts:
        ledger.lock_parts(parts)
        serve(parts, now=max(parts.values()))


def offer(part_id: int, *, now: datetime) -> int:
    """Offer what is free of the part to those who wait for it; how many lines it served."""
    ledger.lock_parts([part_id])
    return serve([part_id], now=now)


def serve(part_ids: Collection[int], *, now: datetime) -> int:
    """Reserve the free stock of these parts, which the caller has locked, for the lines that wait, in turn; how many got
    some. What a line waits for and cannot have yet is kept for it: nobody behind it is served with that."""
    served = 0
    while batch := waiting_for(part_ids, AT_ONCE):
        free = free_in_bins(part_ids)
        done = _serve(batch, free, now)
        served += done
        if done < AT_ONCE:
            break
    return served


def _serve(batch: Sequence[Waiting], free: dict[tuple[int, int], int], now: datetime) -> int:
    candidates = approved_for({waiting.part_id for waiting in batch})
    told: dict[int, tuple[DispatchOrder, ServiceCase, list[DispatchLine]]] = {}
    for waiting in batch:
        if not any(count > 0 for count in free.values()):
            break
        places = [(part_id, waiting.depot_id) for part_id in candidates[waiting.part_id]]
        place = next((at for at in places if free.get(at, 0) >= waiting.quantity), None)
        found = _lock_if_idle(waiting) if place is not None else None
        if place is None or found is None:
            for at in places:
                free[at] = free.get(at, 0) - waiting.quantity
            continue
        order, case, line = found
        if line.state is LineState.BACK_ORDERED:
            free[place] -= waiting.quantity
            if not _reserved(order, line, place[0], now):
                continue
            told.setdefault(order.id, (order, case, []))[2].append(line)
    _tell(told, now)
    return sum(len(lines) for _, _, lines in told.values())


def _reserved(order: DispatchOrder, line: DispatchLine, part_id: int, now: datetime) -> bool:
    """Reserve the part for the line; whether that went well. Where the books disagree nothing of it has happened, and it is
    logged: it must not undo what somebody does who merely brought stock."""
    session.flush()  # what is not written yet must not be undone with the savepoint, of which the session knows nothing
    try:
        with session.connection().begin_nested():
            if not ledger.hold_available(line.id, part_id, order.depot_id, line.quantity, actor=SYSTEM, now=now):
                raise Conflict("stock_caches_differ", part_id=part_id)
    except SparesError as error:
        log.error("line_not_served", line=line.id, order=order.number, part_id=part_id, code=error.code)
        return False
    line.state = line_after(line.state, LineVerb.RESERVE)
    line.part_id = part_id
    line.substitution_reason = "" if part_id == line.requested_part_id else "no_exact_stock"
    order.version += 1
    return True


def _tell(told: dict[int, tuple[DispatchOrder, ServiceCase, list[DispatchLine]]], now: datetime) -> None:
    if not told:
        return
    keys = {line.part_id for _, _, lines in told.values() for line in lines}
    parts = {part.id: part for part in session.scalars(select(Part).where(Part.id.in_(keys)))}
    for order, case, lines in told.values():
        for line in lines:
            record(
                case,
                "line_served",
                actor=SYSTEM,
                now=now,
                order=order.number,
                rma=order.rma_number,
                line=line.line_no,
                part=parts[line.part_id].part_number,
                quantity=line.quantity,
                substitute=line.part_id != line.requested_part_id,
            )
        for teller in _tellers:
            teller(order, case, lines, parts, now)
    session.flush()


def _lock_if_idle(waiting: Waiting) -> tuple[DispatchOrder, ServiceCase, DispatchLine] | None:
    """The line with its order and case, all locked and fresh; None while somebody else has one of them in hand."""
    row = session.execute(
        select(ServiceCase, DispatchOrder, DispatchLine)
        .join(DispatchOrder, DispatchOrder.case_id == ServiceCase.id)
        .join(DispatchLine, DispatchLine.order_id == DispatchOrder.id)
        .where(DispatchLine.id == waiting.line_id)
        .with_for_update(key_share=True, skip_locked=True)
        .execution_options(populate_existing=True)
    ).first()
    return None if row is None else (row[1], row[0], row[2])
