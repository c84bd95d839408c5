"""Keys, sessions and links as text, and who may do what; pure."""

import base64
import hashlib
import hmac
import re
import secrets
from typing import NamedTuple
from uuid import UUID

from voxpop.accounts.models import Role
from voxpop.errors import Forbidden, Unauthorized
from voxpop.types import Actor, KeyId, Scope
from voxpop.workspaces.models import KnownKey

# vxp_<id>_<secret>: the id finds the row, the secret of 256 random bits proves the bearer, so no slow hash is needed.
TOKEN = re.compile(r"vxp_([0-9a-f]{32})_([A-Za-z0-9_-]{43})\Z")


# The same without a prefix: what a session's cookie and a mailed link carry.
PASS = re.compile(r"([0-9a-f]{32})([A-Za-z0-9_-]{43})\Z")
SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 200


class OpaqueToken(NamedTuple):
    """An id that finds a row, and a secret that proves its bearer."""

    id: UUID
    secret: str

    def __str__(self) -> str:
        return f"{self.id.hex}{self.secret}"

    def matches(self, secret_hash: bytes) -> bool:
        return hmac.compare_digest(hash_secret(self.secret), secret_hash)


def new_token(ident: UUID) -> OpaqueToken:
    return OpaqueToken(ident, _new_secret())


def parse_token(text: str | None) -> OpaqueToken | None:
    match = PASS.match(text or "")
    return OpaqueToken(UUID(match[1]), match[2]) if match else None


def may_manage(manager: Role, role: Role) -> bool:
    """Whether a member may give or take that role: agents none, and only an owner that of an owner."""
    return manager == Role.OWNER or (manager == Role.ADMIN and role != Role.OWNER)


def is_weak(password: str, email: str) -> bool:
    """Too short, the address itself, or the same few letters again and again."""
    return len(password) < SHORTEST_PASSWORD or len(set(password)) < 5 or email.lower() in password.lower()


class ApiKey(NamedTuple):
    key: KeyId
    secret: str

    def __str__(self) -> str:
        return f"vxp_{self.key.hex}_{self.secret}"


def new_api_key(key: KeyId) -> ApiKey:
    return ApiKey(key, _new_secret())


def _new_secret() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")


def parse_api_key(authorization: str | None) -> ApiKey:
    """The token of an Authorization header; Unauthorized unless it is a well-formed bearer key."""
    scheme, _, text = (authorization or "").partition(" ")
    match = TOKEN.match(text.strip()) if scheme.lower() == "bearer" else None
    if match is None:
        raise Unauthorized
    return ApiKey(KeyId(UUID(match[1])), match[2])


def hash_secret(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def authenticate(token: ApiKey, key: KnownKey | None) -> Actor:
    """Who the bearer is; Unauthorized for an unknown or revoked key and for a wrong secret, all alike."""
    if key is None or not hmac.compare_digest(hash_secret(token.secret), key.secret_hash):
        raise Unauthorized
    return Actor(key.workspace_id, f"key:{key.name}", frozenset(map(Scope, key.scopes)))


def require_scope(actor: Actor, scope: Scope) -> None:
    """Forbidden unless the actor has that scope."""
    if scope not in actor.scopes:
        raise Forbidden(f"This needs a key with the scope '{scope}'")
