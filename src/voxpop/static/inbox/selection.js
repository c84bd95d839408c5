// The selection of rows: with the checkboxes, in ranges with Shift, and where the focus goes after a change.
import { checkboxOf, focusRow, list, rowOf, rows, ticket } from "./rows.js";

const NEXT_ROW = "row"; // in the storage of the tab
let lastChosen; // the id of the row that was selected or deselected last

const selectedRows = () => rows().filter((row) => checkboxOf(row).checked);
export const hasSelection = () => selectedRows().length > 0;

/** Shows how many rows are selected, beside the list and in the checkbox for all. */
export function updateSelection() {
  const [total, selected] = [rows().length, selectedRows().length];
  const output = document.querySelector(".bulk output");
  if (output) output.textContent = output.dataset.words.replace("#", selected);
  const all = document.querySelector(".pick .all");
  if (all) {
    all.hidden = false;
    all.checked = selected > 0 && selected === total;
    all.indeterminate = selected > 0 && selected < total;
  }
}

/** Selects or deselects a row; with Shift, all rows from the one chosen before. */
export function choose(row, isSelected, isRange) {
  const all = rows();
  const [from, to] = [all.findIndex(({ id }) => id === lastChosen), all.indexOf(row)];
  const range = isRange && from >= 0 ? all.slice(Math.min(from, to), Math.max(from, to) + 1) : [row];
  for (const each of range) checkboxOf(each).checked = isSelected;
  lastChosen = row.id;
  updateSelection();
}

export function clearSelection() {
  for (const row of rows()) checkboxOf(row).checked = false;
  updateSelection();
}

document.addEventListener("click", ({ target, shiftKey }) => {
  if (target.matches(".pick .all")) for (const row of rows()) checkboxOf(row).checked = target.checked;
  else if (target.matches(".pick input")) choose(rowOf(target), target.checked, shiftKey);
  if (target.closest(".pick")) updateSelection();
  if (target.closest(".bulk .clear")) clearSelection();
});

/** After the change the list is shown again; the focus goes to the row that follows, or else precedes, the selection. */
list()?.addEventListener("submit", () => {
  const all = rows();
  const isFree = (row) => !checkboxOf(row).checked;
  const last = all.findLastIndex((row) => !isFree(row));
  const next = all.slice(last + 1).find(isFree) ?? all.slice(0, last).findLast(isFree);
  if (next) sessionStorage.setItem(NEXT_ROW, next.id);
});

/** Back in the list, the focus is on the row of the ticket. */
document.querySelector(".back")?.addEventListener("click", () => {
  if (ticket) sessionStorage.setItem(NEXT_ROW, ticket.dataset.ref);
});

export function restoreFocus() {
  const id = sessionStorage.getItem(NEXT_ROW);
  sessionStorage.removeItem(NEXT_ROW);
  if (id && list()) focusRow(rowOf(document.getElementById(id)));
}

updateSelection();
