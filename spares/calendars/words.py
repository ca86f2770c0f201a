"""The slice's words that more than one page needs: what days are called, what was done, and the refusals' sentences."""

from datetime import date

from flask_babel import format_date
from flask_babel import lazy_gettext as _l

from spares.accounts.words import ACTIONS
from spares.calendars.models import DayStatus
from spares.calendars.year_view import DayKind
from spares.web import explains

KINDS = {
    DayKind.WORKING: _l("Working day"),
    DayKind.WEEKEND: _l("Weekend"),
    DayKind.HOLIDAY: _l("Holiday"),
    DayKind.MAKEUP: _l("Make-up workday"),
    DayKind.OPENED: _l("Open by hand"),
    DayKind.CLOSED: _l("Closed by hand"),
}

MARKS = {
    DayKind.HOLIDAY: _l("hol"),
    DayKind.MAKEUP: _l("m-up"),
    DayKind.OPENED: _l("open"),
    DayKind.CLOSED: _l("shut"),
}
"""What stands under a day of the year's grid, so that no meaning hangs on the colour."""

STATUSES = {
    DayStatus.CLOSED: _l("Closed, not a working day"),
    DayStatus.OPEN: _l("Open, a working day"),
    DayStatus.LIBRARY: _l("As in the official calendar"),
}


def month_names() -> list[str]:
    """January to December in the reader's language."""
    return [format_date(date(2001, month, 1), "LLLL") for month in range(1, 13)]


def weekday_names() -> list[str]:
    """Monday to Sunday, short, in the reader's language."""
    return [format_date(date(2001, 1, day), "ccc") for day in range(1, 8)]


ACTIONS.update(
    {
        "depot_added": _l("Depot added"),
        "depot_changed": _l("Depot changed"),
        "days_set": _l("Days set by hand"),
        "notice_imported": _l("Holiday notice imported"),
        "setting_changed": _l("Setting changed"),
    }
)

explains(
    {
        "closed_then": _l("%(why)s Choose another time, or tick that it is meant."),
        "no_depot": _l("There is no depot yet. An administrator adds the first one."),
        "no_such_depot": _l("There is no such depot."),
        "depot_code_unusable": _l("Use letters A to Z, digits and hyphens."),
        "depot_code_taken": _l("Another depot has the code %(taken)s."),
        "name_missing": _l("Enter a name."),
        "text_missing": _l("Enter a text."),
        "text_not_printable": _l("The text holds characters that cannot be printed."),
        "time_zone_unknown": _l("There is no time zone of the name %(name)s."),
        "clocks_change_while_open": _l("In this time zone the clocks change while the depot is open."),
        "closes_before_opening": _l("The depot must close after it opens."),
        "cutoff_outside_hours": _l("The cut-off must lie between opening and closing."),
        "morning_outside_hours": _l("This must lie after opening, and at closing at the latest."),
        "source_missing": _l("Enter where the notice is from."),
        "days_backwards": _l("The last day is before the first one."),
        "too_many_days": _l("Set at most %(limit)s days at once."),
        "nothing_to_take_back": _l("Nothing was set by hand for these days, so there is nothing to take back."),
        "year_out_of_range": _l("Choose a year from %(first)s to %(last)s."),
        "notice_refused": _l("The notice was not imported: these rows must be corrected first (%(count)s)."),
        "notice_empty": _l("The notice has no rows."),
        "notice_too_long": _l("A notice has at most %(limit)s rows."),
        "notice_day_unreadable": _l("Line %(line)s: “%(value)s” is not a day such as 2027-01-01."),
        "notice_status_unknown": _l("Line %(line)s: “%(value)s” is neither off nor work."),
        "notice_day_outside": _l("Line %(line)s: %(day)s is not between %(first)s and %(last)s."),
        "notice_day_repeated": _l("Line %(line)s: %(day)s stands in line %(earlier)s already."),
        "notice_work_on_weekday": _l(
            "Line %(line)s: %(day)s is a day from Monday to Friday, which is worked anyway; only weekend days can be "
            "make-up workdays."
        ),
        "notice_name_too_long": _l("Line %(line)s: the name has more than %(limit)s characters."),
        "pattern_broken": _l("This is not a regular expression."),
        "pattern_too_costly": _l(
            "Matching this expression could take too long. Use characters, classes and limited repetitions, without "
            "repeated groups."
        ),
        "number_out_of_range": _l("Enter a number from %(first)s to %(last)s."),
        "currency_unknown": _l("Use the three letters of a currency, such as CNY."),
        "idle_longer_than_session": _l("This is longer than a session may last."),
    }
)
