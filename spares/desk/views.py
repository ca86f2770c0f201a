"""Each person's first screen, and the box that takes any scan."""

from flask import render_template, request, url_for
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from spares.accounts.guard import allow, current_actor
from spares.desk import scan
from spares.desk.home import warehouse_home
from spares.desk.navigation import FIRST_SCREENS
from spares.desk.words import KINDS
from spares.labels.queries import read
from spares.web import Routes

routes = Routes()


@routes.get("/")
@allow()
def home() -> str | Response:
    """The first screen of the person's role: the warehouse's day, or the list that the role works from."""
    role = current_actor().role
    first = FIRST_SCREENS[role] if role is not None else "home"
    return warehouse_home() if first == "home" else redirect(url_for(first))


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
