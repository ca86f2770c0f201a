"""What can go wrong, as exceptions that carry facts. The edge turns them into words in the user's language.

`code` names the problem (a stable word, translated by `spares.web`), `facts` holds the values the sentence needs, and
`field` the name of the form field to blame, where there is one. Raising one of these inside a transaction undoes it."""

from typing import Any


class SparesError(Exception):
    """Base of every refusal the product makes on purpose. Never raised itself."""

    status = 400

    def __init__(self, code: str, *, field: str | None = None, **facts: Any) -> None:
        super().__init__(code, facts)
        self.code = code
        self.field = field
        self.facts = facts

    def __str__(self) -> str:
        shown = ", ".join(f"{key}={value!r}" for key, value in self.facts.items())
        return f"{self.code} ({shown})" if shown else self.code


class Invalid(SparesError):
    """The input breaks a rule; the person can correct it and try again."""

    status = 422


class NotFound(SparesError):
    """There is no such record, or the person may not know that there is one."""

    status = 404


class Conflict(SparesError):
    """The record has moved on since it was seen, or somebody else was faster."""

    status = 409


class Forbidden(SparesError):
    """The person's role does not allow it."""

    status = 403
