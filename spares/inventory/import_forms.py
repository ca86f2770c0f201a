"""What the import pages ask for."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, HiddenField, RadioField, SelectField
from wtforms.validators import InputRequired, Length

from spares.inventory.import_words import KINDS
from spares.web import fresh_key


class ImportForm(FlaskForm):  # type: ignore[misc]
    """A file to be previewed."""

    request_key = HiddenField(validators=[InputRequired(), Length(max=80)], default=fresh_key)
    kind = RadioField(_l("What the file holds"), [InputRequired()])
    file = FileField(_l("File"), [FileRequired(_l("Choose a file."))], render_kw={"accept": ".csv,.tsv,.txt,.xlsx"})
    depot = SelectField(_l("Depot"), coerce=int)
    make_bins = BooleanField(_l("Make bins that do not exist yet"))

    def offer(self, depots: list[tuple[int, str]]) -> None:
        """Fill the choices."""
        self.kind.choices = [(kind.value, words) for kind, words in KINDS.items()]
        self.depot.choices = depots
        if self.depot.data is None and depots:
            self.depot.data = depots[0][0]
