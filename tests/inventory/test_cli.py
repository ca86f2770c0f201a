"""`spares stock verify`: silent and 0 when all is well, else every finding and 1; what --rebuild does and refuses."""

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from spares.inventory.cli import stock
from spares.inventory.models import Tracking
from tests.inventory.ledger_rows import World, add_part, build_world, findings, stock_pieces, tables
from tests.inventory.test_ledger_check import edit


def run(*arguments: str) -> Result:
    return CliRunner().invoke(stock, ["verify", *arguments])


@pytest.fixture
def world(context: Flask) -> World:
    world = build_world()
    stock_pieces(world, add_part("CABLE-1", Tracking.COUNTED), world.bins[0], 5)
    return world


def named(world: World, cable: int = 2) -> str:
    return f"stock_balance part {cable}, location {world.bins[0]}, good: is not what the ledger says"


@pytest.mark.parametrize("arguments", [(), ("--rebuild",)])
def test_nothing_is_said_when_all_is_well(world: World, arguments: tuple[str, ...]) -> None:
    before = tables()
    result = run(*arguments)
    assert (result.exit_code, result.output) == (0, "")
    assert tables() == before


def test_what_differs_is_printed_and_nothing_changed(world: World) -> None:
    edit("UPDATE stock_balance SET on_hand = 6")
    before = tables()
    result = run()
    assert result.exit_code == 1
    assert result.stdout == f"{named(world)}: expected 5 on hand, 0 held, found 6 on hand, 0 held\n"
    assert tables() == before


def test_rebuild_says_what_differed_and_puts_it_right(world: World) -> None:
    edit("UPDATE stock_balance SET on_hand = 6")
    result = run("--rebuild")
    assert result.exit_code == 0
    assert result.stdout == f"{named(world)}: expected 5 on hand, 0 held, found 6 on hand, 0 held\n"
    assert result.stderr == "Balances and unit states were rebuilt from the ledger.\n"
    assert findings() == []


def test_rebuild_does_not_believe_damaged_rows(world: World) -> None:
    edit("UPDATE move SET quantity = 6")
    before = tables()
    result = run("--rebuild")
    assert result.exit_code == 1
    assert result.stdout == (
        "move 1: was changed after it was posted (posting 1)\n"
        f"{named(world)}: expected 6 on hand, 0 held, found 5 on hand, 0 held\n"
    )
    assert result.stderr == (
        "Nothing was rebuilt: rows of the ledger itself are damaged. Restore them from a backup.\n"
    )
    assert tables() == before


def test_the_help_says_what_it_does() -> None:
    result = run("--help")
    assert result.exit_code == 0
    assert "the exit code is 1" in " ".join(result.output.replace("exit\n", "exit ").split())
