// Live updates: a stream of server-sent events names the tickets that changed.
import { follow } from "../stream.js";
import { scheduleRefresh } from "./refresh.js";
import { list, ticket } from "./rows.js";

const MAX_SILENCE = 60_000; // ms
let since = (ticket ?? list())?.dataset.since;
let lastEventAt = Date.now();

function onOpen() {
  if (Date.now() - lastEventAt > MAX_SILENCE) scheduleRefresh(50);
  lastEventAt = Date.now();
}

function onEvent({ type, data, lastEventId }) {
  [since, lastEventAt] = [lastEventId || since, Date.now()];
  const isNamed = type === "tickets" && (!ticket || data.split(" ").includes(ticket.dataset.ref));
  if (isNamed || type === "reload") scheduleRefresh(50);
}

if (since) {
  follow({
    address: () => `/inbox/changes?since=${encodeURIComponent(since)}`, // resumes after the last event
    kinds: ["tickets", "quiet", "reload"],
    onOpen,
    onEvent,
    onRefusal: () => scheduleRefresh(), // which leads to the login page if the session has ended
  });
}
