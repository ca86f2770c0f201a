"""The words for what can be wrong with an attachment, ready for `spares.web.explains`."""

from typing import Any

from flask_babel import lazy_gettext as _

WORDS: dict[str, Any] = {
    "attachment_empty": _("The attachment is empty."),
    "attachment_too_large": _("The attachment has %(size)s bytes; at most %(limit)s are allowed."),
    "attachment_kind_refused": _("Attachments of the kind “%(found)s” are not accepted. Allowed: %(allowed)s."),
    "attachment_not_what_it_says": _("The attachment is called %(claimed)s, but its content is of the kind %(found)s."),
    "attachment_broken": _("The attachment is damaged (%(found)s)."),
    "attachment_image_too_large": _(
        "The picture has %(width)s × %(height)s pixels, more than the %(limit)s that are allowed. Make it smaller first."
    ),
}
