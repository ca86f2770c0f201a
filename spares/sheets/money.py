"""Money in a table: whole minor units and a currency until the last moment, never a binary fraction of our making."""

from decimal import Decimal
from typing import NamedTuple

_EXPONENTS = {"JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "ISK": 0, "BHD": 3, "JOD": 3, "KWD": 3, "OMR": 3, "TND": 3}
_USUAL_EXPONENT = 2


class Money(NamedTuple):
    """An amount in the currency's minor units (fen, cents; whole yen), with the ISO 4217 code of the currency."""

    minor_units: int
    currency: str

    @property
    def exponent(self) -> int:
        """How many decimal places the currency has."""
        return _EXPONENTS.get(self.currency, _USUAL_EXPONENT)

    def as_decimal(self) -> Decimal:
        """The amount in major units, with all its decimal places: 12300 fen are 123.00."""
        sign, digits, _ = Decimal(self.minor_units).as_tuple()
        return Decimal((sign, digits, -self.exponent))

    @property
    def number_format(self) -> str:
        """How a spreadsheet is told to show the amount: with the currency's code, thousands apart."""
        places = "." + "0" * self.exponent if self.exponent else ""
        return f"[${self.currency}] #,##0{places}"
