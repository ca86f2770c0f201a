"""How much time a deadline leaves, in words: the one way in which every page says it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask_babel import format_date, gettext

from spares.web import duration
from spares.workdays import Calendar

SOON = timedelta(hours=2)


@dataclass(frozen=True)
class TimeLeft:
    """`words` ("2 h 10 min left"), the tone of its chip (good, warn within two working hours, bad when over), `is_over`."""

    words: str
    tone: str
    is_over: bool


def time_left(due_at: datetime, now: datetime, calendar: Calendar) -> TimeLeft:
    """What is left until `due_at`, or how long it is over, in the calendar's open time; the words say so wherever the time
    on the wall is another.

    Where no open time lies between (the depot is closed until then) the time on the wall is given instead."""
    if now > due_at:
        over = calendar.working_time_between(due_at, now)
        if over < timedelta(minutes=1):
            return TimeLeft(gettext("overdue"), "bad", True)
        return TimeLeft(gettext("over by %(time)s", time=counted(over, now - due_at)), "bad", True)
    left = calendar.working_time_between(now, due_at)
    tone = "good" if left > SOON else "warn"
    return TimeLeft(gettext("%(time)s left", time=counted(left or due_at - now, due_at - now)), tone, False)


def counted(working: timedelta, on_the_wall: timedelta) -> str:
    """A span of working time in words: as working hours, unless just as much time passes on the wall."""
    if working == on_the_wall:
        return duration(working)
    hours, minutes = divmod(int(working.total_seconds() // 60), 60)
    if not hours:
        return str(gettext("%(minutes)d min of working time", minutes=minutes))
    if not minutes:
        return str(gettext("%(hours)d h of working time", hours=hours))
    return str(gettext("%(hours)d h %(minutes)d min of working time", hours=hours, minutes=minutes))


def day_words(day: date, today: date) -> str:
    """`11-23 周一`; the year is added when it is another one."""
    shown = day.strftime("%m-%d" if day.year == today.year else "%Y-%m-%d")
    return f"{shown} {format_date(day, 'EEE')}"
