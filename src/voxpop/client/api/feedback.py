"""The section "Feedback" of the API, generated from the OpenAPI document by `make clients`."""

from datetime import date, datetime
from typing import TypedDict, Unpack
from uuid import UUID

from msgspec import Struct

from voxpop.client.api.words import Delimiter, Origin, Source
from voxpop.client.methods import call, paged, stream
from voxpop.client.shapes import Call, Page, path


class Feedback(Struct, frozen=True, kw_only=True):
    """A rating of any origin, with what the team says about it."""

    id: UUID
    origin: Origin
    # The id of the feature, ticket or campaign
    origin_id: UUID
    survey_id: UUID | None
    survey_type: str
    score: int
    comment: str | None
    source: Source
    user_email: str | None
    guid: str | None
    day: date
    # UTC, with milliseconds
    created_at: datetime
    tags: list[str]
    notes: str | None
    # Whether a member has marked the rating as read
    read: bool
    # Whether a member has marked the rating as handled
    handled: bool


class FeedbackPatch(TypedDict, total=False):
    """The fields to change; at least one. Null removes the notes, and `tags` replaces all tags."""

    notes: str | None
    # Whether a member has marked the rating as read
    read: bool
    # Whether a member has marked the rating as handled
    handled: bool
    # Without commas. Shown as first written in the workspace; case makes no difference
    tags: list[str]


class ListFeedbackQuery(TypedDict, total=False):
    # What asked for the rating
    origin: Origin | None
    # The id of the feature, ticket or campaign
    origin_id: UUID | str | None
    # The code of a survey type
    survey_type: str | None
    score_min: int | None
    score_max: int | None
    # Whether a survey asked for the rating
    source: Source | None
    # Whether the rating has a comment
    has_comment: bool | None
    # Words in comments
    text: str | None
    # The first day, in the workspace's zone
    from_: date | str | None
    # The last day, included; at most today
    to: date | str | None
    # A tag that the rating has now
    tag: str | None
    # The account id or email address of the agent whose work is rated
    agent: str | None
    # Whether a member has set this mark
    read: bool | None
    # Whether a member has set this mark
    handled: bool | None
    # The kind and id of a series that the rating counts under
    series: str | None
    # The maximum number of rows on a page
    limit: int
    # `next_cursor` of the page before
    cursor: str | None


class ExportFeedbackAsCsvQuery(TypedDict, total=False):
    # What asked for the rating
    origin: Origin | None
    # The id of the feature, ticket or campaign
    origin_id: UUID | str | None
    # The code of a survey type
    survey_type: str | None
    score_min: int | None
    score_max: int | None
    # Whether a survey asked for the rating
    source: Source | None
    # Whether the rating has a comment
    has_comment: bool | None
    # Words in comments
    text: str | None
    # The first day, in the workspace's zone
    from_: date | str | None
    # The last day, included; at most today
    to: date | str | None
    # A tag that the rating has now
    tag: str | None
    # The account id or email address of the agent whose work is rated
    agent: str | None
    # Whether a member has set this mark
    read: bool | None
    # Whether a member has set this mark
    handled: bool | None
    # The kind and id of a series that the rating counts under
    series: str | None
    # Between the columns: a comma, a semicolon or a tab
    delimiter: Delimiter
    # Start with a byte order mark, for spreadsheets
    bom: bool
    # Leave formulas in texts unchanged
    raw: bool


class ExportFeedbackAsJsonLinesQuery(TypedDict, total=False):
    # What asked for the rating
    origin: Origin | None
    # The id of the feature, ticket or campaign
    origin_id: UUID | str | None
    # The code of a survey type
    survey_type: str | None
    score_min: int | None
    score_max: int | None
    # Whether a survey asked for the rating
    source: Source | None
    # Whether the rating has a comment
    has_comment: bool | None
    # Words in comments
    text: str | None
    # The first day, in the workspace's zone
    from_: date | str | None
    # The last day, included; at most today
    to: date | str | None
    # A tag that the rating has now
    tag: str | None
    # The account id or email address of the agent whose work is rated
    agent: str | None
    # Whether a member has set this mark
    read: bool | None
    # Whether a member has set this mark
    handled: bool | None
    # The kind and id of a series that the rating counts under
    series: str | None


class FeedbackCalls:
    """The calls of this section."""

    @paged
    def list_feedback(self, **query: Unpack[ListFeedbackQuery]) -> Call[Page[Feedback]]:
        """List ratings. The ratings of features, tickets and campaigns that match every condition, newest first.
        Requires an API key with the scope `read`.
        """
        return Call("GET", "/api/v1/feedback", Page[Feedback], query=query)

    @stream
    def export_feedback_as_csv(self, **query: Unpack[ExportFeedbackAsCsvQuery]) -> Call[bytes]:
        """Export ratings as CSV. All ratings that match, newest first, as CSV in UTF-8. Texts are quoted, and formulas
        in them follow a `'`. Requires an API key with the scope `read`.
        """
        return Call("GET", "/api/v1/feedback.csv", bytes, query=query)

    @stream
    def export_feedback_as_json_lines(self, **query: Unpack[ExportFeedbackAsJsonLinesQuery]) -> Call[bytes]:
        """Export ratings as JSON lines. All ratings that match, newest first, a JSON object on each line. Requires an
        API key with the scope `read`.
        """
        return Call("GET", "/api/v1/feedback.jsonl", bytes, query=query)

    @call
    def change_feedback(self, feedback: UUID | str, **body: Unpack[FeedbackPatch]) -> Call[Feedback]:
        """Change a rating's notes, marks and tags. The marks are the workspace's, not the member's. Score, comment,
        series and counts stay as they are. Requires an API key with the scope `manage`.
        """
        return Call("PATCH", path("/api/v1/feedback/{}", feedback), Feedback, body=body)
