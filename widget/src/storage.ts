/** Calls that the server has not confirmed yet, kept over reloads. A page without storage keeps them in memory alone. */

import type { User } from "./types";

/** `id` is the Idempotency-Key: however often the call is sent, it counts once. */
export interface Call {
  id: string;
  at: number;
  path: string;
  user: User;
  body: Record<string, unknown>;
}

const MAX_KEPT = 200; // the storage belongs to the page
const MAX_AGE = 48 * 3600 * 1000; // in ms; the server remembers ids for longer

export class Store {
  constructor(private readonly prefix: string) {}

  /** The calls of this page and of earlier ones, the oldest first. */
  list(): Call[] {
    const now = Date.now();
    return attempt(() => this.names().flatMap((name) => this.read(name, now)), []).sort((a, b) => a.at - b.at);
  }

  /** False if it could not be kept. */
  keep(call: Call): boolean {
    return attempt(() => {
      if (this.names().length >= MAX_KEPT) return false;
      localStorage.setItem(this.prefix + call.id, JSON.stringify(call));
      return true;
    }, false);
  }

  /** False once another tab has sent it. */
  has(call: Call): boolean {
    return attempt(() => localStorage.getItem(this.prefix + call.id) !== null, true);
  }

  drop(call: Call): void {
    attempt(() => localStorage.removeItem(this.prefix + call.id), undefined);
  }

  private names(): string[] {
    return Object.keys(localStorage).filter((name) => name.startsWith(this.prefix));
  }

  private read(name: string, now: number): Call[] {
    const call = attempt(() => JSON.parse(localStorage.getItem(name) ?? "") as Call, null);
    if (call?.id && call.user && call.at > now - MAX_AGE) return [call];
    localStorage.removeItem(name);
    return [];
  }
}

/** The result, or `otherwise` where the browser refuses storage. */
export function attempt<T>(work: () => T, otherwise: T): T {
  try {
    return work();
  } catch {
    return otherwise;
  }
}
