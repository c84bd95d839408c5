// Small behaviour of all pages: relative times, toasts, forms that are sent once or on change, copy buttons.
"use strict";

document.documentElement.classList.add("scripted");

const STEPS = [[60, "minute"], [3600, "hour"], [86400, "day"]];

/** Updates "2 hours ago" up to one day. The server has written older times as dates. */
function updateRelativeTimes() {
  const formatter = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "always" });
  for (const time of document.querySelectorAll("time[data-ago]")) {
    const seconds = (Date.now() - Date.parse(time.dateTime)) / 1000;
    if (seconds < 60 || seconds >= 86400) continue;
    const [length, unit] = STEPS.findLast(([minimum]) => seconds >= minimum);
    time.textContent = formatter.format(-Math.floor(seconds / length), unit);
  }
}
setInterval(updateRelativeTimes, 30_000);

const url = new URL(location.href);
if (url.searchParams.has("done")) {
  url.searchParams.delete("done");
  history.replaceState(history.state, "", url);  // so that a reload does not show the toast again
}
// Back shows the text of a form again, so the form gets its key again too: the server takes it for the same form.
const keys = document.querySelectorAll("input[name=idempotency_key]");
if (keys.length) {
  const isBack = performance.getEntriesByType("navigation")[0]?.type === "back_forward";
  const idempotencyKey = (isBack && history.state?.idempotencyKey) || keys[0].value;
  for (const key of keys) key.value = idempotencyKey;
  history.replaceState({ ...history.state, idempotencyKey }, "");
}

// A second click while a form is being sent does nothing. After a while it does: the user may have stopped the first.
const SENDING_MS = 10_000;
const sending = new Set();
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (sending.has(form)) return event.preventDefault();
  sending.add(form);
  setTimeout(() => sending.delete(form), SENDING_MS);
});
addEventListener("pageshow", () => sending.clear());

for (const toast of document.querySelectorAll(".toast")) setTimeout(() => toast.classList.add("gone"), 6000);

document.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

for (const form of document.querySelectorAll("form[data-auto]")) form.addEventListener("change", () => form.requestSubmit());

for (const button of document.querySelectorAll("[data-copied]")) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.textContent = button.dataset.copied;
  });
}
