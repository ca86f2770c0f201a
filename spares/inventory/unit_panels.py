"""What the slices above show on a unit's page: the exchanges that name its serial. They register a function; none is
imported from here."""

from collections.abc import Callable, Collection
from typing import Any

from spares.accounts.access import Actor
from spares.inventory.models import Unit

Panel = Callable[[Unit, Collection[int], Actor], tuple[str, dict[str, Any]]]
"""The unit, the dispatch lines that hold it or that it was sent for, and who looks."""

_panels: list[Panel] = []


def adds_unit_panel(function: Panel) -> None:
    """Register a part of the unit's page: `function` returns a template and its values."""
    _panels.append(function)


def unit_panels(unit: Unit, line_ids: Collection[int], actor: Actor) -> list[tuple[str, dict[str, Any]]]:
    """Every registered part for this unit, in the order of registration."""
    return [function(unit, line_ids, actor) for function in _panels]
