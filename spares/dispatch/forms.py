"""The slice's forms. They say what may be typed; the services decide whether it is right."""

import re
import unicodedata
from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import request
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, DateTimeLocalField, Field, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from spares.dispatch.shipping import check_packages, check_weight
from spares.errors import Invalid, SparesError
from spares.labels.scanned import ScannedField
from spares.web import explain
from spares.whole_numbers import WholeNumberField

_DECIMAL = re.compile(r"^(\d{1,20})(?:\.(\d{1,3})|,(\d{1,2}))?$", re.ASCII)


def sent_key() -> str:
    """The request key of the form that was sent; an empty text, which `perform_once` refuses, when there was none."""
    return request.form.get("request_key", "")


def grams(typed: str) -> int | None:
    """A weight typed in kg, as grams: `4.2`, `4,2`, full-width figures, with or without the unit; None for nothing.

    A comma followed by three figures may be a decimal comma or group thousands, so it is refused (Invalid)."""
    text = unicodedata.normalize("NFKC", typed).strip().lower()
    text = re.sub(r"\s*(kg|公斤|千克)$", "", text).strip()
    if not text:
        return None
    found = _DECIMAL.match(text)
    if found is None:
        raise Invalid("weight_malformed", field="weight")
    fraction = (found[2] or found[3] or "").ljust(3, "0")
    return int(found[1]) * 1000 + int(fraction)


class Passes:
    """A service's own check as a validator: what it refuses is said together with the rest that is wrong."""

    def __init__(self, check: Callable[[Any], object]) -> None:
        self.check = check

    def __call__(self, form: FlaskForm, field: Field) -> None:
        """Raises ValidationError in the refusal's words; what could not be read at all has its error already."""
        if field.data is None:
            return
        try:
            self.check(field.data)
        except SparesError as error:
            raise ValidationError(explain(error)) from None


def _some(chosen: list[int]) -> None:
    if not chosen:
        raise Invalid("line_choice_missing", field="lines")


class Boxes(SelectMultipleField):
    """Several choices as check boxes. What was chosen need not be on offer any more: the service decides, since a form
    that is sent twice must meet its first result and not a refusal."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class PackForm(FlaskForm):  # type: ignore[misc]
    """How many packages, how heavy, and which of the picked lines."""

    packages = WholeNumberField(
        _l("Packages"), [InputRequired(), Passes(check_packages)], default=1, render_kw={"min": 1, "max": 999}
    )
    weight = StringField(
        _l("Gross weight"),
        [Length(max=20), Passes(lambda typed: check_weight(grams(typed)))],
        render_kw={"autocomplete": "off"},
    )
    lines = Boxes(_l("Lines in this shipment"), [Passes(_some)], coerce=int, validate_choice=False)


class DispatchForm(FlaskForm):  # type: ignore[misc]
    """Who carries it, under which waybill."""

    carrier = StringField(
        _l("Carrier"), [Length(max=60)], render_kw={"maxlength": 60, "list": "carriers", "autocomplete": "off"}
    )
    waybill = ScannedField(_l("Waybill"), [Length(max=60)])
    shared = BooleanField(_l("Same waybill on purpose: the parcels travel together"))


class PromiseForm(FlaskForm):  # type: ignore[misc]
    """A new promise and why. The instant is typed as the depot's local time."""

    due_at = DateTimeLocalField(_l("New promise"), [InputRequired()], format=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"])
    reason = TextAreaField(_l("Reason"), [InputRequired(), Length(max=300)], render_kw={"maxlength": 300})
    keep_closed = BooleanField(_l("Keep it although the depot is closed then"))

    def local(self) -> datetime:
        """What was typed: a naive local time, after validation. Raises Invalid for a year that no calendar here has."""
        typed = self.due_at.data
        if typed is None or not 2001 <= typed.year <= 2100:
            raise Invalid("date_out_of_range", field="due_at")
        return typed
