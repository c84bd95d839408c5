/** The page's listeners. An error in one of them is reported to the console and goes no further. */

export type Listener = (detail: Record<string, unknown>) => void;

const listeners = new Map<string, Set<Listener>>();

export function on(event: string, listener: Listener): void {
  listeners.set(event, (listeners.get(event) ?? new Set()).add(listener));
}

export function emit(event: string, detail: Record<string, unknown>): void {
  for (const listener of listeners.get(event) ?? []) {
    try {
      listener(detail);
    } catch (error) {
      console.error(error);
    }
  }
}

export function warn(message: string): void {
  console.warn(`Voxpop: ${message}`);
}
