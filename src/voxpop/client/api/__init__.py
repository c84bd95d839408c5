"""All calls and types of the API, generated from the OpenAPI document by `make clients`."""

from voxpop.client.api.campaigns import Campaign as Campaign
from voxpop.client.api.campaigns import Campaigns as Campaigns
from voxpop.client.api.campaigns import CampaignsCalls as CampaignsCalls
from voxpop.client.api.campaigns import FilterBody as FilterBody
from voxpop.client.api.campaigns import NewCampaign as NewCampaign
from voxpop.client.api.campaigns import WholeCampaign as WholeCampaign
from voxpop.client.api.events import DeadLetter as DeadLetter
from voxpop.client.api.events import Event as Event
from voxpop.client.api.events import EventResult as EventResult
from voxpop.client.api.events import EventResults as EventResults
from voxpop.client.api.events import EventsCalls as EventsCalls
from voxpop.client.api.events import ListDeadLettersQuery as ListDeadLettersQuery
from voxpop.client.api.feedback import ExportFeedbackAsCsvQuery as ExportFeedbackAsCsvQuery
from voxpop.client.api.feedback import ExportFeedbackAsJsonLinesQuery as ExportFeedbackAsJsonLinesQuery
from voxpop.client.api.feedback import Feedback as Feedback
from voxpop.client.api.feedback import FeedbackCalls as FeedbackCalls
from voxpop.client.api.feedback import FeedbackPatch as FeedbackPatch
from voxpop.client.api.feedback import ListFeedbackQuery as ListFeedbackQuery
from voxpop.client.api.metrics import LiveMetricsQuery as LiveMetricsQuery
from voxpop.client.api.metrics import Metric as Metric
from voxpop.client.api.metrics import Metrics as Metrics
from voxpop.client.api.metrics import MetricsCalls as MetricsCalls
from voxpop.client.api.metrics import MetricsFilter as MetricsFilter
from voxpop.client.api.metrics import MetricSummary as MetricSummary
from voxpop.client.api.product_features import Counters as Counters
from voxpop.client.api.product_features import Feature as Feature
from voxpop.client.api.product_features import FeatureChangeBody as FeatureChangeBody
from voxpop.client.api.product_features import FeatureRating as FeatureRating
from voxpop.client.api.product_features import Features as Features
from voxpop.client.api.product_features import FeatureSummary as FeatureSummary
from voxpop.client.api.product_features import FeatureUser as FeatureUser
from voxpop.client.api.product_features import ListFeatureRatingsQuery as ListFeatureRatingsQuery
from voxpop.client.api.product_features import ListFeaturesQuery as ListFeaturesQuery
from voxpop.client.api.product_features import ListFeatureStatesQuery as ListFeatureStatesQuery
from voxpop.client.api.product_features import ListFeatureUsersQuery as ListFeatureUsersQuery
from voxpop.client.api.product_features import Month as Month
from voxpop.client.api.product_features import NewFeatureBody as NewFeatureBody
from voxpop.client.api.product_features import NewProductBody as NewProductBody
from voxpop.client.api.product_features import Notes as Notes
from voxpop.client.api.product_features import NotesBody as NotesBody
from voxpop.client.api.product_features import Product as Product
from voxpop.client.api.product_features import ProductFeaturesCalls as ProductFeaturesCalls
from voxpop.client.api.product_features import ProductNameBody as ProductNameBody
from voxpop.client.api.product_features import Products as Products
from voxpop.client.api.product_features import Quarter as Quarter
from voxpop.client.api.product_features import RatingBody as RatingBody
from voxpop.client.api.product_features import RatingFigures as RatingFigures
from voxpop.client.api.product_features import RatingOut as RatingOut
from voxpop.client.api.product_features import State as State
from voxpop.client.api.product_features import States as States
from voxpop.client.api.product_features import ThresholdsBody as ThresholdsBody
from voxpop.client.api.product_features import TimeSeries as TimeSeries
from voxpop.client.api.product_features import Usage as Usage
from voxpop.client.api.product_features import UsageFigures as UsageFigures
from voxpop.client.api.product_features import UserBody as UserBody
from voxpop.client.api.series import BadgeSwitch as BadgeSwitch
from voxpop.client.api.series import BadgeSwitchBody as BadgeSwitchBody
from voxpop.client.api.series import Change as Change
from voxpop.client.api.series import Comparison as Comparison
from voxpop.client.api.series import ExportSeriesQuery as ExportSeriesQuery
from voxpop.client.api.series import Funnel as Funnel
from voxpop.client.api.series import ListSeriesAsJsonQuery as ListSeriesAsJsonQuery
from voxpop.client.api.series import ListSeriesQuery as ListSeriesQuery
from voxpop.client.api.series import NamedSeries as NamedSeries
from voxpop.client.api.series import Period as Period
from voxpop.client.api.series import Point as Point
from voxpop.client.api.series import ScoreFrequency as ScoreFrequency
from voxpop.client.api.series import Series as Series
from voxpop.client.api.series import SeriesCalls as SeriesCalls
from voxpop.client.api.series import SeriesRow as SeriesRow
from voxpop.client.api.series import ShowSeriesQuery as ShowSeriesQuery
from voxpop.client.api.series import StreamEvent as StreamEvent
from voxpop.client.api.series import Total as Total
from voxpop.client.api.survey_types import NewSurveyType as NewSurveyType
from voxpop.client.api.survey_types import SurveyType as SurveyType
from voxpop.client.api.survey_types import SurveyTypeBody as SurveyTypeBody
from voxpop.client.api.survey_types import SurveyTypes as SurveyTypes
from voxpop.client.api.survey_types import SurveyTypesCalls as SurveyTypesCalls
from voxpop.client.api.survey_types import Texts as Texts
from voxpop.client.api.survey_types import TextsBody as TextsBody
from voxpop.client.api.surveys import Answer as Answer
from voxpop.client.api.surveys import AnswerBody as AnswerBody
from voxpop.client.api.surveys import ContextBody as ContextBody
from voxpop.client.api.surveys import ListSurveysQuery as ListSurveysQuery
from voxpop.client.api.surveys import Survey as Survey
from voxpop.client.api.surveys import SurveyContext as SurveyContext
from voxpop.client.api.surveys import SurveyLink as SurveyLink
from voxpop.client.api.surveys import SurveyRequest as SurveyRequest
from voxpop.client.api.surveys import Surveys as Surveys
from voxpop.client.api.surveys import SurveysCalls as SurveysCalls
from voxpop.client.api.tickets import Assignee as Assignee
from voxpop.client.api.tickets import Excerpt as Excerpt
from voxpop.client.api.tickets import ExcerptPart as ExcerptPart
from voxpop.client.api.tickets import ExportTicketsQuery as ExportTicketsQuery
from voxpop.client.api.tickets import ListTicketsQuery as ListTicketsQuery
from voxpop.client.api.tickets import Message as Message
from voxpop.client.api.tickets import NewReply as NewReply
from voxpop.client.api.tickets import NewTicketBody as NewTicketBody
from voxpop.client.api.tickets import Requester as Requester
from voxpop.client.api.tickets import RequesterBody as RequesterBody
from voxpop.client.api.tickets import Ticket as Ticket
from voxpop.client.api.tickets import TicketChange as TicketChange
from voxpop.client.api.tickets import TicketDetails as TicketDetails
from voxpop.client.api.tickets import TicketsCalls as TicketsCalls
from voxpop.client.api.words import Channel as Channel
from voxpop.client.api.words import Compare as Compare
from voxpop.client.api.words import ContextType as ContextType
from voxpop.client.api.words import DashboardSortKey as DashboardSortKey
from voxpop.client.api.words import Delimiter as Delimiter
from voxpop.client.api.words import Direction as Direction
from voxpop.client.api.words import Display as Display
from voxpop.client.api.words import ExcerptSource as ExcerptSource
from voxpop.client.api.words import Formula as Formula
from voxpop.client.api.words import Kind as Kind
from voxpop.client.api.words import MessageKind as MessageKind
from voxpop.client.api.words import Origin as Origin
from voxpop.client.api.words import PointGrain as PointGrain
from voxpop.client.api.words import Priority as Priority
from voxpop.client.api.words import Rating as Rating
from voxpop.client.api.words import Source as Source
from voxpop.client.api.words import Status as Status
from voxpop.client.api.words import StatusParameter as StatusParameter
from voxpop.client.api.words import TicketSortKey as TicketSortKey
from voxpop.client.api.words import Trigger as Trigger
from voxpop.client.api.words import Verdict as Verdict
from voxpop.client.api.words import WeekStart as WeekStart
from voxpop.client.api.workspace import Workspace as Workspace
from voxpop.client.api.workspace import WorkspaceCalls as WorkspaceCalls
from voxpop.client.api.workspace import WorkspacePatch as WorkspacePatch


class Calls(
    CampaignsCalls,
    EventsCalls,
    FeedbackCalls,
    MetricsCalls,
    ProductFeaturesCalls,
    SeriesCalls,
    SurveyTypesCalls,
    SurveysCalls,
    TicketsCalls,
    WorkspaceCalls,
):
    """Every call that needs a key with the scope ingest, read or manage."""
