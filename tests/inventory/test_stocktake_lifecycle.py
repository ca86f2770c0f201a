"""Every state × verb of a run, a bin and a difference against tables written by hand."""

from collections.abc import Callable
from enum import StrEnum

import pytest

from spares.errors import Conflict
from spares.inventory.stocktake_lifecycle import (
    BinState,
    BinVerb,
    DifferenceState,
    DifferenceVerb,
    RunState,
    RunVerb,
    bin_after,
    difference_after,
    run_after,
)
from tests.golden import rows

After = Callable[[StrEnum, StrEnum], StrEnum]
KINDS: dict[str, tuple[type[StrEnum], type[StrEnum], After, str]] = {
    "run": (RunState, RunVerb, run_after, "stocktake_not_allowed"),  # type: ignore[dict-item]
    "bin": (BinState, BinVerb, bin_after, "stocktake_bin_not_allowed"),  # type: ignore[dict-item]
    "difference": (DifferenceState, DifferenceVerb, difference_after, "difference_not_allowed"),  # type: ignore[dict-item]
}
TABLE = [
    (kind, row["state"], verb, after)
    for kind in KINDS
    for row in rows(f"stocktake_{kind}_moves.csv")
    for verb, after in row.items()
    if verb != "state"
]


def test_the_tables_by_hand_name_every_state_and_verb() -> None:
    for kind, (states, verbs, _after, _code) in KINDS.items():
        named = {(state, verb) for of, state, verb, _ in TABLE if of == kind}
        assert named == {(state.value, verb.value) for state in states for verb in verbs}


@pytest.mark.parametrize(("kind", "state", "verb", "after"), TABLE)
def test_it_moves_as_the_table_says(kind: str, state: str, verb: str, after: str) -> None:
    states, verbs, move, code = KINDS[kind]
    if after:
        assert move(states(state), verbs(verb)) == after
        return
    with pytest.raises(Conflict) as refused:
        move(states(state), verbs(verb))
    assert (refused.value.code, refused.value.facts) == (code, {"state": state, "verb": verb})
