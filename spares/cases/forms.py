"""The slice's forms. Limits on text are the sizes of the columns behind them."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    DateField,
    DateTimeLocalField,
    EmailField,
    HiddenField,
    MultipleFileField,
    RadioField,
    SelectField,
    StringField,
    TelField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from spares.cases.words import LEVELS, PURPOSES
from spares.web import fresh_key

SCANNED = {"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
PLAIN = {"autocomplete": "off"}


def _levels() -> list[Any]:
    return [SelectChoice(level.value, words) for level, words in LEVELS.items()]


class KeyedForm(FlaskForm):  # type: ignore[misc]
    """A form that acts once."""

    request_key = HiddenField(validators=[InputRequired(), Length(max=80)], default=fresh_key)


class CustomerForm(KeyedForm):
    """A new customer."""

    code = StringField(_l("Customer number"), [DataRequired(), Length(max=40)], render_kw=PLAIN)
    name = StringField(_l("Name"), [DataRequired(), Length(max=120)], render_kw=PLAIN)


class SiteForm(KeyedForm):
    """A new place of a customer."""

    name = StringField(_l("Name"), [DataRequired(), Length(max=120)], render_kw=PLAIN)
    address = TextAreaField(_l("Address"), [DataRequired(), Length(max=300)])
    contact_name = StringField(_l("Contact"), [Length(max=80)], render_kw=PLAIN)
    contact_phone = TelField(_l("Phone"), [Length(max=40)], render_kw=PLAIN)
    contact_email = EmailField(_l("E-mail"), [Length(max=200)], render_kw=PLAIN)
    second_contact = StringField(_l("Second contact"), [Length(max=120)], render_kw=PLAIN)


class ContractForm(KeyedForm):
    """A new contract."""

    number = StringField(_l("Contract number"), [DataRequired(), Length(max=60)], render_kw=PLAIN)
    title = StringField(_l("Title"), [Length(max=120)], render_kw=PLAIN)
    accepted_on = DateField(_l("Final acceptance on"), [Optional()])
    warranty_ends_on = DateField(_l("Warranty until"), [Optional()])


class EquipmentForm(KeyedForm):
    """A device at a customer's; the choices of sites and contracts are the customer's own."""

    serial = StringField(_l("Serial"), [DataRequired(), Length(max=80)], render_kw=SCANNED)
    part = StringField(_l("Part number"), [DataRequired(), Length(max=240)], render_kw=SCANNED)
    name = StringField(_l("Name"), [Length(max=120)], render_kw=PLAIN)
    site = SelectField(_l("Site"))
    contract = SelectField(_l("Contract"))

    def offer(self, sites: list[tuple[int, str]], contracts: list[tuple[int, str]]) -> None:
        """Fill the choices; none is the first of each."""
        self.site.choices = [SelectChoice("", "—"), *(SelectChoice(str(key), words) for key, words in sites)]
        self.contract.choices = [SelectChoice("", "—"), *(SelectChoice(str(key), words) for key, words in contracts)]


class CaseForm(KeyedForm):
    """A new case."""

    customer = StringField(_l("Customer"), [Length(max=120)], render_kw=PLAIN)
    serial = StringField(_l("Serial of the device"), [Length(max=80)], render_kw=SCANNED)
    title = StringField(_l("Title"), [DataRequired(), Length(max=200)], render_kw=PLAIN)
    level = RadioField(_l("Fault level"), [InputRequired()], choices=_levels)
    description = TextAreaField(_l("Description"), [Length(max=4000)])
    external_number = StringField(_l("Number in another case system"), [Length(max=40)], render_kw=SCANNED)
    contact_name = StringField(_l("Contact"), [Length(max=80)], render_kw=PLAIN)
    contact_phone = TelField(_l("Phone"), [Length(max=40)], render_kw=PLAIN)
    contact_email = EmailField(_l("E-mail"), [Length(max=200)], render_kw=PLAIN)


class FaultForm(KeyedForm):
    """A fault confirmation by itself, without asking for a spare."""

    serial = StringField(_l("Serial of the faulty unit"), [DataRequired(), Length(max=80)], render_kw=SCANNED)
    part = StringField(_l("Part number of the faulty unit"), [Length(max=240)], render_kw=SCANNED)
    level = RadioField(_l("Fault level"), [InputRequired()], choices=_levels)
    confirmed_at = DateTimeLocalField(
        _l("Confirmed at"), [InputRequired()], format=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]
    )
    finding = TextAreaField(_l("Symptom and finding"), [DataRequired(), Length(max=4000)])
    attachments = MultipleFileField(_l("Photos and files"))


class NoteForm(KeyedForm):
    """Something to say about a case."""

    text = TextAreaField(_l("Note"), [DataRequired(), Length(max=4000)])


class AttachForm(KeyedForm):
    """Files for a case, and what they prove."""

    files = MultipleFileField(_l("Photos and files"))
    purpose = SelectField(
        _l("What they show"), choices=lambda: [SelectChoice(key, words) for key, words in PURPOSES.items()]
    )
