"""The one form of a spare request. It says what may be typed; `request_reading` finds out what it means."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateTimeLocalField,
    FieldList,
    Form,
    FormField,
    HiddenField,
    MultipleFileField,
    RadioField,
    SelectField,
    StringField,
    TelField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from spares.cases.words import LEVELS
from spares.dispatch.models import DeliveryMethod
from spares.dispatch.words import METHODS
from spares.labels.scanned import ScannedField
from spares.web import fresh_key
from spares.whole_numbers import WholeNumberField

ANEW = "anew"
"""The value of `confirmation` when a standing one is not to be used."""
BY_LOOK_UP, BY_PERSON = "look_up", "person"
FAULT = ("level", "confirmed_at", "finding")
"""What a fault confirmation is typed into."""
MOST_LINES = 20
MOST_PIECES = 9999
_SCANNED = {"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}


class LineForm(Form):
    """One further line: a unit with its own faulty serial, or a number of counted pieces."""

    part = StringField(_l("Part number"), [Length(max=240)], render_kw=_SCANNED)
    serial = ScannedField(_l("Serial of the faulty part"), [Length(max=80)], render_kw=_SCANNED)
    quantity = WholeNumberField(_l("Quantity"), [Optional(), NumberRange(1, MOST_PIECES)], default=1)

    @property
    def is_empty(self) -> bool:
        """Nothing typed: the line is left out."""
        return not (self.part.data or "").strip() and not (self.serial.data or "").strip()


class RequestForm(FlaskForm):  # type: ignore[misc]
    """Case, fault, wanted parts and destination, on one page."""

    request_key = HiddenField(validators=[InputRequired(), Length(max=80)], default=fresh_key)
    case_mode = RadioField(
        _l("Case"),
        choices=[
            SelectChoice("existing", _l("For an existing case")),
            SelectChoice("new", _l("Open a new case")),
        ],
        default="existing",
        validate_choice=True,
    )
    case_chosen = StringField(_l("Case"), [Length(max=10)])
    """Who chose `case_mode`: BY_LOOK_UP, BY_PERSON against that, or nobody yet."""
    case_number = StringField(_l("Case number"), [Length(max=40)], render_kw=_SCANNED)
    customer = StringField(_l("Customer"), [Length(max=120)], render_kw={"autocomplete": "off"})
    title = StringField(_l("Title"), [Length(max=200)], render_kw={"autocomplete": "off"})
    external_number = StringField(_l("Number in another case system"), [Length(max=40)], render_kw=_SCANNED)

    serial = ScannedField(_l("Serial of the faulty unit"), [DataRequired(), Length(max=80)], render_kw=_SCANNED)
    part = StringField(_l("Part number of the faulty unit"), [Length(max=240)], render_kw=_SCANNED)
    level = RadioField(
        _l("Fault level"),
        [InputRequired()],
        choices=lambda: [SelectChoice(level.value, words) for level, words in LEVELS.items()],
    )
    confirmed_at = DateTimeLocalField(
        _l("Confirmed at"), [InputRequired()], format=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]
    )
    finding = TextAreaField(_l("Symptom and finding"), [DataRequired(), Length(max=4000)])
    confirmation = StringField(_l("Fault"), [Length(max=20)])
    """The confirmation that the page showed as the one to be used (its id), ANEW, or nothing."""
    another = BooleanField(_l("Ask for another one all the same"))
    attachments = MultipleFileField(_l("Photos and files"))

    wanted = StringField(_l("Part wanted"), [Length(max=240)], render_kw=_SCANNED)
    quantity = WholeNumberField(_l("Quantity"), [Optional(), NumberRange(1, MOST_PIECES)], default=1)
    lines = FieldList(FormField(LineForm), label=_l("Further parts"), max_entries=MOST_LINES)

    site = SelectField(_l("Site"), validate_choice=False, choices=[])
    method = RadioField(
        _l("Delivery"),
        choices=lambda: [SelectChoice(method.value, words) for method, words in METHODS.items()],
        default=DeliveryMethod.COURIER.value,
    )
    consignee = StringField(_l("Consignee"), [Length(max=80)], render_kw={"autocomplete": "off"})
    phone = TelField(_l("Phone"), [Length(max=40)], render_kw={"autocomplete": "off"})
    address = TextAreaField(_l("Address"), [Length(max=300)])
    second_contact = StringField(_l("Second contact"), [Length(max=120)], render_kw={"autocomplete": "off"})
    note = StringField(_l("Note for the depot"), [Length(max=500)], render_kw={"autocomplete": "off"})
    depot = SelectField(_l("Depot"), coerce=int)
