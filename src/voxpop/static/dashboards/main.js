// Dashboard pages with JavaScript: charts with a cursor, parts that change without a reload, live updates.
import { drawCharts } from "./chart.js";
import { openStream } from "./live.js";
import { load } from "./parts.js";

drawCharts();
openStream();

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-swap]");
  if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (link.href !== location.href) history.pushState(null, "", link.href);
  load();
});
addEventListener("popstate", () => load());
document.documentElement.dataset.dashboard = "on"; // tests wait for this
