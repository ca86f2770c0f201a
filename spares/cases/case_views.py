"""Cases: the list, one case with all that belongs to it, and what can be done to it."""

from flask import g, render_template

from spares.accounts.access import Permission
from spares.accounts.guard import allow, current_actor
from spares.cases import queries
from spares.cases.panels import panels_of
from spares.cases.routes import routes
from spares.cases.timeline import entries, is_whole
from spares.cases.words import told


@routes.get("/cases")
@allow(Permission.CASES_SEE)
def case_list() -> str:
    """Cases."""
    return render_template("cases/case_list.html")


@routes.get("/cases/<int:case_id>")
@allow(Permission.CASES_SEE)
def case_show(case_id: int) -> str:
    """One case."""
    case = queries.case_seen(case_id, current_actor())
    return render_template(
        "cases/case_show.html",
        case=case,
        entries=[told(entry) for entry in entries(case.id)],
        whole=is_whole(case),
        panels=panels_of(case, current_actor(), g.now),
    )
