"""Every state × verb of a return against a table written by hand."""

import pytest

from spares.errors import Conflict
from spares.rma.lifecycle import (
    GIVEN_UP,
    RECEIVABLE,
    ObligationState,
    ObligationVerb,
    obligation_after,
    owed_again,
    reopened,
)

VERBS = (
    "start  send       receive  receive_part reopen  inspect   settle  extend     waive  lose charge  cancel    correct"
)
TABLE = """
not_started  running     in_transit received not_started -       -         -       -          waived -    -       cancelled -
running      -           in_transit received running     -       -         -       running    waived -    charged - -
in_transit   in_transit  -          received running     -       -         -       in_transit waived lost charged - in_transit
received     received    -          -        -           running inspected -       -          -      -    -       - -
inspected    inspected   -          -        -           running -         settled -          -      -    -       - -
settled      settled     -          -        -           running -         -       -          -      -    -       - -
waived       waived      -          received waived      -       -         -       -          -      -    -       - -
lost         lost        -          received lost        -       -         -       -          -      -    -       - -
charged      charged     -          received charged     -       -         -       -          -      -    -       - -
cancelled    running     -          received cancelled   -       -         -       -          -      -    -       - -
"""
CASES = [
    (state, verb, after)
    for state, *row in (line.split() for line in TABLE.strip().splitlines())
    for verb, after in zip(VERBS.split(), row, strict=True)
]


def test_the_table_names_every_state_and_verb() -> None:
    assert len(CASES) == len(ObligationState) * len(ObligationVerb) == 130
    assert {state for state, _, _ in CASES} == set(ObligationState)
    assert {verb for _, verb, _ in CASES} == set(ObligationVerb)


@pytest.mark.parametrize(("state", "verb", "after"), CASES)
def test_every_state_and_verb(state: str, verb: str, after: str) -> None:
    asked = ObligationState(state), ObligationVerb(verb)
    if after == "-":
        with pytest.raises(Conflict) as refused:
            obligation_after(*asked)
        assert refused.value.code == "obligation_not_allowed"
        assert refused.value.facts == {"state": state, "verb": verb}
    else:
        assert obligation_after(*asked) == after


def test_what_is_receivable() -> None:
    assert {state for state, verb, after in CASES if verb == "receive" and after != "-"} == RECEIVABLE


@pytest.mark.parametrize("state", list(ObligationState))
@pytest.mark.parametrize("given_up_as", [None, *sorted(GIVEN_UP)])
@pytest.mark.parametrize("started", [True, False])
def test_where_it_stands_again(state: ObligationState, given_up_as: ObligationState | None, started: bool) -> None:
    if state in {ObligationState.RECEIVED, ObligationState.INSPECTED, ObligationState.SETTLED}:
        owed = ObligationState.RUNNING if started else ObligationState.NOT_STARTED
        assert reopened(state, given_up_as=given_up_as, started=started) is (given_up_as or owed)
    else:
        with pytest.raises(Conflict, match="obligation_not_allowed"):
            reopened(state, given_up_as=given_up_as, started=started)


@pytest.mark.parametrize("state", list(ObligationState))
def test_only_a_clock_that_was_started_runs_again(state: ObligationState) -> None:
    assert owed_again(state, started=True) is state
    assert owed_again(state, started=False) is (
        ObligationState.NOT_STARTED if state is ObligationState.RUNNING else state
    )
