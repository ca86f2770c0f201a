"""The slice's words that more than one page needs: roles, browsers, and the sentences of its refusals."""

from typing import Any

from flask_babel import lazy_gettext as _l

from spares.accounts.models import Role
from spares.web import explains

ROLES = {
    Role.WAREHOUSE: _l("Warehouse"),
    Role.ENGINEER: _l("Engineer"),
    Role.RMA_ADMIN: _l("RMA administrator"),
    Role.FINANCE: _l("Finance"),
    Role.MANAGER: _l("Manager"),
    Role.ADMINISTRATOR: _l("Administrator"),
}

ENDED: dict[str, Any] = {
    "signed_in_anew": _l("Somebody has signed in anew in this browser, which ended this session."),
    "password_changed": _l("The password was changed, which ended every other session."),
    "role_changed": _l("Your role was changed, which ended the session."),
    "ended_by_owner": _l("You ended this session from another browser."),
    "ended_by_administrator": _l("An administrator ended this session."),
    "idle": _l("Nobody had used this session for a while, so it ended."),
    "too_old": _l("A session lasts only so long: this one has ended."),
}
"""Why one must sign in again, by what ended the session. A disabled person is told nothing more."""

ACTIONS: dict[str, Any] = {}
"""What audit entries say was done, by their action; filled by `spares.accounts.audit_words` and by the other slices."""

explains(
    {
        "language_unknown": _l("This language is not offered."),
        "sign_in_refused": _l("The user name or the password is not right."),
        "sign_in_wait": _l("Too many attempts. Please try again after %(until)s."),
        "username_malformed": _l("Use 2 to 80 letters, digits or . _ - + @, without spaces."),
        "username_unknown": _l("There is nobody with the user name %(username)s."),
        "username_taken": _l("The user name %(username)s is taken."),
        "display_name_missing": _l("Enter the person's name."),
        "display_name_too_long": _l("The name is longer than %(most)s characters."),
        "email_malformed": _l("This is not an e-mail address."),
        "last_administrator": _l("This is the last administrator. Make somebody else an administrator first."),
        "user_disabled": _l("This person is disabled. Enable them first."),
        "password_link_invalid": _l(
            "This link has been used, has expired or is not complete. Ask an administrator for a new one."
        ),
        "password_too_short": _l("Use at least %(least)s characters."),
        "password_too_long": _l("Use at most %(most)s characters."),
        "password_common": _l("This password is easily guessed. Choose another one, such as several unrelated words."),
        "password_made_of_names": _l("Do not make the password of your name or the names of the company or product."),
        "password_repeat_differs": _l("The two entries are not the same."),
        "current_password_wrong": _l("This is not your current password."),
        "demo_stays_here": _l(
            "This is a demo with well-known passwords. It can be opened on the machine that it runs on, and nowhere else."
        ),
    }
)

_BROWSERS = {
    "Edg/": "Edge",
    "OPR/": "Opera",
    "Firefox/": "Firefox",
    "MicroMessenger/": "WeChat",
    "Chrome/": "Chrome",
    "Safari/": "Safari",
}
_SYSTEMS = {
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Windows": "Windows",
    "Mac OS X": "macOS",
    "Linux": "Linux",
}


def browser(agent: str) -> str:
    """`Chrome, Windows` from what a browser says of itself; as it stands where it is none of the usual ones."""
    names = [next((name for mark, name in table.items() if mark in agent), "") for table in (_BROWSERS, _SYSTEMS)]
    return ", ".join(filter(None, names)) or agent[:60]
