"""What the slices above show on a case's page: its exchanges with both legs. They register a function; none is imported
from here."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from spares.accounts.access import Actor
from spares.cases.models import ServiceCase

Panel = Callable[[ServiceCase, Actor, datetime], tuple[str, dict[str, Any]]]

panels: list[Panel] = []


def adds_panel(function: Panel) -> None:
    """Register a part of the case's page: `function` returns a template and its values."""
    panels.append(function)


def panels_of(case: ServiceCase, actor: Actor, now: datetime) -> list[tuple[str, dict[str, Any]]]:
    """Every registered part for this case, in the order of registration."""
    return [function(case, actor, now) for function in panels]
