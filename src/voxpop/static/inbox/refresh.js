// Parts of the page are replaced by those of a fresh copy. What is selected, focused and open stays.
import { showLocalTimes } from "../times.js";
import { checkboxOf, linkOf, list, rowOf, rows, ticket } from "./rows.js";
import { updateSelection } from "./selection.js";

// Each page has all of its parts, even if they are empty.
const PARTS = ticket ? [".head", ".items", ".side"] : [".view-bar", "a[download]", ".search-notice", ".rows", ".pager", ".sidebar nav"];
let request = null;

export async function refresh() {
  request?.abort();
  request = new AbortController();
  const path = ticket ? `/inbox/${ticket.dataset.ref}` : "/inbox"; // the location may be that of a rejected form
  const response = await fetch(path + location.search, { signal: request.signal, headers: { accept: "text/html" } });
  if (response.redirected && new URL(response.url).pathname === "/login") return location.reload();
  if (!response.ok) return;
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  showLocalTimes(fresh);
  if (ticket || !list()) replaceParts(fresh);
  else keepScrollPosition(() => replaceParts(fresh));
}

function replaceParts(fresh) {
  if (document.querySelector(":is(.side, .view-bar) [popover]:popover-open")) return scheduleRefresh();
  const selected = new Set(rows().filter((row) => checkboxOf(row).checked).map((row) => row.id));
  const focused = rowOf(document.activeElement)?.id;
  for (const part of PARTS) {
    const [before, after] = [document.querySelector(part), fresh.querySelector(part)];
    if (before && after && before.outerHTML !== after.outerHTML) before.replaceWith(after);
  }
  for (const row of rows()) if (selected.has(row.id)) checkboxOf(row).checked = true;
  if (focused) linkOf(document.getElementById(focused))?.focus({ preventScroll: true });
  updateSelection();
}

/** One row stays where it is on the screen: the one under the pointer, else the focused one, else the first visible. */
function keepScrollPosition(change) {
  const firstVisible = rows().find((row) => row.getBoundingClientRect().top >= 0);
  const anchor = document.querySelector(".listed tbody tr:hover")
    ?? rowOf(document.activeElement) ?? (scrollY > 0 ? firstVisible : null);
  const before = anchor?.getBoundingClientRect().top;
  change();
  const after = anchor && document.getElementById(anchor.id);
  if (after) scrollBy({ top: after.getBoundingClientRect().top - before, behavior: "instant" });
}

let timer;
export function scheduleRefresh(delay = 1000) {
  clearTimeout(timer);
  timer = setTimeout(() => refresh().catch(() => {}), delay);
}
