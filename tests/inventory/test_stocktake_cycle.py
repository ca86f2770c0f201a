"""Which bins are proposed, in which order and why."""

from datetime import date, timedelta

from spares.inventory.stocktake_cycle import BinFigures, Proposal, ValueClass, propose

TODAY = date(2026, 11, 20)
A, B, C = ValueClass.A, ValueClass.B, ValueClass.C


def figures(place: int, value: int, moves: int, days_ago: int | None) -> BinFigures:
    return BinFigures(place, value, moves, None if days_ago is None else TODAY - timedelta(days=days_ago))


def told(found: list[Proposal]) -> list[tuple[int, str, bool, int, int | None, bool]]:
    return [(one.location_id, one.value_class.value, one.busy, one.every, one.passed, one.is_due) for one in found]


def test_value_movement_and_time_decide_together() -> None:
    bins = [
        figures(1, 8_000, 3, 29),
        figures(2, 1_500, 20, 44),
        figures(3, 500, 19, 180),
        figures(4, 0, 40, 45),
        figures(5, 0, 0, None),
        figures(6, 0, 0, 10),
    ]
    assert told(propose(bins, TODAY)) == [
        (5, "C", False, 180, None, True),
        (3, "C", False, 180, 180, True),
        (2, "B", True, 45, 44, False),
        (1, "A", False, 30, 29, False),
        (4, "C", True, 90, 45, False),
        (6, "C", False, 180, 10, False),
    ]


def test_the_most_valuable_bin_is_of_the_first_class_whatever_its_share() -> None:
    assert [one.value_class for one in propose([figures(1, 10, 0, 1)], TODAY)] == [A]
    assert [one.value_class for one in propose([figures(1, 0, 0, 1)], TODAY)] == [C]


def test_never_counted_bins_come_first_by_value_and_a_count_of_tomorrow_is_of_today() -> None:
    bins = [figures(1, 5, 0, None), figures(2, 90, 0, None), figures(3, 5, 0, -1)]
    assert [(one.location_id, one.passed) for one in propose(bins, TODAY)] == [(2, None), (1, None), (3, 0)]


def test_without_bins_nothing_is_proposed() -> None:
    assert propose([], TODAY) == []
