"""What journeys leave behind: rows for the ledgers, with all that the services freeze in them, and what to count."""

from collections.abc import Mapping

from voxpop.demo.journey import Ask, Journey, Rating
from voxpop.demo.store import Place, Row
from voxpop.features.models import SCALE_MIN, SURVEY_TYPE, FeaturePath, source_series
from voxpop.metrics.models import ScoreIncrement, Series, SeriesKind, SurveyIncrement
from voxpop.surveys.models import STAGE_OF_STATUS, Status
from voxpop.types import Origin
from voxpop.workspaces.models import Workspace


class History:
    """Rows wait in three lists for `clear_rows`; scores and steps are kept to the end, as counts are written last."""

    def __init__(self, workspace: Workspace, places: Mapping[FeaturePath, Place]) -> None:
        self._workspace, self._places = workspace, places
        self.interactions: list[Row] = []
        self.surveys: list[Row] = []
        self.ratings: list[Row] = []
        self.scored: list[ScoreIncrement] = []
        self.moved: list[SurveyIncrement] = []

    def add(self, journey: Journey) -> None:
        feature = journey.plan.feature
        place = self._places[FeaturePath(feature.product_key, feature.feature_key)]
        series = self._series(place)
        self._add_interaction(journey, place)
        for ask in journey.asks:
            self._add_survey(ask, place, series, journey.customer.email)
        for rating in journey.ratings:
            own_series = (*series, source_series(rating.source, place.feature_id))
            self._add_rating(rating, place, own_series, (journey.customer.email, journey.customer.user_agent))

    def clear_rows(self) -> None:
        for rows in (self.interactions, self.surveys, self.ratings):
            rows.clear()

    def _series(self, place: Place) -> tuple[Series, ...]:
        return (
            Series(SeriesKind.WORKSPACE, self._workspace.id),
            Series(SeriesKind.PRODUCT, place.product_id),
            Series(Origin.FEATURE, place.feature_id),
        )

    def _add_interaction(self, journey: Journey, place: Place) -> None:
        counts = journey.uses, journey.total, journey.rejections
        times = journey.first_used_at, journey.updated_at, journey.feedback_at
        survey = journey.open and journey.open.id
        self.interactions.append((place.feature_id, journey.customer.email, journey.id, *counts, *times, survey))

    def _add_survey(self, ask: Ask, place: Place, series: tuple[Series, ...], email: str) -> None:
        self.surveys.append((ask.id, place.feature_id, email, ask.status, ask.asked_at, ask.changed_at))
        self.moved.append(SurveyIncrement(STAGE_OF_STATUS[Status.PENDING], self._workspace.day(ask.asked_at), series))
        if ask.status is not Status.PENDING:
            self.moved.append(SurveyIncrement(STAGE_OF_STATUS[ask.status], self._workspace.day(ask.changed_at), series))

    def _add_rating(
        self, rating: Rating, place: Place, series: tuple[Series, ...], person: tuple[str, str | None]
    ) -> None:
        """`person`: address and browser."""
        email, user_agent = person
        day = self._workspace.day(rating.at)
        kinds, ids = (array(values) for values in zip(*((one.kind, one.id) for one in series), strict=True))
        head = rating.id, rating.survey_id, place.feature_id, rating.source, email
        self.ratings.append((*head, rating.score, rating.comment, user_agent, day, kinds, ids, rating.at))
        self.scored.append(ScoreIncrement(SURVEY_TYPE, rating.score - SCALE_MIN, day, series))


def array(values: tuple[object, ...]) -> str:
    """A PostgreSQL array as text."""
    return "{" + ",".join(map(str, values)) + "}"
