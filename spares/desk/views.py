"""Each person's first screen, and the box that takes any scan."""

from flask import render_template, request, url_for
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from spares.accounts.guard import allow, current_actor
from spares.accounts.models import Role
from spares.desk import scan
from spares.desk.home import warehouse_home
from spares.desk.words import KINDS
from spares.labels.queries import read
from spares.web import Routes

routes = Routes()

FIRST_SCREENS = {
    Role.ENGINEER: "case_list",
    Role.RMA_ADMIN: "rma_list",
    Role.FINANCE: "overdue_show",
    Role.MANAGER: "figures_show",
    Role.ADMINISTRATOR: "user_list",
}


@routes.get("/")
@allow()
def home() -> str | Response:
    """The first screen of the person's role: the warehouse's day, or the list that the role works from."""
    actor = current_actor()
    if actor.role in FIRST_SCREENS:
        return redirect(url_for(FIRST_SCREENS[actor.role]))
    return warehouse_home()


@routes.get("/scan")
@allow()
def scan_go() -> str | Response | tuple[str, int]:
    """Open what the scanned or typed text names; ask when it names several things, and say so when it names none."""
    reading = read(request.args.get("q", ""))
    typed = reading.text
    path = scan.path_of(typed)
    if path is not None:
        return redirect(path)
    hits = scan.of_part(scan.find(typed), reading.part)
    arrival = scan.receiving(typed, hits, current_actor())
    if arrival is not None:
        return redirect(url_for("return_receive", **arrival))
    if len(hits) == 1:
        return redirect(url_for(hits[0].endpoint, **hits[0].args))
    return render_template("desk/scan.html", hits=hits, scan_text=typed.strip()[: scan.LONGEST], kinds=KINDS)
