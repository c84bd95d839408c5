/** The loader: takes the page's calls at once, fetches the rest without blocking, and never throws into the page. */

/** The name of the core's file, which the build sets. */
declare const CORE: string;

type Voxpop = { (...call: unknown[]): void; queue?: ArrayLike<unknown>[]; loaded?: boolean };

const page = window as unknown as { voxpop?: Voxpop };
const earlier = page.voxpop;
if (!earlier?.loaded) {
  const queue = earlier?.queue ?? []; // the calls of a page that did not wait, in order
  const voxpop: Voxpop = (...call) => void queue.push(call);
  page.voxpop = Object.assign(voxpop, { queue, loaded: true });
  // As a module, a script does not know its own element.
  const script = document.currentScript ?? document.querySelector("script[src*='/widget/v1.js']");
  Promise.resolve() // what fails from here on rejects, and throws nothing into the page
    .then(() => import(new URL(CORE, (script as HTMLScriptElement).src).href))
    .then((core) => core.start(queue))
    .catch((error) => console.warn("Voxpop could not load:", error));
}
