/** The base of all errors of a call. */
export class VoxpopError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** No response arrived, after all attempts. The cause is the error of `fetch`. */
export class ConnectionFailed extends VoxpopError {}

/** The response is not one of Voxpop's: the address may be wrong, or a proxy answered. */
export class UnexpectedResponse extends VoxpopError {
  readonly status: number;

  constructor(status: number, url: string) {
    super(`${url} returned ${status} with another body`);
    this.status = status;
  }
}

export interface FieldError {
  field: string;
  message: string;
}

interface Problem {
  message: string;
  code: string;
  details?: FieldError[];
  traceId?: string;
}

/** Voxpop refused the call. Programs decide by `code`; `traceId` finds the request in the server's log. */
export class ApiError extends VoxpopError {
  readonly status: number;
  readonly code: string;
  readonly details: FieldError[];
  readonly traceId: string | undefined;
  /** Seconds to wait before another call, if the server says so. */
  readonly retryAfter: number | undefined;

  constructor(status: number, problem: Problem, retryAfter: number | undefined) {
    super(`${problem.code}: ${problem.message}`);
    this.status = status;
    this.code = problem.code;
    this.details = problem.details ?? [];
    this.traceId = problem.traceId;
    this.retryAfter = retryAfter;
  }
}

/** The request breaks a rule; `details` names the fields. */
export class InvalidRequest extends ApiError {}
/** The API key is missing, unknown or revoked, or a signature is not valid. */
export class Unauthorized extends ApiError {}
/** The API key lacks the scope of the call. */
export class Forbidden extends ApiError {}
/** The workspace has nothing with this key or id. */
export class NotFound extends ApiError {}
/** The call contradicts what is stored, for example a key that exists. */
export class RequestConflict extends ApiError {}
/** Too many requests; `retryAfter` is the time to wait. */
export class RateLimited extends ApiError {}
/** The service cannot answer now, after all attempts. */
export class Unavailable extends ApiError {}

const BY_STATUS: Record<number, typeof ApiError> = {
  400: InvalidRequest,
  401: Unauthorized,
  403: Forbidden,
  404: NotFound,
  409: RequestConflict,
  410: NotFound,
  413: InvalidRequest,
  415: InvalidRequest,
  422: InvalidRequest,
  429: RateLimited,
  503: Unavailable,
};

/** The error that a response with this body means. */
export function errorOf(status: number, url: string, body: string, retryAfter: number | undefined): VoxpopError {
  const problem = read(body);
  if (typeof problem?.code !== "string" || typeof problem.message !== "string") return new UnexpectedResponse(status, url);
  return new (BY_STATUS[status] ?? ApiError)(status, problem, retryAfter);
}

function read(body: string): Problem | null {
  try {
    return JSON.parse(body) as Problem | null;
  } catch {
    return null;
  }
}
