"""Values of email headers: any text as encoded words (RFC 2047), each of which fits into a line.

The standard library's `EmailMessage` folds headers itself, and then loses spaces between encoded words.
"""

import re
from email.header import Header

from voxpop.text import DIRECTIONAL

LINE_END = "\r\n"
MAX_ENCODED_LINE = 75
# Controls, line ends and directional characters could add a header, or reorder what a reader sees.
UNSAFE = re.compile(rf"[\x00-\x1f\x7f-\x9f\u2028\u2029{DIRECTIONAL}]")
_PLAIN_TEXT = re.compile(r"[!-~]+( [!-~]+)*")
_PLAIN_NAME = re.compile(r"[\w!#$%&'*+/^`{|}~-]+( [\w!#$%&'*+/^`{|}~-]+)*", re.ASCII)


def encode_text(header: str, text: str) -> str:
    """The value of a header that is a text, for example the subject."""
    return _encode(header, text, _PLAIN_TEXT)


def encode_mailbox(header: str, name: str, address: str) -> str:
    """The value of a header that is a displayed name with an address in ASCII."""
    return f"{_encode(header, name, _PLAIN_NAME)}{LINE_END} <{address}>" if name else address


def _encode(header: str, text: str, plain: re.Pattern[str]) -> str:
    """Short ASCII text stays readable; anything that a mail program could read differently is encoded."""
    text = UNSAFE.sub(" ", text)
    fits = len(f"{header}: {text}") <= MAX_ENCODED_LINE
    if fits and plain.fullmatch(text) and "=?" not in text:
        return text
    return Header(text, "utf-8", maxlinelen=MAX_ENCODED_LINE, header_name=header).encode(linesep=LINE_END)
