// Keyboard shortcuts. Those for a ticket work on its page, and in the list on the focused row or on the selected ones.
import { compose } from "./composer.js";
import { click, ensureSelection, focusedRow, go, listen, moveInList, say } from "./keyboard.js";
import { linkOf, list, ticket } from "./rows.js";
import { hasSelection } from "./selection.js";

function move(step) {
  if (!ticket) return moveInList(step);
  const key = step > 0 ? "j" : "k";
  return click(`.list-position [data-key=${key}]`) ?? say(key);
}

/** Opens the focused row, or says that there is none. The hash names the action that the ticket's page starts with. */
function openRow(hash = "") {
  const link = linkOf(focusedRow());
  if (link) go(link.href + hash);
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

listen({
  j: () => move(1),
  k: () => move(-1),
  o: () => openRow(),
  r: () => composeReply("public", "#reply"),
  n: () => composeReply("note", "#note"),
  a: () => openMenuOf("a"),
  p: () => openMenuOf("p"),
  t: () => openMenuOf("t"),
  e: () => changeStatus("e"),
  d: () => changeStatus("d"),
  u: () => changeStatus("u"),
  "/": search,
}, { isList: !ticket });

/** The action that the list asked for when it opened this page. */
export function openFromHash() {
  const hash = location.hash.slice(1);
  if (ticket && (hash === "reply" || hash === "note")) compose(hash === "note" ? "note" : "public");
  if (ticket && (hash === "p" || hash === "t")) openMenu(hash);
  if (hash === "search") document.querySelector(".search input")?.select();
}
