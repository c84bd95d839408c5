"""The limits of a ticket's texts and tags, in characters unless said (contract G4); texts for users repeat them."""

MAX_TEXT = 50_000  # a description, a message
MAX_COMMENT = 2_000  # the comment of a rating
MAX_TAG = 200
MAX_TAGS = 50  # tags of one request
MAX_TAG_LIST = 2_000  # tags in a form, separated by commas
MAX_BULK_TICKETS = 200  # tickets that one form changes
