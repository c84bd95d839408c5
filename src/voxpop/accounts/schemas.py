"""Forms of the sign-in and settings pages, and the results of checks that run before a handler's transaction."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from voxpop.accounts.models import Preferences, Role, StartPage
from voxpop.email_addresses import EmailText, check_email
from voxpop.errors import Invalid
from voxpop.types import MAX_PASSWORD, AccountId, NameText

MAX_TOKEN, MAX_PATH = 200, 2000

PasswordText = Annotated[str, Meta(max_length=MAX_PASSWORD)]
PathText = Annotated[str, Meta(max_length=MAX_PATH)]
TokenText = Annotated[str, Meta(max_length=MAX_TOKEN)]


class SignInForm(Struct):
    """Sign-in by password; `next` is the page to go to afterwards."""

    email: EmailText
    password: PasswordText
    next: PathText = ""


class EmailForm(Struct):
    """A request for a sign-in link."""

    email: EmailText
    next: PathText = ""


class SignOutForm(Struct):
    """Signing out, here or on all devices."""

    everywhere: Annotated[str, Meta(max_length=10)] = ""


class TokenForm(Struct):
    """The button on the page of a magic link."""

    token: TokenText


class InvitationForm(TokenForm):
    """The button on the page of an invitation; some need the password of the account."""

    password: PasswordText = ""


class OwnerForm(Struct):
    """The first owner's account, and the name of the workspace; a password is optional."""

    token: TokenText
    email: EmailText
    name: NameText
    password: PasswordText = ""
    workspace_name: NameText | None = None


class InviteForm(Struct):
    """An invitation to the workspace."""

    email: EmailText
    role: Role
    name: NameText = ""


class RoleForm(Struct):
    """A member's new role."""

    role: Role


class ProfileForm(Struct):
    """A member's own name, and the language of their pages: empty is that of the browser, None is left as it is."""

    name: NameText
    language: Literal["", "en", "ru"] | None = None


class PreferencesForm(Struct):
    """The preferences of a member. A checkbox that is off is not sent; an unknown start page is that of the role."""

    next_after_resolving: Annotated[str, Meta(max_length=10)] = ""
    start_page: Annotated[str, Meta(max_length=20)] = ""

    def preferences(self) -> Preferences:
        start_page = next((page for page in StartPage if page == self.start_page), None)
        return Preferences(bool(self.next_after_resolving), start_page)


class PasswordForm(Struct):
    """A member's new password, with the current one if there is one."""

    new: PasswordText
    current: PasswordText = ""


def parse_email(email: str) -> str:
    """The address without surrounding space; Invalid unless it is an email address."""
    return check_email(email.strip())


class PasswordSignIn(Struct, frozen=True):
    """A verified password's account, and the page to go to; None for the member's start page."""

    account: AccountId
    path: str | None


class CheckedPassword(Struct, frozen=True):
    """The hash of an accepted new password, or the reason why it was refused."""

    password_hash: str = ""
    error: Invalid | None = None
