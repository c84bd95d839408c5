// Live updates: a stream of server-sent events names the tickets that changed.
import { scheduleRefresh } from "./refresh.js";
import { list, ticket } from "./rows.js";

const MAX_SILENCE = 60_000, RECONNECT_AFTER = 10_000, LIVE_GRACE = 5000; // ms
let since = (ticket ?? list())?.dataset.since;
let lastEventAt = Date.now();
let stream, offlineTimer;

function showLive(isLive) {
  const label = document.querySelector(".live");
  const { online = "", offline } = label.dataset;
  label.textContent = isLive ? online : offline;
  label.hidden = !label.textContent;
  label.classList.toggle("off", !isLive);
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

/** Resumes after the last event. The browser reconnects a broken stream by itself, but not one that was refused. */
function openStream() {
  stream?.close();
  const opened = stream = new EventSource(`/inbox/changes?since=${encodeURIComponent(since)}`);
  opened.addEventListener("open", () => {
    connected();
    if (Date.now() - lastEventAt > MAX_SILENCE) scheduleRefresh(50);
    lastEventAt = Date.now();
  });
  opened.addEventListener("error", () => {
    disconnected();
    if (opened.readyState !== EventSource.CLOSED) return;
    setTimeout(() => { if (stream === opened && !document.hidden) openStream(); }, RECONNECT_AFTER);
    scheduleRefresh(); // which leads to the login page if the session has ended
  });
  for (const kind of ["tickets", "quiet"]) opened.addEventListener(kind, handleEvent);
}

function handleEvent({ type, data, lastEventId }) {
  [since, lastEventAt] = [lastEventId || since, Date.now()];
  if (type === "tickets" && (!ticket || data.split(" ").includes(ticket.dataset.ref))) scheduleRefresh(50);
}

if (since) {
  // A hidden page closes its stream: browsers allow few connections to one host, and there may be many tabs.
  const openOrClose = () => (document.hidden ? stream?.close() : openStream());
  addEventListener("offline", disconnected);
  document.addEventListener("visibilitychange", openOrClose);
  addEventListener("pageshow", ({ persisted }) => { if (persisted) openOrClose(); });
  addEventListener("pagehide", () => stream?.close());
  openOrClose();
}
