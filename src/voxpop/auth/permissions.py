"""The permissions of actors and members; pure."""

from voxpop.accounts.models import Role
from voxpop.errors import Forbidden
from voxpop.types import Actor, Scope


def require_scope(actor: Actor, scope: Scope) -> None:
    """Forbidden unless the actor has that scope."""
    if scope not in actor.scopes:
        raise Forbidden(f"This needs a key with the scope '{scope}'")


def may_manage(manager: Role, role: Role) -> bool:
    """Whether a member with the first role may grant or revoke the second. Only owners manage owners."""
    return manager == Role.OWNER or (manager == Role.ADMIN and role != Role.OWNER)
