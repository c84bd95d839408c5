"""The errors of accounts, members and magic links."""

from voxpop.errors import AppError, Conflict


class LinkSpent(AppError):
    """The magic link is unknown, was used before or has expired; the three look alike to the caller."""

    status, type, code = 400, "BUSINESS_RULE_ERROR", "LINK_SPENT"
    message = "This link has expired or was already used."


class LastOwner(Conflict):
    """The last owner of a workspace cannot leave or change the role."""

    code = "LAST_OWNER"
    message = "A workspace needs at least one owner."
