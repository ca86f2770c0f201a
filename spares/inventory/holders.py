"""What a hold is for, in people's words. Holds name dispatch lines, which a slice above this one owns and can describe."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Holder:
    """The record that a dispatch line belongs to: its number, and the endpoint that shows it."""

    label: str
    endpoint: str
    args: dict[str, Any] = field(default_factory=dict)


Finder = Callable[[Collection[int]], dict[int, Holder]]
_finders: list[Finder] = []


def described_by(finder: Finder) -> Finder:
    """Register the function that finds the holders of dispatch lines by their keys."""
    if finder not in _finders:
        _finders.append(finder)
    return finder


def holder_labels(line_ids: Collection[int]) -> dict[int, Holder]:
    """The holder of each line that is known; nothing where no slice above describes them."""
    found: dict[int, Holder] = {}
    for finder in _finders:
        found.update(finder(line_ids))
    return found
