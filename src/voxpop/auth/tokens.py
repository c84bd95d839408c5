"""API keys and opaque tokens as text: made, parsed, and checked against the hash of their secret. Pure."""

import base64
import hashlib
import hmac
import re
import secrets
from typing import NamedTuple
from uuid import UUID

from voxpop.errors import Unauthorized
from voxpop.types import Actor, KeyId, Scope
from voxpop.workspaces.models import ActiveKey

# vxp_<id>_<secret>: the id finds the row. The secret has 256 random bits, so no slow hash is needed.
API_KEY = re.compile(r"vxp_([0-9a-f]{32})_([A-Za-z0-9_-]{43})\Z")

# The key of a page: its origins say where it works, because any visitor can read it.
PUBLISHABLE_KEY = re.compile(r"pk_([0-9a-f]{32})_([A-Za-z0-9_-]{43})\Z")

# The same without the prefix, for session cookies and magic links.
TOKEN = re.compile(r"([0-9a-f]{32})([A-Za-z0-9_-]{43})\Z")


class OpaqueToken(NamedTuple):
    """An id that finds a row, and a secret that proves the bearer."""

    id: UUID
    secret: str

    def __str__(self) -> str:
        return f"{self.id.hex}{self.secret}"

    def matches(self, secret_hash: bytes) -> bool:
        """Whether the stored hash is that of this token's secret."""
        return _matches(self.secret, secret_hash)


class ApiKey(NamedTuple):
    """An API key as its bearer sends it."""

    id: KeyId
    secret: str

    def __str__(self) -> str:
        return f"vxp_{self.id.hex}_{self.secret}"

    def matches(self, secret_hash: bytes) -> bool:
        """Whether the stored hash is that of this key's secret."""
        return _matches(self.secret, secret_hash)


class PublishableKey(NamedTuple):
    """A publishable key as a page sends it."""

    id: KeyId
    secret: str

    def matches(self, secret: str) -> bool:
        """Whether the stored secret is that of this key."""
        return hmac.compare_digest(self.secret, secret)


def new_token(token_id: UUID) -> OpaqueToken:
    """A token with this id and a new random secret."""
    return OpaqueToken(token_id, new_secret())


def parse_token(text: str | None) -> OpaqueToken | None:
    """The token in a cookie or link; None for any other text."""
    match = TOKEN.match(text or "")
    return OpaqueToken(UUID(match[1]), match[2]) if match else None


def new_api_key(key_id: KeyId) -> ApiKey:
    """An API key with this id and a new random secret."""
    return ApiKey(key_id, new_secret())


def parse_api_key(authorization: str | None) -> ApiKey:
    """The API key of an Authorization header; Unauthorized unless it is a well-formed bearer token."""
    match = API_KEY.match(_bearer_token(authorization))
    if match is None:
        raise Unauthorized
    return ApiKey(KeyId(UUID(match[1])), match[2])


def parse_publishable_key(authorization: str | None) -> PublishableKey | None:
    """The publishable key of an Authorization header; None for any other text."""
    match = PUBLISHABLE_KEY.match(_bearer_token(authorization))
    return PublishableKey(KeyId(UUID(match[1])), match[2]) if match else None


def _bearer_token(authorization: str | None) -> str:
    """Empty for another scheme."""
    scheme, _, text = (authorization or "").partition(" ")
    return text.strip() if scheme.lower() == "bearer" else ""


def actor_of(known: ActiveKey) -> Actor:
    """The actor behind a key."""
    return Actor(known.workspace_id, f"key:{known.name}", frozenset(map(Scope, known.scopes)))


def hash_secret(secret: str) -> bytes:
    """The hash to store instead of the secret."""
    return hashlib.sha256(secret.encode()).digest()


def _matches(secret: str, secret_hash: bytes) -> bool:
    return hmac.compare_digest(hash_secret(secret), secret_hash)


def new_secret() -> str:
    """A random secret of 256 bits as text."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")
