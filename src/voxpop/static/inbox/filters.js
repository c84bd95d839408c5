// Filters apply without a reload, and stay in the address.
import { refresh } from "./refresh.js";
import { checkboxOf, list, rows } from "./rows.js";

const filters = document.querySelector(".filters");

/** The address of the list with the filters that are set. Without any parameter it would list the unresolved tickets. */
function address() {
  const set = [...new FormData(filters)].filter(([, value]) => value.trim());
  return `/inbox?${new URLSearchParams(set.length ? set : { status: "" })}`;
}

function applyFilters() {
  const next = address();
  if (next === location.pathname + location.search) return; // leaving a field after Enter reports a change again
  history.pushState(null, "", next);
  list().action = next.replace("/inbox", "/inbox/bulk");
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
