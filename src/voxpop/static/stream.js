// A stream of server-sent events, while the page is visible. The page says whether it is open.
const RECONNECT_AFTER = 10_000, LIVE_GRACE = 5000; // ms
let source, offlineTimer;

function showLive(isLive) {
  const label = document.querySelector(".live");
  const { online = "", offline } = label.dataset;
  label.textContent = isLive ? online : offline;
  label.hidden = !label.textContent;
  label.classList.remove("pending");
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

/** The browser reconnects a broken stream by itself, but not one that was refused. */
function open(stream) {
  source?.close();
  const opened = source = new EventSource(stream.address());
  opened.addEventListener("open", () => { connected(); stream.onOpen?.(); });
  opened.addEventListener("error", () => {
    disconnected();
    if (opened.readyState !== EventSource.CLOSED) return;
    setTimeout(() => { if (source === opened && !document.hidden) open(stream); }, RECONNECT_AFTER);
    stream.onRefusal?.();
  });
  for (const kind of stream.kinds) opened.addEventListener(kind, stream.onEvent);
}

/** A hidden page closes its stream: browsers allow few connections to one host, and there may be many tabs. */
export function follow(stream) {
  const openOrClose = () => (document.hidden ? source?.close() : open(stream));
  addEventListener("offline", disconnected);
  document.addEventListener("visibilitychange", openOrClose);
  addEventListener("pageshow", ({ persisted }) => { if (persisted) openOrClose(); });
  addEventListener("pagehide", () => source?.close());
  openOrClose();
}
