"""Customers with their sites, contracts and equipment, and what forms offer while somebody types."""

from collections.abc import Callable

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from spares.accounts.access import Permission
from spares.accounts.guard import allow, current_actor
from spares.cases import queries, services
from spares.cases.case_queries import cases_of
from spares.cases.forms import ContractForm, CustomerForm, EquipmentForm, KeyedForm, SiteForm
from spares.cases.models import Customer
from spares.cases.routes import routes
from spares.cases.words import LEVELS
from spares.inventory.part_lookup import full_number, parts_beginning, parts_by_number, the_part
from spares.once import perform_once
from spares.web import PAGE_SIZE, local_day, page_number, refusal_status, refusals_on


@routes.get("/customers")
@allow(Permission.CASES_SEE)
def customer_list() -> str:
    """Customers by number."""
    text = request.args.get("q", "").strip()[:120]
    found, more = queries.customers_like(text, page_number(), PAGE_SIZE)
    return render_template("cases/customer_list.html", customers=found, more=more, page=page_number(), text=text)


@routes.get("/customers/<int:customer_id>")
@allow(Permission.CASES_SEE)
def customer_show(customer_id: int) -> str:
    """What an agent needs when this customer calls: places and people, contracts, equipment with warranty, open cases."""
    customer = queries.customer(customer_id)
    return render_template(
        "cases/customer_show.html",
        customer=customer,
        sites=queries.sites_of(customer_id),
        contracts=[(one, queries.contract_warranty(one)) for one in queries.contracts_of(customer_id)],
        devices=queries.devices_of(customer_id),
        cases=cases_of(customer_id, current_actor()),
        today=local_day(g.now),
        levels=LEVELS,
    )


@routes.form("/customers/new")
@allow(Permission.CUSTOMERS_EDIT)
def customer_new() -> ResponseReturnValue:
    """Add a customer."""
    form = CustomerForm()

    def act() -> str:
        made = services.add_customer(code=form.code.data or "", name=form.name.data or "", actor=current_actor())
        return url_for("customer_show", customer_id=made.id)

    return _acted(form, act) or _shown(form, "cases/customer_new.html", None)


@routes.form("/customers/<int:customer_id>/sites/new")
@allow(Permission.CUSTOMERS_EDIT)
def site_new(customer_id: int) -> ResponseReturnValue:
    """Add a place of the customer."""
    customer, form = queries.customer(customer_id), SiteForm()

    def act() -> str:
        services.add_site(
            customer_id,
            name=form.name.data or "",
            address=form.address.data or "",
            actor=current_actor(),
            contact_name=(form.contact_name.data or "").strip(),
            contact_phone=(form.contact_phone.data or "").strip(),
            contact_email=(form.contact_email.data or "").strip(),
            second_contact=(form.second_contact.data or "").strip(),
        )
        return url_for("customer_show", customer_id=customer_id)

    return _acted(form, act) or _shown(form, "cases/site_new.html", customer)


@routes.form("/customers/<int:customer_id>/contracts/new")
@allow(Permission.CUSTOMERS_EDIT)
def contract_new(customer_id: int) -> ResponseReturnValue:
    """Add a contract of the customer."""
    customer, form = queries.customer(customer_id), ContractForm()

    def act() -> str:
        services.add_contract(
            customer_id,
            number=form.number.data or "",
            title=form.title.data or "",
            accepted_on=form.accepted_on.data,
            warranty_ends_on=form.warranty_ends_on.data,
            actor=current_actor(),
        )
        return url_for("customer_show", customer_id=customer_id)

    return _acted(form, act) or _shown(form, "cases/contract_new.html", customer)


@routes.form("/customers/<int:customer_id>/equipment/new")
@allow(Permission.CUSTOMERS_EDIT)
def equipment_new(customer_id: int) -> ResponseReturnValue:
    """Add a device at the customer's."""
    customer, form = queries.customer(customer_id), EquipmentForm()
    form.offer(
        [(one.id, one.name) for one in queries.sites_of(customer_id)],
        [(one.id, one.number) for one in queries.contracts_of(customer_id)],
    )

    def act() -> str:
        typed = (form.part.data or "").strip()
        services.add_equipment(
            customer_id,
            part_id=the_part(parts_by_number([typed])[typed], typed, "part").id,
            serial=form.serial.data or "",
            site_id=int(form.site.data) if form.site.data else None,
            contract_id=int(form.contract.data) if form.contract.data else None,
            name=form.name.data or "",
            actor=current_actor(),
        )
        return url_for("customer_show", customer_id=customer_id)

    return _acted(form, act) or _shown(form, "cases/equipment_new.html", customer)


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


def _acted(form: KeyedForm, act: Callable[[], str]) -> ResponseReturnValue | None:
    """Where to go after the form was acted on; None when it is to be shown."""
    if form.validate_on_submit():
        with refusals_on(form):
            target = perform_once(form.request_key.data or "", g.now, act)
            flash(_("Saved."), "success")
            return redirect(target)
    return None


def _shown(form: KeyedForm, template: str, customer: Customer | None) -> ResponseReturnValue:
    page = render_template(template, form=form, customer=customer)
    return page, 200 if request.method == "GET" else refusal_status()


def _typed() -> str:
    return next(iter(request.args.values()), "")[:120]
