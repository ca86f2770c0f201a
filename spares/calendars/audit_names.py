"""What the audit calls depots and settings: what people know them by, with their pages; and the words for what it keeps."""

from flask import url_for
from flask_babel import lazy_gettext as _l

from spares.accounts.audit_words import Named, finds, says
from spares.calendars import queries
from spares.calendars.forms import SettingsForm
from spares.calendars.words import STATUSES


def _depots(keys: set[str]) -> dict[str, Named]:
    known = {str(depot.id): depot for depot in queries.depots()}
    return {key: Named(known[key].name, url_for("depot_edit", depot_id=known[key].id)) for key in keys & known.keys()}


def _settings(keys: set[str]) -> dict[str, Named]:
    labels = {field.short_name: str(field.label.text) for field in SettingsForm(formdata=None)}
    return {key: Named(labels[key], url_for("settings_edit")) for key in keys & labels.keys()}


def _calendar(keys: set[str]) -> dict[str, Named]:
    return {key: Named("", url_for("calendar_show")) for key in keys}


says(
    subjects={"depot": _l("Depot"), "setting": _l("Setting"), "calendar": _l("Calendar")},
    facts={
        "first": _l("First day"),
        "last": _l("Last day"),
        "status": _l("What these days are"),
        "year": _l("Year"),
        "source": _l("Source"),
        "days": _l("Days"),
        "value": _l("Value"),
        "name": _l("Chinese name"),
        "name_en": _l("English name"),
        "address": _l("Address"),
        "attention": _l("Contact person"),
        "time_zone": _l("Time zone"),
        "opens": _l("Opens at"),
        "closes": _l("Closes at"),
        "cutoff": _l("Same-day cut-off"),
        "morning_by": _l("Next morning by"),
        "makeup_days_open": _l("Work on make-up days"),
    },
    values={"status": STATUSES},
)
finds("depot", _depots, under=["depot"])
finds("setting", _settings)
finds("calendar", _calendar)
