"""Versions of what a form edits: two members who edit the same do not undo each other's changes unseen."""

import hashlib
from typing import Self

import msgspec
from msgspec import Struct

from voxpop.errors import Conflict
from voxpop.i18n import N_

DIGITS = 16  # of a version


class ChangedMeanwhile(Conflict):
    """The form shows what was stored before someone else changed it. Sent again, it replaces their change."""

    code = "CHANGED_MEANWHILE"
    message = N_("Someone changed this in the meantime. Your entries are kept: check them, and save again to use them.")


class VersionedForm(Struct, kw_only=True):
    """A form that edits something. `version` stands for what it showed; it is empty in a form for something new."""

    version: str = ""

    def with_version(self) -> Self:
        """The form of what is stored."""
        self.version = hashlib.sha256(msgspec.json.encode(self)).hexdigest()[:DIGITS]
        return self

    def check_version(self, stored: "VersionedForm") -> None:
        """Raises ChangedMeanwhile unless it shows what is stored; then it gets the new version."""
        if self.version not in ("", stored.version):
            self.version = stored.version
            raise ChangedMeanwhile
