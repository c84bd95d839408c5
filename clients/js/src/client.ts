import { Calls } from "./calls.ts";
import { ConnectionFailed, errorOf, UnexpectedResponse } from "./errors.ts";
import { Answer, Attempts, retryAfter, type Outcome } from "./retries.ts";
import { Pages, queryOf, readEvents, type Request } from "./shapes.ts";
import type { Page } from "./types.ts";
import { VERSION } from "./version.ts";

export interface ClientOptions {
  /** Seconds until an attempt without a response ends; 10 by default. */
  timeout?: number;
  /** How many attempts follow the first one; 4 by default. */
  retries?: number;
  /** Sends the requests; the global `fetch` by default. */
  fetch?: typeof fetch;
}

/** Calls Voxpop's API with an API key, which must stay on the server. */
export class Client extends Calls {
  readonly #url: string;
  readonly #key: string;
  readonly #options: Required<ClientOptions>;

  constructor(url: string, key: string, options: ClientOptions = {}) {
    super();
    this.#url = url.replace(/\/+$/, "");
    this.#key = key.trim();
    // The error of a wrong header would show the key.
    if (!/^[!-~]+$/.test(this.#key)) throw new TypeError("The API key must consist of ASCII characters without spaces");
    this.#options = { timeout: options.timeout ?? 10, retries: options.retries ?? 4, fetch: options.fetch ?? fetch };
  }

  protected async call<T>(request: Request): Promise<T> {
    const { response, text } = await this.#exchange(request);
    try {
      return (text ? JSON.parse(text) : undefined) as T;
    } catch {
      throw new UnexpectedResponse(response.status, response.url);
    }
  }

  protected pages<T>(request: Request): Pages<T> {
    return new Pages((cursor) =>
      this.call<Page<T>>(cursor === undefined ? request : { ...request, query: { ...request.query, cursor } }),
    );
  }

  protected async *bytes(request: Request): AsyncGenerator<Uint8Array> {
    const { response } = await this.#exchange(request, true);
    if (response.body === null) return;
    try {
      yield* response.body as unknown as AsyncIterable<Uint8Array>;
    } catch (error) {
      request.options.signal?.throwIfAborted();
      throw new ConnectionFailed("The stream broke", { cause: error });
    }
  }

  protected events<T>(request: Request): AsyncIterable<T> {
    return readEvents<T>(this.bytes(request));
  }

  /** Sends a request, again if needed, until it succeeds; throws what else happened. */
  async #exchange(request: Request, isStream = false): Promise<Answer> {
    const attempts = new Attempts(request, this.#options.retries);
    for (;;) {
      const outcome = await this.#attempt(request, isStream);
      if (outcome instanceof Answer && outcome.response.ok) return outcome;
      const delay = attempts.delayAfter(outcome);
      if (delay === undefined) throw failure(request, outcome);
      await sleep(delay, request.options.signal);
    }
  }

  /** The time limit covers the whole answer, or for a stream the time until it begins. */
  async #attempt(request: Request, isStream: boolean): Promise<Outcome> {
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), this.#options.timeout * 1000);
    try {
      const response = await this.#options.fetch(this.#url + request.path + queryOf(request.query), {
        method: request.method,
        headers: this.#headers(request),
        redirect: "manual",
        signal: AbortSignal.any([limit.signal, request.options.signal].filter((one) => one !== undefined)),
        ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
      });
      return new Answer(response, isStream && response.ok ? undefined : await response.text());
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    } finally {
      clearTimeout(timer);
    }
  }

  #headers(request: Request): Record<string, string> {
    const given = Object.entries(request.headers ?? {}).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
    return {
      authorization: `Bearer ${this.#key}`,
      "user-agent": `voxpop-js/${VERSION}`,
      ...(request.body === undefined ? {} : { "content-type": "application/json" }),
      ...Object.fromEntries(given),
    };
  }
}

function failure(request: Request, outcome: Outcome): unknown {
  if (request.options.signal?.aborted) return request.options.signal.reason;
  if (outcome instanceof Error) return new ConnectionFailed(outcome.message, { cause: outcome });
  const { status, url } = outcome.response;
  return errorOf(status, url, outcome.text ?? "", retryAfter(outcome.response));
}

/** Waits, or ends at once when the call is aborted. */
function sleep(seconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, seconds * 1000);
    signal?.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });
}
