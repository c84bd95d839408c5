"""The errors of tickets, their ratings and saved views."""

from voxpop.errors import Conflict


class TicketNotRateable(Conflict):
    """Only a ticket in status resolved or closed can be rated."""

    code = "TICKET_NOT_RATEABLE"
    message = "Only a resolved or closed ticket can be rated."


class ViewAlreadyExists(Conflict):
    """The name of the saved view is in use."""

    code = "VIEW_ALREADY_EXISTS"
    message = "A view with this name already exists."
    constraints = ("saved_view_name_unique",)
