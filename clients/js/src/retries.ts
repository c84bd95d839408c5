import { isRepeatable, type Request } from "./shapes.ts";

const INITIAL_BACKOFF = 0.25; // seconds
const MAX_BACKOFF = 8;
const MAX_RETRY_AFTER = 60; // a longer wait is left to the caller
const NOT_SENT = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "UND_ERR_CONNECT_TIMEOUT"]);

/** A response; its text is missing if it is a stream that is not read yet. */
export class Answer {
  readonly response: Response;
  readonly text: string | undefined;

  constructor(response: Response, text: string | undefined) {
    this.response = response;
    this.text = text;
  }
}

/** An answer, or the error of `fetch`. */
export type Outcome = Answer | Error;

/** The attempts of one call: exponential backoff with jitter, or longer where the server says so. */
export class Attempts {
  readonly #request: Request;
  #left: number;
  #backoff = INITIAL_BACKOFF;

  constructor(request: Request, retries: number) {
    this.#request = request;
    this.#left = retries;
  }

  /** Seconds until the next attempt; undefined if the outcome is final. */
  delayAfter(outcome: Outcome): number | undefined {
    const asked = outcome instanceof Answer ? (retryAfter(outcome.response) ?? 0) : 0;
    if (this.#left === 0 || !this.#mayRepeat(outcome) || asked > MAX_RETRY_AFTER) return undefined;
    this.#left -= 1;
    const backoff = this.#backoff * (0.5 + Math.random() / 2);
    this.#backoff = Math.min(2 * this.#backoff, MAX_BACKOFF);
    return Math.max(backoff, asked);
  }

  #mayRepeat(outcome: Outcome): boolean {
    if (this.#request.options.signal?.aborted) return false;
    const repeatable = isRepeatable(this.#request);
    if (outcome instanceof Answer)
      return outcome.response.status === 429 || (repeatable && [502, 503, 504].includes(outcome.response.status));
    return repeatable || NOT_SENT.has((outcome.cause as { code?: string } | undefined)?.code ?? "");
  }
}

/** The header Retry-After in seconds from now; undefined if it is missing or cannot be read. */
export function retryAfter(response: Response): number | undefined {
  const text = response.headers.get("retry-after") ?? "";
  if (/^\d+$/.test(text)) return Number(text);
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, (at - Date.now()) / 1000);
}
