// Keyboard shortcuts of pages with a list: how keys are read, those that move and select rows, those of every page.
import { keepForNextPage, leave } from "./keys.js";
import { checkboxOf, focusRow, isTextField, linkOf, rowOf, rows, showToast, visible } from "./rows.js";
import { choose, clearSelection, hasSelection } from "./selection.js";

let lastFocused; // the id of the row that had the focus last
document.addEventListener("focusin", ({ target }) => { lastFocused = rowOf(target)?.id ?? lastFocused; });

export const focusedRow = () => rowOf(document.activeElement);
export const say = (key) => showToast(document.querySelector(`[data-off~="${key}"]`)?.textContent);

export function click(selector) {
  const button = visible(selector);
  button?.click();
  return button;
}

export function go(address) {
  leave();
  location.assign(address);
}

/** Focuses the row after the one that has or had the focus, or before it. */
export function moveInList(step) {
  const all = rows();
  const index = all.indexOf(focusedRow() ?? document.getElementById(lastFocused));
  const end = all.length - 1;
  focusRow(all[index < 0 ? (step > 0 ? 0 : end) : Math.min(Math.max(index + step, 0), end)]);
}

/** Selects the focused row if no row is selected; false if there is none. */
export function ensureSelection() {
  if (!hasSelection() && focusedRow()) choose(focusedRow(), true);
  if (!hasSelection()) say("row");
  return hasSelection();
}

export function toggleSelection(isRange) {
  const row = focusedRow();
  if (row) choose(row, isRange || !checkboxOf(row).checked, isRange);
  else say("row");
}

const EVERYWHERE = {
  x: () => toggleSelection(false),
  X: () => toggleSelection(true),
  z: () => click(".undo .link"),
  c: () => go("/inbox/new"),
  "?": () => document.getElementById("keys")?.togglePopover(),
  "g i": () => go("/inbox"),
  "g f": () => go("/feedback"),
  "g l": () => go("/low-ratings"),
  "g a": () => go("/agents"),
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

/**
 * Runs the shortcut of each key. `isList`: j and k move in a list, also while they are held down. `onEscape`: what
 * Escape does where there is nothing to leave or clear.
 */
export function listen(shortcuts, options) {
  const all = { ...EVERYWHERE, ...shortcuts };
  document.addEventListener("keydown", (event) => handle(event, all, options));
}

function handle(event, shortcuts, { isList, onEscape }) {
  if (keepForNextPage(event)) return;
  const { target } = event;
  const key = latinKey(event);
  if (key === "Enter" && (event.ctrlKey || event.metaKey) && target.closest(".composer, .notes")) {
    event.preventDefault();
    return target.form.requestSubmit(target.form.querySelector(".main"));
  }
  if (key === "Escape") return leaveField(event, onEscape);
  if (event.ctrlKey || event.metaKey || event.altKey || isTextField(target)) return;
  const openPopover = document.querySelector("[popover]:popover-open");
  if (openPopover && key !== "?") return moveInMenu(event, key, openPopover);
  if (event.repeat && !(isList && REPEATED.includes(key))) return;
  const name = prefix + key;
  prefix = key === "g" ? "g " : "";
  const action = shortcuts[name] ?? (name === "g g" ? null : shortcuts[key]);
  if (action) { event.preventDefault(); action(); }
}

/** Escape leaves a field, and in a list clears the selection. The browser closes menus. */
function leaveField(event, onEscape) {
  const { target } = event;
  if (document.querySelector("[popover]:popover-open")) return;
  if (!isTextField(target)) return hasSelection() ? clearSelection() : onEscape?.();
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
