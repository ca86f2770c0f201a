"""What may happen to a stocktake run, to a bin in it and to a difference, as three tables (pure). Every state × verb is
tried in the tests."""

from enum import StrEnum

from spares.errors import Conflict


class RunState(StrEnum):
    """Counting, then judging the differences, then posted; or cancelled, which keeps every count."""

    COUNTING = "counting"
    JUDGING = "judging"
    POSTED = "posted"
    CANCELLED = "cancelled"


class RunVerb(StrEnum):
    """What can be done to a run."""

    COUNT = "count"
    CLOSE = "close"
    RESUME = "resume"
    JUDGE = "judge"
    POST = "post"
    CANCEL = "cancel"


class BinState(StrEnum):
    """A bin waits, is being counted, is finished by a person, or was left out when the counting ended."""

    WAITING = "waiting"
    COUNTING = "counting"
    FINISHED = "finished"
    LEFT_OUT = "left_out"


class BinVerb(StrEnum):
    """What can be done to a bin. Beginning again is harmless: several people count at once."""

    BEGIN = "begin"
    SCAN = "scan"
    UNDO = "undo"
    FINISH = "finish"
    COUNT_AGAIN = "count_again"
    LEAVE_OUT = "leave_out"
    TAKE_IN = "take_in"


class DifferenceState(StrEnum):
    """Open until somebody decides: to be posted (at once, or after a second person agreed), or left as it is. The ledger
    may explain it meanwhile."""

    OPEN = "open"
    AWAITING = "awaiting"
    ACCEPTED = "accepted"
    LEFT = "left"
    EXPLAINED = "explained"
    POSTED = "posted"


class DifferenceVerb(StrEnum):
    """What can be done to a difference. EXPLAIN, REAPPEAR and CHANGE are what a new look at count and ledger does."""

    RECOUNT = "recount"
    ACCEPT = "accept"
    SUBMIT = "submit"
    APPROVE = "approve"
    REJECT = "reject"
    LEAVE = "leave"
    REOPEN = "reopen"
    EXPLAIN = "explain"
    REAPPEAR = "reappear"
    CHANGE = "change"
    POST = "post"


R, D, V = RunState, DifferenceState, DifferenceVerb

RUN_MOVES: dict[tuple[RunState, RunVerb], RunState] = {
    (R.COUNTING, RunVerb.COUNT): R.COUNTING,
    (R.COUNTING, RunVerb.CLOSE): R.JUDGING,
    (R.COUNTING, RunVerb.CANCEL): R.CANCELLED,
    (R.JUDGING, RunVerb.RESUME): R.COUNTING,
    (R.JUDGING, RunVerb.JUDGE): R.JUDGING,
    (R.JUDGING, RunVerb.POST): R.POSTED,
    (R.JUDGING, RunVerb.CANCEL): R.CANCELLED,
}

BIN_MOVES: dict[tuple[BinState, BinVerb], BinState] = {
    (BinState.WAITING, BinVerb.BEGIN): BinState.COUNTING,
    (BinState.WAITING, BinVerb.LEAVE_OUT): BinState.LEFT_OUT,
    (BinState.COUNTING, BinVerb.BEGIN): BinState.COUNTING,
    (BinState.COUNTING, BinVerb.SCAN): BinState.COUNTING,
    (BinState.COUNTING, BinVerb.UNDO): BinState.COUNTING,
    (BinState.COUNTING, BinVerb.FINISH): BinState.FINISHED,
    (BinState.FINISHED, BinVerb.COUNT_AGAIN): BinState.COUNTING,
    (BinState.LEFT_OUT, BinVerb.TAKE_IN): BinState.WAITING,
}

DIFFERENCE_MOVES: dict[tuple[DifferenceState, DifferenceVerb], DifferenceState] = {
    (D.OPEN, V.RECOUNT): D.OPEN,
    (D.OPEN, V.ACCEPT): D.ACCEPTED,
    (D.OPEN, V.SUBMIT): D.AWAITING,
    (D.OPEN, V.LEAVE): D.LEFT,
    (D.OPEN, V.EXPLAIN): D.EXPLAINED,
    (D.OPEN, V.CHANGE): D.OPEN,
    (D.AWAITING, V.APPROVE): D.ACCEPTED,
    (D.AWAITING, V.REJECT): D.OPEN,
    (D.AWAITING, V.REOPEN): D.OPEN,
    (D.AWAITING, V.EXPLAIN): D.EXPLAINED,
    (D.AWAITING, V.CHANGE): D.OPEN,
    (D.ACCEPTED, V.REOPEN): D.OPEN,
    (D.ACCEPTED, V.EXPLAIN): D.EXPLAINED,
    (D.ACCEPTED, V.CHANGE): D.OPEN,
    (D.ACCEPTED, V.POST): D.POSTED,
    (D.LEFT, V.REOPEN): D.OPEN,
    (D.LEFT, V.EXPLAIN): D.EXPLAINED,
    (D.LEFT, V.CHANGE): D.OPEN,
    (D.EXPLAINED, V.REAPPEAR): D.OPEN,
}

ACTIVE_RUNS = frozenset({R.COUNTING, R.JUDGING})
UNDECIDED = frozenset({D.OPEN, D.AWAITING})
"""Differences that keep a run from being posted."""


def run_after(state: RunState, verb: RunVerb) -> RunState:
    """The state that `verb` leads to. Raises Conflict when the table does not allow it from here."""
    try:
        return RUN_MOVES[state, verb]
    except KeyError:
        raise Conflict("stocktake_not_allowed", state=state.value, verb=verb.value) from None


def bin_after(state: BinState, verb: BinVerb) -> BinState:
    """The state that `verb` leads to. Raises Conflict when the table does not allow it from here."""
    try:
        return BIN_MOVES[state, verb]
    except KeyError:
        raise Conflict("stocktake_bin_not_allowed", state=state.value, verb=verb.value) from None


def difference_after(state: DifferenceState, verb: DifferenceVerb) -> DifferenceState:
    """The state that `verb` leads to. Raises Conflict when the table does not allow it from here."""
    try:
        return DIFFERENCE_MOVES[state, verb]
    except KeyError:
        raise Conflict("difference_not_allowed", state=state.value, verb=verb.value) from None
