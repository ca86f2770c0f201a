"""The golden tables of netting: a count at one instant, moves before and after it, and what is still different."""

from datetime import UTC, datetime, timedelta

import pytest

from spares.inventory.stocktake_rules import (
    Absence,
    Booked,
    Counted,
    PieceMove,
    Sighting,
    judge_pieces,
    judge_unit,
    needs_second_person,
)
from tests.golden import name_of, rows

BEGIN = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
PLACES = {"A": 1, "B": 2, "OUT": 9}
UNITS, PIECES = rows("stocktake_units.csv"), rows("stocktake_pieces.csv")


def at(minute: str) -> datetime:
    """So many minutes after the beginning."""
    return BEGIN + timedelta(minutes=int(minute))


def listed(text: str) -> list[tuple[str, str]]:
    """`A@10;B@12` as pairs."""
    return [(one.partition("@")[0], one.partition("@")[2]) for one in text.split(";") if one]


@pytest.mark.parametrize("row", UNITS, ids=name_of)
def test_what_is_said_about_a_unit(row: dict[str, str]) -> None:
    booked = None
    if row["booked"]:
        booking, _, more = row["booked"].partition(" ")
        place, since = listed(booking)[0]
        handled = at(more.removeprefix("handled@")) if more.startswith("handled") else None
        booked = Booked(PLACES[place], at(since), more == "picked", handled)
    seen = [Sighting(PLACES[place], at(minute)) for place, minute in listed(row["seen"])]
    absent = [Absence(PLACES[place], at(minute)) for place, minute in listed(row["absent"])]
    said = judge_unit(booked, seen, absent)
    if not row["verdict"]:
        assert said is None
        return
    assert said is not None
    assert (said.verdict.value, said.place, said.at) == (row["verdict"], PLACES[row["place"]], at(row["at"]))


@pytest.mark.parametrize("row", PIECES, ids=name_of)
def test_what_is_said_about_pieces(row: dict[str, str]) -> None:
    counts = []
    for quantity, when in listed(row["counts"]):
        minute, _, away = when.removesuffix("r").partition("~")
        counts.append(Counted(int(quantity), at(minute), int(away or 0), when.endswith("r")))
    moves = [PieceMove(int(change), at(minute)) for change, minute in listed(row["moves"])]
    since = at(row["nothing_since"]) if row["nothing_since"] else None
    said = judge_pieces(int(row["on_hand"]), counts, moves, nothing_since=since)
    assert said is not None
    assert (said.counted, said.expected, said.at, said.uncertain, said.moved_after) == (
        int(row["counted"]),
        int(row["expected"]),
        at(row["at"]),
        bool(row["uncertain"]),
        int(row["moved_after"]),
    )
    assert said.difference == int(row["counted"]) - int(row["expected"])


def test_nothing_is_said_about_pieces_that_nobody_counted() -> None:
    assert judge_pieces(10, [], [PieceMove(3, BEGIN)]) is None


@pytest.mark.parametrize(
    ("value", "currency", "asked"),
    [
        (0, "CNY", False),
        (500_000, "CNY", False),
        (500_001, "CNY", True),
        (-500_001, "CNY", True),
        (1, "USD", True),
        (None, "CNY", True),
    ],
)
def test_a_second_person_is_asked_above_the_limit(value: int | None, currency: str, asked: bool) -> None:
    assert needs_second_person(value, currency, 500_000, "CNY") is asked
