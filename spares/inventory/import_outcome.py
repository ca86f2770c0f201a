"""What becomes of the rows of an import."""

from dataclasses import dataclass, field
from enum import StrEnum

from spares.errors import SparesError


class Fate(StrEnum):
    """What a row does to the books."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass
class Outcome:
    """The fate of each row of a chunk by its position there, and for the refused ones why."""

    fates: dict[int, Fate] = field(default_factory=dict)
    refused: dict[int, SparesError] = field(default_factory=dict)

    def refuse(self, position: int, error: SparesError) -> None:
        """The row at `position` is not imported, for this reason."""
        self.fates[position] = Fate.REFUSED
        self.refused[position] = error

    def count(self, fate: Fate) -> int:
        """How many rows have this fate."""
        return sum(1 for each in self.fates.values() if each is fate)
