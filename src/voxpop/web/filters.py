"""Small filters for templates that belong to no domain."""

from markupsafe import Markup

from voxpop.markup import fill

BDI = Markup("<bdi>{text}</bdi>")
MAXLENGTH = Markup('maxlength="{units}" data-characters="{characters}"')


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


def maxlength(characters: int) -> Markup:
    """The attributes of a field for so many characters.

    Browsers count UTF-16 units, of which a character has one or two. So the field takes twice as many, and the script
    of the pages counts characters, as the server does.
    """
    return fill(MAXLENGTH, units=2 * characters, characters=characters)
