"""Words for a case: what its timeline says, in the reader's language, and the sentences of the slice's refusals.

An entry keeps facts, not sentences. Each kind has a function here that makes a title and lines of detail of its facts;
the slices above register theirs with `tells`, and the addresses of their records with `leads_to`."""

from collections.abc import Callable, Mapping
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from spares.cases.confirmation_clock import FaultLevel
from spares.cases.models import CaseState, TimelineEntry
from spares.web import explains, instant

Teller = Callable[[Mapping[str, Any]], tuple[str, list[str]]]
Address = Callable[[str], str]

LEVELS = {
    FaultLevel.C1: _l("C-1 network-wide stop"),
    FaultLevel.C2: _l("C-2 local, serious"),
    FaultLevel.C3: _l("C-3 degraded but working"),
}
STATES = {CaseState.OPEN: _l("In progress"), CaseState.CLOSED: _l("Closed")}
PURPOSES = {
    "finding": _l("Finding"),
    "receipt": _l("Proof of receipt"),
    "damage": _l("Damage"),
    "topology": _l("Topology"),
    "other": _l("Other"),
}
"""What an attachment proves. A purpose without words here is shown as it is."""

NOTABLE_SECONDS = 60
"""A step entered this much after the fact says when it was entered."""

timeline_words: dict[str, Teller] = {}
timeline_tones: dict[str, str] = {}
addresses: dict[str, Address] = {}


def tells(kind: str, function: Teller, tone: str = "neutral") -> None:
    """Register the words of a kind of entry: `function` takes the entry's data and returns (title, detail lines).

    Read facts with `.get`: entries written by an earlier version may lack one. `tone` colours the entry's mark."""
    timeline_words[kind] = function
    timeline_tones[kind] = tone


def leads_to(fact: str, function: Address) -> None:
    """Register where an entry links to that has this fact (`rma`, `shipment` …): `function` takes its number."""
    addresses[fact] = function


def told(entry: TimelineEntry) -> dict[str, Any]:
    """An entry for the macro `timeline`. A kind without words shows its name and facts, so that nothing is hidden."""
    function = timeline_words.get(entry.kind)
    if function is None:
        title, details = entry.kind.replace("_", " "), [f"{key}: {value}" for key, value in entry.data.items()]
    else:
        title, details = function(entry.data)
    if (entry.recorded_at - entry.occurred_at).total_seconds() >= NOTABLE_SECONDS:
        details = [*details, gettext("Recorded %(at)s", at=instant(entry.recorded_at))]
    address = next((addresses[fact](str(entry.data[fact])) for fact in addresses if entry.data.get(fact)), None)
    return {
        "when": entry.occurred_at,
        "who": entry.actor_name if entry.actor_id is not None else gettext("System"),
        "title": title,
        "details": [line for line in details if line],
        "kind": timeline_tones.get(entry.kind, "neutral"),
        "url": address,
    }


def level_words(value: str) -> str:
    """A level's text (`C-1`) with its meaning."""
    return str(LEVELS[FaultLevel(value)]) if value in set(FaultLevel) else value


def purpose_words(purpose: str) -> str:
    """What an attachment proves."""
    return str(PURPOSES.get(purpose, purpose))


def _opened(data: Mapping[str, Any]) -> tuple[str, list[str]]:
    return gettext("Case opened"), [data.get("title", ""), level_words(data.get("level", ""))]


def _confirmed(data: Mapping[str, Any]) -> tuple[str, list[str]]:
    return gettext("Fault confirmed"), [
        gettext("Faulty unit %(serial)s", serial=data.get("serial", "")),
        level_words(data.get("level", "")),
        data.get("finding", ""),
    ]


def _level_changed(data: Mapping[str, Any]) -> tuple[str, list[str]]:
    return gettext("Fault level changed"), [f"{data.get('old', '')} → {data.get('new', '')}"]


def _attached(data: Mapping[str, Any]) -> tuple[str, list[str]]:
    return gettext("File attached"), [f"{data.get('name', '')} ({purpose_words(data.get('purpose', ''))})"]


tells("case_opened", _opened)
tells("fault_confirmed", _confirmed, "warn")
tells("level_changed", _level_changed)
tells("note", lambda data: (gettext("Note"), [data.get("text", "")]))
tells("taken_over", lambda data: (gettext("Taken over by %(name)s", name=data.get("name", "")), []))
tells("case_closed", lambda data: (gettext("Case closed"), [data.get("resolution", "")]), "good")
tells("file_attached", _attached)


def _moved_on(facts: Mapping[str, Any]) -> str:
    function = timeline_words.get(facts["kind"])
    what = function(facts["data"])[0] if function else facts["kind"].replace("_", " ")
    words = gettext(
        "%(who)s was faster, at %(at)s: %(what)s. Nothing of yours was saved. Look at the record again, then repeat your step.",
        who=facts["who"],
        at=instant(facts["at"]),
        what=what,
    )
    return str(words)


explains(
    {
        "moved_on": _moved_on,
        "value_missing": _l("Please fill this in."),
        "customer_exists": _l("The customer number %(number)s is taken."),
        "contract_exists": _l("The contract number %(number)s is taken."),
        "equipment_exists": _l("The device with serial %(serial)s is known already."),
        "case_closed": _l("Case %(number)s is closed."),
        "confirmed_in_future": _l("%(at)s lies in the future: it is %(now)s now."),
        "confirmed_too_long_ago": _l("The confirmation may lie back %(hours)s hours at most; this is %(at)s."),
        "case_number_malformed": _l("%(number)s does not look like a number of the other case system."),
        "customer_needed": _l("Enter the customer of the new case."),
        "part_needed": _l("Enter the part number."),
        "serial_of_several": _l("Several devices have this serial. Enter the part number: %(parts)s"),
        "attachment_missing": _l("Choose a file first."),
        "case_unknown": _l("There is no case %(typed)s, or you may not see it."),
        "customer_unknown": _l("There is no customer %(typed)s."),
        "part_number_unknown": _l("There is no part %(number)s."),
        "part_number_shared": _l("Several makers use this number. Enter one of: %(choices)s"),
        "case_number_taken": _l("The case number %(number)s is taken."),
    }
)
