"""The slice's vocabulary in people's words: conditions, places, kinds of posting, and why something was refused.

Lazy strings: they become Chinese or English when a page is made."""

from typing import Any

from flask_babel import lazy_gettext as _l

from spares.accounts.audit_words import says
from spares.inventory.models import Condition, Location, LocationKind, PostingKind, Tracking
from spares.web import explains

CONDITIONS: dict[Condition, Any] = {
    Condition.GOOD: _l("good"),
    Condition.FAULTY: _l("faulty"),
    Condition.TO_INSPECT: _l("to inspect"),
    Condition.IN_REPAIR: _l("in repair"),
    Condition.SCRAPPED: _l("scrapped"),
}
CONDITION_TONES = {
    Condition.GOOD: "good",
    Condition.FAULTY: "bad",
    Condition.TO_INSPECT: "warn",
    Condition.IN_REPAIR: "info",
    Condition.SCRAPPED: "neutral",
}
PLACES: dict[LocationKind, Any] = {
    LocationKind.BIN: _l("bin"),
    LocationKind.RECEIVING: _l("receiving area"),
    LocationKind.RETURNS: _l("returns shelf"),
    LocationKind.BENCH: _l("repair bench"),
    LocationKind.IN_TRANSIT: _l("in transit"),
    LocationKind.CUSTOMER: _l("customer"),
    LocationKind.SUPPLIER: _l("supplier"),
    LocationKind.VENDOR: _l("manufacturer"),
    LocationKind.SCRAP: _l("scrap"),
    LocationKind.DIFFERENCE: _l("stocktake difference"),
    LocationKind.LOST: _l("lost"),
}
POSTINGS: dict[PostingKind, Any] = {
    PostingKind.OPENING: _l("Opening stock"),
    PostingKind.RECEIVE: _l("Received"),
    PostingKind.PUT_AWAY: _l("Put away"),
    PostingKind.MOVE: _l("Moved"),
    PostingKind.ADJUST: _l("Adjusted"),
    PostingKind.DISPATCH: _l("Dispatched"),
    PostingKind.DELIVER: _l("Delivered"),
    PostingKind.LOSE: _l("Lost in transit"),
    PostingKind.UNDELIVERED: _l("Came back undelivered"),
    PostingKind.RETURN: _l("Returned"),
    PostingKind.INSPECT: _l("Inspected"),
    PostingKind.DISPOSE: _l("Disposition"),
    PostingKind.REVERSE: _l("Taken back"),
}
TRACKINGS: dict[Tracking, Any] = {
    Tracking.SERIAL: _l("by serial number"),
    Tracking.COUNTED: _l("by quantity"),
}


says(
    actions={
        "part_add": _l("Part added"),
        "part_edit": _l("Part changed"),
        "substitute_add": _l("Substitute proposed"),
        "substitute_change": _l("Substitute changed"),
        "substitute_approve": _l("Substitute approved"),
        "substitute_withdraw": _l("Substitute's approval withdrawn"),
        "bin_add": _l("Bin added"),
    },
    subjects={"part": _l("Part"), "location": _l("Bin")},
    facts={
        "manufacturer": _l("Manufacturer"),
        "part_number": _l("Part number"),
        "description": _l("Description"),
        "category": _l("Category"),
        "tracking": _l("Tracking"),
        "price_minor": _l("Price"),
        "currency": _l("Currency"),
        "return_required": _l("Return required"),
        "minimum_level": _l("Minimum level"),
        "weight_grams": _l("Weight"),
        "substitute": _l("Substitute"),
        "rank": _l("Rank"),
        "old_rank": _l("Earlier rank"),
        "note": _l("Note"),
        "depot": _l("Depot"),
        "code": _l("Code"),
    },
    values={"tracking": TRACKINGS},
)


def place_label(location: Location) -> Any:
    """What people call the place: a bin by its code, any other place by what it is."""
    return location.code if location.kind is LocationKind.BIN else PLACES[location.kind]


explains(
    {
        "code_of_other_part": _l("The code %(scanned)s is of the part %(part)s."),
        "part_exists": _l("%(manufacturer)s %(part_number)s is in the catalogue already."),
        "part_unknown": _l("No part in the catalogue has the number “%(typed)s”."),
        "part_ambiguous": _l("Several manufacturers use this number: %(makers)s. Choose one from the suggestions."),
        "tracking_fixed": _l("Stock of this part has moved already, so the way it is counted can no longer change."),
        "substitute_of_itself": _l("A part cannot stand in for itself."),
        "substitute_tracking": _l("A part with serial numbers and a counted part cannot stand in for each other."),
        "substitute_exists": _l("%(part_number)s is listed as a substitute already."),
        "substitute_approved": _l("This substitute has been approved already."),
        "substitute_not_approved": _l("This substitute is not approved."),
        "depot_unknown": _l("There is no such depot."),
        "bin_exists": _l("The depot has a place with the code %(bin)s already."),
        "bin_code_is_number": _l("%(bin)s reads like the number of a record. Choose another code for the bin."),
        "currency_invalid": _l("A currency is three letters, such as CNY."),
        "nothing_listed": _l("Nothing is listed yet. Scan or type at least one serial number."),
        "serial_missing": _l("%(part_number)s is tracked by serial number: a serial number is missing."),
        "one_per_serial": _l("A serial number is one piece."),
        "part_is_counted": _l("%(part_number)s is counted: give a quantity, no serial numbers."),
        "part_is_serial": _l("This part is tracked by serial number: list its serial numbers."),
        "unit_in_depot": _l("%(serial)s is in the depot already, at %(place)s."),
        "unit_outside": _l("%(serial)s is known and not in a depot. If it comes back, receive it through returns."),
        "unit_written_off": _l("%(serial)s was booked out as a stocktake difference. Book it in again as found stock."),
        "other_depot": _l("%(serial)s is in another depot. Stock goes from depot to depot by dispatch, not by a move."),
        "other_depot_place": _l("This place belongs to another depot."),
        "unit_awaits_inspection": _l("%(serial)s came back and has not been inspected yet."),
        "pieces_await_inspection": _l("These pieces came back and have not been inspected yet."),
        "unit_carried": _l(
            "%(serial)s is on the returns shelf for %(record)s. Inspect it and give it its place there; then it can be "
            "moved."
        ),
        "pieces_carried": _l(
            "Pieces of %(part_number)s are on the returns shelf for %(records)s. Inspect them and give them their place "
            "there; then they can be moved."
        ),
        "unit_in_repair": _l("%(serial)s is being repaired. Finish the repair first."),
        "already_there": _l("%(serial)s is at %(place)s already."),
        "stock_held": _l("%(serial)s is reserved for %(holder)s since %(since)s and cannot be moved."),
        "place_unsuitable": _l("Stock cannot be put at %(place)s by hand. Choose a bin or the receiving area."),
        "location_unknown": _l("No place in this depot has the code “%(typed)s”."),
        "place_missing": _l("The depot has not been set up completely. Tell the administrator."),
        "scrap_by_disposal": _l("Scrapping is decided when a returned part is inspected."),
        "condition_same": _l("%(serial)s is in this condition already."),
        "reversed_elsewhere": _l("This is a step of an order or an exchange. Take it back there."),
        "already_reversed": _l("This posting has been taken back already."),
        "posting_empty": _l("Nothing was listed, so nothing was posted."),
        "step_goes_nowhere": _l("The stock is there already, in this condition."),
        "stock_short": _l("There is less unreserved stock than that. Nothing was changed; please look again."),
        "stock_caches_differ": _l("The stock figures do not agree with the ledger. Tell the administrator."),
        "unit_twice": _l("A serial number is listed twice."),
        "unit_elsewhere": _l("%(serial)s has moved in the meantime. Nothing was changed; please look again."),
        "unit_of_other_part": _l("%(serial)s is a unit of another part. Nothing was changed."),
        "hold_not_used": _l("The posting does not take what is reserved for it. Nothing was changed."),
        "ledger_damaged": _l("The ledger's own rows were changed by hand. Restore them from a backup first."),
        "hold_ended": _l("The reservation has ended already."),
        "too_many_lines": _l("At most %(most)s serial numbers fit into one posting. Post these first."),
        "serials_unknown": _l("Not known here: %(serials)s."),
        "serial_ambiguous": _l("Several parts have the serial number %(serial)s. Choose the part first."),
    }
)
