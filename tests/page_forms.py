"""The forms of a page, as a browser would send them: for tests that try every form of the product."""

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class PageForm:
    """A form that posts: where to, its fields with the values that the page gives them, each field's kind (the type of an
    input, `select` or `textarea`), and what a field that offers a choice offers."""

    action: str
    fields: dict[str, list[str]] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)
    whole: bool = True
    """False for what a script sends of the form around it, to show something while it is filled in."""

    def add(self, name: str, kind: str, value: str | None) -> None:
        """Note a field; one without a value is known and sends none."""
        self.kinds.setdefault(name, kind)
        values = self.fields.setdefault(name, [])
        if value is not None:
            values.append(value)


def forms_of(page: str, address: str) -> list[PageForm]:
    """The forms of the page at `address` that post, and one more for each element that posts by script from inside one."""
    reader = _Reader(address)
    reader.feed(page)
    return reader.found


class _Reader(HTMLParser):
    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address
        self.found: list[PageForm] = []
        self._by_id: dict[str, PageForm] = {}
        self._form: PageForm | None = None
        self._select: tuple[PageForm, str] | None = None
        self._text: tuple[PageForm, str] | None = None
        self._typed = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A form begins, or one of its fields."""
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._begin(given)
        if "hx-post" in given:
            # The script sends the fields of the form around it, which are known when the page has been read: share them.
            around = self._form
            self.found.append(
                PageForm(given["hx-post"], around.fields, around.kinds, around.choices, whole=False)
                if around
                else PageForm(given["hx-post"])
            )
        form = self._by_id.get(given["form"]) if "form" in given else self._form
        name = given.get("name", "")
        if form is None:
            return
        if tag == "option" and self._select is not None:
            owner, select = self._select
            owner.choices.setdefault(select, []).append(given.get("value", ""))
            if "selected" in given or not owner.fields[select]:
                owner.fields[select] = [given.get("value", "")]
        elif not name:
            return
        elif tag == "input":
            kind = given.get("type", "text")
            sent = kind not in {"checkbox", "radio"} or "checked" in given
            if kind in {"checkbox", "radio"}:
                form.choices.setdefault(name, []).append(given.get("value", ""))
            form.add(name, kind, given.get("value", "") if sent and kind not in {"file", "submit"} else None)
        elif tag == "select":
            form.add(name, "select", None)
            self._select = (form, name)
        elif tag == "textarea":
            self._text, self._typed = (form, name), ""
        elif tag == "button":
            form.add(name, "button", None)

    def handle_endtag(self, tag: str) -> None:
        """A form or a field ends."""
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = None
        elif tag == "textarea" and self._text is not None:
            form, name = self._text
            # A browser drops the line end that follows the tag.
            form.add(name, "textarea", self._typed.removeprefix("\r\n").removeprefix("\n"))
            self._text = None

    def handle_data(self, data: str) -> None:
        """What stands in a text area."""
        if self._text is not None:
            self._typed += data

    def _begin(self, given: dict[str, str]) -> None:
        if given.get("method", "").lower() != "post":
            return
        self._form = PageForm(given.get("action") or self.address)
        self.found.append(self._form)
        if "id" in given:
            self._by_id[given["id"]] = self._form
