"""Forms of the catalogue and the places. They say what may be typed; the services decide whether it is right."""

from decimal import Decimal, DecimalException

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from spares.errors import Invalid
from spares.inventory.models import Part, Tracking
from spares.inventory.services import MOST_GRAMS, MOST_PIECES, MOST_RANK, PartData
from spares.inventory.words import TRACKINGS
from spares.sheets.money import Money
from spares.whole_numbers import WholeNumberField

TYPED = {"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"}


class PartForm(FlaskForm):  # type: ignore[misc]
    """A part as the catalogue keeps it."""

    manufacturer = StringField(_l("Manufacturer"), [InputRequired(), Length(max=120)])
    part_number = StringField(_l("Part number"), [InputRequired(), Length(max=120)], render_kw=TYPED)
    description = StringField(_l("Description"), [Length(max=300)])
    category = StringField(
        _l("Category"), [Length(max=60)], description=_l("For example optical module, power supply, switch")
    )
    tracking = RadioField(_l("Counted"), choices=[SelectChoice(kind.value, words) for kind, words in TRACKINGS.items()])
    price = StringField(
        _l("Price"),
        [Length(max=20)],
        description=_l("What a part that never comes back is charged at. Leave empty where no price is known."),
        render_kw={"inputmode": "decimal", **TYPED},
    )
    currency = StringField(_l("Currency"), [Length(max=3)], default="CNY", render_kw=TYPED)
    minimum_level = WholeNumberField(
        _l("Minimum level"),
        [Optional(), NumberRange(0, MOST_PIECES)],
        default=0,
        description=_l("With fewer free good pieces the part is listed as low. 0: never."),
    )
    weight_grams = WholeNumberField(_l("Weight"), [Optional(), NumberRange(0, MOST_GRAMS)])
    return_required = BooleanField(_l("The faulty part must come back"), default=True)

    def fill(self, part: Part) -> None:
        """Show what the catalogue has."""
        for name in ("manufacturer", "part_number", "description", "category", "currency", "minimum_level"):
            self[name].data = getattr(part, name)
        self.weight_grams.data, self.return_required.data = part.weight_grams, part.return_required
        self.tracking.data = part.tracking.value
        if part.price_minor is not None:
            self.price.data = str(Money(part.price_minor, part.currency).as_decimal())

    def values(self) -> PartData:
        """What was typed. Raises Invalid at the price when it is no amount of the currency."""
        currency = (self.currency.data or "").strip().upper()
        return PartData(
            manufacturer=self.manufacturer.data or "",
            part_number=self.part_number.data or "",
            description=self.description.data or "",
            category=self.category.data or "",
            tracking=Tracking(self.tracking.data),
            price_minor=minor_units(self.price.data or "", currency),
            currency=currency,
            return_required=bool(self.return_required.data),
            minimum_level=self.minimum_level.data or 0,
            weight_grams=self.weight_grams.data,
        )


class SubstituteForm(FlaskForm):  # type: ignore[misc]
    """A part proposed to stand in for another."""

    substitute = StringField(_l("Substitute"), [InputRequired(), Length(max=250)], render_kw=TYPED)
    rank = WholeNumberField(
        _l("Rank"), [InputRequired(), NumberRange(1, MOST_RANK)], default=1, description=_l("1 is tried first.")
    )
    note = StringField(_l("Note"), [Length(max=300)])


class LocationForm(FlaskForm):  # type: ignore[misc]
    """A new bin."""

    depot = SelectField(_l("Depot"), coerce=int)
    code = StringField(
        _l("Bin code"),
        [InputRequired(), Length(max=40)],
        description=_l("As it stands on the shelf's label, for example A-01-02"),
        render_kw=TYPED,
    )
    name = StringField(_l("Where it is"), [Length(max=80)])


def minor_units(text: str, currency: str) -> int | None:
    """Typed major units as whole minor units of the currency; None for an empty text. Raises Invalid at `price`."""
    plain = text.replace(",", "").replace("，", "").strip()
    if not plain:
        return None
    try:
        amount = Decimal(plain).scaleb(Money(0, currency).exponent)
    except DecimalException as error:
        raise Invalid("price_malformed", field="price", value=text.strip()[:60]) from error
    if not amount.is_finite() or amount != amount.to_integral_value():
        raise Invalid("price_malformed", field="price", value=text.strip()[:60])
    return int(amount)
