"""Each person's first screen, and the box that takes any scan."""

from flask import render_template

from spares.accounts.guard import allow
from spares.web import Routes

routes = Routes()


@routes.get("/")
@allow()
def home() -> str:
    """The start page of the person's role."""
    return render_template("desk/home.html")


@routes.get("/scan")
@allow()
def scan_go() -> str:
    """Open whatever the scanned or typed number names."""
    return render_template("desk/home.html")
