"""The forms of publishable keys and of the widget's settings."""

from typing import Annotated, Self

from msgspec import Meta, Struct

from voxpop.errors import FieldError, Invalid
from voxpop.text import is_visible
from voxpop.types import NameText
from voxpop.web.versions import VersionedForm
from voxpop.workspaces.schemas import NO_NAME
from voxpop.workspaces.widget.models import PublishableKeyRow
from voxpop.workspaces.widget.origins import MAX_ORIGIN, MAX_ORIGINS, parse_origins


class PublishableKeyForm(VersionedForm, kw_only=True):
    """A publishable key as typed, with an origin on each line."""

    name: NameText = ""
    origins: Annotated[str, Meta(max_length=2 * MAX_ORIGIN * MAX_ORIGINS)] = ""

    @classmethod
    def of(cls, key: PublishableKeyRow) -> Self:
        return cls(name=key.name, origins="\n".join(key.origins)).with_version()

    def parsed_origins(self) -> list[str]:
        """Invalid, with every field that does not fit."""
        errors = [] if is_visible(self.name) else [FieldError("name", NO_NAME)]
        try:
            origins = parse_origins(self.origins)
        except Invalid as error:
            raise Invalid(details=[*errors, *error.details]) from error
        if errors:
            raise Invalid(details=errors)
        return origins


class SignaturesForm(Struct):
    """Whether users need a signature; a missing checkbox is off."""

    required: str = ""
