"""The errors of tickets, their ratings and saved views."""

from voxpop.errors import Conflict
from voxpop.i18n import N_

# The text of an error page for NotFound.of("Ticket", …); marked here for translation, since `web` knows no tickets.
NO_SUCH_TICKET = N_("There is no ticket {id}")


class TicketNotRateable(Conflict):
    """Only a ticket in status resolved or closed can be rated."""

    code = "TICKET_NOT_RATEABLE"
    message = "Only a resolved or closed ticket can be rated."


class ViewAlreadyExists(Conflict):
    """The name of the saved view is in use."""

    code = "VIEW_ALREADY_EXISTS"
    message = "A view with this name already exists."
    constraints = ("saved_view_name_unique",)
