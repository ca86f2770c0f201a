"""What the slice's pages ask for."""

from datetime import date
from decimal import Decimal, DecimalException, InvalidOperation
from typing import Any, TypeVar

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import (
    BooleanField,
    DateField,
    Field,
    HiddenField,
    RadioField,
    SelectField,
    StringField,
    TelField,
    TextAreaField,
    TimeField,
)
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import HiddenInput, TextInput

from spares import settings
from spares.calendars.models import DayStatus, Depot
from spares.calendars.services import DepotValues
from spares.calendars.words import STATUSES
from spares.sheets.money import Money
from spares.whole_numbers import WholeNumberField

T = TypeVar("T")
LONGEST_AMOUNT = 24


class AmountField(Field):
    """An amount of the usual currency: typed and shown in major units, `data` in whole minor units."""

    widget = TextInput()

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else str(Money(self.data, settings.current().default_currency).as_decimal())

    def process_formdata(self, valuelist: list[str]) -> None:
        """Raises ValueError, which becomes the field's error, for what is no amount of the currency."""
        text = valuelist[0].strip() if valuelist else ""
        self.data = None
        if not text:
            return
        try:
            if len(text) > LONGEST_AMOUNT:
                raise InvalidOperation
            exponent = Money(0, settings.current().default_currency).exponent
            amount = Decimal(text.replace(",", "").replace("，", "")).scaleb(exponent)
            if not amount.is_finite() or amount != amount.to_integral_value():
                raise InvalidOperation
        except DecimalException as error:
            words = gettext("“%(value)s” is no amount. Write it as 12800 or 12,800.50.", value=text[:60])
            raise ValueError(words) from error
        self.data = int(amount)


def entered(value: T | None) -> T:
    """What a field that must be filled in holds, once its form was found valid."""
    if value is None:
        raise RuntimeError("a field was read before its form was found valid")
    return value


class DaysForm(FlaskForm):  # type: ignore[misc]
    """What days are, by hand."""

    depot = SelectField(_l("Depot"))
    first = DateField(_l("First day"), [InputRequired()])
    last = DateField(_l("Last day"), [Optional()], description=_l("Leave empty for a single day."))
    status = RadioField(_l("What these days are"), [InputRequired()])
    reason = StringField(
        _l("Reason"),
        [InputRequired(), Length(max=200)],
        description=_l("Everybody who looks at the calendar can read it."),
        render_kw={"autocomplete": "off"},
    )

    def offer(self, depots: list[tuple[str, Any]]) -> None:
        """Fill the choices: `depots` by code, the empty code for all."""
        self.depot.choices = depots
        self.status.choices = [(status.value, words) for status, words in STATUSES.items()]

    def days(self) -> tuple[date, date]:
        """The first and the last day; only after the form was found valid."""
        first = entered(self.first.data)
        return first, self.last.data or first

    def status_chosen(self) -> DayStatus:
        """The status; only after the form was found valid."""
        return DayStatus(self.status.data)


class NoticeForm(FlaskForm):  # type: ignore[misc]
    """A year's notice as a file."""

    year = WholeNumberField(_l("Year"), [InputRequired()])
    source = StringField(
        _l("Source"),
        [InputRequired(), Length(max=200)],
        description=_l("Number and title of the notice, as they stand on it."),
        render_kw={"autocomplete": "off"},
    )
    file = FileField(_l("File"), [FileRequired()], render_kw={"accept": ".csv,.xlsx"})


class NoticeConfirmForm(FlaskForm):  # type: ignore[misc]
    """The notice that was read, sent back to be imported; checked anew."""

    year = WholeNumberField(_l("Year"), [InputRequired()], widget=HiddenInput())
    source = HiddenField(_l("Source"), [InputRequired()])
    rows = HiddenField(_l("File"), [InputRequired(), Length(max=100_000)])


class DepotForm(FlaskForm):  # type: ignore[misc]
    """A depot, its address as slips print it, and its hours."""

    code = StringField(_l("Code"), [InputRequired(), Length(max=20)], render_kw={"autocomplete": "off"})
    name = StringField(_l("Chinese name"), [InputRequired(), Length(max=80)], render_kw={"autocomplete": "off"})
    name_en = StringField(_l("English name"), [Optional(), Length(max=80)], render_kw={"autocomplete": "off"})
    address = TextAreaField(_l("Address"), [Optional(), Length(max=300)], description=_l("As slips print it."))
    attention = StringField(_l("Contact person"), [Optional(), Length(max=80)], render_kw={"autocomplete": "off"})
    phone = TelField(_l("Phone"), [Optional(), Length(max=40)], render_kw={"autocomplete": "off"})
    time_zone = StringField(
        _l("Time zone"), [InputRequired(), Length(max=40)], render_kw={"autocomplete": "off", "spellcheck": "false"}
    )
    opens = TimeField(_l("Opens at"), [InputRequired()])
    closes = TimeField(_l("Closes at"), [InputRequired()])
    cutoff = TimeField(
        _l("Same-day cut-off"),
        [InputRequired()],
        description=_l("A fault confirmed before this time on a working day ships the same day."),
    )
    morning_by = TimeField(
        _l("Next morning by"),
        [InputRequired()],
        description=_l("Any other confirmation ships by this time of the next working day."),
    )
    makeup_days_open = BooleanField(
        _l("Work on make-up days"),
        description=_l("Weekend days that the State Council makes working days count as working days everywhere."),
    )

    def show(self, depot: Depot | DepotValues) -> None:
        """Fill in what holds now."""
        self.process(obj=depot)

    def values(self) -> DepotValues:
        """What was entered; only after the form was found valid."""
        return DepotValues(
            code=self.code.data or "",
            name=self.name.data or "",
            name_en=self.name_en.data or "",
            address=self.address.data or "",
            phone=self.phone.data or "",
            attention=self.attention.data or "",
            time_zone=self.time_zone.data or "",
            opens=entered(self.opens.data),
            closes=entered(self.closes.data),
            cutoff=entered(self.cutoff.data),
            morning_by=entered(self.morning_by.data),
            makeup_days_open=bool(self.makeup_days_open.data),
        )


class SettingsForm(FlaskForm):  # type: ignore[misc]
    """Names, terms and limits. Each field is a field of `spares.settings.Settings`."""

    product_name = StringField(_l("Product name"), [InputRequired()], description=_l("Shown on every page."))
    organisation_zh = StringField(_l("Company name in Chinese"), [InputRequired()])
    organisation_en = StringField(_l("Company name in English"), [InputRequired()])
    time_zone = StringField(
        _l("Time zone"), [InputRequired()], description=_l("In which pages show times, such as Asia/Shanghai.")
    )
    default_currency = StringField(_l("Currency"), [InputRequired()], description=_l("Three letters, such as CNY."))
    case_number_pattern = StringField(
        _l("Numbers of another case system"),
        description=_l("A regular expression that the whole number must match. Empty: only automatic numbers."),
        render_kw={"spellcheck": "false", "autocapitalize": "off", "autocomplete": "off"},
    )
    backdate_confirmation_hours = WholeNumberField(
        _l("Enter a fault confirmation afterwards"),
        [InputRequired()],
        description=_l("How many hours back a confirmation may lie when it is entered."),
    )
    chase_receipt_after_days = WholeNumberField(
        _l("Chase an unconfirmed receipt"),
        [InputRequired()],
        description=_l("So many days after dispatch the receipt is asked for."),
    )
    return_within_days = WholeNumberField(
        _l("Return the faulty part"),
        [InputRequired()],
        description=_l("Working days after the receipt of the good part. Counts for receipts confirmed from now on."),
    )
    overdue_clause_zh = TextAreaField(
        _l("Return clause in Chinese"), [InputRequired()], description=_l("Printed on the return slip.")
    )
    overdue_clause_en = TextAreaField(
        _l("Return clause in English"), [InputRequired()], description=_l("Printed on the return slip.")
    )
    stocktake_approval_minor = AmountField(
        _l("A second person approves stocktake differences above"),
        [InputRequired()],
        description=_l("In the usual currency. Counts for stocktakes opened from now on."),
    )
    stocktake_recount_by_other = BooleanField(
        _l("Somebody else counts the second time"),
        description=_l("Whoever counted a bin may not count its differences a second time."),
    )
    engineers_see_all_cases = BooleanField(
        _l("Engineers see all cases"), description=_l("Otherwise only those of their own customers.")
    )
    session_idle_minutes = WholeNumberField(
        _l("Sign out when idle"), [InputRequired()], description=_l("Minutes without a click.")
    )
    session_absolute_hours = WholeNumberField(
        _l("Sign out at the latest"), [InputRequired()], description=_l("Hours after signing in.")
    )
