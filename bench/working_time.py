"""How fast 72 working hours are added, against businesstimedelta and pandas' CustomBusinessHour.

All three count with the same Chinese holidays, Monday to Friday, 09:00 to 17:00, from the same instants; equal answers
are asserted before anything is timed. Each is given an instant in the form that it takes fastest: ours and
businesstimedelta an aware datetime, pandas a Timestamp without a zone. The packages come with the dependency group
`bench`.
"""

import random
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from time import process_time
from timeit import Timer
from typing import Any
from zoneinfo import ZoneInfo

from spares.calendars.chinese_holidays import chinese_calendar

SHANGHAI = ZoneInfo("Asia/Shanghai")
FIRST = datetime(2018, 1, 2, 1, tzinfo=UTC)
DAYS = 8 * 365
STARTS = 60
ROUNDS = 5
SPAN = timedelta(hours=72)


def starts() -> list[datetime]:
    """Whole seconds inside opening hours, away from their edges, where the three agree on what an answer is."""
    chance = random.Random(72)
    calendar = chinese_calendar(False)
    found: list[datetime] = []
    while len(found) < STARTS:
        instant = FIRST + timedelta(days=chance.randrange(DAYS), seconds=chance.randrange(1, 8 * 3600))
        if calendar.is_working_day(calendar.local_day(instant)):
            found.append(instant)
    return found


def holidays() -> list[date]:
    calendar = chinese_calendar(False)
    return sorted(day for day in calendar.holidays if FIRST.year <= day.year <= FIRST.year + DAYS // 365 + 1)


def businesstimedelta_span() -> Any:
    import businesstimedelta
    import pytz

    zone = pytz.timezone("Asia/Shanghai")
    hours = businesstimedelta.WorkDayRule(start_time=time(9), end_time=time(17), working_days=[0, 1, 2, 3, 4], tz=zone)
    closed = businesstimedelta.HolidayRule(dict.fromkeys(holidays(), "closed"), tz=zone)
    return businesstimedelta.BusinessTimeDelta(businesstimedelta.Rules([hours, closed]), hours=72)


def pandas_span() -> Any:
    import pandas

    return pandas.offsets.CustomBusinessHour(n=72, start="09:00", end="17:00", holidays=holidays())


def rounds(addition: str, instants: Sequence[Any], repeats: int, **names: Any) -> Callable[[], float]:
    """A round of additions, which gives the processor's seconds for one. The addition is given as text, so that no call of
    ours is timed with it."""
    statement = f"for instant in instants: {addition}"
    timer = Timer(statement, timer=process_time, globals={"instants": instants, **names})
    return lambda: timer.timeit(repeats) / (repeats * len(instants))


def run() -> dict[str, float]:
    """Seconds for one addition by each, and how many times longer the other two take (aims: 2500 and 100)."""
    import pandas

    calendar, business, custom = chinese_calendar(False), businesstimedelta_span(), pandas_span()
    instants = starts()
    local = [instant.astimezone(SHANGHAI) for instant in instants]
    stamps = [pandas.Timestamp(instant.replace(tzinfo=None)) for instant in local]
    answers = [calendar.add_working_time(instant, SPAN) for instant in instants]
    assert [instant + business for instant in local] == answers
    assert [(stamp + custom).tz_localize("Asia/Shanghai") for stamp in stamps] == answers
    racers = (
        rounds("add(instant, span)", instants, 1000, add=calendar.add_working_time, span=SPAN),
        rounds("instant + span", local, 2, span=business),
        rounds("instant + span", stamps, 20, span=custom),
    )
    # In turn, and the best of each, so that a busy machine slows all of them alike.
    times = [[racer() for racer in racers] for _ in range(ROUNDS)]
    ours, theirs, pandas_own = (min(each) for each in zip(*times, strict=True))
    return {
        "spares_seconds": ours,
        "businesstimedelta_seconds": theirs,
        "pandas_seconds": pandas_own,
        "businesstimedelta_ratio": theirs / ours,
        "pandas_ratio": pandas_own / ours,
    }


if __name__ == "__main__":
    for name, value in run().items():
        print(f"{name:28} {value:.3e}" if name.endswith("seconds") else f"{name:28} {value:,.0f} x")
