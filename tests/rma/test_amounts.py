"""Amounts as people type them, and what is none."""

import pytest

from spares.errors import Invalid
from spares.rma.amounts import MOST, amount_typed, as_typed


@pytest.mark.parametrize(
    ("typed", "minor"),
    [("12800", 1_280_000), (" 12,800.50 ", 1_280_050), ("１２，８００", 1_280_000), ("0.01", 1), ("1e2", 10_000)],
)
def test_what_an_amount_is(typed: str, minor: int) -> None:
    assert amount_typed(typed) == minor


@pytest.mark.parametrize("typed", ["0", "-1", "1.005", "NaN", "Infinity", "1e99999999", "a lot", str(MOST)])
def test_what_no_amount_is(typed: str) -> None:
    with pytest.raises(Invalid) as refused:
        amount_typed(typed)
    assert (refused.value.code, refused.value.field) == ("amount_out_of_range", "amount")


def test_it_is_shown_as_it_was_typed() -> None:
    assert (as_typed(1_280_050), as_typed(None)) == ("12800.50", "")
