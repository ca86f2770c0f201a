"""The page of one case, shown as it is and shown again when something about it was refused."""

from typing import Any

from flask import g, render_template

from spares.accounts.guard import current_actor
from spares.accounts.queries import names
from spares.cases import queries
from spares.cases.clock_words import clock_words
from spares.cases.forms import AttachForm, NoteForm
from spares.cases.models import CaseState
from spares.cases.panels import panels_of
from spares.cases.timeline import entries, is_whole
from spares.cases.words import LEVELS, STATES, purpose_words, told


def case_page(case_id: int, *, note: NoteForm | None = None, files: AttachForm | None = None, **refused: Any) -> str:
    """The whole page. `note` and `files` are forms that were refused, with their errors; `refused` the words (`error`)
    and text (`typed`) of a closing that was. Raises NotFound for a case that the person may not see."""
    actor = current_actor()
    case = queries.case_seen(case_id, actor)
    confirmations = queries.confirmations_of(case_id)
    first = min((found[0].confirmed_at for found in confirmations), default=None)
    listed = entries(case_id)
    is_open = case.state is CaseState.OPEN
    return render_template(
        "cases/case_show.html",
        case=case,
        device=queries.device(case.equipment_id) if case.equipment_id else None,
        contract=queries.contract(case.contract_id) if case.contract_id else None,
        people=names({one for one in (case.assigned_to_id, case.opened_by_id) if one}),
        clock=clock_words(case.opened_at, case.level, first, g.now) if is_open or first else None,
        confirmations=confirmations,
        attachments=queries.attachments_of(case_id),
        entries=[told(entry) for entry in reversed(listed)],
        whole=is_whole(case, listed),
        panels=panels_of(case, actor, g.now),
        note=note or NoteForm(formdata=None),
        files=files or AttachForm(formdata=None),
        is_open=is_open,
        levels=LEVELS,
        states=STATES,
        purpose_words=purpose_words,
        refused=refused,
    )
