"""The slice's forms. They say what may be typed; the services decide whether it is right."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import EmailField, HiddenField, PasswordField, SelectField, StringField, TelField
from wtforms.validators import InputRequired, Length, Optional

from spares.accounts.models import Role
from spares.accounts.passwords import LEAST
from spares.accounts.words import ROLES
from spares.errors import Invalid


class SignInForm(FlaskForm):  # type: ignore[misc]
    """Name and password, and where to go afterwards."""

    username = StringField(
        _l("User name"),
        [InputRequired(), Length(max=200)],
        render_kw={"autocomplete": "username", "autocapitalize": "off", "spellcheck": "false"},
    )
    password = PasswordField(
        _l("Password"), [InputRequired(), Length(max=1000)], render_kw={"autocomplete": "current-password"}
    )
    next = HiddenField()


class _NewPassword(FlaskForm):  # type: ignore[misc]
    password = PasswordField(
        _l("New password"),
        [InputRequired(), Length(max=1000)],
        description=_l("At least %(least)s characters. Any characters may be used, spaces too.", least=LEAST),
        render_kw={"autocomplete": "new-password"},
    )
    repeat = PasswordField(
        _l("New password again"), [InputRequired(), Length(max=1000)], render_kw={"autocomplete": "new-password"}
    )

    def checked_password(self) -> str:
        """The new password. Raises Invalid when it was not typed twice alike."""
        if self.password.data != self.repeat.data:
            raise Invalid("password_repeat_differs", field="repeat")
        return str(self.password.data)


class PasswordSetForm(_NewPassword):
    """A new password, by a one-time link."""


class PasswordChangeForm(_NewPassword):
    """A new password, by a person who knows the present one."""

    current = PasswordField(
        _l("Current password"),
        [InputRequired(), Length(max=1000)],
        render_kw={"autocomplete": "current-password"},
    )


def _role_choices() -> list[tuple[str, Any]]:
    return [("", ""), *((role.value, words) for role, words in ROLES.items())]


class UserForm(FlaskForm):  # type: ignore[misc]
    """What an administrator says about a person."""

    display_name = StringField(_l("Full name"), [InputRequired(), Length(max=80)], render_kw={"autocomplete": "off"})
    role = SelectField(_l("Role"), [InputRequired()], choices=_role_choices)
    email = EmailField(_l("E-mail"), [Optional(), Length(max=200)], render_kw={"autocomplete": "off"})
    phone = TelField(_l("Phone"), [Optional(), Length(max=40)], render_kw={"autocomplete": "off"})

    def role_chosen(self) -> Role:
        """The role; only after the form was found valid."""
        return Role(self.role.data)


class UserNewForm(UserForm):
    """A new person."""

    username = StringField(
        _l("User name"),
        [InputRequired(), Length(max=80)],
        description=_l("For signing in. It cannot be changed later."),
        render_kw={"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"},
    )
