"""What a count means once the stock has moved on (pure): the ledger nets what happened between a count and now.

A unit: only evidence newer than its last ledger move, or than it was last picked for an order or put back, counts, since
whoever did that had it in hand. Seen since then at
another place: found there. Not seen although its whole bin was counted since then: missing. Anything older is explained
by the move. Pieces: the counted number is compared with what the ledger had at the instant of the count, so a move before
it is in both and a move after it in neither. A move at the very instant of a count is after it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Verdict(StrEnum):
    """What the count says about a unit: a difference (missing, found), nothing (as booked), or why it is none."""

    AS_BOOKED = "as_booked"
    MISSING = "missing"
    FOUND = "found"
    MOVED_AFTER = "moved_after"
    ARRIVED = "arrived"
    PICKED = "picked"


DIFFERENCES = frozenset({Verdict.MISSING, Verdict.FOUND})


@dataclass(frozen=True)
class Sighting:
    """A serial was scanned at a place."""

    place: int
    at: datetime


@dataclass(frozen=True)
class Absence:
    """A place was counted from `began` to `ended` without the unit being scanned there; for a second look at one unit
    both are the same instant."""

    place: int
    began: datetime


@dataclass(frozen=True)
class Booked:
    """Where the ledger has a unit, and since when: the instant of its last move. `picked`: it lies in an order's box
    although it is booked in its bin until it is dispatched; `handled`: when it was last put into such a box, or back."""

    place: int
    since: datetime
    picked: bool = False
    handled: datetime | None = None


@dataclass(frozen=True)
class UnitVerdict:
    """The verdict, and the place that it speaks of: where the unit is missing, was found, or was counted."""

    verdict: Verdict
    place: int
    at: datetime


def judge_unit(booked: Booked | None, sightings: Sequence[Sighting], absences: Sequence[Absence]) -> UnitVerdict | None:
    """What is to be said about a unit; None when nothing is. `booked` None: the ledger has never seen it, so a sighting
    is a find. An absence takes back what was seen at the same place before it began."""
    gone = {one.place: max(a.began for a in absences if a.place == one.place) for one in absences}
    seen = [one for one in sightings if one.place not in gone or one.at >= gone[one.place]]
    last = max(seen, key=lambda one: one.at, default=None)
    if booked is None:
        return UnitVerdict(Verdict.FOUND, last.place, last.at) if last else None
    if last is not None and last.at > booked.since and last.place == booked.place:
        return UnitVerdict(Verdict.AS_BOOKED, last.place, last.at)
    touched = max(booked.since, booked.handled or booked.since)
    if last is not None and last.at > touched:
        return UnitVerdict(Verdict.FOUND, last.place, last.at)
    here = gone.get(booked.place)
    if here is not None and here > touched:
        return UnitVerdict(Verdict.PICKED if booked.picked else Verdict.MISSING, booked.place, here)
    explained = Verdict.MOVED_AFTER if last is not None else Verdict.ARRIVED
    where, when = (last.place, last.at) if last is not None else (booked.place, here)
    if when is None:
        return None
    return UnitVerdict(Verdict.PICKED if when > booked.since else explained, where, when)


@dataclass(frozen=True)
class Counted:
    """Pieces counted at an instant. `away` of what the ledger has there lay in orders' boxes at that instant."""

    quantity: int
    at: datetime
    away: int = 0
    recount: bool = False


@dataclass(frozen=True)
class PieceMove:
    """Pieces that the ledger brought to the place (or took from it: below nothing)."""

    change: int
    at: datetime


@dataclass(frozen=True)
class PiecesVerdict:
    """`counted` against `expected`, both at `at`. `uncertain`: pieces came or went, or were picked, between the first and the
    last part of the count, so nobody can say on which side of them it was; only a second count can."""

    counted: int
    expected: int
    at: datetime
    uncertain: bool
    moved_after: int

    @property
    def difference(self) -> int:
        """More (above nothing) or fewer pieces than the ledger has."""
        return self.counted - self.expected


def judge_pieces(
    on_hand: int, counts: Sequence[Counted], moves: Sequence[PieceMove], *, nothing_since: datetime | None = None
) -> PiecesVerdict | None:
    """Compare the pieces counted with what the ledger had at the count's instant; `on_hand` is what it has now.

    Several counts of the same pieces add up (several people, several piles); a recount stands alone. `nothing_since`:
    nothing was counted by the time the place was finished, and its count began then. None without any count."""
    recounts = [one for one in counts if one.recount]
    parts = [max(recounts, key=lambda one: one.at)] if recounts else list(counts)
    if not parts:
        return None
    last = max(parts, key=lambda one: one.at)
    first_at = min(one.at for one in parts)
    if nothing_since is not None and not recounts:
        first_at = min(first_at, nothing_since)
    after = sum(move.change for move in moves if move.at >= last.at)
    between = [move for move in moves if first_at <= move.at < last.at]
    expected = on_hand - after - last.away
    picked_meanwhile = len({one.away for one in parts}) > 1
    return PiecesVerdict(
        sum(one.quantity for one in parts), expected, last.at, bool(between) or picked_meanwhile, after
    )


def needs_second_person(value_minor: int | None, currency: str, limit_minor: int, limit_currency: str) -> bool:
    """Whether a difference of this value may only be posted after somebody else has agreed: it is above the limit, or
    nobody can say that it is not (no price, another currency)."""
    if value_minor is None or currency != limit_currency:
        return True
    return abs(value_minor) > limit_minor
