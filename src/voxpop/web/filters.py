"""Small filters for templates that belong to no domain."""

import re

from markupsafe import Markup

from voxpop.markup import fill

BDI = Markup("<bdi>{text}</bdi>")
MAXLENGTH = Markup('maxlength="{units}" data-characters="{characters}"')
# Forms that change something, and their controls. Buttons of the type "button" only open and close.
CHANGING_FORM = re.compile(r"""<form\b[^>]*\smethod="post".*?</form>""", re.DOTALL)
CONTROL = re.compile(r"""<(?:button|input|select|textarea)\b(?![^>]*\stype="(?:button|hidden)")(?![^>]*\sdisabled)""")
# Menus and dialogs with such a form, menus within one, and the buttons that open them.
POPOVER = re.compile(r"""<(?P<tag>form|dialog)\b[^>]*\sid="(?P<id>[^"]+)".*?</(?P=tag)>""", re.DOTALL)
MENU = re.compile(r"""<(?:div|span)\b(?=[^>]*\spopover\b)[^>]*\sid="([^"]+)\"""")
OPENER = re.compile(r"""<button\b(?=[^>]*\spopovertarget="(?P<id>[^"]+)")(?![^>]*\spopovertargetaction="hide")""")


def initials(name: str) -> str:
    """The first letters of the first and the last word, for example `AS` for Ann Mary Smith."""
    words = name.split()
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()


def who(name: str) -> Markup:
    """The name of a caller in an audit column, without what kind of caller it is."""
    return bdi(name.partition(":")[2] or name)


def bdi(text: str) -> Markup:
    """A name within a sentence. Its direction, which its letters decide, does not touch the sentence."""
    return fill(BDI, text=text)


def disable_forms(page: Markup, is_read_only: bool) -> Markup:
    """The page of a visitor who changes nothing: forms that change something have no control that can be used."""
    if not is_read_only:
        return page
    closed = {popover["id"] for popover in POPOVER.finditer(page) if CHANGING_FORM.search(popover[0])}
    closed.update(found for form in CHANGING_FORM.findall(page) for found in MENU.findall(form))
    text = CHANGING_FORM.sub(lambda form: CONTROL.sub(r"\g<0> disabled", form[0]), page)
    text = OPENER.sub(lambda button: button[0] + " disabled" * (button["id"] in closed), text)
    return Markup(text)  # noqa: S704 - it was markup before


def maxlength(characters: int) -> Markup:
    """The attributes of a field for so many characters.

    Browsers count UTF-16 units, of which a character has one or two. So the field takes twice as many, and the script
    of the pages counts characters, as the server does.
    """
    return fill(MAXLENGTH, units=2 * characters, characters=characters)
