"""A spare request in words: on the timeline, and what can be wrong with it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from spares.cases.words import tells
from spares.dispatch.lifecycle import LineState
from spares.dispatch.words import LINE_STATES
from spares.web import explains, instant


def _requested(data: Mapping[str, Any]) -> tuple[str, list[str]]:
    details = []
    if data.get("due"):
        details.append(gettext("To leave by %(at)s", at=instant(datetime.fromisoformat(data["due"]))))
    details += [_line(line) for line in data.get("lines", [])]
    return gettext("Spares requested: %(rma)s", rma=data.get("rma", "")), details


def _line(line: Mapping[str, Any]) -> str:
    words = f"{line['requested']} × {line['quantity']} · {LINE_STATES[LineState(line['state'])]}"
    if line["part"] == line["requested"]:
        return words
    return f"{words} · {gettext('Substitute')} {line['part']}"


tells("spares_requested", _requested, "info")

explains(
    {
        "case_needed": _l("Enter the case number, or open a new case."),
        "case_to_choose": _l(
            "%(count)s cases about this device are open: choose one beside the device, enter a number, or open a new case."
        ),
        "serial_of_line_needed": _l("Enter the serial of the faulty part that comes back for it."),
        "confirmed_already": _l(
            "The page did not show what is confirmed for this unit now: check it, then send the request again."
        ),
        "asked_already": _l(
            "A spare for %(serial)s is already asked for. Tick this only if another one is really needed."
        ),
        "serial_twice": _l("The serial %(serial)s stands here twice."),
        "one_unit_a_line": _l("A part with serials is one unit a line: use a further line for the next one."),
    }
)
