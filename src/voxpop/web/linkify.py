"""Web addresses in what people wrote, as links; pure, and in time that grows with the text only."""

import re

from markupsafe import Markup, escape

ADDRESS = re.compile(r"https?://[^\s<>\"]+")
LINK = Markup('<a href="{}" rel="nofollow noreferrer">{}</a>')
AFTER = ".,;:!?)]}'»”’…"  # what ends a sentence around an address


def linked(text: str) -> Markup:
    """The text, escaped, with each address a link that tells the other site nothing."""
    parts, at = [], 0
    for found in ADDRESS.finditer(text):
        address = found[0].rstrip(AFTER)
        parts += [escape(text[at : found.start()]), LINK.format(address, address)]
        at = found.start() + len(address)
    return Markup("").join([*parts, escape(text[at:])])
