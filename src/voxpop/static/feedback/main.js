// The page of ratings with JavaScript: shortcuts, filters and an open rating without a reload, live updates.
import { drawCharts } from "../dashboards/chart.js";
import { openStream } from "../dashboards/live.js";
import "../dashboards/swap.js";
import { typeKeptKeys } from "../inbox/keys.js";
import { restoreFocus } from "../inbox/selection.js";
import "./filters.js";
import "./shortcuts.js";

drawCharts();
openStream();
restoreFocus();
if (location.hash) document.querySelector(location.hash === "#search" ? ".search input" : location.hash)?.focus();
document.documentElement.dataset.keys = "on"; // tests wait for this: shortcuts work from here on
typeKeptKeys();
