"""The pages of publishable keys, and the widget's settings on the page of keys. Parses, calls, shows."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from voxpop.accounts.models import Member, Role
from voxpop.auth.dependencies import CurrentMember, PageRequest, Renderer, Submission, Transaction
from voxpop.auth.guards import members_only
from voxpop.types import Audit, KeyId, utcnow
from voxpop.web.forms import read_form
from voxpop.web.pages import redirect
from voxpop.web.validation import read_id
from voxpop.workspaces import service as workspaces
from voxpop.workspaces.models import WorkspaceChange
from voxpop.workspaces.widget import service
from voxpop.workspaces.widget.schemas import PublishableKeyForm, SignaturesForm

KEYS = "/settings/keys"
PUBLISHABLE = f"{KEYS}/publishable"
KEY = f"{PUBLISHABLE}/{{key:str}}"
FORM = "workspaces/publishable_key.html"


@get(f"{PUBLISHABLE}/new", opt=members_only(Role.ADMIN, in_demo=False), include_in_schema=False, sync_to_thread=False)
def show_new_key(render: Renderer) -> Response[Any]:
    """The form for a new publishable key."""
    return render(FORM, active="settings", form=PublishableKeyForm(), stored=None)


@post(f"{PUBLISHABLE}/new", opt=members_only(Role.ADMIN), include_in_schema=False, status_code=303)
async def create_publishable_key(
    request: PageRequest, tx: Transaction, member: CurrentMember, render: Renderer, submission: Submission
) -> Response[Any]:
    """Creates a publishable key. It is no secret, so the list of keys shows it at any time."""
    form = await read_form(request, PublishableKeyForm)

    async def work() -> str:
        origins = form.parsed_origins()
        await service.create_publishable_key(tx, member.workspace_id, form.name, origins, _audit(member))
        return f"{KEYS}?done=created"

    with render.form(FORM, active="settings", form=form, stored=None):
        return redirect(await submission.run_once(tx, work))


@get(KEY, opt=members_only(Role.ADMIN, in_demo=False), include_in_schema=False)
async def show_key(tx: Transaction, member: CurrentMember, render: Renderer, key: FromPath[str]) -> Response[Any]:
    """The form of a publishable key."""
    stored = await service.get_publishable_key(tx, member.workspace_id, _key_id(key))
    return render(FORM, active="settings", form=PublishableKeyForm.of(stored), stored=stored)


@post(KEY, opt=members_only(Role.ADMIN), include_in_schema=False, status_code=303)
async def change_key(
    request: PageRequest, tx: Transaction, member: CurrentMember, render: Renderer, key: FromPath[str]
) -> Response[Any]:
    """Changes the name and the origins of a publishable key."""
    form = await read_form(request, PublishableKeyForm)
    stored = await service.lock_publishable_key(tx, member.workspace_id, _key_id(key))
    with render.form(FORM, active="settings", form=form, stored=stored):
        form.check_version(PublishableKeyForm.of(stored))
        origins = form.parsed_origins()
        await service.change_publishable_key(tx, member.workspace_id, stored, form.name, origins)
    return redirect(f"{KEYS}?done=saved")


@post(f"{KEY}/revoke", opt=members_only(Role.ADMIN), include_in_schema=False, status_code=303)
async def revoke_publishable_key(tx: Transaction, member: CurrentMember, key: FromPath[str]) -> Response[Any]:
    """Revokes a publishable key. A second click changes nothing."""
    await service.revoke_publishable_key(tx, member.workspace_id, _key_id(key), utcnow())
    return redirect(f"{KEYS}?done=revoked")


@post(f"{KEYS}/signatures", opt=members_only(Role.ADMIN), include_in_schema=False, status_code=303)
async def change_signatures(request: PageRequest, tx: Transaction, member: CurrentMember) -> Response[Any]:
    """Sets whether users need a signature."""
    form = await read_form(request, SignaturesForm)
    change = WorkspaceChange(widget_signature_required=bool(form.required))
    await workspaces.change_workspace(tx, member.workspace_id, change, utcnow(), member.actor().name)
    return redirect(f"{KEYS}?done=saved")


@post(f"{KEYS}/secrets", opt=members_only(Role.ADMIN), include_in_schema=False, status_code=303)
async def rotate_secret(tx: Transaction, member: CurrentMember, submission: Submission) -> Response[Any]:
    """Creates a secret. The one before it stays valid until it is retired."""

    async def work() -> str:
        await service.rotate_secret(tx, member.workspace_id, _audit(member))
        return f"{KEYS}?done=rotated"

    return redirect(await submission.run_once(tx, work))


@post(f"{KEYS}/secrets/retire", opt=members_only(Role.ADMIN), include_in_schema=False, status_code=303)
async def retire_secret(tx: Transaction, member: CurrentMember) -> Response[Any]:
    """Retires the previous secret. A second click changes nothing."""
    await service.retire_previous_secret(tx, member.workspace_id, _audit(member))
    return redirect(f"{KEYS}?done=retired")


def _key_id(text: str) -> KeyId:
    return KeyId(read_id(text, "key"))


def _audit(member: Member) -> Audit:
    return Audit(utcnow(), member.actor().name)


ROUTES = [
    show_new_key,
    create_publishable_key,
    show_key,
    change_key,
    revoke_publishable_key,
    change_signatures,
    rotate_secret,
    retire_secret,
]
