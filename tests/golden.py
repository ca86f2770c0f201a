"""Reads the golden tables of tests/resources: worked examples as data, one a row, with a column that says why."""

import csv
from pathlib import Path

RESOURCES = Path(__file__).parent / "resources"


def rows(name: str) -> list[dict[str, str]]:
    with (RESOURCES / name).open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    assert found, f"{name} has no rows"
    return found


def name_of(row: dict[str, str]) -> str:
    """A test's name for a row: its reason."""
    return row["why"]
