// Filters apply without a reload, and stay in the address.
import { load } from "../dashboards/parts.js";
import { checkboxOf, list, rows } from "../inbox/rows.js";
import { updateSelection } from "../inbox/selection.js";

/** The address of the list with the filters that are set. */
function address(form) {
  const set = [...new FormData(form)].filter(([, value]) => value.trim());
  const query = new URLSearchParams(set).toString();
  return query ? `${form.getAttribute("action")}?${query}` : form.getAttribute("action");
}

function apply(form) {
  const next = address(form);
  if (next === location.pathname + location.search) return; // leaving a field after Enter reports a change again
  history.pushState(null, "", next);
  rows().forEach((row) => { checkboxOf(row).checked = false; });
  load();
}

/** Marks are set on the list that is shown now. */
list()?.addEventListener("submit", () => { list().action = `${location.pathname}/marks${location.search}`; });
document.addEventListener("parts", updateSelection);

// The form is a part of the page that is replaced, so the document listens.
document.addEventListener("change", ({ target }) => { if (target.form?.matches(".filters")) apply(target.form); });
document.addEventListener("submit", (event) => {
  if (!event.target.matches(".filters")) return;
  event.preventDefault();
  apply(event.target);
});
