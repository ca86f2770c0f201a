"""The slice's forms. They say what may be typed; the services decide whether it is right."""

from datetime import date
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import BooleanField, DateField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, Length, NumberRange, Optional, ValidationError

from spares.labels.scanned import ScannedField
from spares.rma.discrepancies import Resolution
from spares.rma.shelf import Disposition, Inspection
from spares.rma.words import CHARGE_STANDS, DISPOSITIONS, INSPECTIONS, RESOLUTIONS
from spares.whole_numbers import WholeNumberField

FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2099, 12, 31)
BY_COURIER, BY_ENGINEER = "courier", "engineer"


class SensibleDay:
    """Refuses a year that only a slip of the finger can have meant."""

    def __call__(self, form: FlaskForm, field: DateField) -> None:
        if field.data is not None and not FIRST_DAY <= field.data <= LAST_DAY:
            field.data = None
            raise ValidationError(gettext("Enter a day between 2000 and 2099."))


class ReceiptForm(FlaskForm):  # type: ignore[misc]
    """The customer has the good part."""

    received_on = DateField(_l("Received on"), [InputRequired(), SensibleDay()])
    proof = StringField(
        _l("Proof"),
        [InputRequired(), Length(max=200)],
        description=_l("How you know: a signature, the carrier's page, an e-mail, a call with whom."),
    )
    attachment = FileField(_l("Attachment"))


class AnnounceForm(FlaskForm):  # type: ignore[misc]
    """The faulty part is on its way."""

    method = RadioField(
        _l("How it comes back"),
        [InputRequired()],
        choices=[
            SelectChoice(BY_COURIER, _l("By courier")),
            SelectChoice(BY_ENGINEER, _l("Carried by an engineer, no waybill")),
        ],
        default=BY_COURIER,
    )
    posted_on = DateField(_l("Posting day"), [InputRequired(), SensibleDay()])
    carrier = StringField(_l("Carrier"), [Optional(), Length(max=60)])
    waybill = ScannedField(_l("Waybill"), [Optional(), Length(max=60)])


class WaybillForm(FlaskForm):  # type: ignore[misc]
    """The waybill under which the faulty part really travels."""

    carrier = StringField(_l("Carrier"), [InputRequired(), Length(max=60)])
    waybill = ScannedField(_l("Waybill"), [InputRequired(), Length(max=60)])


class ChargeForm(FlaskForm):  # type: ignore[misc]
    """What the customer pays instead of sending the part back."""

    amount = StringField(_l("Amount to charge"), [InputRequired(), Length(max=20)])
    reason = TextAreaField(_l("Reason"), [InputRequired(), Length(max=300)])


class ReceiveForm(FlaskForm):  # type: ignore[misc]
    """What was found in the box."""

    obligation = RadioField(_l("Stands for"), [Optional()], validate_choice=False)
    serial = ScannedField(_l("Serial in the box"), [Optional(), Length(max=80)])
    part_number = StringField(
        _l("Part number, if another"),
        [Optional(), Length(max=120)],
        description=_l("Leave empty when it is the part that is expected."),
        render_kw={"autocapitalize": "off", "spellcheck": "false"},
    )
    quantity = WholeNumberField(_l("Quantity in the box"), [Optional(), NumberRange(1, 9999)])
    empty_box = BooleanField(_l("The box is empty"))
    accessories_missing = StringField(
        _l("Accessories missing"), [Optional(), Length(max=200)], description=_l("Only what is really missing.")
    )
    packages = WholeNumberField(_l("Packages"), [Optional(), NumberRange(1, 999)], default=1)
    note = TextAreaField(_l("Note"), [Optional(), Length(max=500)])
    photo = FileField(_l("Photo"))


class UnexpectedForm(FlaskForm):  # type: ignore[misc]
    """What is known of a parcel that nobody expects."""

    part_number = StringField(_l("Part number"), [InputRequired(), Length(max=120)])
    serial = ScannedField(_l("Serial"), [Optional(), Length(max=80)])
    quantity = WholeNumberField(_l("Quantity"), [InputRequired(), NumberRange(1, 9999)], default=1)
    sender = StringField(_l("From whom"), [Optional(), Length(max=120)])
    waybill = ScannedField(_l("Waybill"), [Optional(), Length(max=60)])
    case_number = StringField(
        _l("Case number"),
        [Optional(), Length(max=40)],
        description=_l("If you know it. Otherwise a new case is opened for this arrival."),
    )
    customer_code = StringField(_l("Customer number"), [Optional(), Length(max=40)])
    note = TextAreaField(_l("Note"), [Optional(), Length(max=300)])


class InspectForm(FlaskForm):  # type: ignore[misc]
    """What the bench found."""

    result = RadioField(_l("Inspection result"), [InputRequired()])
    note = TextAreaField(_l("Note"), [Optional(), Length(max=500)])

    def offer(self, *, empty: bool, ours: bool) -> None:
        """Only findings that can be: nothing can be found in an empty box, and our own goods are no wrong item."""
        fitting = [one for one in Inspection if (one is Inspection.MISSING) == empty]
        if ours:
            fitting.remove(Inspection.WRONG_ITEM)
        self.result.choices = [SelectChoice(one.value, INSPECTIONS[one]) for one in fitting]


class SettleForm(FlaskForm):  # type: ignore[misc]
    """Where the inspected part goes."""

    disposition = RadioField(_l("Place after inspection"), [InputRequired()])
    location = SelectField(_l("Bin"), [Optional()], description=_l("Only for back to stock."))
    reason = StringField(_l("Note"), [Optional(), Length(max=300)])

    def offer(self, fitting: tuple[Disposition, ...], bins: list[tuple[int, str]]) -> None:
        """Only places that fit the finding, and the depot's bins."""
        self.disposition.choices = [SelectChoice(one.value, DISPOSITIONS[one]) for one in fitting]
        self.location.choices = [SelectChoice("", ""), *(SelectChoice(str(key), code) for key, code in bins)]


class ExtendForm(FlaskForm):  # type: ignore[misc]
    """A later day for the return."""

    due_on = DateField(_l("New return day"), [InputRequired(), SensibleDay()])
    reason = TextAreaField(_l("Reason"), [InputRequired(), Length(max=300)])
    keep_closed = BooleanField(_l("Keep it although the depot is closed then"))


class ResolveForm(FlaskForm):  # type: ignore[misc]
    """The decision about a discrepancy."""

    resolution = RadioField(_l("Decision"), [InputRequired()])
    amount = StringField(
        _l("Amount to charge"), [Optional(), Length(max=20)], description=_l("Only when the customer is charged.")
    )
    reason = TextAreaField(_l("Reason"), [InputRequired(), Length(max=300)])

    def offer(self, fitting: tuple[Resolution, ...], *, charged: bool) -> None:
        """Only what can be decided about it; where a charge stands, in the words for that."""
        words = RESOLUTIONS | (CHARGE_STANDS if charged else {})
        self.resolution.choices = [SelectChoice(one.value, words[one]) for one in fitting]


class PutRightForm(FlaskForm):  # type: ignore[misc]
    """Goods and the record that had them elsewhere agree again."""

    reason = TextAreaField(
        _l("Reason"),
        [InputRequired(), Length(max=300)],
        description=_l("What was wrong, and where the unit is now."),
    )
    gone = BooleanField(_l("The goods are no longer here"))


class PlaceForm(FlaskForm):  # type: ignore[misc]
    """The inspection and the place of an unexpected arrival, in one decision."""

    result = RadioField(
        _l("Inspection result"),
        [InputRequired()],
        choices=[SelectChoice(one.value, INSPECTIONS[one]) for one in Inspection if one is not Inspection.MISSING],
    )
    disposition = RadioField(
        _l("Place after inspection"),
        [InputRequired()],
        description=_l("Back to stock only when no fault was found."),
    )
    location = SelectField(_l("Bin"), [Optional()], description=_l("Only for back to stock."))
    carrier = StringField(_l("Carrier"), [Optional(), Length(max=60)], description=_l("Only when it is sent back."))
    waybill = ScannedField(_l("Waybill"), [Optional(), Length(max=60)], description=_l("Only when it is sent back."))
    reason = TextAreaField(_l("Reason"), [InputRequired(), Length(max=300)])

    def offer(self, bins: list[tuple[int, str]]) -> None:
        """The depot's bins, and no way to stock without one."""
        fitting = [
            one for one in DISPOSITIONS if one is not Disposition.NONE and (bins or one is not Disposition.STOCK)
        ]
        self.disposition.choices = [SelectChoice(one.value, DISPOSITIONS[one]) for one in fitting]
        self.location.choices = [SelectChoice("", ""), *(SelectChoice(str(key), code) for key, code in bins)]


def empty_to_none(value: Any) -> int | None:
    """The key chosen in a select that may be left empty."""
    return int(value) if value else None
