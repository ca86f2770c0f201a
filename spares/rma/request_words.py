"""The sentences of what can be wrong with a spare request."""

from flask_babel import lazy_gettext as _l

from spares.web import explains

explains(
    {
        "case_needed": _l("Enter the case number, or open a new case."),
        "serial_of_line_needed": _l("Enter the serial of the faulty part that comes back for it."),
        "serial_twice": _l("The serial %(serial)s stands here twice."),
        "one_unit_a_line": _l("A part with serials is one unit a line: use a further line for the next one."),
    }
)
