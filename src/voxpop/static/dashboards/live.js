// Live updates: a stream of server-sent events says that there are new ratings; then the page's parts are loaded again.
import { load } from "./parts.js";

const RECONNECT_AFTER = 10_000, LIVE_GRACE = 5000, MIN_INTERVAL = 400; // ms
const label = document.querySelector(".live");
let stream, offlineTimer, loadTimer;
let loadedAt = -Infinity;

function showLive(isLive) {
  label.classList.remove("pending");
  label.classList.toggle("off", !isLive);
  label.textContent = isLive ? label.dataset.online : label.dataset.offline;
}

function connected() {
  clearTimeout(offlineTimer);
  offlineTimer = null;
  showLive(true);
}

/** Waits before it says so: the server ends a stream each minute, and it resumes at once. */
function disconnected() {
  offlineTimer ??= setTimeout(() => showLive(false), LIVE_GRACE);
}

/** The first change is shown at once, those that follow closely together. */
function scheduleLoad() {
  loadTimer ??= setTimeout(() => {
    loadTimer = null;
    loadedAt = performance.now();
    load();
  }, Math.max(0, loadedAt + MIN_INTERVAL - performance.now()));
}

function connect() {
  stream?.close();
  const opened = stream = new EventSource("/api/v1/stream");
  opened.addEventListener("open", () => {
    connected();
    scheduleLoad(); // ratings that came between the page and its stream
  });
  opened.addEventListener("error", () => {
    disconnected();
    if (opened.readyState !== EventSource.CLOSED) return;
    setTimeout(() => { if (stream === opened && !document.hidden) connect(); }, RECONNECT_AFTER);
  });
  for (const kind of ["series", "feedback", "reload"]) opened.addEventListener(kind, scheduleLoad);
}

/** A hidden page closes its stream: browsers allow few connections to one host. It is brought up to date when shown. */
export function openStream() {
  if (!label) return;
  addEventListener("offline", disconnected);
  addEventListener("pagehide", () => stream?.close());
  addEventListener("pageshow", ({ persisted }) => { if (persisted) connect(); });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return stream?.close();
    connect();
  });
  if (!document.hidden) connect();
}
