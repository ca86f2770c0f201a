"""What the slice's refusals, codes and changes are called."""

from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from spares.accounts.audit_words import says
from spares.labels.scan_reading import Form
from spares.outbox import MessageState
from spares.web import explains

FORMS: dict[Form, Any] = {
    Form.PLAIN: _l("A plain text"),
    Form.OWN: _l("One of our own labels"),
    Form.PATTERN: _l("One of your templates"),
    Form.ENVELOPE: _l("ISO 15434 with data identifiers"),
    Form.GS1: _l("GS1 with application identifiers"),
}
JOB_STATES: dict[MessageState, Any] = {
    MessageState.WAITING: _l("To be printed"),
    MessageState.SENT: _l("Sent to the printer"),
    MessageState.FAILED: _l("Given up"),
    MessageState.WITHDRAWN: _l("Withdrawn"),
}
JOB_TONES = {
    MessageState.WAITING: "info",
    MessageState.SENT: "good",
    MessageState.FAILED: "bad",
    MessageState.WITHDRAWN: "neutral",
}
PROBLEMS: dict[str, Any] = {
    "no_printer": _l("The depot has no label printer any more."),
    "unknown_host": _l("The printer's name is not known in the network."),
    "not_allowed": _l("The printer's address lies outside the networks that printers may stand in."),
    "timed_out": _l("The printer did not answer in time."),
    "unreachable": _l("The printer cannot be reached. Is it switched on?"),
}


def problem_words(error: str) -> str:
    """Why labels were not printed, for the person who waits for them."""
    code = error.partition(":")[0]
    return str(PROBLEMS[code]) if code in PROBLEMS else error and str(gettext("The worker ended while it was sending."))


says(
    actions={"label_settings_changed": _l("Printer and scanners changed")},
    facts={
        "printer_host": _l("Printer's host or address"),
        "printer_port": _l("Port"),
        "printer_dpi": _l("Resolution"),
        "scan_prefix": _l("Sent before every code"),
        "scan_suffix": _l("Sent after every code"),
        "scan_patterns": _l("Templates of your own codes"),
    },
)

explains(
    {
        "printer_host_unusable": _l("Enter a host name or an address such as 10.20.0.15, without port or protocol."),
        "scan_end_unusable": _l("Use characters that can be seen, without spaces around them."),
        "scan_patterns_too_many": _l("Enter at most %(limit)s templates."),
        "scan_pattern_too_long": _l("Line %(line)s: a template has at most %(limit)s characters."),
        "scan_pattern_broken": _l(
            "Line %(line)s cannot be read from “%(rest)s” on. Fields are {serial}, {part}, {quantity} and {skip}; write {{ and }} for "
            "braces."
        ),
        "scan_pattern_empty": _l("Line %(line)s names neither {serial} nor {part}."),
        "scan_pattern_twice": _l("Line %(line)s names a field twice."),
        "scan_pattern_endless": _l(
            "Line %(line)s does not say where {%(name)s} ends: put a text behind it, or its length, as in {%(name)s:12}."
        ),
        "scan_pattern_everything": _l("Line %(line)s would fit every code. Add a text or a length."),
        "label_printer_missing": _l("This depot has no label printer. Download the labels instead."),
        "labels_being_sent": _l("These labels are being sent at this moment. Look again shortly."),
        "labels_not_waiting": _l("These labels do not wait any more."),
        "labels_too_many": _l("At most %(limit)s labels can be made at once. Take fewer copies or a part of the list."),
        "labels_none": _l("Nothing was chosen that a label could be made for."),
    }
)
