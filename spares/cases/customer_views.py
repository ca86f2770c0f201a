"""Customers with their sites, contracts and equipment, and what forms offer while somebody types."""

from flask import render_template, request

from spares.accounts.access import Permission
from spares.accounts.guard import allow
from spares.cases import queries
from spares.cases.routes import routes
from spares.inventory.part_lookup import full_number, parts_beginning


@routes.get("/options/customers")
@allow(Permission.CASES_SEE)
def customer_options() -> str:
    """Options for a datalist: customers with the typed text in number or name. The field may have any name."""
    found, _more = queries.customers_like(_typed())
    return render_template("cases/options.html", options=[(one.code, one.name) for one in found])


@routes.get("/options/parts")
@allow(Permission.STOCK_SEE)
def part_options() -> str:
    """Options for a datalist: parts whose number begins with the typed text; the maker is added to a shared number."""
    found = parts_beginning(_typed())
    numbers = [one.part_number_key for one in found]
    return render_template(
        "cases/options.html",
        options=[
            (full_number(one) if numbers.count(one.part_number_key) > 1 else one.part_number, one.description)
            for one in found
        ],
    )


def _typed() -> str:
    return next(iter(request.args.values()), "")[:120]
