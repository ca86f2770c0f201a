"""Whole numbers from outside, bounded before anything is counted with them."""

from typing import Any

from flask import request
from wtforms import IntegerField

LARGEST = 2**63 - 1
"""The most that a column holds."""


def whole(text: str) -> int | None:
    """The key or count in `text`: ASCII digits, no more than a column holds; None for anything else."""
    if not (text.isascii() and text.isdecimal() and len(text) < 20):
        return None
    value = int(text)
    return value if value <= LARGEST else None


def sent_number(name: str) -> int:
    """The number in a field of the form that was sent; 0, which is no record's key, for anything else."""
    return whole(request.form.get(name, "").strip()) or 0


class WholeNumberField(IntegerField):
    """An integer of at most 18 digits: one of hundreds breaks the validators that compare it with a range."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Raises ValueError, which becomes the field's error, for more digits than any number here has."""
        if valuelist and len(str(valuelist[0]).strip()) > 18:
            self.data = None
            raise ValueError(self.gettext("Not a valid integer value."))
        super().process_formdata(valuelist)
