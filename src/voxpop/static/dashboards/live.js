// Live updates: a stream of server-sent events says that there are new ratings; then the page's parts are loaded again.
import { follow } from "../stream.js";
import { load } from "./parts.js";

const MIN_INTERVAL = 400; // ms
let loadTimer;
let loadedAt = -Infinity;

/** The first change is shown at once, those that follow closely together. */
function scheduleLoad() {
  loadTimer ??= setTimeout(() => {
    loadTimer = null;
    loadedAt = performance.now();
    load();
  }, Math.max(0, loadedAt + MIN_INTERVAL - performance.now()));
}

export function openStream() {
  if (!document.querySelector(".live")) return;
  follow({
    address: () => "/api/v1/stream",
    kinds: ["series", "feedback", "reload"],
    onOpen: scheduleLoad, // ratings that came between the page and its stream
    onEvent: scheduleLoad,
  });
}
