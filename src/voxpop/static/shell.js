// Small behaviour of all pages: times, toasts, forms that are sent once or on change.
import "./drafts.js";
import { showLocalTimes } from "./times.js";

showLocalTimes();
setInterval(showLocalTimes, 30_000);

// The address loses what the page has said, so that a reload does not say it again.
const url = new URL(location.href);
for (const said of ["done", "undo"]) url.searchParams.delete(said);
if (url.href !== location.href) history.replaceState(history.state, "", url);

const TOAST_MS = 6000, UNDO_MS = 12_000;
for (const toast of document.querySelectorAll(".toast")) {
  setTimeout(() => toast.classList.add("gone"), toast.closest(".undo") ? UNDO_MS : TOAST_MS);
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

// A text area grows with its text. Most browsers do it by themselves.
function grow({ target: area }) {
  if (!area.matches("textarea")) return;
  area.style.blockSize = "auto";
  area.style.blockSize = `${area.scrollHeight + area.offsetHeight - area.clientHeight}px`;
}
if (!CSS.supports("field-sizing", "content")) document.addEventListener("input", grow);

// Tabs show the current one in their middle. `scrollIntoView` would also move the page to tabs further down.
for (const current of document.querySelectorAll(".tabs [aria-current], .sidebar nav [aria-current]")) {
  const tabs = current.closest(".tabs, nav");
  const [own, whole] = [current, tabs].map((each) => each.getBoundingClientRect());
  tabs.scrollLeft += own.left + own.width / 2 - (whole.left + whole.width / 2);
}

for (const form of document.querySelectorAll("form[data-auto]")) form.addEventListener("change", () => form.requestSubmit());

// The attribute `maxlength` counts UTF-16 units, of which an emoji has two. The server counts characters, and so does this.
function shorten({ target: field, isComposing }) {
  const limit = Number(field.dataset.characters);
  if (isComposing || !(field.value?.length > limit)) return;
  const excess = [...field.value].length - limit;
  if (excess <= 0) return;
  const caret = field.selectionStart ?? field.value.length; // fields for addresses have none
  const typed = [...field.value.slice(0, caret)].slice(0, -excess).join("");
  field.value = typed + field.value.slice(caret);
  if (field.selectionStart !== null) field.setSelectionRange(typed.length, typed.length);
}
for (const change of ["input", "compositionend"]) document.addEventListener(change, shorten, true);
