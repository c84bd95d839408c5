// Generated from the OpenAPI document by `make clients`.

import { newKey, path, type Options, type Pages, type Request } from "./shapes.ts";
import type {
  Answer,
  AnswerBody,
  BadgeSwitch,
  BadgeSwitchBody,
  Campaign,
  Campaigns,
  Counters,
  DeadLetter,
  Event,
  EventResult,
  EventResults,
  ExportFeedbackAsCsvQuery,
  ExportFeedbackAsJsonLinesQuery,
  ExportSeriesQuery,
  ExportTicketsQuery,
  Feature,
  FeatureChangeBody,
  FeatureRating,
  FeatureSummary,
  FeatureUser,
  Features,
  Feedback,
  FeedbackPatch,
  FilterBody,
  ListDeadLettersQuery,
  ListFeatureRatingsQuery,
  ListFeatureStatesQuery,
  ListFeatureUsersQuery,
  ListFeaturesQuery,
  ListFeedbackQuery,
  ListSeriesAsJsonQuery,
  ListSeriesQuery,
  ListSurveysQuery,
  ListTicketsQuery,
  LiveMetricsQuery,
  Message,
  Metrics,
  MetricsFilter,
  NewCampaign,
  NewFeatureBody,
  NewProductBody,
  NewReply,
  NewSurveyType,
  NewTicketBody,
  Notes,
  NotesBody,
  Product,
  ProductNameBody,
  Products,
  RatingBody,
  RatingOut,
  Series,
  SeriesRow,
  ShowSeriesQuery,
  States,
  StreamEvent,
  SurveyLink,
  SurveyRequest,
  SurveyType,
  SurveyTypeBody,
  SurveyTypes,
  Surveys,
  ThresholdsBody,
  Ticket,
  TicketChange,
  TicketDetails,
  TimeSeries,
  Usage,
  UserBody,
  WholeCampaign,
  Workspace,
  WorkspacePatch,
} from "./types.ts";

/** Every call that needs a key with the scope ingest, read or manage. */
export abstract class Calls {
  protected abstract call<T>(request: Request): Promise<T>;
  protected abstract pages<T>(request: Request): Pages<T>;
  protected abstract bytes(request: Request): AsyncIterable<Uint8Array>;
  protected abstract events<T>(request: Request): AsyncIterable<T>;

  /** The key's workspace. Its name and settings. Requires an API key with the scope `manage`. */
  showWorkspace(
    options: Options = {},
  ): Promise<Workspace> {
    return this.call<Workspace>({
      method: "GET",
      path: "/api/v1/workspace",
      options,
    });
  }

  /**
   * Change the key's workspace. A new time zone affects future days only. `null` removes the accent. Requires an API
   * key with the scope `manage`.
   */
  changeWorkspace(
    body: WorkspacePatch,
    options: Options = {},
  ): Promise<Workspace> {
    return this.call<Workspace>({
      method: "PATCH",
      path: "/api/v1/workspace",
      body,
      options,
    });
  }

  /** List products. Sorted by name. Requires an API key with the scope `read`. */
  listProducts(
    options: Options = {},
  ): Promise<Products> {
    return this.call<Products>({
      method: "GET",
      path: "/api/csat/v1/products",
      options,
    });
  }

  /**
   * Create a product. The key identifies the product in all other requests. Requires an API key with the scope
   * `manage`.
   */
  openProduct(
    body: NewProductBody,
    options: Options = {},
  ): Promise<Product> {
    return this.call<Product>({
      method: "POST",
      path: "/api/csat/v1/products",
      body,
      options,
    });
  }

  /** Delete a product. A product with features cannot be deleted. Requires an API key with the scope `manage`. */
  deleteProduct(
    product: string,
    options: Options = {},
  ): Promise<void> {
    return this.call<void>({
      method: "DELETE",
      path: path`/api/csat/v1/products/${product}`,
      options,
    });
  }

  /** Rename a product. The key stays the same. Requires an API key with the scope `manage`. */
  renameProduct(
    product: string,
    body: ProductNameBody,
    options: Options = {},
  ): Promise<Product> {
    return this.call<Product>({
      method: "PATCH",
      path: path`/api/csat/v1/products/${product}`,
      body,
      options,
    });
  }

  /**
   * List features. Sorted by product key, then feature key. Repeat `product_key` for several products. Requires an API
   * key with the scope `read`.
   */
  listFeatures(
    query: ListFeaturesQuery = {},
    options: Options = {},
  ): Promise<Features> {
    return this.call<Features>({
      method: "GET",
      path: "/api/csat/v1/features",
      query: { ...query },
      options,
    });
  }

  /**
   * Create a feature. Its name is the key with spaces for `-`, `_`, `.` and `+`; PATCH can change the name. Requires
   * an API key with the scope `manage`.
   */
  openFeature(
    product: string,
    body: NewFeatureBody,
    options: Options = {},
  ): Promise<Feature> {
    return this.call<Feature>({
      method: "POST",
      path: path`/api/csat/v1/products/${product}/features`,
      body,
      options,
    });
  }

  /**
   * Delete a feature. A feature with interactions or ratings cannot be deleted. Requires an API key with the scope
   * `manage`.
   */
  deleteFeature(
    product: string,
    feature: string,
    options: Options = {},
  ): Promise<void> {
    return this.call<void>({
      method: "DELETE",
      path: path`/api/csat/v1/products/${product}/features/${feature}`,
      options,
    });
  }

  /**
   * Change a feature's name or description. At least one of the two. Thresholds have an address of their own. Requires
   * an API key with the scope `manage`.
   */
  changeFeature(
    product: string,
    feature: string,
    body: FeatureChangeBody,
    options: Options = {},
  ): Promise<Feature> {
    return this.call<Feature>({
      method: "PATCH",
      path: path`/api/csat/v1/products/${product}/features/${feature}`,
      body,
      options,
    });
  }

  /**
   * Set a feature's thresholds. They apply from the next request on, to existing counts too. Requires an API key with
   * the scope `manage`.
   */
  setThresholds(
    product: string,
    feature: string,
    body: ThresholdsBody,
    options: Options = {},
  ): Promise<Feature> {
    return this.call<Feature>({
      method: "PUT",
      path: path`/api/csat/v1/products/${product}/features/${feature}/thresholds`,
      body,
      options,
    });
  }

  /**
   * A user's counters on every feature. Features without uses have zeros. Reading changes nothing. Requires an API key
   * with the scope `ingest`.
   */
  listFeatureStates(
    product: string,
    query: ListFeatureStatesQuery,
    options: Options = {},
  ): Promise<States> {
    return this.call<States>({
      method: "GET",
      path: path`/api/csat/v1/products/${product}/feature-interactions`,
      query: { ...query },
      options,
    });
  }

  /**
   * Count a use. Send it whenever a user uses the feature. Show the prompt when `should_request_feedback` is true.
   * Requires an API key with the scope `ingest`.
   */
  increment(
    product: string,
    feature: string,
    body: UserBody,
    options: Options & { idempotencyKey?: string } = {},
  ): Promise<Counters> {
    return this.call<Counters>({
      method: "POST",
      path: path`/api/csat/v1/products/${product}/features/${feature}/increment`,
      body,
      headers: { "Idempotency-Key": options.idempotencyKey ?? newKey() },
      options,
    });
  }

  /**
   * Count a rejection. Send it when a user closes the prompt without a rating. Uses start again; enough rejections
   * stop the prompts. Requires an API key with the scope `ingest`.
   */
  reject(
    product: string,
    feature: string,
    body: UserBody,
    options: Options & { idempotencyKey?: string } = {},
  ): Promise<Counters> {
    return this.call<Counters>({
      method: "POST",
      path: path`/api/csat/v1/products/${product}/features/${feature}/reject`,
      body,
      headers: { "Idempotency-Key": options.idempotencyKey ?? newKey() },
      options,
    });
  }

  /**
   * Store a rating. A user can rate a feature any number of times. Each rating stops prompts for the workspace's cool-
   * down. Requires an API key with the scope `ingest`.
   */
  rate(
    product: string,
    feature: string,
    body: RatingBody,
    options: Options & { idempotencyKey?: string } = {},
  ): Promise<RatingOut> {
    return this.call<RatingOut>({
      method: "POST",
      path: path`/api/csat/v1/products/${product}/features/${feature}/feedbacks`,
      body,
      headers: { "Idempotency-Key": options.idempotencyKey ?? newKey() },
      options,
    });
  }

  /** A feature's usage. Zeros for a feature without uses. Requires an API key with the scope `read`. */
  getFeatureUsage(
    product: string,
    feature: string,
    options: Options = {},
  ): Promise<Usage> {
    return this.call<Usage>({
      method: "GET",
      path: path`/api/csat/v1/analytics/products/${product}/features/${feature}/interactions`,
      options,
    });
  }

  /**
   * A feature's rating figures. Over all time; zeros for a feature without ratings. Requires an API key with the scope
   * `read`.
   */
  getFeatureSummary(
    product: string,
    feature: string,
    options: Options = {},
  ): Promise<FeatureSummary> {
    return this.call<FeatureSummary>({
      method: "GET",
      path: path`/api/csat/v1/analytics/products/${product}/features/${feature}/feedbacks`,
      options,
    });
  }

  /**
   * List a feature's users. The last changed first. An invalid cursor returns the first page. Requires an API key with
   * the scope `read`.
   */
  listFeatureUsers(
    product: string,
    feature: string,
    query: ListFeatureUsersQuery = {},
    options: Options = {},
  ): Pages<FeatureUser> {
    return this.pages<FeatureUser>({
      method: "GET",
      path: path`/api/csat/v1/analytics/products/${product}/features/${feature}/interactions/users`,
      query: { ...query },
      options,
    });
  }

  /**
   * List a feature's ratings. Newest first. An invalid cursor returns the first page. Requires an API key with the
   * scope `read`.
   */
  listFeatureRatings(
    product: string,
    feature: string,
    query: ListFeatureRatingsQuery = {},
    options: Options = {},
  ): Pages<FeatureRating> {
    return this.pages<FeatureRating>({
      method: "GET",
      path: path`/api/csat/v1/analytics/products/${product}/features/${feature}/feedbacks/users`,
      query: { ...query },
      options,
    });
  }

  /** Ratings by month and quarter. Periods without ratings are left out. Requires an API key with the scope `read`. */
  listFeaturePeriods(
    product: string,
    feature: string,
    options: Options = {},
  ): Promise<TimeSeries> {
    return this.call<TimeSeries>({
      method: "GET",
      path: path`/api/csat/v1/analytics/products/${product}/features/${feature}/feedbacks/timeseries`,
      options,
    });
  }

  /** Set the notes on a rating. The last notes win; null removes them. Requires an API key with the scope `manage`. */
  setRatingNotes(
    feedback: string,
    body: NotesBody,
    options: Options = {},
  ): Promise<Notes> {
    return this.call<Notes>({
      method: "PATCH",
      path: path`/api/csat/v1/feedbacks/${feedback}/notes`,
      body,
      options,
    });
  }

  /**
   * A customer's open surveys. The surveys that are due, latest scheduled first. The first call marks them as shown;
   * the language is chosen by `Accept-Language`. Requires an API key with the scope `ingest`.
   */
  listSurveys(
    query: ListSurveysQuery,
    options: Options & { acceptLanguage?: string } = {},
  ): Promise<Surveys> {
    return this.call<Surveys>({
      method: "GET",
      path: "/api/v1/feedback/surveys",
      query: { ...query },
      headers: { "Accept-Language": options.acceptLanguage },
      options,
    });
  }

  /**
   * Answer a survey. A survey takes one answer. Of several answers at the same time, one is stored. Requires an API
   * key with the scope `ingest`.
   */
  submitAnswer(
    body: AnswerBody,
    options: Options & { acceptLanguage?: string; idempotencyKey?: string } = {},
  ): Promise<Answer> {
    return this.call<Answer>({
      method: "POST",
      path: "/api/v1/feedback/submit",
      body,
      headers: { "Accept-Language": options.acceptLanguage, "Idempotency-Key": options.idempotencyKey ?? newKey() },
      options,
    });
  }

  /** List survey types. Sorted by code. Requires an API key with the scope `read`. */
  listSurveyTypes(
    options: Options = {},
  ): Promise<SurveyTypes> {
    return this.call<SurveyTypes>({
      method: "GET",
      path: "/api/v1/survey-types",
      options,
    });
  }

  /**
   * Create a survey type. A type of the workspace's own, for example CES on 1-7 or thumbs on 0-1. Requires an API key
   * with the scope `manage`.
   */
  addSurveyType(
    body: NewSurveyType,
    options: Options = {},
  ): Promise<SurveyType> {
    return this.call<SurveyType>({
      method: "POST",
      path: "/api/v1/survey-types",
      body,
      options,
    });
  }

  /**
   * Replace a survey type. Texts can change at any time, scale and formula only while no survey or rating has the
   * type. Requires an API key with the scope `manage`.
   */
  replaceSurveyType(
    code: string,
    body: SurveyTypeBody,
    options: Options = {},
  ): Promise<SurveyType> {
    return this.call<SurveyType>({
      method: "PUT",
      path: path`/api/v1/survey-types/${code}`,
      body,
      options,
    });
  }

  /**
   * Open a campaign. The campaign opens surveys for events from its start date on; the default is now. Requires an API
   * key with the scope `manage`.
   */
  openCampaign(
    body: NewCampaign,
    options: Options = {},
  ): Promise<Campaign> {
    return this.call<Campaign>({
      method: "POST",
      path: "/api/v1/campaigns",
      body,
      options,
    });
  }

  /** Find campaigns. Newest first; `{}` returns all of them. Requires an API key with the scope `read`. */
  filterCampaigns(
    body: FilterBody,
    options: Options = {},
  ): Promise<Campaigns> {
    return this.call<Campaigns>({
      method: "POST",
      path: "/api/v1/campaigns/filter",
      body,
      repeatable: true,
      options,
    });
  }

  /** Show a campaign. A deleted campaign returns 404. Requires an API key with the scope `read`. */
  showCampaign(
    campaign: string,
    options: Options = {},
  ): Promise<Campaign> {
    return this.call<Campaign>({
      method: "GET",
      path: path`/api/v1/campaigns/${campaign}`,
      options,
    });
  }

  /**
   * Replace a campaign. Replaces all fields. `channels`, `reminder_after_days` and `language` keep their value if they
   * are missing. The survey type can change only while the campaign has no surveys. Requires an API key with the scope
   * `manage`.
   */
  replaceCampaign(
    campaign: string,
    body: WholeCampaign,
    options: Options = {},
  ): Promise<Campaign> {
    return this.call<Campaign>({
      method: "PUT",
      path: path`/api/v1/campaigns/${campaign}`,
      body,
      options,
    });
  }

  /**
   * Delete a campaign. The campaign opens no more surveys. Its surveys stay answerable, and its metrics stay. Requires
   * an API key with the scope `manage`.
   */
  deleteCampaign(
    campaign: string,
    options: Options = {},
  ): Promise<void> {
    return this.call<void>({
      method: "DELETE",
      path: path`/api/v1/campaigns/${campaign}`,
      options,
    });
  }

  /**
   * Send events. One event, or a list of up to 1,000. An event may be sent again: it opens its surveys once. Requires
   * an API key with the scope `ingest`.
   */
  sendEvents(
    body: Event | Event[],
    options: Options = {},
  ): Promise<EventResults> {
    return this.call<EventResults>({
      method: "POST",
      path: "/api/v1/events",
      body,
      repeatable: true,
      options,
    });
  }

  /**
   * Request the link of a survey. Opens a survey of a campaign with the channel `link`, due at once, for you to send.
   * A repeat for the same campaign and context returns the first survey with status 200. Requires an API key with the
   * scope `ingest`.
   */
  requestSurvey(
    body: SurveyRequest,
    options: Options = {},
  ): Promise<SurveyLink> {
    return this.call<SurveyLink>({
      method: "POST",
      path: "/api/v1/surveys",
      body,
      repeatable: true,
      options,
    });
  }

  /**
   * List dead letters. Messages that could not be used, newest first, each with its reason. Requires an API key with
   * the scope `read`.
   */
  listDeadLetters(
    query: ListDeadLettersQuery = {},
    options: Options = {},
  ): Pages<DeadLetter> {
    return this.pages<DeadLetter>({
      method: "GET",
      path: "/api/v1/events/dead-letters",
      query: { ...query },
      options,
    });
  }

  /**
   * Replay a dead letter. Ingests the message again, unchanged; 400 if it still cannot be used. Requires an API key
   * with the scope `manage`.
   */
  replayDeadLetter(
    dead_letter: string,
    options: Options = {},
  ): Promise<EventResult> {
    return this.call<EventResult>({
      method: "POST",
      path: path`/api/v1/events/dead-letters/${dead_letter}/replay`,
      options,
    });
  }

  /**
   * Metrics of campaigns by day. As aggregated: a day appears at 00:05 of the next day. Days and campaigns without
   * responses are left out. Requires an API key with the scope `read`.
   */
  filterMetrics(
    body: MetricsFilter,
    options: Options = {},
  ): Promise<Metrics> {
    return this.call<Metrics>({
      method: "POST",
      path: "/api/v1/metrics/filter",
      body,
      repeatable: true,
      options,
    });
  }

  /**
   * Metrics of campaigns by day, up to this second. The same response as for the aggregated metrics, with today
   * included. Requires an API key with the scope `read`.
   */
  liveMetrics(
    query: LiveMetricsQuery = {},
    options: Options = {},
  ): Promise<Metrics> {
    return this.call<Metrics>({
      method: "GET",
      path: "/api/v1/metrics/live",
      query: { ...query },
      options,
    });
  }

  /**
   * List tickets. The tickets that match every filter, the most recently updated first by default. A cursor fits one
   * sort only. Requires an API key with the scope `read`.
   */
  listTickets(
    query: ListTicketsQuery = {},
    options: Options = {},
  ): Pages<Ticket> {
    return this.pages<Ticket>({
      method: "GET",
      path: "/api/v1/tickets",
      query: { ...query },
      options,
    });
  }

  /** Open a ticket. Opens a ticket for a customer. Requires an API key with the scope `manage`. */
  openTicket(
    body: NewTicketBody,
    options: Options & { idempotencyKey?: string } = {},
  ): Promise<TicketDetails> {
    return this.call<TicketDetails>({
      method: "POST",
      path: "/api/v1/tickets",
      body,
      headers: { "Idempotency-Key": options.idempotencyKey ?? newKey() },
      options,
    });
  }

  /**
   * Export tickets. All tickets that match, oldest first, as CSV in UTF-8. Texts are quoted, and formulas in them
   * follow a `'`. Requires an API key with the scope `read`.
   */
  exportTickets(
    query: ExportTicketsQuery = {},
    options: Options = {},
  ): AsyncIterable<Uint8Array> {
    return this.bytes({
      method: "GET",
      path: "/api/v1/tickets.csv",
      query: { ...query },
      options,
    });
  }

  /**
   * Show a ticket. The ticket with its conversation, including internal notes. Requires an API key with the scope
   * `read`.
   */
  showTicket(
    ref: string,
    options: Options = {},
  ): Promise<TicketDetails> {
    return this.call<TicketDetails>({
      method: "GET",
      path: path`/api/v1/tickets/${ref}`,
      options,
    });
  }

  /**
   * Change a ticket. Makes all changes or none. Resolving or closing asks the requester for a rating; closing triggers
   * campaigns. Requires an API key with the scope `manage`.
   */
  changeTicket(
    ref: string,
    body: TicketChange,
    options: Options = {},
  ): Promise<TicketDetails> {
    return this.call<TicketDetails>({
      method: "PATCH",
      path: path`/api/v1/tickets/${ref}`,
      body,
      options,
    });
  }

  /**
   * Reply to a ticket. A public reply is emailed to the requester and sets an open ticket in progress. Only agents see
   * a note. Requires an API key with the scope `manage`.
   */
  replyToTicket(
    ref: string,
    body: NewReply,
    options: Options & { idempotencyKey?: string } = {},
  ): Promise<Message> {
    return this.call<Message>({
      method: "POST",
      path: path`/api/v1/tickets/${ref}/replies`,
      body,
      headers: { "Idempotency-Key": options.idempotencyKey ?? newKey() },
      options,
    });
  }

  /**
   * List series. Scores of all series with ratings in the period or in the one it is compared with. A change must pass
   * Benjamini–Hochberg over all rows of the query. A cursor fits one sort only. Requires an API key with the scope
   * `read`.
   */
  listSeries(
    query: ListSeriesQuery = {},
    options: Options = {},
  ): Pages<SeriesRow> {
    return this.pages<SeriesRow>({
      method: "GET",
      path: "/api/v1/series",
      query: { ...query },
      options,
    });
  }

  /** List series. The same as without `.json`. Requires an API key with the scope `read`. */
  listSeriesAsJson(
    query: ListSeriesAsJsonQuery = {},
    options: Options = {},
  ): Pages<SeriesRow> {
    return this.pages<SeriesRow>({
      method: "GET",
      path: "/api/v1/series.json",
      query: { ...query },
      options,
    });
  }

  /** Export series. The same list as CSV. Without a limit it has all rows. Requires an API key with the scope `read`. */
  exportSeries(
    query: ExportSeriesQuery = {},
    options: Options = {},
  ): AsyncIterable<Uint8Array> {
    return this.bytes({
      method: "GET",
      path: "/api/v1/series.csv",
      query: { ...query },
      options,
    });
  }

  /**
   * Show a series. The total, the points and the funnel of one series. An id that ends with `.csv` gives the points.
   * Requires an API key with the scope `read`.
   */
  showSeries(
    kind: string,
    series: string,
    query: ShowSeriesQuery = {},
    options: Options = {},
  ): Promise<Series> {
    return this.call<Series>({
      method: "GET",
      path: path`/api/v1/series/${kind}/${series}`,
      query: { ...query },
      options,
    });
  }

  /**
   * List ratings. The ratings of features, tickets and campaigns that match every condition, newest first. Requires an
   * API key with the scope `read`.
   */
  listFeedback(
    query: ListFeedbackQuery = {},
    options: Options = {},
  ): Pages<Feedback> {
    return this.pages<Feedback>({
      method: "GET",
      path: "/api/v1/feedback",
      query: { ...query },
      options,
    });
  }

  /**
   * Export ratings as CSV. All ratings that match, newest first, as CSV in UTF-8. Texts are quoted, and formulas in
   * them follow a `'`. Requires an API key with the scope `read`.
   */
  exportFeedbackAsCsv(
    query: ExportFeedbackAsCsvQuery = {},
    options: Options = {},
  ): AsyncIterable<Uint8Array> {
    return this.bytes({
      method: "GET",
      path: "/api/v1/feedback.csv",
      query: { ...query },
      options,
    });
  }

  /**
   * Export ratings as JSON lines. All ratings that match, newest first, a JSON object on each line. Requires an API
   * key with the scope `read`.
   */
  exportFeedbackAsJsonLines(
    query: ExportFeedbackAsJsonLinesQuery = {},
    options: Options = {},
  ): AsyncIterable<Uint8Array> {
    return this.bytes({
      method: "GET",
      path: "/api/v1/feedback.jsonl",
      query: { ...query },
      options,
    });
  }

  /**
   * Change a rating's notes, marks and tags. The marks are the workspace's, not the member's. Score, comment, series
   * and counts stay as they are. Requires an API key with the scope `manage`.
   */
  changeFeedback(
    feedback: string,
    body: FeedbackPatch,
    options: Options = {},
  ): Promise<Feedback> {
    return this.call<Feedback>({
      method: "PATCH",
      path: path`/api/v1/feedback/${feedback}`,
      body,
      options,
    });
  }

  /**
   * Stream of changes. Server-sent events: `series` names series with new ratings, `feedback` names ratings that are
   * new or changed, `quiet` comes every 15 seconds. A stream lives for a minute and resumes by `Last-Event-ID` for 15
   * minutes; after a longer time, and after too many changes, `reload` says that everything may have changed. A
   * session or key may have ten streams open. Requires an API key with the scope `read`.
   */
  streamChanges(
    options: Options & { lastEventId?: string } = {},
  ): AsyncIterable<StreamEvent> {
    return this.events<StreamEvent>({
      method: "GET",
      path: "/api/v1/stream",
      headers: { "Last-Event-ID": options.lastEventId },
      options,
    });
  }

  /**
   * Switch the public badge of a series. Badges are off by default. Repeating the request changes nothing. Requires an
   * API key with the scope `manage`.
   */
  switchBadge(
    kind: string,
    series: string,
    body: BadgeSwitchBody,
    options: Options = {},
  ): Promise<BadgeSwitch> {
    return this.call<BadgeSwitch>({
      method: "PUT",
      path: path`/api/v1/series/${kind}/${series}/badge`,
      body,
      options,
    });
  }
}
