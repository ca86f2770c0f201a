"""What becomes of the rows of an import."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ParamSpec, TypeVar

from spares.errors import SparesError

P = ParamSpec("P")
T = TypeVar("T")


class Fate(StrEnum):
    """What a row does to the books."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


class Faults:
    """Everything that is wrong with a row, gathered so that a person corrects it in one go."""

    def __init__(self) -> None:
        self.found: list[SparesError] = []

    def of(self, read: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T | None:
        """What `read` gives; None when it refuses, which is noted."""
        try:
            return read(*args, **kwargs)
        except SparesError as error:
            self.found.append(error)
            return None

    def check(self) -> None:
        """Raises RowRefused when anything was noted."""
        if self.found:
            raise RowRefused(self.found)


class RowRefused(Exception):
    """A row that cannot be imported, for these reasons, in the order of its columns."""

    def __init__(self, faults: Sequence[SparesError]) -> None:
        super().__init__(", ".join(f"{fault.code} ({fault.field})" for fault in faults))
        self.faults = list(faults)


@dataclass
class Outcome:
    """The fate of each row of a chunk by its position there, and for the refused ones why."""

    fates: dict[int, Fate] = field(default_factory=dict)
    refused: dict[int, list[SparesError]] = field(default_factory=dict)

    def refuse(self, position: int, faults: Sequence[SparesError]) -> None:
        """The row at `position` is not imported, for these reasons."""
        self.fates[position] = Fate.REFUSED
        self.refused[position] = list(faults)

    def count(self, fate: Fate) -> int:
        """How many rows have this fate."""
        return sum(1 for each in self.fates.values() if each is fate)
