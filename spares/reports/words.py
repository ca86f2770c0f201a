"""The words of the reports."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from spares.reports.overdue import OverdueReport
from spares.rma.deadlines import AgeingBucket, ReturnState

BUCKETS: dict[AgeingBucket, Any] = {
    AgeingBucket.UP_TO_5: _l("1–5 working days"),
    AgeingBucket.UP_TO_10: _l("6–10 working days"),
    AgeingBucket.UP_TO_30: _l("11–30 working days"),
    AgeingBucket.OVER_30: _l("Over 30 working days"),
}
SPANS: dict[AgeingBucket, str] = {
    AgeingBucket.UP_TO_5: "1–5",
    AgeingBucket.UP_TO_10: "6–10",
    AgeingBucket.UP_TO_30: "11–30",
    AgeingBucket.OVER_30: "> 30",
}
"""The buckets where a heading already says "working days overdue": a chart on a phone has no room for the words."""
STATES: dict[ReturnState, tuple[Any, str]] = {
    ReturnState.NOT_SENT: (_l("Not sent"), "bad"),
    ReturnState.LATE_ON_ITS_WAY: (_l("On its way, late"), "warn"),
}
SEPARATOR = " · "
"""Between the names of filters: a state may have a comma in its words."""
EXPLANATIONS: dict[str, Any] = {
    "report_day_unknown": _l("“%(typed)s” is no date. Write it as 2026-11-22."),
    "report_day_too_early": _l(
        "The report can be made from %(first)s on; %(day)s is earlier. Choose another day: here is today."
    ),
    "report_day_in_future": _l("The report can be made up to today (%(today)s); %(day)s is in the future."),
}


def filter_names(report: OverdueReport) -> list[str]:
    """What the filters in force name, as the screen's lists do: a customer, a depot, an ageing, a state."""
    filters = report.filters
    return [
        *([report.customers[filters.customer_id]] if filters.customer_id is not None else []),
        *([report.depots[filters.depot_id]] if filters.depot_id is not None else []),
        *([str(BUCKETS[filters.bucket])] if filters.bucket is not None else []),
        *([str(STATES[filters.state][0])] if filters.state is not None else []),
    ]


def filter_line(report: OverdueReport) -> str:
    """The filters in force in a sentence, so that a part of the report is never read as the whole."""
    names = filter_names(report)
    if not names:
        return str(_("Filters: none; these are all overdue returns of that day."))
    line: str = _(
        "Filters: %(filters)s. They leave %(shown)d of %(all)d overdue lines.",
        filters=SEPARATOR.join(names),
        shown=report.total.lines,
        all=report.overdue,
    )
    return line
