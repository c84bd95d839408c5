// Keys pressed while a page loads, on that page or on the one before it, are typed in order once the page is ready.
import { isTextField } from "./rows.js";

const KEPT_FOR = 10_000; // ms
const KEPT = "keys"; // in the storage of the tab
let isLeaving = false;
let timer;

/** Another page was asked for: keys pressed from now on are meant for it. */
export function leave() {
  isLeaving = true;
  clearTimeout(timer);
  timer = setTimeout(stay, KEPT_FOR);
}

function stay() {
  isLeaving = false;
  earlyKeys.strokes = [];
  sessionStorage.removeItem(KEPT);
}

/** Keeps the key for the next page, if there will be one. */
export function keepForNextPage(event) {
  if (!isLeaving) return false;
  if (event.key === "Escape") stay(); // it stops loading
  else earlyKeys.keep(event);
  sessionStorage.setItem(KEPT, JSON.stringify({ at: Date.now(), strokes: earlyKeys.strokes }));
  return true;
}

/** Types the kept keys. A shortcut among them may lead to the next page, which gets the rest. */
export function typeKeptKeys() {
  removeEventListener("keydown", keepEarlyKey, true);
  const { at, strokes } = JSON.parse(sessionStorage.getItem(KEPT)) ?? { at: 0, strokes: [] };
  const kept = [...(Date.now() - at < KEPT_FOR ? strokes : []), ...earlyKeys.strokes];
  stay();
  kept.forEach(type);
}

function type(stroke) {
  const target = document.activeElement ?? document.body;
  const isShortcut = !target.dispatchEvent(new KeyboardEvent("keydown", { ...stroke, bubbles: true, cancelable: true }));
  if (isShortcut) return;
  if (isTextField(target)) typeInto(target, stroke.key);
  else if (stroke.key === "Enter") target.click();
}

function typeInto(field, key) {
  if (key === "Backspace") document.execCommand("delete");
  else if (key !== "Enter") document.execCommand("insertText", false, key);
  else if (field.matches("textarea")) document.execCommand("insertText", false, "\n");
  else field.form?.requestSubmit();
}

/* Forms and links that lead to another page */
addEventListener("submit", (event) => {
  if (!event.defaultPrevented && event.target.method !== "dialog") leave();
});
addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href]:not([download], [target])");
  const isOpenedElsewhere = event.ctrlKey || event.metaKey || event.shiftKey;
  if (!link || event.defaultPrevented || isOpenedElsewhere) return;
  const isOnThisPage = link.pathname === location.pathname && link.search === location.search && link.hash;
  if (link.origin === location.origin && !isOnThisPage) leave();
});
addEventListener("pageshow", ({ persisted }) => { if (persisted) stay(); });
