"""The errors of workspaces."""

from voxpop.errors import Conflict


class WorkspaceAlreadyExists(Conflict):
    """The workspace name is in use."""

    code = "WORKSPACE_ALREADY_EXISTS"
    message = "A workspace with this name already exists."
    constraints = ("workspace_name_unique",)
