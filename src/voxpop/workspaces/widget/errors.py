"""The errors of the widget's settings."""

from voxpop.errors import Conflict
from voxpop.i18n import N_


class TwoSecrets(Conflict):
    """A workspace has two secrets at most: the current and the previous one."""

    code = "TWO_SECRETS"
    message = N_("There are two secrets already. Retire the previous one first.")
