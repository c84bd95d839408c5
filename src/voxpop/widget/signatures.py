"""Signatures of users: `v1.<expires>.<mac>`, made on the customer's server; pure.

The MAC is HMAC-SHA256 over the kind and the value of the user as sent, and the time of expiry in Unix seconds.
"""

import base64
import hmac
import re
from collections.abc import Iterable

from voxpop.widget.errors import SignatureExpired, SignatureInvalid

SIGNATURE = re.compile(r"v1\.([0-9]{1,12})\.([A-Za-z0-9_-]{43})\Z")
MAX_AGE, TOLERANCE = 24 * 3600, 60  # seconds that a signature may be valid for; by which clocks may differ


def sign(secret: str, kind: str, value: str, expires: int | str) -> str:
    """The signature of a user. `kind` is `email` or `guid`."""
    text = f"{kind}:{value}\n{expires}"
    mac = hmac.digest(secret.encode(), text.encode(), "sha256")
    return f"v1.{expires}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"


def check_signature(signature: str | None, kind: str, value: str, secrets: Iterable[str], now: float) -> None:
    """SignatureInvalid unless one of the secrets made it for this user; SignatureExpired if its time is over."""
    match = SIGNATURE.match(signature or "")
    if match is None or int(match[1]) > now + MAX_AGE + TOLERANCE:
        raise SignatureInvalid
    if not any(hmac.compare_digest(match[0], sign(secret, kind, value, match[1])) for secret in secrets):
        raise SignatureInvalid
    if int(match[1]) <= now:
        raise SignatureExpired
