// The agents' pages with a script: keys, filters without a reload, rows and conversations that keep themselves up to date.
const list = () => document.querySelector(".listed");
const ticket = document.querySelector(".columns[data-ref]");
const rows = () => [...document.querySelectorAll(".listed tbody tr")];
const link = (row) => row?.querySelector(".subject a");
const box = (row) => row?.querySelector(".pick input");

/* ---- The page read anew */

const PARTS = ticket
  ? [".head", ".items", ".side"]
  : [".tabbed", "a[download]", ".listed table", ".listed .nothing", ".pager", ".rail nav"];
let reading = null;

/** Puts the parts of a freshly read page in place of the old ones; what was picked, focused or open stays so. */
async function read() {
  reading?.abort();
  reading = new AbortController();
  const path = ticket ? `/inbox/${ticket.dataset.ref}` : "/inbox"; // not that of a form that was refused
  const answer = await fetch(path + location.search, { signal: reading.signal, headers: { accept: "text/html" } });
  if (answer.redirected && new URL(answer.url).pathname === "/login") return location.reload();
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (ticket || !list()) swap(fresh);
  else keepingPlace(() => swap(fresh));
}

function swap(fresh) {
  if (document.querySelector(":is(.side, .tabbed) [popover]:popover-open")) return later();
  const picked = new Set(rows().filter((row) => box(row).checked).map((row) => row.id));
  const focused = document.activeElement.closest(".listed tbody tr")?.id;
  const shape = (part) => Boolean(document.querySelector(part)) === Boolean(fresh.querySelector(part));
  if (!ticket && !shape(".listed table")) document.querySelector(".listed").replaceWith(fresh.querySelector(".listed"));
  for (const part of PARTS) {
    const [old, young] = [document.querySelector(part), fresh.querySelector(part)];
    if (old && young && old.outerHTML !== young.outerHTML) old.replaceWith(young);
    else if (old && !young) old.remove();
  }
  for (const row of rows()) if (picked.has(row.id)) box(row).checked = true;
  if (focused) link(document.getElementById(focused))?.focus({ preventScroll: true });
  count();
}

/** The row under the pointer, else the focused one, else the first in sight stays where it is on the screen. */
function keepingPlace(change) {
  const sighted = rows().find((row) => row.getBoundingClientRect().top >= 0);
  const anchor = document.querySelector(".listed tbody tr:hover")
    ?? document.activeElement.closest(".listed tbody tr") ?? (scrollY > 0 ? sighted : null);
  const before = anchor?.getBoundingClientRect().top;
  change();
  const same = anchor && document.getElementById(anchor.id);
  if (same) scrollBy({ top: same.getBoundingClientRect().top - before, behavior: "instant" });
}

let waiting;
function later(delay = 1000) {
  clearTimeout(waiting);
  waiting = setTimeout(() => read().catch(() => {}), delay);
}

/* ---- The stream */

const AWAY = 60_000, REOPEN = 10_000, BLINK = 5000; // ms
let since = (ticket ?? list())?.dataset.since;
let heard = Date.now();
let stream, dimming;

/** Says whether the page keeps up; a stream that is resumed each minute is no news. */
function show(isLive) {
  clearTimeout(dimming);
  const change = () => document.querySelector(".live")?.toggleAttribute("hidden", !isLive);
  if (isLive) change();
  else dimming = setTimeout(change, BLINK);
}

/** From where it was; the browser resumes what breaks off by itself, but nothing that was refused. */
function hear() {
  stream?.close();
  const opened = stream = new EventSource(`/inbox/changes?since=${encodeURIComponent(since)}`);
  opened.addEventListener("open", () => {
    show(true);
    if (Date.now() - heard > AWAY) later(50);
    heard = Date.now();
  });
  opened.addEventListener("error", () => {
    show(false);
    if (opened.readyState !== EventSource.CLOSED) return;
    setTimeout(() => { if (stream === opened && !document.hidden) hear(); }, REOPEN);
    later(); // which finds out who is no longer signed in
  });
  for (const kind of ["tickets", "quiet"]) opened.addEventListener(kind, told);
}

function told({ type, data, lastEventId }) {
  [since, heard] = [lastEventId || since, Date.now()];
  if (type === "tickets" && (!ticket || data.split(" ").includes(ticket.dataset.ref))) later(50);
}

if (since) {
  const listen = () => (document.hidden ? stream?.close() : hear()); // a browser has few connections for many tabs
  document.addEventListener("visibilitychange", listen);
  addEventListener("pageshow", ({ persisted }) => { if (persisted) listen(); });
  addEventListener("pagehide", () => stream?.close());
  listen();
}

/* ---- Filters */

const filters = document.querySelector(".filters");

function filter() {
  const address = `/inbox?${new URLSearchParams(new FormData(filters))}`;
  if (address === location.pathname + location.search) return; // a field that is left after Enter
  history.pushState(null, "", address);
  list().action = address.replace("/inbox", "/inbox/bulk");
  rows().forEach((row) => { box(row).checked = false; });
  read().catch(() => {});
}

filters?.addEventListener("change", filter);
filters?.addEventListener("submit", (event) => { event.preventDefault(); filter(); });
filters?.querySelectorAll(".unset").forEach((link) => link.addEventListener("click", (event) => {
  event.preventDefault();
  link.parentElement.querySelector("input").value = "";
  filter();
}));
addEventListener("popstate", () => location.reload());

/* ---- Picking rows */

function count() {
  const [all, picked] = [rows(), rows().filter((row) => box(row).checked).length];
  const output = document.querySelector(".bulk output");
  if (output) output.textContent = output.dataset.words.replace("#", picked);
  const every = document.querySelector(".pick .all");
  if (every) {
    every.hidden = false;
    every.checked = picked > 0 && picked === all.length;
    every.indeterminate = picked > 0 && picked < all.length;
  }
}

document.addEventListener("change", ({ target }) => {
  if (target.matches(".pick .all")) for (const row of rows()) box(row).checked = target.checked;
  if (target.closest(".pick")) count();
});
count();

/* ---- Keys */

const typing = (element) => element.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");
const press = (selector) => {
  const button = [...document.querySelectorAll(selector)].find((each) => each.offsetParent);
  button?.click();
  return button;
};

/** The key as a Latin keyboard has it in its place: "r" for what another alphabet writes with it. */
function latin({ key, code, shiftKey }) {
  if (code === "Slash" && ".,".includes(key)) return shiftKey ? "?" : "/";
  const letter = /^Key(.)$/.exec(code)?.[1];
  if (!letter || key.charCodeAt(0) < 128) return key;
  return shiftKey ? letter : letter.toLowerCase();
}

let last; // id of the row that had the focus last
document.addEventListener("focusin", ({ target }) => { last = target.closest(".listed tbody tr")?.id ?? last; });
const current = () => document.activeElement.closest(".listed tbody tr") ?? document.getElementById(last);

function move(step) {
  if (ticket) return press(`.way [data-key=${step > 0 ? "j" : "k"}]`);
  const all = rows();
  const here = all.indexOf(current());
  const next = link(all[here < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(Math.max(here + step, 0), all.length - 1)]);
  next?.focus();
  next?.closest("tr").scrollIntoView({ block: "nearest" });
}

function write(kind) {
  if (!ticket) return open(kind === "note" ? "#note" : "#reply");
  document.querySelector(`.composer [value=${kind}]`).click();
  document.querySelector(".composer textarea").focus();
}

/** What one sees of a ticket is changed; where that is so already, it is said. */
function change(key) {
  if (!press(`.head [data-key=${key}]`)) say(document.querySelector(`.head [data-off=${key}]`)?.textContent);
}

function say(words) {
  if (!words) return;
  const toast = Object.assign(document.createElement("p"), { className: "toast", textContent: words });
  document.querySelector(".toasts:not(.undo)").replaceChildren(toast);
  setTimeout(() => toast.classList.add("gone"), 3000);
}

/** Opens the focused row; the hash tells the ticket's page what to do first. */
function open(hash = "") {
  const focused = link(document.activeElement.closest("tr"));
  if (focused) location.assign(focused.href + hash);
}

/** The rows that are picked, else the focused one. */
function ensurePicked() {
  if (!rows().some((row) => box(row).checked)) {
    const focused = box(document.activeElement.closest("tr"));
    if (focused) focused.checked = true;
    count();
  }
  return rows().some((row) => box(row).checked);
}

/** A menu of the side, with the choice that holds focused. */
function menu(key) {
  if (!ticket) return open(`#${key}`);
  const button = press(`.side [data-key=${key}]`);
  if (button) {
    const form = document.getElementById(button.getAttribute("popovertarget"));
    (form.querySelector("[aria-current], input") ?? form.querySelector("button"))?.focus();
    form.querySelector("input")?.select();
  }
}

/** In the list that the ticket was opened from, else among all. */
function search() {
  const back = new URLSearchParams(location.search).has("in") && document.querySelector(".back")?.href;
  const found = document.querySelector(".search input");
  if (found) found.select();
  else location.assign(`${back || "/inbox?status="}#search`);
}

const KEYS = {
  j: () => move(1),
  k: () => move(-1),
  o: () => open(),
  x: () => { const picked = box(document.activeElement.closest("tr")); if (picked) { picked.checked = !picked.checked; count(); } },
  r: () => write("public"),
  n: () => write("note"),
  a: () => (ticket ? menu("a") : ensurePicked() && document.getElementById("bulk-assignee").focus()),
  e: () => (ticket ? change("e") : ensurePicked() && press(".bulk [value=resolve]")),
  d: () => change("d"),
  u: () => change("u"),
  p: () => menu("p"),
  t: () => menu("t"),
  c: () => location.assign("/inbox/new"),
  "/": search,
  "?": () => document.getElementById("keys")?.togglePopover(),
  "g i": () => location.assign("/inbox"),
  "g u": () => location.assign("/unhappy"),
};
let prefix = "";

document.addEventListener("keydown", (event) => {
  const { target } = event;
  const key = latin(event);
  if (key === "Enter" && (event.ctrlKey || event.metaKey) && target.closest(".composer")) {
    event.preventDefault();
    return target.form.requestSubmit(target.form.querySelector(".main"));
  }
  if (key === "Escape" && typing(target)) {
    if (target.matches(".search input")) event.preventDefault(); // it would be emptied
    target.blur();
    return link(document.getElementById(last))?.focus();
  }
  if (event.ctrlKey || event.metaKey || event.altKey || typing(target)) return;
  const opened = document.querySelector("[popover]:popover-open");
  if (opened && key !== "?") return steer(event, key, opened);
  const name = prefix + key;
  prefix = key === "g" ? "g " : "";
  const act = KEYS[name] ?? (name === "g g" ? null : KEYS[key]);
  if (act) { event.preventDefault(); act(); }
});

/** Arrows and j, k within an open menu. */
function steer(event, key, opened) {
  const step = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 }[key];
  if (!step || !opened.matches(".menu")) return;
  event.preventDefault();
  const all = [...opened.querySelectorAll("button")];
  all[(all.indexOf(document.activeElement) + step + all.length) % all.length].focus();
}

/* ---- Where one begins */

const address = new URL(location.href);
if (address.searchParams.has("was")) {
  address.searchParams.delete("was");
  history.replaceState(history.state, "", address); // a reload would offer to undo it again
}

const composer = document.querySelector(".composer");
const field = composer?.querySelector("textarea");
const { placeholder } = field ?? {};
composer?.addEventListener("change", () => {
  field.placeholder = composer.querySelector("[value=note]").checked ? field.dataset.note : placeholder;
});
composer?.addEventListener("submit", (event) => {
  if (composer.dataset.leaving) event.preventDefault();
  composer.dataset.leaving = "yes";
});
addEventListener("pageshow", () => { if (composer) delete composer.dataset.leaving; });

/* ---- What is half written stays in this tab until it was sent, whatever is done besides */

const draft = composer?.dataset.draft;

function keep() {
  const { kind, body } = Object.fromEntries(new FormData(composer));
  if (body.trim()) sessionStorage.setItem(draft, JSON.stringify({ kind, body }));
  else sessionStorage.removeItem(draft);
}

function restore() {
  const kept = JSON.parse(sessionStorage.getItem(draft));
  if (!kept || field.value) return;
  composer.querySelector(`[value=${kept.kind}]`).click();
  field.value = kept.body;
}

if (composer) {
  if ("sent" in composer.dataset) sessionStorage.removeItem(draft);
  restore();
  composer.addEventListener("input", keep);
}

const hash = location.hash.slice(1);
if (hash === "reply" || hash === "note") write(hash === "note" ? "note" : "public");
if (hash === "p" || hash === "t") menu(hash);
if (hash === "search") document.querySelector(".search input")?.select();
document.documentElement.dataset.keys = "on"; // from here on a key is heard
