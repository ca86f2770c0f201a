"""The words for what can be wrong with an attachment, ready for `spares.web.explains`."""

from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _

_MEGABYTE = 1024 * 1024

WORDS: dict[str, Any] = {
    "attachment_empty": _("The attachment is empty."),
    "attachment_too_large": lambda facts: gettext(
        "The attachment is larger than %(limit)s MB. Make it smaller or split it.", limit=facts["limit"] // _MEGABYTE
    ),
    "attachment_unpacks_too_large": lambda facts: gettext(
        "The workbook would have more than %(limit)s MB when it is opened.", limit=facts["limit"] // _MEGABYTE
    ),
    "attachment_kind_refused": _("Attachments of the kind “%(found)s” are not accepted. Allowed: %(allowed)s."),
    "attachment_not_what_it_says": _("The attachment is called %(claimed)s, but its content is of the kind %(found)s."),
    "attachment_broken": _("The attachment is damaged (%(found)s)."),
    "attachment_image_too_large": _(
        "The picture has %(width)s × %(height)s pixels, more than the %(limit)s that are allowed. Make it smaller first."
    ),
}
