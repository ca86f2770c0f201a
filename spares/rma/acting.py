"""How a form of this slice acts: once, and back to where its result is shown."""

from collections.abc import Callable

from flask import g, redirect, request
from flask.typing import ResponseReturnValue

from spares.accounts.guard import current_actor
from spares.cases import services as cases
from spares.cases.timeline import lock_case
from spares.errors import SparesError
from spares.files.storage import Upload, store
from spares.once import perform_once, perform_once_for
from spares.web import explain, fresh_key


def once(act: Callable[[], str]) -> ResponseReturnValue:
    """Run `act`, which gives the address of its result, once for the key that the form carries, and lead there.

    Raises Invalid for a form without a key, and whatever `act` raises."""
    return redirect(perform_once(request.form.get("request_key", ""), g.now, act))


def once_to(result: str, act: Callable[[], object]) -> ResponseReturnValue:
    """As `once`, for an act whose result is at a known address."""
    return redirect(perform_once_for(result, request.form.get("request_key", ""), g.now, act))


def page_key() -> str:
    """The key for the page's form: the one it was sent with when it is shown again, else a new one."""
    return request.form.get("request_key") or fresh_key()


def seen_version() -> str | None:
    """The version of the record that the page was made from, as its form says."""
    return request.form.get("version")


def refusal_of(act: Callable[[], ResponseReturnValue]) -> tuple[ResponseReturnValue | None, str, int]:
    """For the buttons of a page: the answer of `act`, or the words and the status of its refusal."""
    try:
        return act(), "", 200
    except SparesError as error:
        if error.status in {403, 404}:
            raise
        return None, explain(error), error.status


def attach_uploads(sent: list[Upload], case_id: int, purpose: str, *, blame: str) -> None:
    """Put what came with a form on the case, in the form's own transaction. Raises Invalid at the field `blame`."""
    if not sent:
        return
    case = lock_case(case_id, current_actor())
    for upload in sent:
        stored = store(upload, by=current_actor().id, now=g.now, blame=blame)
        cases.attach(case, stored.id, stored.name, purpose, actor=current_actor(), now=g.now)
