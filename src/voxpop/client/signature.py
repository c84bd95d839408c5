"""The signature that proves to the widget's API which user a page belongs to."""

import base64
import hashlib
import hmac
from typing import Literal


def sign(secret: str, kind: Literal["email", "guid"], value: str, expires: int) -> str:
    """Signs a user for the widget until `expires`, in Unix seconds, at most 24 hours ahead.

    The value is the user's address or id exactly as the page sends it. The secret is the workspace's widget secret,
    which must stay on the server.
    """
    if kind not in ("email", "guid"):
        raise ValueError(f"kind is email or guid, not {kind!r}")
    mac = hmac.digest(secret.encode(), f"{kind}:{value}\n{expires}".encode(), hashlib.sha256)
    return f"v1.{expires}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"
