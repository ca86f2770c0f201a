"""One exchange: both its legs at a glance, what happened, and the one next step."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import current_app, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from spares.accounts.access import Actor, Permission
from spares.accounts.guard import allow, current_actor
from spares.calendars import queries as calendars
from spares.dispatch.lifecycle import OPEN_LINES, LineState, ShipmentState
from spares.dispatch.lost import replaced_by
from spares.dispatch.stock_queue import places
from spares.dispatch.words import DOCUMENTS, LINE_STATES, LINE_TONES, METHODS, SHIPMENT_STATES, SHIPMENT_TONES
from spares.rma import documents, obligations, queries
from spares.rma.acting import once, page_key, refusal_of, seen_version
from spares.rma.due_words import due_words
from spares.rma.lifecycle import OBLIGATION_MOVES, RECEIVABLE, ObligationState, ObligationVerb
from spares.rma.models import Obligation
from spares.rma.outgoing_words import to_ship
from spares.rma.queries import Exchange, Incoming
from spares.rma.routes import routes
from spares.rma.words import (
    DISPOSITIONS,
    EVENTS,
    INSPECTIONS,
    STATES,
    TONES,
    decision_words,
    event_details,
    found_words,
    reason_words,
)
from spares.web import money

OUTGOING_STEPS = (LineState.RESERVED, LineState.PICKED, LineState.PACKED, LineState.DISPATCHED, LineState.RECEIVED)
INCOMING_STEPS = (
    ObligationState.RUNNING,
    ObligationState.IN_TRANSIT,
    ObligationState.RECEIVED,
    ObligationState.INSPECTED,
    ObligationState.SETTLED,
)


@dataclass(frozen=True)
class Action:
    """Something that this person may do next."""

    label: str
    url: str


@routes.get("/rma/<number>")
@allow(Permission.RMA_SEE)
def rma_show(number: str) -> str:
    """The exchange with this number."""
    return rma_page(queries.rma_id_of(number))


@routes.get("/returns/<int:obligation_id>")
@allow(Permission.RMA_SEE)
def return_show(obligation_id: int) -> ResponseReturnValue:
    """A return stands on the page of its exchange."""
    obligation = queries.obligation_of(obligation_id, current_actor())
    return redirect(url_for("rma_show", number=obligation.rma.number, _anchor=f"back-{obligation.id}"))


@routes.post("/rma/<number>/return-slip")
@allow(Permission.RETURN_ANNOUNCE)
def return_slip_print(number: str) -> ResponseReturnValue:
    """Print the return slip: its content is frozen the first time, and again when more is known."""
    rma_id = queries.rma_id_of(number)
    found = queries.exchange(rma_id, current_actor())
    receiving_url = current_app.config["SPARES_BASE_URL"] + url_for("return_receive", number=found.rma.number)

    def act() -> str:
        document, copy_no = documents.print_return_slip(
            rma_id, receiving_url=receiving_url, actor=current_actor(), now=g.now
        )
        return url_for("document_show", document_id=document.id, copy_no=copy_no)

    return once(act)


@routes.post("/returns/<int:obligation_id>/waive")
@allow(Permission.OBLIGATION_DECIDE)
def return_waive(obligation_id: int) -> ResponseReturnValue:
    """The part need not come back."""
    return _decided(obligation_id, "waive", obligations.waive, _("Waived. It is still taken in when it comes."))


@routes.post("/returns/<int:obligation_id>/lose")
@allow(Permission.OBLIGATION_DECIDE)
def return_lose(obligation_id: int) -> ResponseReturnValue:
    """Lost on its way back."""
    return _decided(obligation_id, "lose", obligations.lose, _("Recorded as lost. It is still taken in when it comes."))


def rma_page(rma_id: int, refusals: dict[str, str] | None = None, typed: str = "") -> str:
    """The page of an exchange; `refusals` are words by the button they belong to (`waive-7`)."""
    actor = current_actor()
    found = queries.exchange(rma_id, actor)
    calendar = calendars.depot_calendar(found.depot)
    actions = next_actions(found, actor)
    leaving = to_ship(found, g.now, calendar)
    return render_template(
        "rma/rma_show.html",
        found=found,
        to_ship=leaving,
        places=places([one.order.id for one in leaving if one.waiting]),
        replaced=replaced_by([leg.line.id for leg in found.outgoing if leg.line.state is LineState.LOST]),
        faulty={leg.obligation.line_id: leg.obligation.part.part_number for leg in reversed(found.incoming)},
        outgoing_steps=_outgoing_steps(found),
        incoming=[
            {
                "leg": leg,
                "due": due_words(leg.obligation, g.now, calendar),
                "steps": _incoming_steps(leg.obligation),
                "history": _history(leg),
                "actions": _obligation_actions(leg, actor),
                "charged": _charged(leg),
                "verbs": _verbs(leg.obligation, actor),
            }
            for leg in found.incoming
        ],
        owes=documents.asks_for_parts(found),
        primary=actions[0] if actions else None,
        may_cancel=actor.may(Permission.REQUEST_CANCEL) and any(leg.line.state in OPEN_LINES for leg in found.outgoing),
        refusals=refusals or {},
        typed=typed,
        key=page_key(),
        money=money,
        words={
            "states": STATES,
            "tones": TONES,
            "lines": LINE_STATES,
            "line_tones": LINE_TONES,
            "shipments": SHIPMENT_STATES,
            "shipment_tones": SHIPMENT_TONES,
            "methods": METHODS,
            "documents": DOCUMENTS,
            "inspections": {one.value: words for one, words in INSPECTIONS.items()},
            "dispositions": {one.value: words for one, words in DISPOSITIONS.items()},
            "found": found_words,
            "decision": decision_words,
            "reason": reason_words,
        },
    )


def next_actions(found: Exchange, actor: Actor) -> list[Action]:
    """What this person may do for the exchange, the most pressing first."""
    wanted: list[tuple[Permission, str, str]] = []
    for leg in found.incoming:
        for row in leg.discrepancies:
            if row.resolved_at is None:
                url = url_for("discrepancy_resolve", discrepancy_id=row.id)
                wanted.append((Permission.OBLIGATION_DECIDE, _("Decide the discrepancy"), url))
    for shipment in found.shipments:
        if shipment.state is ShipmentState.DISPATCHED:
            url = url_for("receipt_confirm", number=shipment.number)
            wanted.append((Permission.RECEIPT_CONFIRM, _("Confirm the customer's receipt"), url))
    for state in (ObligationState.INSPECTED, ObligationState.RECEIVED, ObligationState.IN_TRANSIT):
        wanted += [step for leg in found.incoming if leg.obligation.state is state for step in _work(leg)[:1]]
    running = [leg for leg in found.incoming if leg.obligation.state is ObligationState.RUNNING]
    wanted += [step for leg in running for step in _work(leg)]
    if any(leg.line.state in OPEN_LINES - {LineState.BACK_ORDERED} for leg in found.outgoing):
        url = url_for("order_show", number=found.outgoing[0].order.number)
        wanted.append((Permission.DISPATCH_WORK, _("Prepare the dispatch"), url))
    return [Action(label, url) for permission, label, url in wanted if actor.may(permission)]


def _work(leg: Incoming) -> list[tuple[Permission, str, str]]:
    """The steps of a return that are pages of their own, the usual one first."""
    obligation = leg.obligation
    number = obligation.rma.number
    if obligation.state is ObligationState.INSPECTED:
        url = url_for("return_settle", obligation_id=obligation.id)
        return [(Permission.RETURN_INSPECT, _("Give it its place"), url)]
    if obligation.state is ObligationState.RECEIVED:
        if obligation.received_part_id is None and any(row.resolved_at is None for row in leg.discrepancies):
            return []  # an empty box: missing, which is decided as a discrepancy
        url = url_for("return_inspect", obligation_id=obligation.id)
        return [(Permission.RETURN_INSPECT, _("Inspect"), url)]
    steps = []
    if (obligation.state, ObligationVerb.SEND) in OBLIGATION_MOVES:
        url = url_for("return_announce", obligation_id=obligation.id)
        steps.append((Permission.RETURN_ANNOUNCE, _("Enter the return waybill"), url))
    if obligation.state in RECEIVABLE and leg.is_out:
        url = url_for("return_receive", number=number)
        steps.append((Permission.RETURN_RECEIVE, _("Receive the faulty part"), url))
    return steps


def _obligation_actions(leg: Incoming, actor: Actor) -> list[Action]:
    steps = [Action(label, url) for permission, label, url in _work(leg) if actor.may(permission)]
    if (leg.obligation.state, ObligationVerb.CORRECT) in OBLIGATION_MOVES and actor.may(Permission.RETURN_ANNOUNCE):
        steps.append(Action(_("Correct the waybill"), url_for("return_waybill", obligation_id=leg.obligation.id)))
    if (leg.obligation.state, ObligationVerb.CHARGE) in OBLIGATION_MOVES and actor.may(Permission.OBLIGATION_CHARGE):
        steps.append(Action(_("Charge the customer"), url_for("return_charge", obligation_id=leg.obligation.id)))
    runs = (leg.obligation.state, ObligationVerb.EXTEND) in OBLIGATION_MOVES and leg.obligation.due_on is not None
    if runs and actor.may(Permission.OBLIGATION_DECIDE):
        steps.append(Action(_("Extend the return date"), url_for("return_extend", obligation_id=leg.obligation.id)))
    return steps


def _verbs(obligation: Obligation, actor: Actor) -> set[str]:
    """Which of the dangerous decisions are open to this person."""
    needed = {
        ObligationVerb.WAIVE: Permission.OBLIGATION_DECIDE,
        ObligationVerb.LOSE: Permission.OBLIGATION_DECIDE,
    }
    return {
        verb.value
        for verb, permission in needed.items()
        if actor.may(permission) and (obligation.state, verb) in OBLIGATION_MOVES
    }


def _charged(leg: Incoming) -> str:
    """What the customer stands charged with, for the part and its accessories, as the events tell; empty for nothing."""
    events = [event for event, _who in leg.events]
    booked = [event.facts["amount"] for event in events if event.kind in {"charged", "accessories_charged"}]
    total = sum(booked) - sum(event.facts["amount"] for event in events if event.kind == "credited")
    return money(total, leg.obligation.currency) if booked else ""


def _outgoing_steps(found: Exchange) -> list[tuple[str, str]]:
    """Where the slowest of the lines stands; nothing when all were cancelled or lost."""
    places = [_place(leg.line.state, OUTGOING_STEPS) for leg in found.outgoing]
    known = [place for place in places if place is not None]
    labels = [_("Reserve"), _("Pick"), _("Pack"), _("Dispatch"), _("Customer receives")]
    return _steps(labels, min(known)) if known else []


def _incoming_steps(obligation: Obligation) -> list[tuple[str, str]]:
    """Where the faulty part stands; nothing for an empty box, which has no way through the depot."""
    if obligation.received_at is not None and obligation.received_part_id is None:
        return []
    labels = [_("Clock starts"), _("Send back"), _("Depot receives"), _("Inspect"), _("Settle")]
    if obligation.state is ObligationState.NOT_STARTED:
        return _steps(labels, -1)
    place = _place(obligation.state, INCOMING_STEPS)
    return _steps(labels, place) if place is not None else []


def _place(state: Any, course: Sequence[Any]) -> int | None:
    if state is LineState.BACK_ORDERED:
        return -1
    return course.index(state) if state in course else None


def _steps(labels: list[str], reached: int) -> list[tuple[str, str]]:
    return [
        (label, "done" if place <= reached else ("now" if place == reached + 1 else "later"))
        for place, label in enumerate(labels)
    ]


def _history(leg: Incoming) -> list[dict[str, Any]]:
    """The events of a return for the macro `timeline`, newest first; changes of the day show old and new."""
    return [
        {
            "when": event.occurred_at,
            "who": who,
            "title": str(EVENTS.get(event.kind, event.kind)),
            "details": [
                *(
                    [f"{event.old_due_on or '–'} → {event.new_due_on}"]
                    if event.new_due_on is not None and event.old_due_on is not None
                    else []
                ),
                *event_details(event.kind, event.facts, event.reason),
            ],
            "kind": "neutral",
        }
        for event, who in reversed(leg.events)
    ]


def _decided(obligation_id: int, verb: str, service: Callable[..., None], done: str) -> ResponseReturnValue:
    obligation = queries.obligation_of(obligation_id, current_actor())
    number = obligation.rma.number
    rma_id = obligation.rma_id

    def act() -> str:
        reason = request.form.get("reason", "")
        service(obligation_id, reason=reason, actor=current_actor(), now=g.now, version=seen_version())
        return url_for("rma_show", number=number)

    return _acted(rma_id, f"{verb}-{obligation_id}", act, done)


def _acted(rma_id: int, button: str, act: Callable[[], str], done: str) -> ResponseReturnValue:
    answer, words, status = refusal_of(lambda: once(act))
    if answer is None:
        return rma_page(rma_id, {button: words}, request.form.get("reason", "")), status
    flash(done, "success")
    return answer
