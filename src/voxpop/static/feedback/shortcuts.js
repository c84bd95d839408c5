// Keyboard shortcuts of the page of ratings: for the open rating, or else for the selected rows or the focused one.
import { click, ensureSelection, focusedRow, go, listen, moveInList, say } from "../inbox/keyboard.js";
import { linkOf, rows } from "../inbox/rows.js";
import { hasSelection } from "../inbox/selection.js";

const opened = () => document.querySelector(".open-rating:not([hidden])");

/** With an open rating, the next one is opened. */
function move(step) {
  const current = document.querySelector(".rows tr[aria-current]");
  if (!opened() || !current) return moveInList(step);
  const all = rows();
  linkOf(all[all.indexOf(current) + step])?.click();
}

function openRow() {
  const link = linkOf(focusedRow());
  if (link) link.click();
  else say("row");
}

function mark(key) {
  if (opened() && !hasSelection()) click(`.open-rating [data-key=${key}]`);
  else if (ensureSelection()) click(`.bulk [data-key=${key}]`);
}

/** Focuses a field of the open rating; otherwise opens the focused row first. */
function edit(id) {
  const field = document.getElementById(id);
  if (field) field.focus();
  else go(`${linkOf(focusedRow())?.href ?? ""}#${id}`);
}

function close() {
  click(".close-rating");
}

listen({
  j: () => move(1),
  k: () => move(-1),
  o: openRow,
  m: () => mark("m"),
  M: () => mark("M"),
  e: () => mark("e"),
  u: () => mark("u"),
  n: () => edit("notes"),
  t: () => edit("tags"),
  "/": () => document.querySelector(".search input").select(),
}, { isList: true, onEscape: close });
