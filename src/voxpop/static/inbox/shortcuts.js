// Keyboard shortcuts. Those for a ticket work on its page, and in the list on the focused row or on the selected ones.
import { compose } from "./composer.js";
import { keepForNextPage, leave } from "./keys.js";
import { checkboxOf, focusRow, isTextField, linkOf, list, rowOf, rows, showToast, ticket, visible } from "./rows.js";
import { choose, clearSelection, hasSelection } from "./selection.js";

let lastFocused; // the id of the row that had the focus last
document.addEventListener("focusin", ({ target }) => { lastFocused = rowOf(target)?.id ?? lastFocused; });

const focusedRow = () => rowOf(document.activeElement);
const say = (key) => showToast(document.querySelector(`[data-off~="${key}"]`)?.textContent);

function click(selector) {
  const button = visible(selector);
  button?.click();
  return button;
}

function go(address) {
  leave();
  location.assign(address);
}

function move(step) {
  if (ticket) return click(`.list-position [data-key=${step > 0 ? "j" : "k"}]`) ?? say(step > 0 ? "j" : "k");
  const all = rows();
  const index = all.indexOf(focusedRow() ?? document.getElementById(lastFocused));
  const end = all.length - 1;
  focusRow(all[index < 0 ? (step > 0 ? 0 : end) : Math.min(Math.max(index + step, 0), end)]);
}

/** Opens the focused row, or says that there is none. The hash names the action that the ticket's page starts with. */
function openRow(hash = "") {
  const link = linkOf(focusedRow());
  if (link) go(link.href + hash);
  else say("row");
}

/** Selects the focused row if no row is selected; false if there is none. */
function ensureSelection() {
  if (!hasSelection() && focusedRow()) choose(focusedRow(), true);
  if (!hasSelection()) say("row");
  return hasSelection();
}

function toggleSelection(isRange) {
  const row = focusedRow();
  if (row) choose(row, isRange || !checkboxOf(row).checked, isRange);
  else say("row");
}

/** On a ticket clicks the button, or says why there is none; in a list changes the selected rows. */
function changeStatus(key) {
  if (list()) return ensureSelection() && click(`.bulk [data-key=${key}]`);
  if (!click(`.head [data-key=${key}]`)) say(key);
}

/** Opens a menu and focuses its current value. */
function openMenu(key) {
  const button = click(`:is(.side, .bulk) [data-key=${key}]`);
  const menu = document.getElementById(button?.getAttribute("popovertarget"));
  (menu?.querySelector("[aria-current], input") ?? menu?.querySelector("button"))?.focus();
  menu?.querySelector("input")?.select();
}

/** In a list, assigning changes the rows at once; the other menus do for selected rows, else the ticket is opened. */
function openMenuOf(key) {
  if (ticket || hasSelection() || (key === "a" && list() && ensureSelection())) openMenu(key);
  else if (key !== "a") openRow(`#${key}`);
}

const composeReply = (kind, hash) => (ticket ? compose(kind) : openRow(hash));

/** Focuses the search field, which is on the list that the ticket was opened from, or else on the list of all. */
function search() {
  const back = new URLSearchParams(location.search).has("in") && document.querySelector(".back")?.href;
  const input = document.querySelector(".search input");
  if (input) input.select();
  else go(`${back || "/inbox?status="}#search`);
}

const SHORTCUTS = {
  j: () => move(1),
  k: () => move(-1),
  o: () => openRow(),
  x: () => toggleSelection(false),
  X: () => toggleSelection(true),
  r: () => composeReply("public", "#reply"),
  n: () => composeReply("note", "#note"),
  a: () => openMenuOf("a"),
  p: () => openMenuOf("p"),
  t: () => openMenuOf("t"),
  e: () => changeStatus("e"),
  d: () => changeStatus("d"),
  u: () => changeStatus("u"),
  z: () => click(".undo .link"),
  c: () => go("/inbox/new"),
  "/": search,
  "?": () => document.getElementById("keys")?.togglePopover(),
  "g i": () => go("/inbox"),
  "g l": () => go("/low-ratings"),
};
const REPEATED = ["j", "k"]; // while the key is held down, in a list
let prefix = "";

/** The key that a Latin keyboard has in the same place, for users of another alphabet. */
function latinKey({ key, code, shiftKey }) {
  if (code === "Slash" && ".,".includes(key)) return shiftKey ? "?" : "/";
  const letter = /^Key(.)$/.exec(code)?.[1];
  if (!letter || key.charCodeAt(0) < 128) return key;
  return shiftKey ? letter : letter.toLowerCase();
}

document.addEventListener("keydown", (event) => {
  if (keepForNextPage(event)) return;
  const { target } = event;
  const key = latinKey(event);
  if (key === "Enter" && (event.ctrlKey || event.metaKey) && target.closest(".composer")) {
    event.preventDefault();
    return target.form.requestSubmit(target.form.querySelector(".main"));
  }
  if (key === "Escape") return leaveField(event);
  if (event.ctrlKey || event.metaKey || event.altKey || isTextField(target)) return;
  const openPopover = document.querySelector("[popover]:popover-open");
  if (openPopover && key !== "?") return moveInMenu(event, key, openPopover);
  if (event.repeat && (ticket || !REPEATED.includes(key))) return;
  const name = prefix + key;
  prefix = key === "g" ? "g " : "";
  const action = SHORTCUTS[name] ?? (name === "g g" ? null : SHORTCUTS[key]);
  if (action) { event.preventDefault(); action(); }
});

/** Escape leaves a field, and in a list clears the selection. The browser closes menus. */
function leaveField(event) {
  const { target } = event;
  if (document.querySelector("[popover]:popover-open")) return;
  if (!isTextField(target)) return clearSelection();
  if (target.matches(".search input")) event.preventDefault(); // the browser would clear the field
  target.blur();
  focusRow(document.getElementById(lastFocused));
}

/** The arrow keys, and j and k, move within an open menu. */
function moveInMenu(event, key, menu) {
  const step = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 }[key];
  if (!step || !menu.matches(".menu")) return;
  event.preventDefault();
  const buttons = [...menu.querySelectorAll("button")];
  buttons[(buttons.indexOf(document.activeElement) + step + buttons.length) % buttons.length].focus();
}

/** The action that the list asked for when it opened this page. */
export function openFromHash() {
  const hash = location.hash.slice(1);
  if (ticket && (hash === "reply" || hash === "note")) compose(hash === "note" ? "note" : "public");
  if (ticket && (hash === "p" || hash === "t")) openMenu(hash);
  if (hash === "search") document.querySelector(".search input")?.select();
}
