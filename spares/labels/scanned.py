"""A field of a form that takes a scan: what stands in it is what the code says, as at the box on every page."""

from typing import Any

from wtforms import StringField

from spares.labels.queries import read
from spares.labels.scan_reading import LONGEST

TYPED = {"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"}


class ScannedField(StringField):
    """A serial or a waybill. A validator's `max` bounds what was read; the box itself takes the whole code, since a
    browser would cut off the serial at the end of a long one."""

    def __init__(
        self, label: Any = None, validators: Any = None, *, render_kw: dict[str, Any] | None = None, **options: Any
    ) -> None:
        kept = TYPED | (render_kw or {}) | {"maxlength": LONGEST}
        super().__init__(label, validators, render_kw=kept, **options)

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read the code by the rules in force."""
        if valuelist:
            self.data = read(str(valuelist[0])).text
