"""What a depot's printer and scanners are set with."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, Length, Optional

from spares.labels.models import RAW_PORT, LabelSettings
from spares.labels.services import LabelValues
from spares.labels.zpl import DOTS_PER_MM
from spares.whole_numbers import WholeNumberField

TYPED = {"autocomplete": "off", "spellcheck": "false", "autocapitalize": "off"}


class LabelSettingsForm(FlaskForm):  # type: ignore[misc]
    """A depot's label printer, its scanners, and a code to try them with."""

    printer_host = StringField(
        _l("Printer's host or address"),
        [Optional(), Length(max=253)],
        description=_l("Empty: labels are downloaded, none are sent."),
        render_kw=TYPED,
    )
    printer_port = WholeNumberField(_l("Port"), [InputRequired()])
    printer_dpi = SelectField(
        _l("Resolution"), coerce=int, choices=[SelectChoice(dpi, f"{dpi} dpi") for dpi in DOTS_PER_MM], default=203
    )
    scan_prefix = StringField(
        _l("Sent before every code"),
        [Optional()],
        description=_l("What the scanners are set to put in front, if anything."),
        render_kw=TYPED,
    )
    scan_suffix = StringField(
        _l("Sent after every code"), [Optional()], description=_l("Enter and Tab need not be named."), render_kw=TYPED
    )
    patterns = TextAreaField(
        _l("Templates of your own codes"),
        [Optional()],
        description=_l(
            "One a line, such as SN:{serial};PN:{part};QTY:{quantity}; the first that covers the whole code counts."
        ),
        render_kw=TYPED,
    )
    sample = StringField(
        _l("A code to try"),
        [Optional(), Length(max=1000)],
        description=_l("Scan or type one. {GS} stands for the separator of GS1 codes."),
        render_kw=TYPED,
    )

    def show(self, row: LabelSettings) -> None:
        """Fill in what holds now."""
        self.process(obj=row, patterns=row.scan_patterns)

    def values(self) -> LabelValues:
        """What was entered; only after the form was found valid."""
        return LabelValues(
            printer_host=self.printer_host.data or "",
            printer_port=RAW_PORT if self.printer_port.data is None else self.printer_port.data,
            printer_dpi=self.printer_dpi.data,
            scan_prefix=self.scan_prefix.data or "",
            scan_suffix=self.scan_suffix.data or "",
            patterns=self.patterns.data or "",
        )
