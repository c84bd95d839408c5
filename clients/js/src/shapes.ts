import type { Page } from "./types.ts";

/** What every call takes besides its own values. */
export interface Options {
  /** Ends the call when it is aborted. */
  signal?: AbortSignal;
}

/** The shape of a call. */
export interface Request {
  method: string;
  path: string;
  query?: Record<string, unknown>;
  body?: unknown;
  headers?: Record<string, string | undefined>;
  /** A POST that may be sent again without an Idempotency-Key. */
  repeatable?: boolean;
  options: Options;
}

/** Whether sending it twice does the same as sending it once. */
export function isRepeatable(request: Request): boolean {
  return request.method !== "POST" || request.repeatable === true || "Idempotency-Key" in (request.headers ?? {});
}

/** A list: awaited, it gives the first page; `for await` goes through the rows of every page. */
export class Pages<T> implements Promise<Page<T>>, AsyncIterable<T> {
  readonly [Symbol.toStringTag] = "Pages";
  readonly #load: (cursor?: string) => Promise<Page<T>>;
  #first: Promise<Page<T>> | undefined;

  constructor(load: (cursor?: string) => Promise<Page<T>>) {
    this.#load = load;
  }

  then<A = Page<T>, B = never>(
    done?: ((page: Page<T>) => A | PromiseLike<A>) | null,
    failed?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#page().then(done, failed);
  }

  catch<B>(failed?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<Page<T> | B> {
    return this.#page().catch(failed);
  }

  finally(done?: (() => void) | null): Promise<Page<T>> {
    return this.#page().finally(done);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    let page = await this.#page();
    yield* page.data;
    while (page.has_more && page.next_cursor !== null) {
      page = await this.#load(page.next_cursor);
      yield* page.data;
    }
  }

  /** The first page, which is asked for once and when it is first needed. */
  #page(): Promise<Page<T>> {
    return (this.#first ??= this.#load());
  }
}

/** A path with these values as its segments. Refuses a value that would lead to another path. */
export function path(texts: TemplateStringsArray, ...values: string[]): string {
  const wrong = values.find((value) => ["", ".", ".."].includes(value));
  if (wrong !== undefined) throw new TypeError(`"${wrong}" cannot be a part of a path`);
  return String.raw({ raw: texts }, ...values.map(encodeURIComponent));
}

/** An Idempotency-Key, the same for all attempts of a call. */
export function newKey(): string {
  return crypto.randomUUID();
}

/** The query with its question mark. Lists repeat the name; null and undefined are left out. */
export function queryOf(query: Record<string, unknown> = {}): string {
  const found = new URLSearchParams();
  for (const [name, given] of Object.entries(query))
    for (const value of Array.isArray(given) ? given : [given])
      if (value !== null && value !== undefined) found.append(name, value instanceof Date ? value.toISOString() : String(value));
  return found.size ? `?${found}` : "";
}

/** Reads server-sent events: lines of `field: value`, and an empty line after each event. */
export async function* readEvents<T>(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<T> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of chunks) {
    const blocks = (rest + decoder.decode(chunk, { stream: true })).replaceAll("\r\n", "\n").split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const event = readEvent(block);
      if (Object.keys(event).length) yield event as T;
    }
  }
}

function readEvent(block: string): Record<string, string | number> {
  const fields: Record<string, string | number> = {};
  for (const line of block.split("\n")) {
    const [, name, value] = /^([^:]+): ?(.*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) continue;
    fields[name] = name === "retry" ? Number(value) : name in fields ? `${fields[name]}\n${value}` : value;
  }
  return fields;
}
