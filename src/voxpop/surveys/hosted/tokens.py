"""The signed tokens in links about a survey; pure. They hold nothing but the survey's id, and are never stored."""

import base64
import hashlib
import hmac
import re
from enum import StrEnum
from uuid import UUID

from voxpop.types import SurveyId, WorkspaceId

TOKEN = re.compile(r"([0-9a-f]{32})([A-Za-z0-9_-]{43})\Z")


class Purpose(StrEnum):
    """What the bearer of a token may do. A token of one purpose is forged for the other."""

    ANSWER = "answer"
    UNSUBSCRIBE = "unsubscribe"


def sign(key: bytes, workspace: WorkspaceId, purpose: Purpose, survey: SurveyId) -> str:
    """The token: the id, and an HMAC-SHA256 by the key of the workspace."""
    text = f"{purpose}\n{workspace}\n{survey}"
    mac = hmac.digest(key, text.encode(), hashlib.sha256)
    return survey.hex + base64.urlsafe_b64encode(mac).decode().rstrip("=")


def read(key: bytes, workspace: WorkspaceId, purpose: Purpose, token: str) -> SurveyId | None:
    """The survey of a token; None if it is forged."""
    match = TOKEN.match(token)
    if match is None:
        return None
    survey = SurveyId(UUID(match[1]))
    return survey if hmac.compare_digest(sign(key, workspace, purpose, survey), token) else None
