"""The words of the reports."""

from typing import Any

from flask_babel import lazy_gettext as _l

from spares.rma.deadlines import AgeingBucket, ReturnState

BUCKETS: dict[AgeingBucket, Any] = {
    AgeingBucket.UP_TO_5: _l("1–5 working days"),
    AgeingBucket.UP_TO_10: _l("6–10 working days"),
    AgeingBucket.UP_TO_30: _l("11–30 working days"),
    AgeingBucket.OVER_30: _l("Over 30 working days"),
}
STATES: dict[ReturnState, tuple[Any, str]] = {
    ReturnState.NOT_SENT: (_l("Not sent"), "bad"),
    ReturnState.LATE_ON_ITS_WAY: (_l("On its way, late"), "warn"),
}
EXPLANATIONS: dict[str, Any] = {
    "report_day_unknown": _l("“%(typed)s” is no date. Write it as 2026-11-22."),
    "report_day_in_future": _l("The report can be made up to today (%(today)s); %(day)s is in the future."),
}
