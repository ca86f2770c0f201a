"""A download that ends early says so."""

from collections.abc import Iterator

import pytest
from flask import Flask

from spares.accounts.models import Role
from spares.inventory import exports
from spares.sheets.limits import limited
from tests.factories import make_bin, make_depot, make_part, make_user, put_stock, sign_in


def test_as_many_rows_as_there_may_be_are_all_there(context: Flask) -> None:
    rows = [{"number": str(number)} for number in range(3)]
    assert list(limited(rows, "number", most=3)) == rows


def test_one_row_more_is_left_out_and_the_last_line_says_so(context: Flask) -> None:
    read = []

    def rows() -> Iterator[dict[str, str]]:
        for number in range(2000):
            read.append(number)
            yield {"number": str(number), "serial": "S"}

    found = list(limited(rows(), "number", most=1000))
    assert found[:1000] == [{"number": str(number), "serial": "S"} for number in range(1000)]
    assert found[1000:] == [{"number": "Only the first 1,000 rows. Narrow the filter to download the others."}]
    assert len(read) == 1001, "no more is read than what tells that there is more"


@pytest.mark.parametrize(("address", "first"), [("/parts/export.csv", "P1"), ("/units/export.csv", "S2")])
def test_the_lists_of_the_depot_say_so(
    context: Flask, monkeypatch: pytest.MonkeyPatch, address: str, first: str
) -> None:
    put_stock(make_part("P1"), ["S1", "S2"], make_bin(make_depot()))
    make_part("P2")
    monkeypatch.setattr(exports, "limited", lambda rows, column: limited(rows, column, most=1))
    client = context.test_client()
    sign_in(client, make_user(Role.WAREHOUSE))
    lines = client.get(address).data.decode("utf-8-sig").splitlines()
    assert [line.split(",")[0] for line in lines[1:]] == [
        first,
        "仅含前 1 行。请缩小筛选范围后下载其余各行。",
    ]
