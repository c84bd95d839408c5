// Charts: uPlot draws the lines that the table behind a chart says, with a cursor for pointer and keyboard. Until then, and
// without script, the drawing of the server shows the same. Grid, intervals and bars stay those of the server.
const charts = new Map(); // the frame of each chart → its uPlot
const selected = new Map(); // the id of a figure → the index of the point that the cursor is at
const dark = matchMedia("(prefers-color-scheme: dark)");
const resizes = new ResizeObserver((entries) => entries.forEach(({ target }) => resize(target)));

export function drawCharts() {
  for (const frame of charts.keys()) if (!frame.isConnected) forget(frame);
  if (!("uPlot" in globalThis)) return;
  for (const frame of document.querySelectorAll(".chart .frame")) if (!charts.has(frame)) draw(frame);
}
dark.addEventListener("change", () => charts.forEach((plot) => plot.redraw(false)));

function forget(frame) {
  resizes.unobserve(frame);
  charts.get(frame).destroy();
  charts.delete(frame);
}

const sizeOf = (frame) => frame.querySelector(".lines").getBoundingClientRect();
const numbers = (rows, name) => rows.map(({ dataset }) => (dataset[name] === "" || dataset[name] === undefined ? null : Number(dataset[name])));

function draw(frame) {
  const figure = frame.closest("figure");
  const rows = [...figure.querySelectorAll("tbody tr")];
  const canvas = frame.insertBefore(document.createElement("div"), frame.querySelector(".point"));
  canvas.className = "canvas";
  const plot = new globalThis.uPlot(options(frame, rows), data(rows), canvas);
  charts.set(frame, plot);
  frame.classList.add("drawn");
  resizes.observe(frame);
  followKeys(frame, plot, rows);
  if (selected.has(figure.id)) moveTo(plot, Math.min(selected.get(figure.id), rows.length - 1));
}

/** The lines to unfinished points are a series of their own, because they are dashed. */
function data(rows) {
  const scores = numbers(rows, "score");
  const isUnfinished = (index) => (scores[index] ?? null) !== null && rows[index].matches(".unfinished");
  const whole = scores.map((score, index) => (isUnfinished(index) ? null : score));
  const partial = scores.map((score, index) => ([index - 1, index, index + 1].some(isUnfinished) ? score : null));
  return [rows.map((_, index) => index), numbers(rows, "before"), whole, partial];
}

function options(frame, rows) {
  const { width, height } = sizeOf(frame);
  const { low, high } = frame.dataset;
  // Colours, widths and dashes are those of the server's drawing, and so of the stylesheet.
  const styleOf = (selector) => getComputedStyle(frame.querySelector(selector));
  const line = (selector) => ({
    stroke: () => styleOf(selector).stroke,
    width: parseFloat(styleOf(selector).strokeWidth),
    dash: styleOf(selector).strokeDasharray === "none" ? undefined : styleOf(selector).strokeDasharray.split(", ").map((each) => parseFloat(each) * devicePixelRatio),
    spanGaps: false,
    points: { show: true, size: 5, fill: () => styleOf(selector).stroke, filter: (plot, index) => alone(plot.data[index]) },
  });
  const range = { x: [-0.5, rows.length - 0.5], y: [Number(low), Number(high)] };
  return {
    width, height, padding: [0, 0, 0, 0], legend: { show: false }, ms: 1,
    axes: [{ show: false }, { show: false }],
    scales: { x: { time: false, range: () => range.x }, y: { range: () => range.y } },
    series: [{}, line(".before"), line(".score-line"), line(".unfinished")],
    cursor: { y: false, drag: { setScale: false, x: false, y: false }, points: { size: 8, one: false, show: (plot, index) => (index > 1 ? undefined : false) } },
    hooks: { setCursor: [(plot) => showPoint(frame, rows, plot.cursor.idx)], ready: [(plot) => openOnClick(plot, rows)] },
  };
}

/** The indexes of single points, which no line shows. */
function alone(values) {
  return values.flatMap((value, index) => (value !== null && (values[index - 1] ?? null) === null && (values[index + 1] ?? null) === null ? [index] : []));
}

function resize(frame) {
  const plot = charts.get(frame);
  const { width, height } = sizeOf(frame);
  if (plot && (plot.width !== width || plot.height !== height)) plot.setSize({ width, height });
}

function showPoint(frame, rows, index) {
  const point = frame.querySelector(".point");
  const figure = frame.closest("figure");
  point.hidden = index === null || index === undefined;
  if (point.hidden) return selected.delete(figure.id);
  selected.set(figure.id, index);
  const row = rows[index], cell = row.cells[1];
  const value = document.createElement("b"), about = document.createElement("small");
  value.textContent = cell.querySelector(".value")?.textContent ?? cell.textContent;
  about.textContent = `${row.dataset.name}, ${row.dataset.answers}`;
  const arm = cell.querySelector(".value + small")?.textContent ?? "";
  point.replaceChildren(value, ` ${arm} `, about);
  const share = (index + 0.5) / rows.length;
  point.style.setProperty("--at", `${100 * share}%`);
}

const hrefOf = (row) => row.querySelector("a").href;

function openOnClick(plot, rows) {
  plot.over.addEventListener("click", () => {
    if (Number.isInteger(plot.cursor.idx)) location.href = hrefOf(rows[plot.cursor.idx]);
  });
}

function moveTo(plot, index) {
  plot.setCursor({ left: plot.valToPos(index, "x"), top: plot.height / 2 });
}

function followKeys(frame, plot, rows) {
  const last = rows.length - 1;
  const steps = { ArrowLeft: (at) => at - 1, ArrowRight: (at) => at + 1, Home: () => 0, End: () => last };
  frame.addEventListener("keydown", (event) => {
    if (event.target !== frame || event.ctrlKey || event.metaKey || event.altKey) return;
    const at = plot.cursor.idx ?? (event.key === "ArrowRight" ? -1 : last + 1);
    if (event.key in steps) {
      event.preventDefault();
      moveTo(plot, Math.max(0, Math.min(last, steps[event.key](at))));
    } else if (event.key === "Enter" && Number.isInteger(plot.cursor.idx)) {
      location.href = hrefOf(rows[plot.cursor.idx]);
    } else if (event.key === "Escape") {
      plot.setCursor({ left: -10, top: -10 });
    }
  });
  frame.addEventListener("blur", () => plot.setCursor({ left: -10, top: -10 }));
}
