// The members' pages with JavaScript: shortcuts, filters without a reload, live lists and conversations, drafts.
const list = () => document.querySelector(".listed");
const ticket = document.querySelector(".ticket-page[data-ref]");
const rows = () => [...document.querySelectorAll(".listed tbody tr")];
const linkOf = (row) => row?.querySelector(".subject a");
const checkboxOf = (row) => row?.querySelector(".pick input");
const rowOf = (element) => element.closest(".listed tbody tr");

/* ---- Refresh: parts of the page are replaced by those of a fresh copy */

const PARTS = ticket
  ? [".head", ".items", ".side"]
  : [".view-bar", "a[download]", ".listed table", ".search-notice", ".listed .empty-state", ".pager", ".sidebar nav"];
let request = null;

/** Keeps what is selected, focused and open. */
async function refresh() {
  request?.abort();
  request = new AbortController();
  const path = ticket ? `/inbox/${ticket.dataset.ref}` : "/inbox"; // the location may be that of a rejected form
  const response = await fetch(path + location.search, { signal: request.signal, headers: { accept: "text/html" } });
  if (response.redirected && new URL(response.url).pathname === "/login") return location.reload();
  if (!response.ok) return;
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  if (ticket || !list()) replaceParts(fresh);
  else keepScrollPosition(() => replaceParts(fresh));
}

function replaceParts(fresh) {
  if (document.querySelector(":is(.side, .view-bar) [popover]:popover-open")) return scheduleRefresh();
  const selected = new Set(rows().filter((row) => checkboxOf(row).checked).map((row) => row.id));
  const focused = rowOf(document.activeElement)?.id;
  const isInBothOrNeither = (part) => Boolean(document.querySelector(part)) === Boolean(fresh.querySelector(part));
  if (!ticket && !isInBothOrNeither(".listed table")) {
    document.querySelector(".listed").replaceWith(fresh.querySelector(".listed"));
  }
  for (const part of PARTS) {
    const [before, after] = [document.querySelector(part), fresh.querySelector(part)];
    if (before && after && before.outerHTML !== after.outerHTML) before.replaceWith(after);
    else if (before && !after) before.remove();
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

let refreshTimer;
function scheduleRefresh(delay = 1000) {
  clearTimeout(refreshTimer);
  refreshTimer = setTimeout(() => refresh().catch(() => {}), delay);
}

/* ---- Live updates: a stream of server-sent events */

const MAX_SILENCE = 60_000, RECONNECT_AFTER = 10_000, LIVE_GRACE = 5000; // ms
let since = (ticket ?? list())?.dataset.since;
let lastEventAt = Date.now();
let stream, liveTimer;

/** Shows whether the page is live. Not at once when it is not: the server ends a stream each minute and it resumes. */
function showLive(isLive) {
  clearTimeout(liveTimer);
  const update = () => document.querySelector(".live")?.toggleAttribute("hidden", !isLive);
  if (isLive) update();
  else liveTimer = setTimeout(update, LIVE_GRACE);
}

/** Resumes after the last event. The browser reconnects a broken stream by itself, but not one that was refused. */
function openStream() {
  stream?.close();
  const opened = stream = new EventSource(`/inbox/changes?since=${encodeURIComponent(since)}`);
  opened.addEventListener("open", () => {
    showLive(true);
    if (Date.now() - lastEventAt > MAX_SILENCE) scheduleRefresh(50);
    lastEventAt = Date.now();
  });
  opened.addEventListener("error", () => {
    showLive(false);
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
  document.addEventListener("visibilitychange", openOrClose);
  addEventListener("pageshow", ({ persisted }) => { if (persisted) openOrClose(); });
  addEventListener("pagehide", () => stream?.close());
  openOrClose();
}

/* ---- Filters */

const filters = document.querySelector(".filters");

function applyFilters() {
  const address = `/inbox?${new URLSearchParams(new FormData(filters))}`;
  if (address === location.pathname + location.search) return; // leaving a field after Enter reports a change again
  history.pushState(null, "", address);
  list().action = address.replace("/inbox", "/inbox/bulk");
  rows().forEach((row) => { checkboxOf(row).checked = false; });
  refresh().catch(() => {});
}

filters?.addEventListener("change", applyFilters);
filters?.addEventListener("submit", (event) => { event.preventDefault(); applyFilters(); });
filters?.querySelectorAll(".unset").forEach((link) => link.addEventListener("click", (event) => {
  event.preventDefault();
  link.parentElement.querySelector("input").value = "";
  applyFilters();
}));
addEventListener("popstate", () => location.reload());

/* ---- Selection of rows */

/** Shows how many rows are selected, beside the list and in the checkbox for all. */
function updateSelection() {
  const [total, selected] = [rows().length, rows().filter((row) => checkboxOf(row).checked).length];
  const output = document.querySelector(".bulk output");
  if (output) output.textContent = output.dataset.words.replace("#", selected);
  const all = document.querySelector(".pick .all");
  if (all) {
    all.hidden = false;
    all.checked = selected > 0 && selected === total;
    all.indeterminate = selected > 0 && selected < total;
  }
}

document.addEventListener("change", ({ target }) => {
  if (target.matches(".pick .all")) for (const row of rows()) checkboxOf(row).checked = target.checked;
  if (target.closest(".pick")) updateSelection();
});
updateSelection();

/* ---- Keyboard shortcuts */

const TEXT_FIELD = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]";
const isTextField = (element) => element.closest(TEXT_FIELD);
const clickVisible = (selector) => {
  const button = [...document.querySelectorAll(selector)].find((each) => each.offsetParent);
  button?.click();
  return button;
};

/** The key that a Latin keyboard has in the same place, for users of another alphabet. */
function latinKey({ key, code, shiftKey }) {
  if (code === "Slash" && ".,".includes(key)) return shiftKey ? "?" : "/";
  const letter = /^Key(.)$/.exec(code)?.[1];
  if (!letter || key.charCodeAt(0) < 128) return key;
  return shiftKey ? letter : letter.toLowerCase();
}

let lastFocused; // the id of the row that had the focus last
document.addEventListener("focusin", ({ target }) => { lastFocused = rowOf(target)?.id ?? lastFocused; });
const currentRow = () => rowOf(document.activeElement) ?? document.getElementById(lastFocused);

function move(step) {
  if (ticket) return clickVisible(`.list-position [data-key=${step > 0 ? "j" : "k"}]`);
  const all = rows();
  const index = all.indexOf(currentRow());
  const end = all.length - 1;
  const next = linkOf(all[index < 0 ? (step > 0 ? 0 : end) : Math.min(Math.max(index + step, 0), end)]);
  next?.focus();
  next?.closest("tr").scrollIntoView({ block: "nearest" });
}

function compose(kind) {
  if (!ticket) return openRow(kind === "note" ? "#note" : "#reply");
  document.querySelector(`.composer [value=${kind}]`).click();
  document.querySelector(".composer textarea").focus();
}

/** Clicks the button of a shortcut, or shows the reason why there is none. */
function changeStatus(key) {
  if (!clickVisible(`.head [data-key=${key}]`)) showToast(document.querySelector(`.head [data-off=${key}]`)?.textContent);
}

function showToast(text) {
  if (!text) return;
  const toast = Object.assign(document.createElement("p"), { className: "toast", textContent: text });
  document.querySelector(".toasts:not(.undo)").replaceChildren(toast);
  setTimeout(() => toast.classList.add("gone"), 3000);
}

/** Opens the focused row. The hash names the action that the ticket's page starts with. */
function openRow(hash = "") {
  const link = linkOf(document.activeElement.closest("tr"));
  if (link) location.assign(link.href + hash);
}

/** Selects the focused row if no row is selected; false if there is none. */
function ensureSelection() {
  if (!rows().some((row) => checkboxOf(row).checked)) {
    const checkbox = checkboxOf(document.activeElement.closest("tr"));
    if (checkbox) checkbox.checked = true;
    updateSelection();
  }
  return rows().some((row) => checkboxOf(row).checked);
}

function toggleSelection() {
  const checkbox = checkboxOf(document.activeElement.closest("tr"));
  if (!checkbox) return;
  checkbox.checked = !checkbox.checked;
  updateSelection();
}

/** Opens a menu of the ticket's side panel and focuses its current value. */
function openMenu(key) {
  if (!ticket) return openRow(`#${key}`);
  const button = clickVisible(`.side [data-key=${key}]`);
  if (button) {
    const form = document.getElementById(button.getAttribute("popovertarget"));
    (form.querySelector("[aria-current], input") ?? form.querySelector("button"))?.focus();
    form.querySelector("input")?.select();
  }
}

/** Focuses the search field, which is on the list that the ticket was opened from, or else on the list of all. */
function search() {
  const back = new URLSearchParams(location.search).has("in") && document.querySelector(".back")?.href;
  const input = document.querySelector(".search input");
  if (input) input.select();
  else location.assign(`${back || "/inbox?status="}#search`);
}

const SHORTCUTS = {
  j: () => move(1),
  k: () => move(-1),
  o: () => openRow(),
  x: toggleSelection,
  r: () => compose("public"),
  n: () => compose("note"),
  a: () => (ticket ? openMenu("a") : ensureSelection() && document.getElementById("bulk-assignee").focus()),
  e: () => (ticket ? changeStatus("e") : ensureSelection() && clickVisible(".bulk [value=resolve]")),
  d: () => changeStatus("d"),
  u: () => changeStatus("u"),
  p: () => openMenu("p"),
  t: () => openMenu("t"),
  c: () => location.assign("/inbox/new"),
  "/": search,
  "?": () => document.getElementById("keys")?.togglePopover(),
  "g i": () => location.assign("/inbox"),
  "g u": () => location.assign("/low-ratings"),
};
let prefix = "";

document.addEventListener("keydown", (event) => {
  const { target } = event;
  const key = latinKey(event);
  if (key === "Enter" && (event.ctrlKey || event.metaKey) && target.closest(".composer")) {
    event.preventDefault();
    return target.form.requestSubmit(target.form.querySelector(".main"));
  }
  if (key === "Escape" && isTextField(target)) {
    if (target.matches(".search input")) event.preventDefault(); // the browser would clear the field
    target.blur();
    return linkOf(document.getElementById(lastFocused))?.focus();
  }
  if (event.ctrlKey || event.metaKey || event.altKey || isTextField(target)) return;
  const openPopover = document.querySelector("[popover]:popover-open");
  if (openPopover && key !== "?") return moveInMenu(event, key, openPopover);
  const name = prefix + key;
  prefix = key === "g" ? "g " : "";
  const action = SHORTCUTS[name] ?? (name === "g g" ? null : SHORTCUTS[key]);
  if (action) { event.preventDefault(); action(); }
});

/** The arrow keys, and j and k, move within an open menu. */
function moveInMenu(event, key, menu) {
  const step = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 }[key];
  if (!step || !menu.matches(".menu")) return;
  event.preventDefault();
  const buttons = [...menu.querySelectorAll("button")];
  buttons[(buttons.indexOf(document.activeElement) + step + buttons.length) % buttons.length].focus();
}

/* ---- Composer */

const address = new URL(location.href);
if (address.searchParams.has("was")) {
  address.searchParams.delete("was");
  history.replaceState(history.state, "", address); // a reload would offer to undo again
}

const composer = document.querySelector(".composer");
const field = composer?.querySelector("textarea");
const { placeholder } = field ?? {};
composer?.addEventListener("change", () => {
  field.placeholder = composer.querySelector("[value=note]").checked ? field.dataset.note : placeholder;
});

/* ---- Drafts: unsent text stays in this tab until it is sent */

const draft = composer?.dataset.draft;

function saveDraft() {
  const { kind, body } = Object.fromEntries(new FormData(composer));
  if (body.trim()) sessionStorage.setItem(draft, JSON.stringify({ kind, body }));
  else sessionStorage.removeItem(draft);
}

function restoreDraft() {
  const saved = JSON.parse(sessionStorage.getItem(draft));
  if (!saved || field.value) return;
  composer.querySelector(`[value=${saved.kind}]`).click();
  field.value = saved.body;
}

if (composer) {
  if ("sent" in composer.dataset) sessionStorage.removeItem(draft);
  restoreDraft();
  composer.addEventListener("input", saveDraft);
}

const hash = location.hash.slice(1);
if (hash === "reply" || hash === "note") compose(hash === "note" ? "note" : "public");
if (hash === "p" || hash === "t") openMenu(hash);
if (hash === "search") document.querySelector(".search input")?.select();
document.documentElement.dataset.keys = "on"; // tests wait for this: shortcuts work from here on
