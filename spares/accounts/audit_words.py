"""The audit's entries in words. Every slice that records something says here, with `says`, what its codes mean."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from spares.accounts.models import AuditEntry, Role
from spares.accounts.words import ACTIONS, ROLES

SUBJECTS: dict[str, Any] = {}
FACTS: dict[str, Any] = {}


def says(
    *, actions: Mapping[str, Any], subjects: Mapping[str, Any] | None = None, facts: Mapping[str, Any] | None = None
) -> None:
    """Register lazy strings: for what was done, for the first word of a subject (`user 7`), and for the keys of data."""
    ACTIONS.update(actions)
    SUBJECTS.update(subjects or {})
    FACTS.update(facts or {})


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
)


def person_in(entry: AuditEntry) -> int | None:
    """The id of the person whom the entry is about, if it is about one."""
    kind, _space, number = entry.subject.partition(" ")
    return int(number) if kind == "user" and number.isdecimal() else None


def subject(entry: AuditEntry, people: Mapping[int, str]) -> str:
    """What was changed: a person by name, anything else by kind and number."""
    person = person_in(entry)
    if person is not None and person in people:
        return people[person]
    kind, _space, rest = entry.subject.partition(" ")
    return f"{SUBJECTS.get(kind, kind)} {rest}".strip()


def details(entry: AuditEntry) -> list[tuple[str, str | None, str]]:
    """Label, old value (None: there was none) and new value of everything that the entry keeps."""
    found = []
    for key, value in entry.data.items():
        pair = [value["old"], value["new"]] if isinstance(value, dict) and value.keys() == {"old", "new"} else value
        changed = isinstance(pair, list) and len(pair) == 2
        old, new = pair if changed else (None, pair)
        found.append((str(FACTS.get(key, key)), _shown(key, old) if changed else None, _shown(key, new)))
    return found


def _shown(key: str, value: Any) -> str:
    if value is None:
        return ""
    if key == "role" and value in set(Role):
        return str(ROLES[Role(value)])
    if key == "price_minor":
        return str(Decimal(value).scaleb(-2))
    if isinstance(value, bool):
        return str(gettext("yes") if value else gettext("no"))
    if isinstance(value, list):
        return ", ".join(_shown(key, one) for one in value)
    return str(value)
