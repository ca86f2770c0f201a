"""Amounts of money as people type them, in major units with at most two decimals."""

from decimal import Decimal, DecimalException

from spares.errors import Invalid

MOST = 10_000_000_000
"""Minor units; more is a slip of the finger."""


def amount_typed(text: str) -> int:
    """The amount in minor units. Raises Invalid for none, and for anything that is none."""
    typed = text.strip().replace(",", "").replace("，", "")
    if not typed:
        raise Invalid("amount_missing", field="amount")
    try:
        amount = Decimal(typed) * 100
    except DecimalException:
        raise Invalid("amount_out_of_range", field="amount") from None
    if not amount.is_finite() or amount != amount.to_integral_value() or not 1 <= amount <= MOST:
        raise Invalid("amount_out_of_range", field="amount")
    return int(amount)


def as_typed(minor: int | None) -> str:
    """The amount as a person would type it; empty when it is not known."""
    return "" if minor is None else f"{Decimal(minor) / 100:.2f}"
