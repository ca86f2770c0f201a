"""The audit's entries in words. Every slice that records something says here, with `says`, what its codes mean."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask import url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from spares.accounts import queries
from spares.accounts.models import AuditEntry
from spares.accounts.words import ACTIONS, ROLES


@dataclass(frozen=True)
class Named:
    """A record as people know it: its name or number, and the address of its page."""

    name: str
    url: str = ""


Finder = Callable[[set[str]], Mapping[str, Named]]
"""Finds the records of one kind by the keys that entries keep; those that are gone are left out."""
SUBJECTS: dict[str, Any] = {}
FACTS: dict[str, Any] = {}
FINDERS: dict[str, Finder] = {}
MEANT: dict[str, str] = {}
VALUES: dict[str, Mapping[Any, Any]] = {}


def says(
    *,
    actions: Mapping[str, Any] | None = None,
    subjects: Mapping[str, Any] | None = None,
    facts: Mapping[str, Any] | None = None,
    values: Mapping[str, Mapping[Any, Any]] | None = None,
) -> None:
    """Register lazy strings: for what was done, for the first word of a subject (`user 7`), for the keys of data, and for
    the codes that stand under such a key."""
    ACTIONS.update(actions or {})
    SUBJECTS.update(subjects or {})
    FACTS.update(facts or {})
    VALUES.update(values or {})


def finds(kind: str, finder: Finder, *, under: Iterable[str] = ()) -> None:
    """Register who finds the records of a kind (the first word of a subject). Under the keys `under` of data, entries keep
    the key of such a record."""
    FINDERS[kind] = finder
    MEANT.update(dict.fromkeys(under, kind))


def numbered(keys: set[str]) -> set[int]:
    """The keys as numbers, for a finder."""
    return {int(key) for key in keys if key.isdecimal() and len(key) < 19}


says(
    actions={
        "user_added": _l("Person added"),
        "user_changed": _l("Person changed"),
        "user_disabled": _l("Person disabled"),
        "user_enabled": _l("Person enabled"),
        "password_link_made": _l("Password link made"),
        "password_set": _l("Password set by link"),
        "password_changed": _l("Password changed"),
        "sessions_ended": _l("Signed out everywhere"),
    },
    subjects={"user": _l("Person")},
    facts={
        "username": _l("User name"),
        "display_name": _l("Full name"),
        "role": _l("Role"),
        "email": _l("E-mail"),
        "phone": _l("Phone"),
        "reason": _l("Reason"),
    },
    values={"role": ROLES},
)


def _people(keys: set[str]) -> dict[str, Named]:
    found = queries.names(numbered(keys))
    return {str(key): Named(name, url_for("user_edit", user_id=key)) for key, name in found.items()}


finds("user", _people)

Records = Mapping[tuple[str, str], Named]


def records_of(entries: Iterable[AuditEntry]) -> Records:
    """What the entries are about and what they mention, by kind and key: one look-up a kind, however many entries."""
    keys: dict[str, set[str]] = {}
    for entry in entries:
        kind, _space, key = entry.subject.partition(" ")
        keys.setdefault(kind, set()).add(key)
        for name in entry.data.keys() & MEANT.keys():
            keys.setdefault(MEANT[name], set()).update(str(one) for one in _pair(entry.data[name]))
    return {(kind, key): named for kind in keys if kind in FINDERS for key, named in FINDERS[kind](keys[kind]).items()}


def subject(entry: AuditEntry, records: Records) -> Named:
    """What was changed, as people know it: a person by name, anything else by kind and number or name."""
    kind, _space, key = entry.subject.partition(" ")
    found = records.get((kind, key))
    if kind == "user" and found is not None:
        return found
    name = found.name if found is not None else key
    return Named(f"{SUBJECTS.get(kind, kind)} {name}".strip(), found.url if found is not None else "")


def details(entry: AuditEntry, records: Records) -> list[tuple[str, str | None, str]]:
    """Label, old value (None: there was none) and new value of everything that the entry keeps."""
    found = []
    for key, value in entry.data.items():
        pair = _pair(value)
        old = _shown(key, pair[0], records) if len(pair) == 2 else None
        found.append((str(FACTS.get(key, key)), old, _shown(key, pair[-1], records)))
    return found


def _pair(value: Any) -> list[Any]:
    """Old and new value, or the one there is."""
    if isinstance(value, dict) and value.keys() == {"old", "new"}:
        return [value["old"], value["new"]]
    return value if isinstance(value, list) and len(value) == 2 else [value]


def _shown(key: str, value: Any, records: Records) -> str:
    if value is None:
        return ""
    if key in MEANT:
        found = records.get((MEANT[key], str(value)))
        return found.name if found is not None else str(value)
    if isinstance(value, str) and value in VALUES.get(key, {}):
        return str(VALUES[key][value])
    if key == "price_minor":
        return str(Decimal(value).scaleb(-2))
    if isinstance(value, bool):
        return str(gettext("yes") if value else gettext("no"))
    if isinstance(value, list):
        return ", ".join(_shown(key, one, records) for one in value)
    return str(value)
