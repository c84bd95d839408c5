// Dashboard pages with JavaScript: charts with a cursor, parts that change without a reload, live updates.
import { drawCharts } from "./chart.js";
import { openStream } from "./live.js";
import "./swap.js";

drawCharts();
openStream();
document.documentElement.dataset.dashboard = "on"; // tests wait for this
