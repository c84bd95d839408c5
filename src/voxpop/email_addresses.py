"""Email addresses: their syntax, and the one form in which they are compared and mailed (statement G5).

Part C of the contract has a pattern of its own, `types.EMAIL_PATTERN`.
"""

from typing import Annotated

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, ValidatedEmail, validate_email
from msgspec import Meta

from voxpop.errors import FieldError, Invalid
from voxpop.i18n import N_
from voxpop.types import MAX_EMAIL

INVALID_EMAIL = N_("Enter an email address, for example ann@example.com.")
NON_ASCII_LOCAL_PART = N_(
    "Use only Latin letters, digits and signs before the @. Email to other addresses needs SMTPUTF8."
)

EmailText = Annotated[str, Meta(max_length=MAX_EMAIL)]  # as typed; `check_email` decides whether it is an address

SPECIAL_USE_DOMAIN_NAMES.clear()  # a company may use .local, and tests use .test


def email_error(email: str) -> str | None:
    """The reason why a text is no email address that can receive email; None if it is one."""
    if len(email) > MAX_EMAIL:
        return INVALID_EMAIL
    try:
        _parse(email)
    except EmailNotValidError:
        return INVALID_EMAIL if email.rpartition("@")[0].isascii() else NON_ASCII_LOCAL_PART
    return None


def find_email(*texts: object) -> str | None:
    """The first text that is an address; None if none is."""
    addresses = (text for text in texts if isinstance(text, str) and "@" in text and email_error(text) is None)
    return next(addresses, None)


def check_email(email: str, field: str = "email") -> str:
    """The address as written. Invalid, naming the field of the body, unless it can receive email."""
    if reason := email_error(email):
        raise Invalid(f"body/{field}: {reason}", details=[FieldError(field, reason)])
    return email


def ascii_email(email: str) -> str:
    """The form for mail servers, with the domain in ASCII. ValueError unless the text is an email address."""
    ascii_form = _parse(email).ascii_email
    if ascii_form is None:
        raise ValueError(f"{email!r} has no ASCII form")
    return ascii_form


def normalize_email(email: str) -> str:
    """The form for comparisons: without case and surrounding space, and with the domain in ASCII (statement G5)."""
    stripped = email.strip()
    try:
        return ascii_email(stripped).lower()
    except ValueError:  # only searches and sign-in attempts have texts that are no addresses
        return stripped.lower()


def _parse(email: str) -> ValidatedEmail:
    return validate_email(email, allow_smtputf8=False, allow_quoted_local=True, check_deliverability=False)
