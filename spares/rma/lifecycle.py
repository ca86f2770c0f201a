"""What may happen to a return obligation, as one table (pure). Every state × verb is tried in the tests.

not started → running → in transit → received → inspected → settled; exits waived, lost, charged, cancelled. What came and
was not accepted leads back to where the obligation stood. Overdue is computed from the facts and never stored."""

from enum import StrEnum

from spares.errors import Conflict


class ObligationState(StrEnum):
    """Where the faulty part's way back stands."""

    NOT_STARTED = "not_started"
    RUNNING = "running"
    IN_TRANSIT = "in_transit"
    RECEIVED = "received"
    INSPECTED = "inspected"
    SETTLED = "settled"
    WAIVED = "waived"
    LOST = "lost"
    CHARGED = "charged"
    CANCELLED = "cancelled"


class ObligationVerb(StrEnum):
    """What can be done to an obligation."""

    START = "start"
    SEND = "send"
    CORRECT = "correct"
    RECEIVE = "receive"
    RECEIVE_PART = "receive_part"
    REOPEN = "reopen"
    INSPECT = "inspect"
    SETTLE = "settle"
    EXTEND = "extend"
    WAIVE = "waive"
    LOSE = "lose"
    CHARGE = "charge"
    CANCEL = "cancel"


S, V = ObligationState, ObligationVerb

OBLIGATION_MOVES: dict[tuple[ObligationState, ObligationVerb], ObligationState] = {
    (S.NOT_STARTED, V.START): S.RUNNING,
    (S.NOT_STARTED, V.SEND): S.IN_TRANSIT,
    (S.NOT_STARTED, V.RECEIVE): S.RECEIVED,
    (S.NOT_STARTED, V.RECEIVE_PART): S.NOT_STARTED,
    (S.NOT_STARTED, V.WAIVE): S.WAIVED,
    (S.NOT_STARTED, V.CANCEL): S.CANCELLED,
    (S.RUNNING, V.SEND): S.IN_TRANSIT,
    (S.RUNNING, V.RECEIVE): S.RECEIVED,
    (S.RUNNING, V.RECEIVE_PART): S.RUNNING,
    (S.RUNNING, V.EXTEND): S.RUNNING,
    (S.RUNNING, V.WAIVE): S.WAIVED,
    (S.RUNNING, V.CHARGE): S.CHARGED,
    (S.IN_TRANSIT, V.START): S.IN_TRANSIT,
    (S.IN_TRANSIT, V.CORRECT): S.IN_TRANSIT,
    (S.IN_TRANSIT, V.RECEIVE): S.RECEIVED,
    (S.IN_TRANSIT, V.RECEIVE_PART): S.RUNNING,
    (S.IN_TRANSIT, V.EXTEND): S.IN_TRANSIT,
    (S.IN_TRANSIT, V.LOSE): S.LOST,
    (S.IN_TRANSIT, V.WAIVE): S.WAIVED,
    (S.IN_TRANSIT, V.CHARGE): S.CHARGED,
    (S.RECEIVED, V.START): S.RECEIVED,
    (S.RECEIVED, V.INSPECT): S.INSPECTED,
    (S.RECEIVED, V.REOPEN): S.RUNNING,
    (S.INSPECTED, V.START): S.INSPECTED,
    (S.INSPECTED, V.SETTLE): S.SETTLED,
    (S.INSPECTED, V.REOPEN): S.RUNNING,
    (S.SETTLED, V.START): S.SETTLED,
    (S.SETTLED, V.REOPEN): S.RUNNING,
    (S.LOST, V.START): S.LOST,
    (S.LOST, V.RECEIVE): S.RECEIVED,
    (S.LOST, V.RECEIVE_PART): S.LOST,
    (S.WAIVED, V.START): S.WAIVED,
    (S.WAIVED, V.RECEIVE): S.RECEIVED,
    (S.WAIVED, V.RECEIVE_PART): S.WAIVED,
    (S.CHARGED, V.START): S.CHARGED,
    (S.CHARGED, V.RECEIVE): S.RECEIVED,
    (S.CHARGED, V.RECEIVE_PART): S.CHARGED,
    (S.CANCELLED, V.START): S.RUNNING,
    (S.CANCELLED, V.RECEIVE): S.RECEIVED,
    (S.CANCELLED, V.RECEIVE_PART): S.CANCELLED,
}
"""The clock may be started late (the receipt is confirmed after the faulty part is already on its way, back or given up),
and a part may come back after it was given up or its request cancelled: goods are never turned away. Nothing was owed for
a shipment that was lost; when the customer has it after all, it is. Some of the pieces
that came end no obligation, and a parcel that brought only some is no longer on its way."""

GIVEN_UP = frozenset({S.WAIVED, S.LOST, S.CHARGED, S.CANCELLED})
"""States in which nothing is owed any more although nothing came."""

RECEIVABLE = frozenset(state for state, verb in OBLIGATION_MOVES if verb is V.RECEIVE)
"""States in which something may still come."""

OWED = frozenset({S.RUNNING, S.IN_TRANSIT})
"""States in which the customer's clock runs: only these can be overdue."""


def obligation_after(state: ObligationState, verb: ObligationVerb) -> ObligationState:
    """The state that `verb` leads to. Raises Conflict when the table does not allow it from here."""
    try:
        return OBLIGATION_MOVES[state, verb]
    except KeyError:
        raise Conflict("obligation_not_allowed", state=state.value, verb=verb.value) from None


def owed_again(after: ObligationState, *, started: bool) -> ObligationState:
    """Where an obligation stands after REOPEN or RECEIVE_PART: its clock runs only if it was ever started."""
    return S.NOT_STARTED if after is S.RUNNING and not started else after


def reopened(state: ObligationState, *, given_up_as: ObligationState | None, started: bool) -> ObligationState:
    """Where an obligation stands again after what came was not accepted: given up as it was before, else owed. Raises
    Conflict unless something lies here that could be turned down."""
    after = obligation_after(state, V.REOPEN)
    return given_up_as or owed_again(after, started=started)
