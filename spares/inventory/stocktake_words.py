"""A stocktake's vocabulary in people's words: states, kinds of difference, what was done, and why something was refused."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from spares.inventory.models import LocationKind
from spares.inventory.stocktake_lifecycle import BinState, DifferenceState, RunState
from spares.inventory.stocktake_models import DifferenceKind, Scope
from spares.inventory.stocktake_rules import Verdict
from spares.inventory.words import PLACES
from spares.web import explains

SCOPES: dict[Scope, Any] = {
    Scope.BINS: _l("chosen bins"),
    Scope.PART: _l("one part"),
    Scope.ALL: _l("all bins"),
}
RUN_STATES: dict[RunState, tuple[Any, str]] = {
    RunState.COUNTING: (_l("being counted"), "info"),
    RunState.JUDGING: (_l("differences to decide"), "warn"),
    RunState.POSTED: (_l("posted"), "good"),
    RunState.CANCELLED: (_l("cancelled"), "neutral"),
}
BIN_STATES: dict[BinState, tuple[Any, str]] = {
    BinState.WAITING: (_l("not begun"), "neutral"),
    BinState.COUNTING: (_l("being counted"), "info"),
    BinState.FINISHED: (_l("counted"), "good"),
    BinState.LEFT_OUT: (_l("left out"), "warn"),
}
DIFFERENCE_STATES: dict[DifferenceState, tuple[Any, str]] = {
    DifferenceState.OPEN: (_l("to decide"), "warn"),
    DifferenceState.AWAITING: (_l("awaits a second person"), "warn"),
    DifferenceState.ACCEPTED: (_l("will be posted"), "info"),
    DifferenceState.LEFT: (_l("left as it is"), "neutral"),
    DifferenceState.EXPLAINED: (_l("explained"), "good"),
    DifferenceState.POSTED: (_l("posted"), "good"),
}
KINDS: dict[DifferenceKind, Any] = {
    DifferenceKind.MISSING: _l("missing"),
    DifferenceKind.FOUND: _l("found here"),
    DifferenceKind.UNKNOWN: _l("unknown serial number"),
    DifferenceKind.PIECES: _l("other quantity"),
}
VERDICTS: dict[Verdict, Any] = {
    Verdict.MOVED_AFTER: _l("moved after it was counted"),
    Verdict.ARRIVED: _l("came after the count began"),
    Verdict.PICKED: _l("picked for an order"),
}
DEEDS: dict[str, tuple[Any, str]] = {
    "open": (_l("Stocktake opened"), "info"),
    "begin": (_l("Count begun"), "neutral"),
    "finish": (_l("Bin counted"), "good"),
    "count_again": (_l("Bin counted anew"), "warn"),
    "close": (_l("Counting ended"), "info"),
    "resume": (_l("Counting taken up again"), "warn"),
    "cancel": (_l("Stocktake cancelled"), "bad"),
    "post": (_l("Differences posted"), "good"),
    "recount": (_l("Counted a second time"), "info"),
    "accept": (_l("Accepted"), "info"),
    "submit": (_l("Accepted, for a second person to approve"), "warn"),
    "approve": (_l("Approved by a second person"), "good"),
    "reject": (_l("Not approved"), "bad"),
    "leave": (_l("Left as it is"), "neutral"),
    "reopen": (_l("Decision taken back"), "warn"),
    "explain": (_l("Explained by a later move"), "good"),
    "reappear": (_l("Different again"), "warn"),
    "change": (_l("Changed by a new count or move"), "warn"),
}


def _not_allowed(facts: Mapping[str, Any]) -> str:
    state = RUN_STATES[RunState(facts["state"])][0]
    return str(gettext("This cannot be done now: the stocktake's state is “%(state)s”.", state=state))


def _bin_not_allowed(facts: Mapping[str, Any]) -> str:
    state = BIN_STATES[BinState(facts["state"])][0]
    return str(gettext("This cannot be done now: the bin's state is “%(state)s”.", state=state))


def _difference_not_allowed(facts: Mapping[str, Any]) -> str:
    state = DIFFERENCE_STATES[DifferenceState(facts["state"])][0]
    return str(gettext("This cannot be done now: the difference's state is “%(state)s”.", state=state))


def _found_elsewhere(facts: Mapping[str, Any]) -> str:
    place = PLACES[LocationKind(facts["kind"])]
    words = gettext(
        "%(serial)s is booked at: %(place)s. Receive or finish it in its exchange, then look again; or leave it here.",
        serial=facts["serial"],
        place=place,
    )
    return str(words)


explains(
    {
        "stocktake_not_allowed": _not_allowed,
        "stocktake_bin_not_allowed": _bin_not_allowed,
        "difference_not_allowed": _difference_not_allowed,
        "found_elsewhere_first": _found_elsewhere,
        "stocktake_overlaps": _l(
            "Bin %(bin)s is part of %(number)s already, which has not ended (%(count)s bins in all)."
        ),
        "stocktake_still_counting": _l("Still being counted: %(bins)s (%(count)s in all). Finish these bins first."),
        "stocktake_nothing_counted": _l("No bin has been counted yet."),
        "stocktake_bins_unknown": _l("One of the bins is not in this depot."),
        "stocktake_too_many_bins": _l("At most %(most)s bins can be listed. Count all bins instead."),
        "stocktake_nothing_to_count": _l("There is no bin to count."),
        "stocktake_bin_not_chosen": _l("Bin %(bin)s is not part of this stocktake."),
        "stocktake_no_serial": _l("This cannot be a serial number."),
        "recount_by_other": _l("Somebody who did not count this bin must count the second time."),
        "recount_first": _l("Pieces moved while these were counted. Count them a second time before you decide."),
        "second_person": _l("You accepted this difference yourself. Somebody else must approve it."),
        "stocktake_none_chosen": _l("Choose at least one difference."),
        "stocktake_part_missing": _l("Say which part this is."),
        "stocktake_condition_missing": _l("Choose a condition."),
        "stocktake_undecided": _l("Differences not decided yet: %(count)s."),
        "stocktake_changed": _l("Stock has moved and the differences are others now. Look again, decide, then post."),
        "stocktake_reserved_meanwhile": _l("One of these units was reserved this very moment. Post once more."),
    }
)
