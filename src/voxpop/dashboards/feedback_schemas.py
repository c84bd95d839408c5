"""The requests and responses of ratings in the API."""

from datetime import date
from typing import Annotated, Self
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from voxpop.dashboards.feedback_models import RatingChange
from voxpop.feedback.models import MAX_NOTES, FeedbackItem, Source
from voxpop.tickets.models import Tags
from voxpop.types import FeedbackId, Instant, Origin, SurveyId, instant

Notes = Annotated[str, Meta(max_length=MAX_NOTES, examples=["Called back, the export is fixed"])]
Read = Annotated[bool, Meta(description="Whether a member has marked the rating as read")]
Handled = Annotated[bool, Meta(description="Whether a member has marked the rating as handled")]


class FeedbackOut(Struct, frozen=True):
    """A rating of any origin, with what the team says about it."""

    id: FeedbackId
    origin: Origin
    origin_id: Annotated[UUID, Meta(description="The id of the feature, ticket or campaign")]
    survey_id: SurveyId | None
    survey_type: Annotated[str, Meta(examples=["NPS"])]
    score: Annotated[int, Meta(examples=[9])]
    comment: Annotated[str, Meta(examples=["Fast delivery, thank you!"])] | None
    source: Source
    user_email: Annotated[str, Meta(examples=["ann@example.com"])] | None
    guid: Annotated[str, Meta(examples=["cust_123"])] | None
    day: date
    created_at: Instant
    tags: list[Annotated[str, Meta(examples=["billing"])]]
    notes: Annotated[str, Meta(examples=["Called back, the export is fixed"])] | None
    read: Read
    handled: Handled

    @classmethod
    def of(cls, item: FeedbackItem) -> Self:
        return cls(
            id=item.id,
            origin=Origin(item.origin),
            origin_id=item.origin_id,
            survey_id=item.survey_id,
            survey_type=item.survey_type,
            score=item.score,
            comment=item.comment,
            source=Source(item.source),
            user_email=item.user_email,
            guid=item.guid,
            day=item.day,
            created_at=instant(item.create_time),
            tags=item.tags,
            notes=item.notes,
            read=item.read,
            handled=item.handled,
        )


class FeedbackPatch(Struct, frozen=True):
    """The fields to change; at least one. Null removes the notes, and `tags` replaces all tags."""

    notes: Notes | UnsetType | None = UNSET
    read: Read | UnsetType = UNSET
    handled: Handled | UnsetType = UNSET
    tags: Tags | UnsetType = UNSET

    def change(self) -> RatingChange:
        return RatingChange(self.notes, self.read, self.handled, self.tags)


FeedbackPatchBody = Annotated[
    FeedbackPatch,
    Meta(extra_json_schema={"anyOf": [{"required": [field]} for field in FeedbackPatch.__struct_fields__]}),
]
