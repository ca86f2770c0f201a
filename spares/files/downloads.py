"""How a file is handed over so that the browser saves it under its own name."""

import re
import unicodedata
from urllib.parse import quote

_NOT_PLAIN = re.compile(r"[^A-Za-z0-9!#$&+.^_`|~ ()\[\]{},=@-]")
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,10}$")
_KEPT_BY_RFC_8187 = "!#$&+-.^_`|~"
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f/\\\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def content_disposition(filename: str) -> str:
    """The value of the Content-Disposition header that saves a response as `filename` (RFC 6266).

    The plain form is an ASCII stand-in for old clients; the encoded one carries the name exactly. Line breaks, path
    separators and marks that turn the direction of writing are taken out."""
    name = _CONTROL.sub("_", filename).strip() or "download"
    match = _SUFFIX.search(name)
    suffix = match[0] if match else ""
    stem = name.removesuffix(suffix)
    folded = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode()
    plain = _NOT_PLAIN.sub("_", folded).strip(" .-_") or "download"
    header = f'attachment; filename="{plain}{suffix}"'
    if plain + suffix == name:
        return header
    encoded = quote(name.encode("utf-8", "replace"), safe=_KEPT_BY_RFC_8187)
    return f"{header}; filename*=UTF-8''{encoded}"
