"""Turns the web addresses in a plain text into links; pure, and in time linear in the text's length."""

import re
from collections import Counter

from markupsafe import Markup, escape

URL = re.compile(r"https?://[^\s<>\"]+")
LINK = Markup('<a href="{}" rel="nofollow noreferrer">{}</a>')
PUNCTUATION = ".,;:!?'…。、，；：！？"  # at the end of a URL it belongs to the sentence around it
PARTNERS = {")": "(", "]": "[", "}": "{", "»": "«", "”": "“", "’": "‘", "）": "（", "】": "【", "」": "「", "》": "《"}


def linkify(text: str) -> Markup:
    """The escaped text with links. The linked site gets no referrer."""
    parts, position = [], 0
    for match in URL.finditer(text):
        url = _trimmed(match[0])
        parts += [escape(text[position : match.start()]), LINK.format(url, url)]
        position = match.start() + len(url)
    return Markup("").join([*parts, escape(text[position:])])


def _trimmed(url: str) -> str:
    """The URL without what belongs to the sentence. A closing bracket stays if its partner is in the URL."""
    unpaired, end = _unpaired_brackets(url), len(url)
    while end and (url[end - 1] in PUNCTUATION or end - 1 in unpaired):
        end -= 1
    return url[:end]


def _unpaired_brackets(url: str) -> set[int]:
    """The positions of closing brackets without an opening one before them."""
    opened = Counter[str]()
    unpaired = set[int]()
    for position, char in enumerate(url):
        partner = PARTNERS.get(char)
        if partner is None:
            opened[char] += 1
        elif opened[partner]:
            opened[partner] -= 1
        else:
            unpaired.add(position)
    return unpaired
