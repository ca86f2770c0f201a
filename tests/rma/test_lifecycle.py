"""Every state × verb of a return against a table written by hand."""

import pytest

from spares.errors import Conflict
from spares.rma.lifecycle import RECEIVABLE, ObligationState, ObligationVerb, obligation_after

VERBS = "start  send       receive  inspect   settle  extend     waive  lose charge  cancel"
TABLE = """
not_started  running     in_transit received -         -       -          waived -    -       cancelled
running      -           in_transit received -         -       running    waived -    charged -
in_transit   in_transit  -          received -         -       in_transit waived lost charged -
received     received    -          -        inspected -       -          -      -    -       -
inspected    inspected   -          -        -         settled -          -      -    -       -
settled      settled     -          -        -         -       -          -      -    -       -
waived       waived      -          received -         -       -          -      -    -       -
lost         lost        -          received -         -       -          -      -    -       -
charged      charged     -          received -         -       -          -      -    -       -
cancelled    -           -          received -         -       -          -      -    -       -
"""
CASES = [
    (state, verb, after)
    for state, *row in (line.split() for line in TABLE.strip().splitlines())
    for verb, after in zip(VERBS.split(), row, strict=True)
]


def test_the_table_names_every_state_and_verb() -> None:
    assert len(CASES) == len(ObligationState) * len(ObligationVerb) == 100
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
