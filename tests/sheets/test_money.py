from decimal import Decimal

import pytest

from spares.sheets.money import Money


@pytest.mark.parametrize(
    ("minor", "currency", "text", "number_format"),
    [
        (123456, "CNY", "1234.56", "[$CNY] #,##0.00"),
        (-5, "USD", "-0.05", "[$USD] #,##0.00"),
        (0, "CNY", "0.00", "[$CNY] #,##0.00"),
        (1200, "JPY", "1200", "[$JPY] #,##0"),
        (1234, "KWD", "1.234", "[$KWD] #,##0.000"),
        (10**40 + 1, "CNY", "1" + "0" * 38 + ".01", "[$CNY] #,##0.00"),
    ],
)
def test_minor_units_become_major_ones_exactly(minor: int, currency: str, text: str, number_format: str) -> None:
    money = Money(minor, currency)
    assert format(money.as_decimal(), "f") == text
    assert money.as_decimal() == Decimal(text)
    assert money.number_format == number_format
