"""Forms that move stock. They say what may be typed; the services decide whether it is right."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from spares.inventory.models import Condition
from spares.inventory.parts_forms import TYPED
from spares.inventory.words import CONDITIONS
from spares.whole_numbers import WholeNumberField

CHANGES = [
    SelectChoice("condition", _l("It is in another condition than the books say")),
    SelectChoice("lost", _l("It is not there")),
    SelectChoice("found", _l("It is there, but not in the books")),
]
CONDITION_CHOICES = [SelectChoice(c.value, CONDITIONS[c]) for c in Condition if c is not Condition.SCRAPPED]


class ReceiveForm(FlaskForm):  # type: ignore[misc]
    """What is received, and to where; asked before the scanning begins."""

    depot = SelectField(_l("Depot"), coerce=int)
    part = StringField(_l("Part number"), [InputRequired(), Length(max=250)], render_kw=TYPED)
    place = StringField(
        _l("Bin code"),
        [Length(max=40)],
        description=_l("Leave empty for the receiving area."),
        render_kw=TYPED,
    )
    reference = StringField(
        _l("Reference"), [Length(max=80)], description=_l("Purchase order or delivery note"), render_kw=TYPED
    )


class _StockForm(FlaskForm):  # type: ignore[misc]
    depot = SelectField(_l("Depot"), coerce=int)
    serials = TextAreaField(_l("Serial numbers"), [Length(max=80_000)], description=_l("One a line"), render_kw=TYPED)
    part = StringField(
        _l("Part number"),
        [Length(max=250)],
        description=_l("Needed for counted parts, or where two parts have the same serial number."),
        render_kw=TYPED,
    )
    quantity = WholeNumberField(_l("Quantity"), [Optional(), NumberRange(1, 1_000_000)])
    condition = SelectField(_l("Condition"), choices=CONDITION_CHOICES, default=Condition.GOOD.value)


class MoveForm(_StockForm):
    """What is moved, and to where."""

    place = StringField(
        _l("From bin"),
        [Length(max=40)],
        description=_l("Leave empty for the receiving area."),
        render_kw=TYPED,
    )
    to = StringField(_l("To bin"), [InputRequired(), Length(max=40)], render_kw=TYPED)


class AdjustForm(_StockForm):
    """A difference between the shelf and the books, and the reason for it."""

    change = RadioField(_l("What is different"), choices=CHANGES, validators=[InputRequired()], default="condition")
    place = StringField(
        _l("Bin code"),
        [Length(max=40)],
        description=_l("Leave empty for the receiving area."),
        render_kw=TYPED,
    )
    new_condition = SelectField(_l("New condition"), choices=CONDITION_CHOICES, default=Condition.FAULTY.value)
    reason = TextAreaField(_l("Reason"), [InputRequired(), Length(max=300)])
