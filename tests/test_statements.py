"""How many SQL statements the pages that people use most take, the sign-in check included, on both databases.

The depots and the requests are the benchmark's, so what is held here is what `make bench` prints."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from bench import filling
from bench.depots import Visited, depot
from bench.pages import PAGES, Visit, pack_reserved, prepare
from spares import settings
from tests.conftest import DATABASES, Databases

STATEMENTS = {
    "find a serial": 2,
    "scan a serial": 2,
    "a unit's page": 5,
    "list 50 units": 3,
    "board": 3,
    "overdue": 3,
    "overdue, a past day": 3,
    "reserve": 23,
    "dispatch": 18,
    "receive a return": 14,
    "receive new stock": 10,
}
"""What each takes, no more and no less; docs/performance.md says what they are. A dispatch takes one more when its process
meets the bin for the first time, and asks what kind of place it is."""
WARM, ASKED = 2, 4


@pytest.fixture(autouse=True)
def _settings_stay_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings are read every five seconds, by whichever page is asked then."""
    monkeypatch.setattr(settings, "CACHED_SECONDS", 3600.0)


def asked(visit: Visit, name: str, first: int = 0) -> list[int]:
    """The statements of a few requests for the page, after the first ones have filled the caches of the process."""
    (page,) = [page for page in PAGES if page.name == name]
    counts = []
    for n in range(first, first + WARM + ASKED):
        before = visit.visited.statements
        answer = page.ask(visit, n)
        assert answer.status_code == page.status, answer.get_data(as_text=True)
        counts.append(visit.visited.statements - before)
    return counts[WARM:]


def test_every_page_keeps_to_its_statements(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filling, "OPEN", 20)
    with depot(database_url, 800) as visited:
        visit = prepare(visited, WARM + ASKED)
        taken = {}
        for page in PAGES:
            if page.name == "dispatch":
                pack_reserved(visit)
            counts = asked(visit, page.name)
            taken[page.name] = min(counts)
            assert max(counts) <= min(counts) + (page.name == "dispatch"), page.name
    assert taken == STATEMENTS


@pytest.fixture(params=DATABASES)
def few_and_many(
    request: pytest.FixtureRequest, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Visited, Visited]]:
    """Two depots: one with ten open orders, ten overdue returns and ten units, one with sixty of each."""
    monkeypatch.setattr(filling, "RUNNING", 5)
    with ExitStack() as stack:
        found = []
        for rows in (10, 60):
            monkeypatch.setattr(filling, "OPEN", rows)
            monkeypatch.setattr(filling, "OVERDUE", rows)
            url = databases.fresh(request.param)
            stack.callback(databases.drop, url)
            found.append(stack.enter_context(depot(url, 40 + 20 * rows)))
        yield found[0], found[1]


def test_more_rows_take_no_more_statements(few_and_many: tuple[Visited, Visited]) -> None:
    few, many = (prepare(visited, WARM + ASKED) for visited in few_and_many)
    for name in ("list 50 units", "board", "overdue", "overdue, a past day"):
        assert asked(few, name) == asked(many, name), name
