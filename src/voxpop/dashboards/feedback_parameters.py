"""The query parameters of the list of ratings in the API, read into a filter."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from litestar.params import FromQuery, QueryParameter
from msgspec import Meta, Struct

from voxpop.dashboards import ratings
from voxpop.dashboards.feedback_models import RequestedFeedback
from voxpop.dashboards.models import Kind, SeriesKey
from voxpop.dashboards.parameters import DateTo, TypeCode
from voxpop.db.csv_sql import CsvFormat, Delimiter
from voxpop.db.pool import Tx
from voxpop.errors import Invalid
from voxpop.feedback.models import FeedbackFilter, Source
from voxpop.types import MAX_EMAIL, MAX_NAME, Actor, Origin
from voxpop.web.paging import Cursor, Limit
from voxpop.web.validation import convert_parameter, query_fields

OriginName = Annotated[Origin, Meta(description="What asked for the rating", examples=["ticket"])]
SubjectId = Annotated[UUID, Meta(description="The id of the feature, ticket or campaign")]
ScoreBound = Annotated[int, Meta(ge=0, le=100, examples=[2])]
SourceName = Annotated[Source, Meta(description="Whether a survey asked for the rating")]
HasComment = Annotated[bool, Meta(description="Whether the rating has a comment")]
Words = Annotated[str, Meta(max_length=MAX_NAME, description="Words in comments", examples=["export stops"])]
FirstDay = Annotated[date, Meta(description="The first day, in the workspace's zone", examples=["2026-09-01"])]
TagName = Annotated[str, Meta(max_length=MAX_NAME, description="A tag that the rating has now", examples=["billing"])]
AgentName = Annotated[
    str,
    Meta(
        max_length=MAX_EMAIL,
        description="The account id or email address of the agent whose work is rated",
        examples=["ann@example.com"],
    ),
]
Marked = Annotated[bool, Meta(description="Whether a member has set this mark")]
SeriesName = Annotated[
    str,
    Meta(
        max_length=100,
        description="The kind and id of a series that the rating counts under",
        examples=["campaign:01939d54-2f8e-7cc1-9a5e-5b0c1f4e8a77"],
    ),
]
ByteOrderMark = Annotated[bool, Meta(description="Start with a byte order mark, for spreadsheets")]
Raw = Annotated[bool, Meta(description="Leave formulas in texts unchanged")]
Separator = Annotated[Delimiter, Meta(description="Between the columns: a comma, a semicolon or a tab")]


@dataclass(frozen=True, kw_only=True)
class FilterParameters:
    """The conditions of a list of ratings. All that are set must match; an empty text is no condition."""

    origin: FromQuery[OriginName | None] = None
    origin_id: FromQuery[SubjectId | None] = None
    survey_type: FromQuery[TypeCode | None] = None
    score_min: FromQuery[ScoreBound | None] = None
    score_max: FromQuery[ScoreBound | None] = None
    source: FromQuery[SourceName | None] = None
    has_comment: FromQuery[HasComment | None] = None
    text: FromQuery[Words | None] = None
    date_from: Annotated[FirstDay | None, QueryParameter(name="from")] = None
    date_to: Annotated[DateTo | None, QueryParameter(name="to")] = None
    tag: FromQuery[TagName | None] = None
    agent: FromQuery[AgentName | None] = None
    read: FromQuery[Marked | None] = None
    handled: FromQuery[Marked | None] = None
    series: FromQuery[SeriesName | None] = None

    def requested(self) -> RequestedFeedback:
        """Invalid for bounds in the wrong order, and for a series that cannot be read."""
        if self.score_min is not None and self.score_max is not None and self.score_min > self.score_max:
            raise Invalid.of("query", "score_min", f"must not be above {self.score_max}, the highest score")
        if self.date_from is not None and self.date_to is not None and self.date_from > self.date_to:
            raise Invalid.of("query", "from", f"must not be after {self.date_to}, the last day")
        return RequestedFeedback(
            self.origin,
            self.origin_id,
            self.survey_type,
            self.score_min,
            self.score_max,
            self.source,
            self.has_comment,
            self.read,
            self.handled,
            self.date_from,
            self.date_to,
            self.text or None,
            self.tag or None,
            self.agent or None,
            read_series(self.series) if self.series else None,
        )


ATTRIBUTES = {"from": "date_from", "to": "date_to"}  # where they differ from the names in a query


def read_filters(texts: Mapping[str, str]) -> RequestedFeedback:
    """The filter of a page whose address has these texts. Invalid names the first one that cannot be read."""
    values: dict[str, Any] = {}
    for name, field in query_fields(FilterParameters).items():
        if name in texts:
            values[ATTRIBUTES.get(name, name)] = convert_parameter(name, field, texts[name])
    return FilterParameters(**values).requested()


class LenientReading(Struct, frozen=True):
    """The filter of a page. `refused` names what cannot be read and was left out.

    `wanted` is None if no rating can match.
    """

    requested: RequestedFeedback
    wanted: FeedbackFilter | None
    refused: Sequence[str] = ()


async def read_leniently(tx: Tx, actor: Actor, texts: Mapping[str, str]) -> LenientReading:
    """The filter of a page whose address has these texts, without those that cannot be read."""
    refused: list[str] = []
    while True:
        try:
            requested = read_filters({name: text for name, text in texts.items() if name not in refused})
            return LenientReading(requested, await ratings.resolve_filter(tx, actor, requested), refused)
        except Invalid as error:
            wrong = [each.field for each in error.details if each.field in texts and each.field not in refused]
            if not wrong:
                raise
            refused += wrong


@dataclass(frozen=True, kw_only=True)
class PageParameters(FilterParameters):
    """The conditions, and the page."""

    limit: FromQuery[Limit] = 50
    cursor: FromQuery[Cursor | None] = None


@dataclass(frozen=True, kw_only=True)
class CsvParameters(FilterParameters):
    """The conditions, and the form of the file."""

    delimiter: FromQuery[Separator] = Delimiter.COMMA
    bom: FromQuery[ByteOrderMark] = False
    raw: FromQuery[Raw] = False

    @property
    def form(self) -> CsvFormat:
        return CsvFormat(self.delimiter, self.bom, self.raw)


def read_series(text: str) -> SeriesKey:
    """A kind and an id as an address has them; Invalid for other texts."""
    kind, _, series_id = text.partition(":")
    try:
        return SeriesKey(Kind(kind), UUID(series_id))
    except ValueError:
        raise Invalid.of("query", "series", f"must be a kind and an id, for example {Kind.TAG}:{UUID(int=0)}") from None
