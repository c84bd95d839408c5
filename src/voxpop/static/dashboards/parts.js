// Parts of the page, with data-part="name", are replaced by those of a fresh copy. Focus, scrolling and open details stay.
import { showLocalTimes } from "../times.js";
import { drawCharts } from "./chart.js";

const partsOf = (root) => [...root.querySelectorAll("[data-part]")];
/** The HTML as it was served, because scripts change the page. */
const served = new Map(partsOf(document).map((part) => [part.dataset.part, part.outerHTML]));
let running = false, isStale = false;

/** Shows the page at the current address. A call during another one makes that one start again at its end. */
export async function load() {
  isStale = true;
  if (running) return;
  running = true;
  try {
    while (isStale) {
      isStale = false;
      await replaceAll();
    }
  } catch { // the connection is gone: the stream says so
  } finally {
    running = false;
  }
}

async function replaceAll() {
  const response = await fetch(location.href, { headers: { accept: "text/html" } });
  if (response.redirected && new URL(response.url).pathname === "/login") return location.reload();
  if (!response.ok) return;
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  document.title = fresh.title;
  showLocalTimes(fresh);
  const names = new Set(partsOf(fresh).map((part) => part.dataset.part));
  if (partsOf(document).some((part) => !names.has(part.dataset.part)) || names.size !== served.size) return location.reload();
  for (const part of partsOf(fresh)) replace(part);
  drawCharts();
  document.dispatchEvent(new Event("parts")); // they may have changed
}

function replace(fresh) {
  const name = fresh.dataset.part, html = fresh.outerHTML;
  const before = document.querySelector(`[data-part="${name}"]`);
  if (served.get(name) === html || before.querySelector(":popover-open") || isBeingEdited(before, fresh)) return;
  served.set(name, html);
  keepState(before, fresh, () => before.replaceWith(fresh));
}

/** Whether a form of the part has texts that are not sent yet, and the fresh copy has the same form. */
function isBeingEdited(before, fresh) {
  const isSame = (form) => fresh.querySelector(`form[action="${CSS.escape(form.getAttribute("action"))}"]`);
  return [...before.querySelectorAll("form[method=post]")].some((form) => isSame(form)
    && [...form.querySelectorAll("textarea, input[type=text]")].some(({ value, defaultValue }) => value !== defaultValue));
}

function keepState(before, fresh, change) {
  const focused = before.contains(document.activeElement) ? selectorOf(document.activeElement) : null;
  const open = [...before.querySelectorAll("details[open][id]")].map(({ id }) => id);
  const scrolled = [...before.querySelectorAll(".scroll")].map(({ scrollLeft, scrollTop }) => [scrollLeft, scrollTop]);
  const checked = [...before.querySelectorAll("input[type=checkbox][id]:checked")].map(({ id }) => id);
  for (const id of open) fresh.querySelector(`#${id}`)?.setAttribute("open", "");
  change();
  for (const box of fresh.querySelectorAll("input[type=checkbox][id]")) if (checked.includes(box.id)) box.checked = true;
  fresh.querySelectorAll(".scroll").forEach((each, index) => each.scrollTo(...(scrolled[index] ?? [0, 0])));
  if (focused) fresh.querySelector(focused)?.focus({ preventScroll: true });
}

function selectorOf(element) {
  if (element.id) return `#${CSS.escape(element.id)}`;
  const href = element.getAttribute("href");
  return href ? `a[href="${CSS.escape(href)}"]` : `${element.localName}.${[...element.classList].join(".") || "x"}`;
}
