"""The errors of authentication."""

from voxpop.errors import Forbidden


class OriginNotAllowed(Forbidden):
    """A page of this origin may not call with this key."""

    code = "ORIGIN_NOT_ALLOWED"
    message = (
        "This key cannot be used from this origin. A publishable key works on the pages of its origins only, other "
        "keys on no page."
    )
