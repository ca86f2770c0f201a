"""The forms of a stocktake that a person fills in; what a scan or one button sends is read by the views."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from spares.inventory.models import Condition
from spares.inventory.parts_forms import TYPED
from spares.inventory.stock_forms import CONDITION_CHOICES
from spares.inventory.stocktake_counting import MOST_PIECES
from spares.inventory.stocktake_models import Scope
from spares.inventory.stocktake_words import SCOPES
from spares.whole_numbers import WholeNumberField


class OpenForm(FlaskForm):  # type: ignore[misc]
    """What is to be counted."""

    depot = SelectField(_l("Depot"), coerce=int)
    scope = RadioField(
        _l("What is counted"),
        [InputRequired()],
        choices=[SelectChoice(scope.value, SCOPES[scope]) for scope in Scope],
        default=Scope.BINS.value,
    )
    bins = TextAreaField(_l("Bins"), [Length(max=80_000)], description=_l("Bin codes, one a line"), render_kw=TYPED)
    part = StringField(
        _l("Part number"),
        [Length(max=250)],
        description=_l("Only to count one part: in every bin that has it now."),
        render_kw=TYPED,
    )
    note = StringField(_l("Note"), [Length(max=120)], description=_l("Shown in the list, such as “year end”."))


class PiecesForm(FlaskForm):  # type: ignore[misc]
    """Pieces of a counted part in the bin."""

    part = StringField(_l("Part number"), [InputRequired(), Length(max=250)], render_kw=TYPED)
    quantity = WholeNumberField(_l("Pieces"), [InputRequired(), NumberRange(0, MOST_PIECES)])
    condition = SelectField(_l("Condition"), choices=CONDITION_CHOICES, default=Condition.GOOD.value)


class RecountForm(FlaskForm):  # type: ignore[misc]
    """The second count of pieces."""

    quantity = WholeNumberField(_l("Pieces"), [InputRequired(), NumberRange(0, MOST_PIECES)])


class DecideForm(FlaskForm):  # type: ignore[misc]
    """Why a difference is accepted or left; for an unknown serial also what it is."""

    part = StringField(_l("Part number"), [Length(max=250)], render_kw=TYPED)
    condition = SelectField(
        _l("Condition"), [Optional()], choices=CONDITION_CHOICES, default=Condition.TO_INSPECT.value
    )
    reason = TextAreaField(_l("Reason"), [InputRequired(), Length(max=300)])
