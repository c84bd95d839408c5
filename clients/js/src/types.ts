// Generated from the OpenAPI document by `make clients`.

export type Channel = "email" | "in_app" | "link";

export type Compare = "none" | "previous" | "year";

export type ContextType = "ORDER" | "TICKET";

export type DashboardSortKey = "change" | "name" | "responses" | "score";

export type Delimiter = "\t" | "," | ";";

export type Direction = "asc" | "desc";

export type Display = "auto" | "numbers" | "smileys" | "stars" | "thumbs";

export type ExcerptSource = "customer" | "description" | "note" | "ref" | "reply" | "requester" | "subject";

export type Formula = "mean" | "nps" | "share";

export type Kind = "agent" | "campaign" | "feature" | "feature_prompted" | "feature_voluntary" | "product" | "tag" | "tickets" | "workspace";

export type MessageKind = "customer" | "note" | "reply";

export type Origin = "campaign" | "feature" | "ticket";

export type PointGrain = "day" | "month" | "quarter" | "week";

export type Priority = "High" | "Low" | "Medium" | "Urgent";

export type Rating = "1-2" | "3" | "4-5" | "rated" | "unrated";

export type Source = "prompted" | "voluntary";

export type Status = "Closed" | "In progress" | "Open" | "Resolved";

export type StatusParameter = "Closed" | "In progress" | "Open" | "Resolved" | "unresolved";

export type TicketSortKey = "created" | "priority" | "rating" | "updated";

export type Trigger = "ORDER_COMPLETED" | "TICKET_CLOSED";

export type Verdict = "down" | "no_clear_change" | "too_few" | "up";

export type WeekStart = "monday" | "saturday" | "sunday";

/** A page of a list. */
export interface Page<T> {
  /** The rows. */
  data: T[];
  /** Leads to the next page. */
  next_cursor: string | null;
  has_more: boolean;
}

/** A customer's answer. */
export interface AnswerBody {
  survey_id: string;
  /** Within the type's scale */
  score: number;
  comment?: string | null;
}

/** The answer is stored. */
export interface Answer {
  success: boolean;
  feedback_id: string;
  message: string;
}

export interface Assignee {
  id: string;
  name: string | null;
}

/** Whether the badge of a series is open to everyone. */
export interface BadgeSwitch {
  public: boolean;
}

/** Whether the badge of a series is open to everyone. */
export interface BadgeSwitchBody {
  public: boolean;
}

/** A campaign as stored. */
export interface Campaign {
  id: string;
  name: string;
  survey_type_code: string;
  trigger_type: Trigger;
  delay_hours: number;
  active: boolean;
  /** UTC, with milliseconds */
  start_date: string;
  /** UTC, with milliseconds */
  end_date: string | null;
  /**
   * Where customers are asked: `in_app` lists the surveys, `email` sends them, `link` lets you request links. With
   * `link` alone, events open none
   */
  channels: Channel[];
  reminder_after_days: number | null;
  /** Of emails and hosted pages; null for that of the survey type */
  language: string | null;
  /** UTC, with milliseconds */
  create_time: string;
  create_user: string;
  /** UTC, with milliseconds */
  last_update_time: string;
  last_update_user: string;
}

export interface Campaigns {
  campaigns: Campaign[];
}

/** The change of a score, rounded. The numbers are null with too few answers. `is_better`: whether `up` is good. */
export interface Change {
  /** The later score minus the earlier one */
  difference: number | null;
  /** The lower end of the 95 % interval */
  low: number | null;
  /** The upper end of the 95 % interval */
  high: number | null;
  verdict: Verdict;
  is_better: boolean;
}

/** The earlier period, and the change since. The difference is null with too few answers. */
export interface Comparison {
  period: Period;
  responses: number;
  /** In the unit of the formula; null with too few answers */
  score: number | null;
  /** The lower end of the 95 % interval */
  low: number | null;
  /** The upper end of the 95 % interval */
  high: number | null;
  /** The later score minus the earlier one */
  difference: number | null;
  /** The lower end of the 95 % interval */
  difference_low: number | null;
  /** The upper end of the 95 % interval */
  difference_high: number | null;
  verdict: Verdict;
  /** Whether `up` is good for the survey type */
  is_better: boolean;
}

/** What the customer is asked about. */
export interface ContextBody {
  type: ContextType;
  context_id: string;
}

/** A user's counters on a feature. */
export interface Counters {
  user_email: string;
  interaction_count: number;
  total_interaction_count: number;
  interaction_threshold: number;
  rejection_count: number;
  rejection_threshold: number;
  /** Whether to show the prompt to this user now */
  should_request_feedback: boolean;
  /** UTC, with milliseconds */
  created_at: string;
  /** UTC, with milliseconds */
  updated_at: string;
}

/** A message that could not be used. Bytes that are no UTF-8 are shown as replacement characters. */
export interface DeadLetter {
  id: string;
  topic: string;
  partition: number;
  offset: number;
  reason: string;
  message: string;
  /** UTC, with milliseconds */
  create_time: string;
  /** UTC, with milliseconds */
  replayed_at: string | null;
}

export interface Event {
  /** ORDER_COMPLETED or TICKET_CLOSED; others are ignored */
  event_type: string;
  guid: string;
  context_id: string;
  context_type: "ORDER" | "TICKET";
  /** For campaigns by email. Default: a guid that is an address */
  email?: string | null;
  /** Default: the time of receipt */
  timestamp?: string | null;
  /** Anything; it is ignored */
  metadata?: unknown;
}

/** The result of one event; results are in the order of the events. */
export interface EventResult {
  status: "created" | "duplicate" | "ignored" | "invalid";
  surveys: string[];
  message: string | null;
}

export interface EventResults {
  results: EventResult[];
}

/** Where a search found its words: a line of the ticket's text that matches best, in pieces. */
export interface Excerpt {
  source: ExcerptSource;
  parts: ExcerptPart[];
}

/** A piece of an excerpt; `matched` if a search found it. */
export interface ExcerptPart {
  text: string;
  matched?: boolean;
}

/** A new name, a new description (null removes it), or both. */
export interface FeatureChangeBody {
  name?: string;
  description?: string | null;
}

export interface Feature {
  product_key: string;
  feature_key: string;
  name: string;
  description: string | null;
  interaction_threshold: number;
  rejection_threshold: number;
}

/** A rating of a feature. `comment_en` is reserved for a translation and null for now. */
export interface FeatureRating {
  id: string;
  user_email: string | null;
  rating: number;
  comment: string | null;
  comment_en: string | null;
  source: Source;
  user_agent: string | null;
  /** UTC, with milliseconds */
  created_at: string;
}

/** A user of a feature. Here the flag depends on counts and thresholds only, not on recent ratings. */
export interface FeatureUser {
  id: string;
  user_email: string | null;
  interaction_count: number;
  total_interaction_count: number;
  rejection_count: number;
  /** Whether to show the prompt to this user now */
  should_request_feedback: boolean;
  /** UTC, with milliseconds */
  created_at: string;
  /** UTC, with milliseconds */
  updated_at: string;
  /** Of a user of the widget without an address */
  guid?: string | null;
}

export interface Features {
  data: Feature[];
}

/** A rating of any origin, with what the team says about it. */
export interface Feedback {
  id: string;
  origin: Origin;
  /** The id of the feature, ticket or campaign */
  origin_id: string;
  survey_id: string | null;
  survey_type: string;
  score: number;
  comment: string | null;
  source: Source;
  user_email: string | null;
  guid: string | null;
  day: string;
  /** UTC, with milliseconds */
  created_at: string;
  tags: string[];
  notes: string | null;
  /** Whether a member has marked the rating as read */
  read: boolean;
  /** Whether a member has marked the rating as handled */
  handled: boolean;
}

/** The fields to change; at least one. Null removes the notes, and `tags` replaces all tags. */
export interface FeedbackPatch {
  notes?: string | null;
  /** Whether a member has marked the rating as read */
  read?: boolean;
  /** Whether a member has marked the rating as handled */
  handled?: boolean;
  /** Without commas. Shown as first written in the workspace; case makes no difference */
  tags?: string[];
}

/** Criteria that must all hold. Bounds are inclusive; a campaign without an end matches no bound of the end. */
export interface FilterBody {
  /** Part of the name, ignoring case */
  namePart?: string | null;
  type?: string | null;
  trigger_type?: string | null;
  active?: boolean | null;
  /** An instant, or a day of the workspace: its start */
  start_date_from?: string | null;
  /** An instant, or a day of the workspace: its last moment */
  start_date_to?: string | null;
  /** An instant, or a day of the workspace: its start */
  end_date_from?: string | null;
  /** An instant, or a day of the workspace: its last moment */
  end_date_to?: string | null;
  limit?: number | null;
  offset?: number;
}

/** The steps of surveys on their day, and the answered surveys in percent of the opened ones. */
export interface Funnel {
  opened: number;
  shown: number;
  completed: number;
  dismissed: number;
  expired: number;
  withdrawn: number;
  response_rate: number | null;
  /** The lower end of the 95 % interval */
  low: number | null;
  /** The upper end of the 95 % interval */
  high: number | null;
}

/** A message of the customer, a public reply, or an internal note. */
export interface Message {
  id: string;
  kind: MessageKind;
  author: string;
  body: string;
  /** UTC, with milliseconds */
  created_at: string;
}

/** The metrics of a campaign on one day. The last three are null for other types than NPS. */
export interface Metric {
  campaignId: string;
  campaignName: string;
  date: string;
  type: string;
  totalResponses: number;
  /** Two decimals, ties away from zero */
  scoreValue: number;
  promoters: number | null;
  passives: number | null;
  detractors: number | null;
}

/** Which metrics to return. A missing or null field is no criterion; an empty object returns all. */
export interface MetricsFilter {
  /** Only this campaign, deleted or not */
  campaignId?: string | null;
  /** The code of a survey type; blank counts as none */
  type?: string | null;
  /** The first day, in the workspace's zone */
  dateFrom?: string | null;
  /** The last day, included */
  dateTo?: string | null;
}

/** Days with responses, newest first, and their summary. */
export interface Metrics {
  metrics: Metric[];
  summary: MetricSummary;
}

export interface Month {
  year: number;
  month: number;
  feedback_count: number;
  /** Two decimals, exact ties up */
  average_rating: number;
  /** Of an even number the mean of the middle two */
  median_rating: number;
  /** Share of ratings above 5, from 0 to 1, two decimals */
  pm_rating: number;
}

/** A series with the name of its campaign, product, feature, agent or tag. */
export interface NamedSeries {
  kind: Kind;
  id: string;
  name: string;
}

/** The survey type, the trigger that opens a survey, and the delay until it is due. */
export interface NewCampaign {
  name: string;
  survey_type_code: string;
  trigger_type: Trigger;
  /** 0: the survey is due at once */
  delay_hours?: number;
  active?: boolean;
  /** An instant, or a day of the workspace: its start */
  start_date?: string | null;
  /** An instant, or a day of the workspace: its last moment */
  end_date?: string | null;
  /**
   * Where customers are asked: `in_app` lists the surveys, `email` sends them, `link` lets you request links. With
   * `link` alone, events open none
   */
  channels?: Channel[];
  /** Days from the email to its one reminder; null for none */
  reminder_after_days?: number | null;
  /** Of emails and hosted pages; null for that of the survey type */
  language?: string | null;
}

/** A feature to create; its name is derived from its key. */
export interface NewFeatureBody {
  feature_key: string;
  /** Uses after which to prompt */
  interaction_threshold: number;
  /** Rejections after which to stop */
  rejection_threshold: number;
  description?: string;
}

/** A product to create. */
export interface NewProductBody {
  key: string;
  name: string;
}

/** A public reply, emailed to the requester, or an internal note. `author` is the member who wrote it. */
export interface NewReply {
  body: string;
  internal?: boolean;
  /** A member: account id or email address */
  author?: string | null;
}

/** A survey type to create in the workspace. */
export interface NewSurveyType {
  name: string;
  question: string;
  thanks: string;
  /** Of question and thanks, as a tag in lower case; null if unknown */
  language?: string | null;
  scale_min: number;
  scale_max: number;
  formula: Formula;
  satisfied_min?: number | null;
  satisfied_max?: number | null;
  higher_is_better?: boolean;
  formula_description?: string;
  /** By language, in lower case */
  translations?: Record<string, TextsBody>;
  /**
   * How customers see the scale. `auto`: thumbs for 0-1, stars for 1-5, otherwise numbers, and a slider for more than
   * 11 of them
   */
  display?: Display;
  /** The words at the lowest score */
  label_min?: string | null;
  /** The words at the highest score */
  label_max?: string | null;
  /** The label of the comment's field */
  comment_label?: string | null;
  code: string;
}

/** A ticket that another system opens for a customer. */
export interface NewTicketBody {
  subject: string;
  description: string;
  requester: RequesterBody;
  priority?: Priority;
  /** A member: account id or email address */
  assignee?: string | null;
  /** Without commas. Shown as first written in the workspace; case makes no difference */
  tags?: string[];
}

/** Notes to store on a rating; null removes the old ones. */
export interface NotesBody {
  notes: string | null;
  /** An email address */
  updated_by: string;
}

/** The stored notes. */
export interface Notes {
  id: string;
  notes: string | null;
  notes_updated_by: string;
  /** UTC, with milliseconds */
  notes_updated_at: string;
}

/** The first and the last day of a period, both included. */
export interface Period {
  from: string;
  to: string;
}

/**
 * The figures of a day, week, month or quarter, by its first day.      `complete` is false if the period or today cuts
 * it.
 */
export interface Point {
  date: string;
  responses: number;
  /** In the unit of the formula; null with too few answers */
  score: number | null;
  /** The lower end of the 95 % interval */
  low: number | null;
  /** The upper end of the 95 % interval */
  high: number | null;
  complete: boolean;
}

export interface ProductNameBody {
  name: string;
}

export interface Product {
  key: string;
  name: string;
}

export interface Products {
  data: Product[];
}

export interface Quarter {
  year: number;
  quarter: number;
  feedback_count: number;
  /** Two decimals, exact ties up */
  average_rating: number;
  /** Of an even number the mean of the middle two */
  median_rating: number;
  /** Share of ratings above 5, from 0 to 1, two decimals */
  pm_rating: number;
}

/** A user's rating of a feature. Optional fields can be left out, but not be null. */
export interface RatingBody {
  /** An email address */
  user_email: string;
  rating: number;
  source: Source;
  comment?: string;
  user_agent?: string;
}

export interface RatingFigures {
  total_feedbacks: number;
  /** Two decimals, exact ties up */
  average_rating: number;
  /** Of an even number the mean of the middle two */
  median_rating: number;
  /** Share of ratings above 5, from 0 to 1, two decimals */
  pm_rating: number;
  prompted_count: number;
  voluntary_count: number;
}

/** The stored rating. */
export interface RatingOut {
  id: string;
  user_email: string;
  rating: number;
  comment: string | null;
  source: Source;
  user_agent: string | null;
  /** UTC, with milliseconds */
  created_at: string;
}

/** The customer that the ticket belongs to. `guid` is their id in other systems. */
export interface Requester {
  name: string;
  /** An email address. Its domain may be international */
  email: string;
  guid?: string | null;
}

/** The customer that the ticket belongs to. `guid` is their id in other systems. */
export interface RequesterBody {
  name: string;
  /** An email address. Its domain may be international */
  email: string;
  guid?: string | null;
}

/** A score of the scale and the number of its answers. */
export interface ScoreFrequency {
  score: number;
  count: number;
}

/** One series over a period. The funnel is null for series whose surveys are not counted. */
export interface Series {
  series: NamedSeries;
  survey_type: string;
  scale_min: number;
  scale_max: number;
  formula: Formula;
  period: Period;
  total: Total;
  points: Point[];
  comparison: Comparison | null;
  funnel: Funnel | null;
}

/** A series and survey type in a list. `change` is null without a comparison. */
export interface SeriesRow {
  kind: Kind;
  id: string;
  name: string;
  survey_type: string;
  responses: number;
  /** In the unit of the formula; null with too few answers */
  score: number | null;
  /** The lower end of the 95 % interval */
  low: number | null;
  /** The upper end of the 95 % interval */
  high: number | null;
  change: Change | null;
  /** The part of the series in the change of the total of its kind and type */
  contribution: number | null;
}

/** One feature of a product with a user's counters. */
export interface State {
  product_feature_key: string;
  product_feature_description: string | null;
  interaction_count: number;
  total_interaction_count: number;
  interaction_threshold: number;
  rejection_count: number;
  rejection_threshold: number;
  /** Whether to show the prompt to this user now */
  should_request_feedback: boolean;
}

export interface States {
  data: State[];
}

/** One event of the stream. Its data is JSON. */
export interface StreamEvent {
  event: "feedback" | "quiet" | "reload" | "series";
  data: string;
  id: string;
  /** Milliseconds until a client reconnects */
  retry: number;
}

/** The subject of the survey. */
export interface SurveyContext {
  type: string;
  context_id: string;
  /** The day of the event, in UTC */
  timestamp: string;
}

/** An open survey, and the link to its page. */
export interface SurveyLink {
  survey_id: string;
  link: string;
}

/** A survey that the customer can answer. */
export interface Survey {
  survey_id: string;
  campaign_id: string;
  survey_type: string;
  question: string;
  scale_min: number;
  scale_max: number;
  context: SurveyContext;
  /** UTC, with milliseconds */
  sent_at: string | null;
}

/** A survey to open for a customer, outside of any event. */
export interface SurveyRequest {
  campaign_id: string;
  guid: string;
  context: ContextBody;
}

/** All fields of a survey type. `share` needs the satisfied range, `nps` the scale 0-10. */
export interface SurveyTypeBody {
  name: string;
  question: string;
  thanks: string;
  /** Of question and thanks, as a tag in lower case; null if unknown */
  language?: string | null;
  scale_min: number;
  scale_max: number;
  formula: Formula;
  satisfied_min?: number | null;
  satisfied_max?: number | null;
  higher_is_better?: boolean;
  formula_description?: string;
  /** By language, in lower case */
  translations?: Record<string, TextsBody>;
  /**
   * How customers see the scale. `auto`: thumbs for 0-1, stars for 1-5, otherwise numbers, and a slider for more than
   * 11 of them
   */
  display?: Display;
  /** The words at the lowest score */
  label_min?: string | null;
  /** The words at the highest score */
  label_max?: string | null;
  /** The label of the comment's field */
  comment_label?: string | null;
}

/** A stored survey type. */
export interface SurveyType {
  code: string;
  name: string;
  question: string;
  thanks: string;
  /** Of question and thanks, as a tag in lower case; null if unknown */
  language: string | null;
  scale_min: number;
  scale_max: number;
  formula: Formula;
  satisfied_min: number | null;
  satisfied_max: number | null;
  higher_is_better: boolean;
  formula_description: string;
  /** By language, in lower case */
  translations: Record<string, Texts>;
  /**
   * How customers see the scale. `auto`: thumbs for 0-1, stars for 1-5, otherwise numbers, and a slider for more than
   * 11 of them
   */
  display: Display;
  /** The words at the lowest score */
  label_min: string | null;
  /** The words at the highest score */
  label_max: string | null;
  /** The label of the comment's field */
  comment_label: string | null;
}

export interface SurveyTypes {
  survey_types: SurveyType[];
}

export interface Surveys {
  surveys: Survey[];
}

/** The texts in one language. */
export interface Texts {
  question: string;
  thanks: string;
  /** The words at the lowest score */
  label_min?: string | null;
  /** The words at the highest score */
  label_max?: string | null;
  /** The label of the comment's field */
  comment_label?: string | null;
}

/** The texts in one language. */
export interface TextsBody {
  question: string;
  thanks: string;
  /** The words at the lowest score */
  label_min?: string | null;
  /** The words at the highest score */
  label_max?: string | null;
  /** The label of the comment's field */
  comment_label?: string | null;
}

/** The thresholds of a feature. */
export interface ThresholdsBody {
  interaction_threshold: number;
  rejection_threshold: number;
}

/** The fields to change, at least one. `assignee` null unassigns the ticket; `tags` replaces all tags. */
export interface TicketChange {
  status?: Status;
  priority?: Priority;
  /** A member: account id or email address */
  assignee?: string | null;
  /** Without commas. Shown as first written in the workspace; case makes no difference */
  tags?: string[];
}

/** A ticket with its conversation, oldest first. */
export interface TicketDetails {
  id: string;
  ref: string;
  subject: string;
  description: string;
  requester: Requester;
  status: Status;
  priority: Priority;
  tags: string[];
  assignee: Assignee | null;
  /** UTC, with milliseconds */
  created_at: string;
  /** UTC, with milliseconds */
  first_response_at: string | null;
  /** UTC, with milliseconds */
  resolved_at: string | null;
  /** UTC, with milliseconds */
  updated_at: string;
  /** 1 to 5 */
  csat_rating: number | null;
  csat_comment: string | null;
  /** UTC, with milliseconds */
  csat_rated_at: string | null;
  messages: Message[];
}

/** A ticket in a list. The rating is null until the customer rates. */
export interface Ticket {
  id: string;
  ref: string;
  subject: string;
  requester: Requester;
  status: Status;
  priority: Priority;
  tags: string[];
  assignee: Assignee | null;
  /** UTC, with milliseconds */
  created_at: string;
  /** UTC, with milliseconds */
  first_response_at: string | null;
  /** UTC, with milliseconds */
  updated_at: string;
  /** 1 to 5 */
  csat_rating: number | null;
  /** UTC, with milliseconds */
  csat_rated_at: string | null;
  /** Where the search found its words; null without `q` */
  excerpt: Excerpt | null;
}

/** Periods with ratings only, newest first. Days are those of the workspace's time zone. */
export interface TimeSeries {
  monthly: Month[];
  quarterly: Quarter[];
}

/** The figures of a whole period. */
export interface Total {
  responses: number;
  /** In the unit of the formula; null with too few answers */
  score: number | null;
  /** The lower end of the 95 % interval */
  low: number | null;
  /** The upper end of the 95 % interval */
  high: number | null;
  mean: number | null;
  median: number | null;
  distribution: ScoreFrequency[];
}

export interface UsageFigures {
  users_with_interactions: number;
  /** Rounded half up */
  avg_total_interactions: number;
  max_total_interactions: number;
  users_rejection_exhausted: number;
}

export interface Usage {
  summary: UsageFigures;
}

/** The user of the feature. */
export interface UserBody {
  /** An email address */
  user_email: string;
}

/** A whole campaign. Without `end_date` it has no end. A missing one of the last three fields keeps its value. */
export interface WholeCampaign {
  name: string;
  survey_type_code: string;
  trigger_type: Trigger;
  /** 0: the survey is due at once */
  delay_hours: number;
  active: boolean;
  /** An instant, or a day of the workspace: its start */
  start_date: string;
  /** An instant, or a day of the workspace: its last moment */
  end_date?: string | null;
  /**
   * Where customers are asked: `in_app` lists the surveys, `email` sends them, `link` lets you request links. With
   * `link` alone, events open none
   */
  channels?: Channel[];
  /** Days from the email to its one reminder; null for none */
  reminder_after_days?: number | null;
  /** Of emails and hosted pages; null for that of the survey type */
  language?: string | null;
}

/** A workspace as the API shows it. */
export interface Workspace {
  name: string;
  /** A name of the IANA list */
  time_zone: string;
  /** Days for which a customer who rated a feature is not asked about it again */
  cool_down_days: number;
  /** The label before the host of the base address */
  slug: string;
  /** Whether customers have a portal for their tickets */
  portal_enabled: boolean;
  /** Whether the portal asks for a rating of a resolved ticket */
  csat_enabled: boolean;
  /** The number of answers that dashboards need to show a score */
  minimum_answers: number;
  /** The day on which the weeks of dashboards begin */
  week_start: WeekStart;
  /** Whether the ratings of an agent are shown to other agents */
  agents_see_all: boolean;
  /** The colour of buttons on pages of customers */
  accent: string | null;
  /** The address of the logo */
  logo: string | null;
  /** Whether users of the widget need a signature */
  widget_signature_required: boolean;
}

/** The fields to change; at least one. A new time zone affects future days only. */
export interface WorkspacePatch {
  name?: string;
  /** A name of the IANA list */
  time_zone?: string;
  cool_down_days?: number;
  /** Whether customers have a portal for their tickets */
  portal_enabled?: boolean;
  /** Whether the portal asks for a rating of a resolved ticket */
  csat_enabled?: boolean;
  minimum_answers?: number;
  /** The day on which the weeks of dashboards begin */
  week_start?: WeekStart;
  /** Whether the ratings of an agent are shown to other agents */
  agents_see_all?: boolean;
  /** The colour as `#rrggbb`; null removes it */
  accent?: string | null;
  /** Whether users of the widget need a signature */
  widget_signature_required?: boolean;
}

export interface FeatureSummary {
  summary: RatingFigures;
}

/** All returned metrics together. The period is the requested one, or the first and last day with responses. */
export interface MetricSummary {
  totalResponses: number;
  /**
   * The score of all responses together; across survey types, which have no common score, the mean of the days
   * weighted by their responses. 0 without responses
   */
  averageScore: number;
  periodFrom: string | null;
  periodTo: string | null;
}

/** The query of `listFeatures`. */
export interface ListFeaturesQuery {
  /** Only features of these products */
  product_key?: string[] | null;
  /** A part of the name, ignoring case */
  name_part?: string | null;
}

/** The query of `listFeatureStates`. */
export interface ListFeatureStatesQuery {
  /** An email address */
  user_email: string;
}

/** The query of `listFeatureUsers`. */
export interface ListFeatureUsersQuery {
  /** The maximum number of rows on a page */
  limit?: number;
  /** `next_cursor` of the page before */
  cursor?: string | null;
}

/** The query of `listFeatureRatings`. */
export interface ListFeatureRatingsQuery {
  /** The maximum number of rows on a page */
  limit?: number;
  /** `next_cursor` of the page before */
  cursor?: string | null;
}

/** The query of `listSurveys`. */
export interface ListSurveysQuery {
  guid: string;
}

/** The query of `listDeadLetters`. */
export interface ListDeadLettersQuery {
  /** The maximum number of rows on a page */
  limit?: number;
  /** `next_cursor` of the page before */
  cursor?: string | null;
}

/** The query of `liveMetrics`. */
export interface LiveMetricsQuery {
  /** Only this campaign, deleted or not */
  campaignId?: string | null;
  /** The code of a survey type; blank counts as none */
  type?: string | null;
  /** The first day, in the workspace's zone */
  dateFrom?: string | null;
  /** The last day, included */
  dateTo?: string | null;
}

/** The query of `listTickets`. */
export interface ListTicketsQuery {
  /** One or several */
  status?: StatusParameter[] | null;
  priority?: Priority | null;
  rating?: Rating | null;
  /** An instant, or a day in UTC */
  updated_since?: string | null;
  /** A member's account id or email address, or `none` */
  assignee?: string | null;
  tag?: string | null;
  /** An email address, in any case */
  requester?: string | null;
  /** Words that the ticket has, at most 32 */
  q?: string | null;
  /** Ties by the latest; unrated tickets are last */
  sort?: TicketSortKey;
  direction?: Direction;
  /** The maximum number of rows on a page */
  limit?: number;
  /** `next_cursor` of the page before */
  cursor?: string | null;
}

/** The query of `exportTickets`. */
export interface ExportTicketsQuery {
  /** One or several */
  status?: StatusParameter[] | null;
  priority?: Priority | null;
  rating?: Rating | null;
  /** An instant, or a day in UTC */
  updated_since?: string | null;
  /** A member's account id or email address, or `none` */
  assignee?: string | null;
  tag?: string | null;
  /** An email address, in any case */
  requester?: string | null;
  /** Words that the ticket has, at most 32 */
  q?: string | null;
  /** Between the columns: a comma, a semicolon or a tab */
  delimiter?: Delimiter;
  /** Start with a byte order mark, for spreadsheets */
  bom?: boolean;
  /** Leave formulas in texts unchanged */
  raw?: boolean;
}

/** The query of `listSeries`. */
export interface ListSeriesQuery {
  /** Series of this kind only */
  kind?: Kind | null;
  /** The code of a survey type */
  survey_type?: string | null;
  /** A part of the name, in any case */
  name_part?: string | null;
  /** The first day, in the workspace's zone; 90 days by default */
  from?: string | null;
  /** The last day, included; at most today */
  to?: string | null;
  compare?: Compare;
  sort?: DashboardSortKey;
  /** By default `asc` for names and otherwise `desc` */
  direction?: Direction | null;
  /** The maximum number of rows on a page */
  limit?: number | null;
  /** `next_cursor` of the page before */
  cursor?: string | null;
}

/** The query of `listSeriesAsJson`. */
export interface ListSeriesAsJsonQuery {
  /** Series of this kind only */
  kind?: Kind | null;
  /** The code of a survey type */
  survey_type?: string | null;
  /** A part of the name, in any case */
  name_part?: string | null;
  /** The first day, in the workspace's zone; 90 days by default */
  from?: string | null;
  /** The last day, included; at most today */
  to?: string | null;
  compare?: Compare;
  sort?: DashboardSortKey;
  /** By default `asc` for names and otherwise `desc` */
  direction?: Direction | null;
  /** The maximum number of rows on a page */
  limit?: number | null;
  /** `next_cursor` of the page before */
  cursor?: string | null;
}

/** The query of `exportSeries`. */
export interface ExportSeriesQuery {
  /** Series of this kind only */
  kind?: Kind | null;
  /** The code of a survey type */
  survey_type?: string | null;
  /** A part of the name, in any case */
  name_part?: string | null;
  /** The first day, in the workspace's zone; 90 days by default */
  from?: string | null;
  /** The last day, included; at most today */
  to?: string | null;
  compare?: Compare;
  sort?: DashboardSortKey;
  /** By default `asc` for names and otherwise `desc` */
  direction?: Direction | null;
  /** The maximum number of rows on a page */
  limit?: number | null;
  /** `next_cursor` of the page before */
  cursor?: string | null;
  /** Between the columns: a comma, a semicolon or a tab */
  delimiter?: Delimiter;
  /** Start with a byte order mark, for spreadsheets */
  bom?: boolean;
}

/** The query of `showSeries`. */
export interface ShowSeriesQuery {
  /** The code of a survey type */
  survey_type?: string | null;
  /** The first day, in the workspace's zone; 90 days by default */
  from?: string | null;
  /** The last day, included; at most today */
  to?: string | null;
  grain?: PointGrain;
  compare?: Compare;
  /** Between the columns: a comma, a semicolon or a tab */
  delimiter?: Delimiter;
  /** Start with a byte order mark, for spreadsheets */
  bom?: boolean;
}

/** The query of `listFeedback`. */
export interface ListFeedbackQuery {
  /** What asked for the rating */
  origin?: Origin | null;
  /** The id of the feature, ticket or campaign */
  origin_id?: string | null;
  /** The code of a survey type */
  survey_type?: string | null;
  score_min?: number | null;
  score_max?: number | null;
  /** Whether a survey asked for the rating */
  source?: Source | null;
  /** Whether the rating has a comment */
  has_comment?: boolean | null;
  /** Words in comments */
  text?: string | null;
  /** The first day, in the workspace's zone */
  from?: string | null;
  /** The last day, included; at most today */
  to?: string | null;
  /** A tag that the rating has now */
  tag?: string | null;
  /** The account id or email address of the agent whose work is rated */
  agent?: string | null;
  /** Whether a member has set this mark */
  read?: boolean | null;
  /** Whether a member has set this mark */
  handled?: boolean | null;
  /** The kind and id of a series that the rating counts under */
  series?: string | null;
  /** The maximum number of rows on a page */
  limit?: number;
  /** `next_cursor` of the page before */
  cursor?: string | null;
}

/** The query of `exportFeedbackAsCsv`. */
export interface ExportFeedbackAsCsvQuery {
  /** What asked for the rating */
  origin?: Origin | null;
  /** The id of the feature, ticket or campaign */
  origin_id?: string | null;
  /** The code of a survey type */
  survey_type?: string | null;
  score_min?: number | null;
  score_max?: number | null;
  /** Whether a survey asked for the rating */
  source?: Source | null;
  /** Whether the rating has a comment */
  has_comment?: boolean | null;
  /** Words in comments */
  text?: string | null;
  /** The first day, in the workspace's zone */
  from?: string | null;
  /** The last day, included; at most today */
  to?: string | null;
  /** A tag that the rating has now */
  tag?: string | null;
  /** The account id or email address of the agent whose work is rated */
  agent?: string | null;
  /** Whether a member has set this mark */
  read?: boolean | null;
  /** Whether a member has set this mark */
  handled?: boolean | null;
  /** The kind and id of a series that the rating counts under */
  series?: string | null;
  /** Between the columns: a comma, a semicolon or a tab */
  delimiter?: Delimiter;
  /** Start with a byte order mark, for spreadsheets */
  bom?: boolean;
  /** Leave formulas in texts unchanged */
  raw?: boolean;
}

/** The query of `exportFeedbackAsJsonLines`. */
export interface ExportFeedbackAsJsonLinesQuery {
  /** What asked for the rating */
  origin?: Origin | null;
  /** The id of the feature, ticket or campaign */
  origin_id?: string | null;
  /** The code of a survey type */
  survey_type?: string | null;
  score_min?: number | null;
  score_max?: number | null;
  /** Whether a survey asked for the rating */
  source?: Source | null;
  /** Whether the rating has a comment */
  has_comment?: boolean | null;
  /** Words in comments */
  text?: string | null;
  /** The first day, in the workspace's zone */
  from?: string | null;
  /** The last day, included; at most today */
  to?: string | null;
  /** A tag that the rating has now */
  tag?: string | null;
  /** The account id or email address of the agent whose work is rated */
  agent?: string | null;
  /** Whether a member has set this mark */
  read?: boolean | null;
  /** Whether a member has set this mark */
  handled?: boolean | null;
  /** The kind and id of a series that the rating counts under */
  series?: string | null;
}
