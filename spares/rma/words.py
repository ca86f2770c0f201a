"""The exchange in people's words: where a return stands, what was found and decided, what the timeline says of it, and
why something was refused."""

from collections.abc import Mapping
from typing import Any

from flask import url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from spares.cases.words import leads_to, tells
from spares.dispatch.words import notice_words
from spares.inventory.places import INSIDE
from spares.inventory.words import PLACES
from spares.numbers import NumberKind, key_of
from spares.rma.discrepancies import Resolution
from spares.rma.lifecycle import ObligationState
from spares.rma.models import DiscrepancyKind
from spares.rma.shelf import Disposition, Inspection
from spares.rma.standing import WRITTEN_OFF
from spares.web import explains, money

STATES: dict[ObligationState, Any] = {
    ObligationState.NOT_STARTED: _l("Clock not started"),
    ObligationState.RUNNING: _l("To be sent back"),
    ObligationState.IN_TRANSIT: _l("On its way back"),
    ObligationState.RECEIVED: _l("Received, to inspect"),
    ObligationState.INSPECTED: _l("Inspected, to place"),
    ObligationState.SETTLED: _l("Settled"),
    ObligationState.WAIVED: _l("Waived"),
    ObligationState.LOST: _l("Lost on its way back"),
    ObligationState.CHARGED: _l("Charged"),
    ObligationState.CANCELLED: _l("Nothing owed"),
}
TONES = {
    ObligationState.NOT_STARTED: "neutral",
    ObligationState.RUNNING: "info",
    ObligationState.IN_TRANSIT: "info",
    ObligationState.RECEIVED: "warn",
    ObligationState.INSPECTED: "warn",
    ObligationState.SETTLED: "good",
    ObligationState.WAIVED: "neutral",
    ObligationState.LOST: "bad",
    ObligationState.CHARGED: "bad",
    ObligationState.CANCELLED: "neutral",
}
INSPECTIONS: dict[Inspection, Any] = {
    Inspection.FAULT_FOUND: _l("Fault found"),
    Inspection.NO_FAULT_FOUND: _l("No fault found"),
    Inspection.DAMAGED: _l("Damaged"),
    Inspection.WRONG_ITEM: _l("Wrong item"),
    Inspection.MISSING: _l("Missing"),
}
DISPOSITIONS: dict[Disposition, Any] = {
    Disposition.REPAIR: _l("Repair bench"),
    Disposition.VENDOR: _l("To the manufacturer"),
    Disposition.SCRAP: _l("Scrap"),
    Disposition.STOCK: _l("Back to stock"),
    Disposition.SEND_BACK: _l("Back to the customer"),
    Disposition.NONE: _l("Nothing to place"),
}
DISCREPANCIES: dict[DiscrepancyKind, Any] = {
    DiscrepancyKind.OTHER_SERIAL: _l("Serial differs"),
    DiscrepancyKind.OTHER_PART: _l("Part differs"),
    DiscrepancyKind.MISSING: _l("Nothing in the box"),
    DiscrepancyKind.ACCESSORIES: _l("Accessories missing"),
    DiscrepancyKind.SURPLUS: _l("More than owed"),
    DiscrepancyKind.UNEXPECTED: _l("Unexpected arrival"),
    DiscrepancyKind.ELSEWHERE: _l("Elsewhere by our records"),
}
RESOLUTIONS: dict[Resolution, Any] = {
    Resolution.ACCEPT: _l("Accept as the return"),
    Resolution.SEND_BACK: _l("Send back to the customer"),
    Resolution.STILL_OWED: _l("Not returned, still owed"),
    Resolution.CHARGE: _l("Charge the customer"),
    Resolution.PUT_RIGHT: _l("Record put right"),
}
CHARGE_STANDS: dict[Resolution, Any] = {
    Resolution.ACCEPT: _l("Accept as the return, and take the charge back"),
    Resolution.STILL_OWED: _l("Not returned, the charge stands"),
    Resolution.SEND_BACK: _l("Send back to the customer, the charge stands"),
}
"""The same where the customer stands charged for it already."""
EVENTS: dict[str, Any] = {
    "started": _l("Clock started"),
    "extended": _l("Return date extended"),
    "recounted": _l("Return date counted again"),
    "sent": _l("Faulty part sent"),
    "waybill_corrected": _l("Waybill corrected"),
    "received": _l("Faulty part received"),
    "received_part": _l("Part of the return received"),
    "reopened": _l("Owed again"),
    "not_accepted": _l("What came was not accepted"),
    "inspected": _l("Finding recorded"),
    "settled": _l("Settled"),
    "waived": _l("Return waived"),
    "lost": _l("Lost on its way back"),
    "charged": _l("Charged"),
    "accessories_charged": _l("Accessories charged"),
    "credited": _l("Charge taken back"),
    "cancelled": _l("Nothing owed"),
    "undelivered": _l("Came back undelivered"),
}
"""What happened to an obligation, by the kind of its event."""


INSIDE_BY_CODE = {code: kind for kind, code in INSIDE.items()}
WAYS = (("was_carrier", "was_waybill"), ("carrier", "waybill"))


def reason_words(reason: str) -> str:
    """A reason as people read it: their own words, or those for a reason that the system gives."""
    known: dict[str, str] = {
        "calendar": gettext("the calendar was changed"),
        "returned": gettext("the part came back"),
    }
    return known.get(reason, reason)


def decision_words(decision: str) -> str:
    """What was decided about a discrepancy: a resolution, or for an unexpected arrival where it went."""
    if decision in set(Resolution) and decision != Disposition.SEND_BACK:
        return str(RESOLUTIONS[Resolution(decision)])
    return str(DISPOSITIONS[Disposition(decision)]) if decision in set(Disposition) else decision


def event_details(kind: str, facts: Mapping[str, Any], reason: str) -> list[str]:
    """The lines below an event's title."""
    lines: list[str] = []
    match kind:
        case "started":
            lines = [
                gettext("Good part received %(day)s", day=facts.get("received_on", "")),
                gettext("Proof: %(proof)s", proof=facts.get("proof", "")),
            ]
        case "sent":
            lines = [_way(facts)]
        case "waybill_corrected":
            was, now = (f"{facts.get(c, '')} {facts.get(w, '')}".strip() or "–" for c, w in WAYS)
            lines = [f"{was} → {now}"]
        case "received" | "received_part":
            lines = [_came(facts), _pieces(facts)]
        case "reopened":
            due = facts.get("due", "")
            lines = [gettext("Faulty part to be sent back by %(day)s", day=due) if due else ""]
        case "inspected":
            lines = [_inspection(facts), facts.get("note", "")]
        case "settled":
            lines = [_disposition(facts)]
        case "charged" | "accessories_charged" | "credited":
            lines = [money(facts.get("amount"), facts.get("currency", ""))]
    return [line for line in (*lines, reason_words(reason)) if line]


def found_words(kind: str, expected: str, found: str) -> str:
    """A discrepancy in a sentence."""
    label = str(DISCREPANCIES[DiscrepancyKind(kind)]) if kind in set(DiscrepancyKind) else kind
    if kind == DiscrepancyKind.ELSEWHERE:
        place = record_words(expected)
        return str(gettext("%(kind)s: %(found)s (recorded: %(place)s)", kind=label, found=found, place=place))
    if kind == DiscrepancyKind.ACCESSORIES:
        return str(gettext("%(kind)s: %(what)s", kind=label, what=expected))
    if kind in {DiscrepancyKind.MISSING, DiscrepancyKind.UNEXPECTED} or not found:
        return str(gettext("%(kind)s: %(what)s", kind=label, what=expected or found))
    return str(gettext("%(kind)s: expected %(expected)s, found %(found)s", kind=label, expected=expected, found=found))


def shipment_of(record: str) -> str:
    """The shipment that the record of a unit elsewhere names; empty for a place. No bin may be called like a number."""
    number = record.removeprefix(WRITTEN_OFF)
    return number if key_of(NumberKind.SHIPMENT, number) is not None else ""


def record_words(record: str) -> str:
    """The record that has a unit elsewhere: a shipment under way, one that was lost, a bin, or another place in a depot by
    what it is."""
    shipment = shipment_of(record)
    if shipment and record.startswith(WRITTEN_OFF):
        return str(gettext("written off as lost with %(shipment)s", shipment=shipment))
    if shipment:
        return str(gettext("on its way in %(shipment)s", shipment=shipment))
    return str(PLACES[INSIDE_BY_CODE[record]]) if record in INSIDE_BY_CODE else record


def _way(facts: Mapping[str, Any]) -> str:
    way = " ".join(part for part in (facts.get("carrier", ""), facts.get("waybill", "")) if part)
    way = way or gettext("carried by an engineer")
    return str(gettext("Posted %(day)s, %(way)s", day=facts.get("posted_on", ""), way=way))


def _came(facts: Mapping[str, Any]) -> str:
    if facts.get("as_expected"):
        return str(gettext("%(serial)s, as expected", serial=facts.get("serial_found", "")))
    if facts.get("quantity") == 0:
        return str(gettext("Nothing in the box"))
    return str(gettext("Differs from what was expected: %(found)s", found=facts.get("serial_found") or "–"))


def _pieces(facts: Mapping[str, Any]) -> str:
    """How many of a counted part have come by then."""
    if facts.get("of", 1) < 2:
        return ""
    return str(gettext("%(came)s of %(owed)s pieces are here", came=facts.get("came", 0), owed=facts["of"]))


def _inspection(facts: Mapping[str, Any]) -> str:
    result = facts.get("result", "")
    return str(INSPECTIONS[Inspection(result)]) if result in set(Inspection) else result


def _disposition(facts: Mapping[str, Any]) -> str:
    where = facts.get("disposition", "")
    return str(DISPOSITIONS[Disposition(where)]) if where in set(Disposition) else where


def _serial(data: Mapping[str, Any]) -> str:
    return gettext("Faulty unit %(serial)s", serial=data["serial"]) if data.get("serial") else ""


def _receipt(data: Mapping[str, Any]) -> tuple[str, list[str]]:
    due = data.get("return_due", "")
    return gettext("Customer's receipt of %(shipment)s confirmed", shipment=data.get("shipment", "")), [
        gettext("It had been written off as lost.") if data.get("was_lost") else "",
        gettext("Received %(day)s", day=data.get("received_on", "")),
        gettext("Proof: %(proof)s", proof=data.get("proof", "")),
        gettext("Faulty part to be sent back by %(day)s", day=due) if due else "",
    ]


def _step(kind: str) -> Any:
    def told(data: Mapping[str, Any]) -> tuple[str, list[str]]:
        return str(EVENTS[kind]), [_serial(data), *event_details(kind, data, data.get("reason", ""))]

    return told


def _due_changed(kind: str) -> Any:
    def told(data: Mapping[str, Any]) -> tuple[str, list[str]]:
        return str(EVENTS[kind]), [
            _serial(data),
            f"{data.get('old', '')} → {data.get('new', '')}",
            gettext("First return date: %(day)s", day=data.get("first", "")),
            reason_words(data.get("reason", "")),
        ]

    return told


def _discrepancy(data: Mapping[str, Any]) -> str:
    return found_words(data.get("kind", ""), data.get("expected", ""), data.get("found", ""))


def _resolved(data: Mapping[str, Any]) -> tuple[str, list[str]]:
    return gettext("Discrepancy decided"), [
        _discrepancy(data),
        decision_words(data.get("resolution", "")),
        f"{data.get('carrier', '')} {data.get('waybill', '')}".strip(),
        gettext("The goods are no longer here") if data.get("gone") else "",
        data.get("reason", ""),
    ]


def _again(data: Mapping[str, Any]) -> tuple[str, list[str]]:
    title = gettext("The same discrepancy found again; it was recorded once")
    return title, [_discrepancy(data), *(data.get(fact, "") for fact in ("sender", "waybill", "note"))]


def _unexpected(data: Mapping[str, Any]) -> tuple[str, list[str]]:
    facts = [data.get(fact, "") for fact in ("found", "sender", "waybill", "note")]
    if data.get("kind") == DiscrepancyKind.ELSEWHERE:
        return gettext("Discrepancy found"), [_discrepancy(data), *facts[1:]]
    return str(DISCREPANCIES[DiscrepancyKind.UNEXPECTED]), facts


def _not_allowed(facts: Mapping[str, Any]) -> str:
    state = STATES[ObligationState(facts["state"])]
    return str(gettext("This cannot be done any more: the return is “%(state)s”.", state=state))


def _which_return(facts: Mapping[str, Any]) -> str:
    if not facts["serial"]:
        return str(gettext("Several parts are expected. Choose which one this stands for."))
    words = gettext(
        "Several parts are expected and %(serial)s is none of them. Choose which one it stands for.",
        serial=facts["serial"],
    )
    return str(words)


def _due_confirmed(data: Mapping[str, Any]) -> tuple[str, list[str]]:
    title = gettext(
        "Return date of %(serial)s counted again: it stays", serial=data.get("serial") or data.get("rma", "")
    )
    return title, [data.get("due", ""), notice_words(bool(data.get("provisional")))]


tells("receipt_confirmed", _receipt, "good")
tells("return_extended", _due_changed("extended"), "warn")
tells("return_recounted", _due_changed("recounted"), "info")
tells("return_confirmed", _due_confirmed, "info")
tells("return_sent", _step("sent"), "info")
tells("return_received", _step("received"), "good")
tells("return_waybill_corrected", _step("waybill_corrected"), "warn")
tells("return_received_part", _step("received_part"), "good")
tells("return_reopened", _step("reopened"), "bad")
tells("return_inspected", _step("inspected"), "info")
tells("return_settled", _step("settled"), "good")
tells("return_waived", _step("waived"), "warn")
tells("return_lost", _step("lost"), "bad")
tells("return_charged", _step("charged"), "bad")
tells("return_accessories_charged", _step("accessories_charged"), "bad")
tells("return_credited", _step("credited"), "good")
tells("discrepancy_found", lambda data: (gettext("Discrepancy found"), [_discrepancy(data)]), "bad")
tells("discrepancy_again", _again, "warn")
tells("discrepancy_resolved", _resolved, "good")
tells("unexpected_arrival", _unexpected, "warn")
tells("rma_cancelled", lambda data: (gettext("Exchange cancelled"), [data.get("reason", "")]), "warn")

leads_to("rma", lambda number: url_for("rma_show", number=number))

explains(
    {
        "received_before_dispatch": _l(
            "The good part left the depot on %(left_on)s only: it cannot have been received on %(day)s."
        ),
        "date_in_future": _l("This day lies in the future (%(day)s)."),
        "posted_before_request": _l(
            "The exchange was asked for on %(day)s: the part cannot have been sent before that day."
        ),
        "obligation_not_allowed": _not_allowed,
        "extension_not_later": _l("The new day must be later than the one in force (%(day)s)."),
        "extension_too_far": _l("The new day can lie %(days)s days ahead at most."),
        "waybill_unchanged": _l("This is the waybill that was entered."),
        "shipment_under_way": _l(
            "By our records %(serial)s is still on its way in %(shipment)s. Take the shipment back as undelivered, or "
            "confirm its receipt; then decide here."
        ),
        "take_in_first": _l(
            "By our records %(serial)s is not in a depot. Take it in first, or tick that it is no longer here."
        ),
        "inspection_does_not_fit": _l("This finding does not fit: a part came or it did not."),
        "empty_box_undecided": _l(
            "The box was empty, so there is nothing to inspect. An RMA administrator decides about it."
        ),
        "our_own_goods": _l(
            "These goods left our own depot and came back undelivered. Record them as damaged if they are not what left."
        ),
        "disposition_does_not_fit": _l("A part with this finding cannot go there."),
        "only_sound_parts_to_stock": _l("Only a part without a fault goes back to stock."),
        "not_a_bin": _l("This place is not a bin."),
        "discrepancy_unresolved": _l("A discrepancy is still undecided. An RMA administrator decides it first."),
        "discrepancy_resolved": _l("This discrepancy has been decided already."),
        "discrepancy_without_obligation": _l("This arrival belongs to no return: inspect it and give it a place."),
        "discrepancy_of_an_obligation": _l("This discrepancy belongs to a return: decide it there."),
        "amount_out_of_range": _l("Enter an amount above zero, with at most two decimals."),
        "decision_does_not_fit": _l("This discrepancy cannot be decided like that."),
        "amount_missing": _l("Enter the amount to charge."),
        "quantity_out_of_range": _l("Enter a quantity from 1 to 9999."),
        "which_return": _which_return,
        "nothing_to_send_back": _l("Nothing has to be sent back for %(number)s, so there is no return slip to print."),
        "nothing_receivable": _l("Nothing more is expected for %(number)s."),
        "confirmation_of_another_case": _l("This fault confirmation belongs to another case."),
    }
)
