"""Commands about people, for the first administrator and for the day nobody can sign in any more."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click
from flask import current_app
from sqlalchemy import select

from spares.accounts import services
from spares.accounts.access import SYSTEM
from spares.accounts.models import Role, User
from spares.clock import now
from spares.db import session, transaction
from spares.errors import NotFound, SparesError
from spares.web import explain


@contextmanager
def _refusals_said() -> Iterator[None]:
    try:
        yield
    except SparesError as error:
        raise click.ClickException(explain(error)) from error


@click.group(short_help="Add people, give password links, shut people out.")
def user() -> None:
    """Add people, give password links, shut people out. A refusal gives the exit code 1, a wrong option 2."""


@user.command(short_help="Add a person.")
@click.argument("username")
@click.option("--name", default="", help="The person's full name; without it the user name stands for it.")
@click.option("--role", required=True, type=click.Choice([role.value for role in Role]), help="What the person does.")
@click.option("--email", default="", help="Where messages go.")
@click.option("--phone", default="", help="Where to call.")
@click.option("--ask-password", is_flag=True, help="Ask for a password, or read it as one line of standard input.")
def add(username: str, name: str, role: str, email: str, phone: str, ask_password: bool) -> None:
    """Add a person and print a link with which the person sets a password, once and within a day.

    With --ask-password no link is made: the password is asked for, twice; when standard input is not a terminal, its
    first line is the password. A password is never taken from the command line, where others could read it."""
    password = _typed_password() if ask_password else None
    with _refusals_said(), transaction():
        person = services.add_user(
            username=username,
            display_name=name or username,
            role=Role(role),
            email=email,
            phone=phone,
            password=password,
            actor=SYSTEM,
            now=now(),
        )
        token = None if ask_password else services.make_password_link(person.id, actor=SYSTEM, now=now())
    click.echo(f"Added {person.username} ({role}).")
    if token:
        _print_link(token)


@user.command(short_help="Make a new password link.")
@click.argument("username")
def link(username: str) -> None:
    """Make a link with which USERNAME sets a new password, once and within a day. Earlier links end."""
    with _refusals_said(), transaction():
        token = services.make_password_link(_id_of(username), actor=SYSTEM, now=now())
    _print_link(token)


@user.command(short_help="Shut a person out.")
@click.argument("username")
@click.option("--reason", required=True, help="Why; it stays on record.")
def disable(username: str, reason: str) -> None:
    """Sign USERNAME out everywhere, at once, and refuse further sign-ins."""
    with _refusals_said(), transaction():
        services.disable_user(_id_of(username), reason=reason, actor=SYSTEM, now=now())
    click.echo(f"Disabled {username}.")


def _typed_password() -> str:
    if sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\r\n")


def _print_link(token: str) -> None:
    click.echo("Set the password here, once and within a day:")
    click.echo(f"{current_app.config['SPARES_BASE_URL']}/password/{token}")


def _id_of(username: str) -> int:
    found = session.scalar(select(User.id).where(User.username_key == username.strip().casefold()))
    if found is None:
        raise NotFound("username_unknown", username=username)
    return found
