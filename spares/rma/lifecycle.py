"""What may happen to a return obligation, as one table (pure). Every state × verb is tried in the tests.

not started → running → in transit → received → inspected → settled; exits waived, lost, charged, cancelled. Overdue is
computed from the facts and never stored."""

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
    RECEIVE = "receive"
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
    (S.NOT_STARTED, V.WAIVE): S.WAIVED,
    (S.NOT_STARTED, V.CANCEL): S.CANCELLED,
    (S.RUNNING, V.SEND): S.IN_TRANSIT,
    (S.RUNNING, V.RECEIVE): S.RECEIVED,
    (S.RUNNING, V.EXTEND): S.RUNNING,
    (S.RUNNING, V.WAIVE): S.WAIVED,
    (S.RUNNING, V.CHARGE): S.CHARGED,
    (S.IN_TRANSIT, V.START): S.IN_TRANSIT,
    (S.IN_TRANSIT, V.RECEIVE): S.RECEIVED,
    (S.IN_TRANSIT, V.EXTEND): S.IN_TRANSIT,
    (S.IN_TRANSIT, V.LOSE): S.LOST,
    (S.IN_TRANSIT, V.WAIVE): S.WAIVED,
    (S.IN_TRANSIT, V.CHARGE): S.CHARGED,
    (S.RECEIVED, V.START): S.RECEIVED,
    (S.RECEIVED, V.INSPECT): S.INSPECTED,
    (S.INSPECTED, V.START): S.INSPECTED,
    (S.INSPECTED, V.SETTLE): S.SETTLED,
    (S.SETTLED, V.START): S.SETTLED,
    (S.LOST, V.START): S.LOST,
    (S.LOST, V.RECEIVE): S.RECEIVED,
    (S.WAIVED, V.START): S.WAIVED,
    (S.WAIVED, V.RECEIVE): S.RECEIVED,
    (S.CHARGED, V.START): S.CHARGED,
    (S.CHARGED, V.RECEIVE): S.RECEIVED,
    (S.CANCELLED, V.RECEIVE): S.RECEIVED,
}
"""The clock may be started late (the receipt is confirmed after the faulty part is already on its way, back or given up),
and a part may come back after it was given up or its request cancelled: goods are never turned away."""

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
