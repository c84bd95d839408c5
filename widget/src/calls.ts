/** Sends calls to the server, one after the other. What could not be sent is kept, and sent again with the same id. */

import { warn } from "./events";
import { type Call, Store } from "./storage";
import type { User } from "./types";

/** The server's response; status 0 if there is none (yet), because the call is kept. */
export interface Result {
  status: number;
  body: Record<string, unknown>;
}

const API = new URL("../api/v1/widget/", import.meta.url).href;
const TIMEOUT = 15_000; // ms
const FIRST_PAUSE = 5_000;
const LONGEST_PAUSE = 300_000;
const KEEPALIVE_LIMIT = 16_000; // of the 64 KB that a browser allows for all such requests of a page
const NO_RESULT: Result = { status: 0, body: {} };

export class Calls {
  private waiting: Call[] = [];
  private readonly kept = new Set<Call>(); // in storage too
  private readonly resolvers = new Map<string, (result: Result) => void>();
  private store = new Store("");
  private key = "";
  private user: User = {};
  private latest = 0;
  private failures = 0;
  private timer = 0;
  private sending = false;
  private expired = false;

  /** `onResult` is told about each response, also to calls of earlier pages. */
  constructor(private readonly onResult: (call: Call, result: Result) => void) {
    addEventListener("online", () => this.flush());
  }

  /** Sets the user of the calls that follow. Calls that earlier pages kept are sent now. */
  use(key: string, user: User): void {
    if (key !== this.key) {
      this.key = key;
      this.store = new Store(`voxpop:${key.split("_")[1]}:`);
      this.waiting = this.store.list();
      this.waiting.forEach((call) => this.kept.add(call));
    }
    this.user = user;
    this.expired = false;
    this.flush();
  }

  /** `isKept`: it changes something, so it must arrive. */
  send(path: string, body: Record<string, unknown>, isKept = true): Promise<Result> {
    this.latest = Math.max(Date.now(), this.latest + 1);
    const call = { id: newId(), at: this.latest, path, user: this.user, body };
    this.waiting.push(call);
    if (isKept && this.store.keep(call)) this.kept.add(call);
    return new Promise((resolve) => {
      this.resolvers.set(call.id, resolve);
      this.flush();
    });
  }

  forget(): void {
    for (const call of this.waiting.splice(0)) this.finish(call, NO_RESULT);
    this.user = {};
  }

  /** One tab at a time, where the browser has locks: another tab may have sent the same calls meanwhile. */
  private flush(): void {
    clearTimeout(this.timer);
    if (this.sending || this.expired || !this.waiting.length) return;
    this.sending = true;
    const work = () => this.sendAll().catch((error) => warn(String(error)));
    if (navigator.locks) navigator.locks.request("voxpop", work).catch(work);
    else void work();
  }

  private async sendAll(): Promise<void> {
    try {
      for (let call = this.waiting[0]; call; call = this.waiting[0]) {
        const result = this.kept.has(call) && !this.store.has(call) ? NO_RESULT : await this.request(call);
        if (this.waiting[0] !== call) continue; // forgotten meanwhile
        // `init` with a new signature goes on. There is none for an earlier user.
        this.expired = result?.body.code === "SIGNATURE_EXPIRED" && isSame(call.user, this.user);
        if (!result || this.expired) return this.postpone(call, result ?? NO_RESULT);
        this.failures = 0;
        this.waiting.shift();
        this.finish(call, result);
        if (result.status) this.onResult(call, result);
      }
    } finally {
      this.sending = false;
    }
  }

  /** Null if it should be sent again: the network or the server failed. */
  private async request(call: Call): Promise<Result | null> {
    const user = isSame(call.user, this.user) ? this.user : call.user; // a new signature replaces an old one
    const body = JSON.stringify({ ...call.body, user });
    try {
      const response = await fetch(API + call.path, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${this.key}`, "idempotency-key": call.id },
        body,
        credentials: "omit",
        keepalive: body.length < KEEPALIVE_LIMIT,
        signal: AbortSignal.timeout(TIMEOUT),
      });
      if (response.status >= 500 || response.status === 429) return null;
      return { status: response.status, body: await response.json().catch(() => ({})) };
    } catch {
      if (!this.failures) warn(`${API} could not be reached. Is ${location.origin} an origin of the key?`);
      return null;
    }
  }

  private postpone(call: Call, result: Result): void {
    this.settle(call, NO_RESULT);
    if (this.expired) return this.onResult(call, result);
    const pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** this.failures++);
    this.timer = setTimeout(() => this.flush(), pause * (0.5 + Math.random()));
  }

  private finish(call: Call, result: Result): void {
    this.kept.delete(call);
    this.store.drop(call);
    this.settle(call, result);
  }

  private settle(call: Call, result: Result): void {
    this.resolvers.get(call.id)?.(result);
    this.resolvers.delete(call.id);
  }
}

function isSame(one: User, other: User): boolean {
  return one.email === other.email && one.guid === other.guid;
}

/** `crypto.randomUUID` needs a secure page. */
function newId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
