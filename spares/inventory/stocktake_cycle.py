"""Which bins to count next, and why (pure): by value, by movement, and by the time since the last count.

Bins are classed as stock usually is. The bins that hold the first 80 % of the value are A and counted every 30 days, the
next 15 % are B and counted every 90, the rest C, every 180. Many moves since the last count halve the interval: what is
handled often is miscounted first. A bin that was never counted is due at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class ValueClass(StrEnum):
    """How much of the depot's value lies in bins like this one."""

    A = "A"
    B = "B"
    C = "C"


INTERVAL_DAYS = {ValueClass.A: 30, ValueClass.B: 90, ValueClass.C: 180}
A_SHARE, B_SHARE = 80, 95
"""Percent of the value that the A bins hold, and the A and B bins together."""
BUSY_MOVES = 20
"""So many moves since the last count make a bin busy."""


@dataclass(frozen=True)
class BinFigures:
    """What is known of a bin: its stock's value in minor units, moves in and out since its last count (since ever, if
    there was none), and the depot-local day of that count."""

    location_id: int
    value_minor: int
    moves: int
    counted_on: date | None


@dataclass(frozen=True)
class Proposal:
    """A bin's place in the order of counting, and the reasons: its class, whether it is busy, after how many days it is
    due, how many have passed (None: never counted). It is due when `passed` reaches `every`."""

    location_id: int
    value_class: ValueClass
    busy: bool
    every: int
    passed: int | None
    value_minor: int
    moves: int

    @property
    def is_due(self) -> bool:
        """Whether its time has come."""
        return self.passed is None or self.passed >= self.every


def propose(bins: Sequence[BinFigures], today: date) -> list[Proposal]:
    """Every bin, the most urgent first: those never counted by value, then by how much of their interval has passed."""
    classes = _classes(bins)
    found = []
    for one in bins:
        busy = one.moves >= BUSY_MOVES
        every = INTERVAL_DAYS[classes[one.location_id]] // (2 if busy else 1)
        passed = None if one.counted_on is None else max(0, (today - one.counted_on).days)
        found.append(
            Proposal(one.location_id, classes[one.location_id], busy, every, passed, one.value_minor, one.moves)
        )
    return sorted(found, key=_urgency)


def _classes(bins: Sequence[BinFigures]) -> dict[int, ValueClass]:
    """A bin belongs to the class in which its share of the value begins, so that the most valuable one is always A."""
    total = sum(one.value_minor for one in bins)
    classes: dict[int, ValueClass] = {}
    before = 0
    for one in sorted(bins, key=lambda one: (-one.value_minor, one.location_id)):
        if one.value_minor and before * 100 < A_SHARE * total:
            classes[one.location_id] = ValueClass.A
        elif one.value_minor and before * 100 < B_SHARE * total:
            classes[one.location_id] = ValueClass.B
        else:
            classes[one.location_id] = ValueClass.C
        before += one.value_minor
    return classes


def _urgency(one: Proposal) -> tuple[bool, int, int, int]:
    """Whole numbers to sort by: hundredths of the interval that have passed, then the value."""
    passed = 0 if one.passed is None else one.passed * 100 // one.every
    return one.passed is not None, -passed, -one.value_minor, one.location_id
