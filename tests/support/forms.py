"""The forms of a page as a browser sends them when a user changes nothing, and the errors that a page shows."""

import re
from html.parser import HTMLParser
from typing import Any

from msgspec import Struct, field

VOID_OF_VALUE = {"submit", "button", "image", "reset", "password"}


class PageForm(Struct):
    """A form: its address, the values that are sent, and whether it shows something that is stored."""

    action: str
    method: str
    values: list[tuple[str, str]] = field(default_factory=list)
    shows_stored: bool = False
    lacks_required: bool = False

    @property
    def is_editor(self) -> bool:
        """Whether the form edits what is stored; others create something, or act."""
        return self.method == "post" and self.shows_stored and not self.lacks_required


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[PageForm] = []
        self._select = ""
        self._options: list[tuple[str, bool]] = []
        self._open = False
        self._area: dict[str, str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = True
            self.forms.append(PageForm(given.get("action", ""), given.get("method", "get")))
        elif self._open and tag == "input":
            self._add_input(given)
        elif self._open and tag == "button" and given.get("aria-current") and "name" in given:
            self._add(given["name"], given.get("value", ""), stored=True)
        elif self._open and tag == "textarea":
            self._area = given | {"text": ""}
        elif tag == "select":
            self._select, self._options = given.get("name", ""), []
        elif tag == "option":
            self._options.append((given.get("value", ""), "selected" in given))

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self._area["text"] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._area is not None:
            text = self._area["text"].removeprefix("\n")  # as browsers read it
            self.forms[-1].lacks_required |= "required" in self._area and not text
            self._add(self._area["name"], text, stored=bool(text))
            self._area = None
        if tag == "form":
            self._open = False
        elif tag == "select" and self._open and self._select and self._options:
            chosen = next((value for value, selected in self._options if selected), self._options[0][0])
            self._add(self._select, chosen, stored=True)

    def _add_input(self, given: dict[str, str]) -> None:
        kind, value = given.get("type", "text"), given.get("value", "")
        if "required" in given and not value:
            self.forms[-1].lacks_required = True
        if "name" not in given or kind in VOID_OF_VALUE:
            return
        if kind in ("checkbox", "radio"):
            if "checked" in given:
                self._add(given["name"], value or "on", stored=True)
        else:
            self._add(given["name"], value, stored=kind != "hidden" and bool(value))

    def _add(self, name: str, value: str, *, stored: bool) -> None:
        self.forms[-1].values.append((name, value))
        self.forms[-1].shows_stored |= stored


class _Controls(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.enabled: list[str] = []
        self._action: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self._action = given.get("action") if given.get("method") == "post" else None
        is_control = tag in ("button", "input", "select", "textarea") and given.get("type") not in ("button", "hidden")
        if is_control and self._action is not None and "disabled" not in given:
            self.enabled.append(self._action)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._action = None


def enabled_actions(page: str) -> set[str]:
    """The addresses of the forms that change something and have a control that can be used."""
    parser = _Controls()
    parser.feed(page)
    return set(parser.enabled)


def forms_of(page: str) -> list[PageForm]:
    """Every form of a page, in order."""
    parser = _Forms()
    parser.feed(page)
    return parser.forms


def form_data(form: PageForm) -> dict[str, Any]:
    """The values as a client's form data; a repeated name has a list."""
    data: dict[str, Any] = {}
    for name, value in form.values:
        data.setdefault(name, []).append(value)
    return data


def field_errors(page: str) -> dict[str, str]:
    """The message at each field that has one."""
    return dict(re.findall(r'<small class="field-error" id="([\w]+)-error">([^<]+)</small>', page))
