import csv
import io
import random
from datetime import date, datetime, time, timedelta, timezone
from itertools import product
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from spares.rma.cli import deadlines
from tests import oracles
from tests.golden import rows

KINDS = ("dispatch", "swap72h", "return10d", "confirm1h", "confirm8h", "confirm24h")
OFFSETS = [timezone(timedelta(minutes=minutes)) for minutes in (480, 480, 480, 0, -300, 345, 840, -660)]
CLOCKS = [
    time(0),
    time(8, 59, 59),
    time(9),
    time(9, 0, 0, 1),
    time(13, 59, 59),
    time(13, 59, 59, 999_999),
    time(14),
    time(14, 0, 0, 1),
    time(16, 59, 59),
    time(16, 59, 59, 999_000),
    time(17),
    time(17, 0, 1),
    time(23, 59, 59, 999_999),
]
FIRST, LAST = date(2018, 1, 1), date(2026, 12, 15)  # ten working days later the sources still know every day


def recounted(content: str | bytes) -> Result:
    return CliRunner().invoke(deadlines, ["-"], input=content)


def answers(content: str) -> list[list[str]]:
    result = recounted(content)
    assert (result.exit_code, result.stderr) == (0, "")
    return list(csv.reader(io.StringIO(result.stdout)))


def uneven_days() -> list[date]:
    """The days on either side of every change that a holiday makes to the plain week."""
    works = oracles.notices_work("open")
    days = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days)]
    uneven = {day for day in days if works(day) != (day.weekday() < 5)}
    return [day for day in days if {day - oracles.ONE_DAY, day, day + oracles.ONE_DAY} & uneven]


def history() -> list[tuple[str, str, datetime]]:
    """Instants of 2018 to 2026: all uneven days at the edges of the day, and any second of any day, in many zones."""
    chance = random.Random(20261122)
    found = []
    for day, kind in product(uneven_days(), KINDS):
        for clock in chance.sample(CLOCKS, 2):
            at = datetime.combine(day, clock, oracles.CHINA).astimezone(chance.choice(OFFSETS))
            found.append((kind, chance.choice(("closed", "open")), at))
    seconds = (LAST - FIRST).days * 86_400
    for _ in range(3_000):
        at = datetime.combine(FIRST, time(), oracles.CHINA) + timedelta(seconds=chance.randrange(seconds))
        found.append((chance.choice(KINDS), chance.choice(("closed", "open")), at.astimezone(chance.choice(OFFSETS))))
    return found


HISTORY = history()


@pytest.fixture(scope="module")
def recounted_history() -> list[list[str]]:
    lines = "".join(f"{kind},{makeup},{at.isoformat()}\n" for kind, makeup, at in HISTORY)
    return answers("kind,makeup,at\n" + lines)


@pytest.mark.parametrize("source", [oracles.library_works, oracles.notices_work])
def test_agrees_with_a_walk_over_the_days(source, recounted_history: list[list[str]]) -> None:
    works = {makeup: source(makeup) for makeup in ("closed", "open")}
    wanted = [
        [kind, makeup, at.isoformat(), *oracles.expected(kind, at, works[makeup])] for kind, makeup, at in HISTORY
    ]
    assert recounted_history[0] == ["kind", "makeup", "at", "due", "note"]
    differences = [(got, want) for got, want in zip(recounted_history[1:], wanted, strict=True) if got != want]
    assert differences == []
    assert len({at for _, _, at in HISTORY}) >= 5_000
    assert {(kind, makeup) for kind, makeup, _ in HISTORY} == set(product(KINDS, ("closed", "open")))


def test_agrees_with_a_walk_over_the_minutes() -> None:
    chance = random.Random(72)
    works = {makeup: oracles.notices_work(makeup) for makeup in ("closed", "open")}
    hours = {"swap72h": 72, "confirm1h": 1, "confirm8h": 8, "confirm24h": 24}
    sample = []
    for kind, makeup in product(hours, works):
        for day in chance.sample(uneven_days(), 8):
            at = datetime.combine(day, time(chance.randrange(24), chance.choice((0, 30, 59))), oracles.CHINA)
            sample.append((kind, makeup, at))
    got = answers("kind,makeup,at\n" + "".join(f"{kind},{makeup},{at.isoformat()}\n" for kind, makeup, at in sample))
    for (kind, makeup, at), row in zip(sample, got[1:], strict=True):
        open_days = oracles.every_day if kind.startswith("confirm") else works[makeup]
        assert row[3] == oracles.minute_walk(at, hours[kind], open_days).isoformat(), row


def test_counts_the_golden_promises() -> None:
    promises = rows("dispatch_promises.csv")
    got = answers("makeup,at,kind\n" + "".join(f"{row['makeup']},{row['confirmed_at']},dispatch\n" for row in promises))
    assert [row[3:] for row in got[1:]] == [[row["due_at"], row["kind"]] for row in promises]


def test_a_good_parts_receipt_counts_on_the_depots_day() -> None:
    got = answers("kind,makeup,at\nreturn10d,closed,2026-11-17T16:00:00Z\nreturn10d,closed,2026-11-17T15:59:59Z\n")
    assert [row[3:] for row in got[1:]] == [["2026-12-02", ""], ["2026-12-01", ""]]


def test_keeps_other_columns_order_and_values_as_they_were() -> None:
    got = recounted(
        "\ufeff单号, AT ,Kind,makeup,备注\r\n"
        '00017, 2026-11-20T13:59:59+08:00,Dispatch,CLOSED,"甲,乙"\r\n'
        "\r\n"
        ",,,,\r\n"
        "=1+1,2026-11-23T09:00+08:00,swap72h,closed, \r\n"
        "x,2026-11-23T01:00Z,confirm1h,,\r\n"
    )
    assert (got.exit_code, got.stderr) == (0, "")
    assert got.stdout == (
        "单号, AT ,Kind,makeup,备注,due,note\n"
        '00017, 2026-11-20T13:59:59+08:00,Dispatch,CLOSED,"甲,乙",2026-11-20T17:00:00+08:00,same_day\n'
        "=1+1,2026-11-23T09:00+08:00,swap72h,closed, ,2026-12-03T17:00:00+08:00,\n"
        "x,2026-11-23T01:00Z,confirm1h,,,2026-11-23T10:00:00+08:00,\n"
    )


def test_reads_gb18030() -> None:
    got = recounted("kind,makeup,at,备注\nreturn10d,open,2026-09-29T10:00+08:00,备件\n".encode("gb18030"))
    assert got.stdout == "kind,makeup,at,备注,due,note\nreturn10d,open,2026-09-29T10:00+08:00,备件,2026-10-19,\n"


def test_names_every_bad_row_and_writes_nothing(tmp_path: Path) -> None:
    source, target = tmp_path / "history.csv", tmp_path / "answer.csv"
    source.write_text(
        "kind,makeup,at\n"
        "dispatch,closed,2026-11-20T10:00+08:00\n"
        "dispatch,maybe,2026-11-20T10:00+08:00\n"
        "\n"
        "teleport,closed,2026-11-20T10:00+08:00\n"
        "swap72h,open,2026-11-20T10:00\n"
        "swap72h,open,20 November\n"
        "return10d,open,9999-12-31T23:00-05:00\n"
        "return10d,open,2100-12-31T10:00+08:00\n"
        "dispatch,closed\n",
        encoding="utf-8",
    )
    target.write_text("kept", encoding="utf-8")
    result = CliRunner().invoke(deadlines, [str(source), "--output", str(target)])
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.splitlines() == [
        "line 3, column makeup: 'maybe' is none of closed, open",
        "line 5, column kind: 'teleport' is none of dispatch, swap72h, return10d, confirm1h, confirm8h, confirm24h",
        "line 6, column at: '2026-11-20T10:00' has no offset from UTC, as +08:00",
        "line 7, column at: '20 November' is not a date and time in ISO 8601, as 2026-11-20T13:59:59+08:00",
        "line 8, column at: '9999-12-31T23:00-05:00' leads outside 2001-01-01 to 2100-12-31",
        "line 9, column at: '2100-12-31T10:00+08:00' leads outside 2001-01-01 to 2100-12-31",
        "line 10: 'dispatch,closed' has 2 fields, the header has 3",
        "Nothing was written: 7 problems.",
    ]
    assert target.read_text(encoding="utf-8") == "kept"
    assert sorted(tmp_path.iterdir()) == [target, source]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "line 1: '' is no header: the file is empty"),
        (b"\n,,\n", "line 1: '' is no header: the file is empty"),
        (b"\nkind,at\n", "line 2, column makeup: 'kind,at' needs this column"),
        (b"kind,makeup,at,AT\n", "line 1, column at: 'kind,makeup,at,AT' has this column more than once"),
        (b"kind,makeup,at,due\n", "line 1, column due: 'kind,makeup,at,due' already has this column; rename it"),
        (b'kind,makeup,at\ndispatch,closed,"2026', "line 2: '' cannot be read as CSV: unexpected end of data"),
        (b"kind,makeup,at\n\xff\xff", "line 1: '' cannot be read: the file is neither UTF-8 nor GB18030"),
    ],
)
def test_refuses_a_table_it_cannot_read(content: bytes, complaint: str) -> None:
    result = recounted(content)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines() == [complaint, "Nothing was written: 1 problem."]


def test_a_table_without_rows_gives_its_header() -> None:
    assert recounted("kind,makeup,at\n").stdout == "kind,makeup,at,due,note\n"


def test_writes_to_a_file(tmp_path: Path) -> None:
    target = tmp_path / "answer.csv"
    result = CliRunner().invoke(
        deadlines, ["-", "--output", str(target)], input="kind,makeup,at\nconfirm8h,,2026-11-23T16:30+08:00\n"
    )
    assert (result.exit_code, result.output) == (0, "")
    assert target.read_text(encoding="utf-8").splitlines()[1] == (
        "confirm8h,,2026-11-23T16:30+08:00,2026-11-24T16:30:00+08:00,"
    )


def test_a_missing_file_is_a_usage_error(tmp_path: Path) -> None:
    result = CliRunner().invoke(deadlines, [str(tmp_path / "nothing.csv")])
    assert result.exit_code == 2
    assert "No such file" in result.stderr
