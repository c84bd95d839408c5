"""The limits of a ticket's texts and tags, in characters unless a comment says otherwise (contract G4).

Forms and texts for users name the same numbers.
"""

from voxpop.types import MAX_EMAIL as MAX_EMAIL
from voxpop.types import MAX_NAME as MAX_NAME

MAX_TEXT = 50_000  # a description, a message
MAX_COMMENT = 2_000  # the comment of a rating
MAX_TAG = MAX_NAME
MAX_TAGS = 50  # tags of a ticket
MAX_TAG_LIST = MAX_TAGS * (MAX_TAG + len(", "))  # the tags of a ticket in a form, separated by commas
MAX_BULK_TICKETS = 200  # tickets that one form changes
MAX_FILTER = 200  # the text of one filter
MAX_VIEWS = 30  # saved views of a member, and shared ones; the inbox counts each whenever it is shown
MAX_VIEW_QUERY = 2_000  # the query string of a saved view
