// Find (Ctrl K): a dialog with the results of /find as one types. Arrows choose, Enter opens, Escape closes.
const WAIT = 80; // ms after a key, so that fast typing asks once
const dialog = document.querySelector("#find-dialog");
const [input, list, status] = ["input", "[role=listbox]", "[role=status]"].map((selector) => dialog.querySelector(selector));
let timer, request, asked;

const options = () => [...list.querySelectorAll("[role=option]")];
const chosen = () => list.querySelector("[aria-selected=true]");

function choose(option) {
  chosen()?.setAttribute("aria-selected", "false");
  option?.setAttribute("aria-selected", "true");
  input.setAttribute("aria-activedescendant", option?.id ?? "");
  option?.scrollIntoView({ block: "nearest" });
}

/** The results of the page, as options of the list. */
function show(results) {
  for (const [index, link] of results.querySelectorAll("a").entries()) {
    Object.assign(link, { id: `found-${index}`, tabIndex: -1 });
    link.setAttribute("role", "option");
    link.setAttribute("aria-selected", "false");
  }
  for (const heading of results.querySelectorAll("h2")) heading.setAttribute("role", "presentation"); // the group has its name
  list.setAttribute("role", results.querySelector("a") ? "listbox" : "note");
  list.replaceChildren(...results.childNodes);
  status.textContent = results.dataset.count;
  choose(options()[0]);
}

async function ask() {
  if (asked === input.value) return;
  const text = asked = input.value;
  request?.abort();
  request = new AbortController();
  try {
    const response = await fetch(`/find?${new URLSearchParams({ q: text })}`, { signal: request.signal });
    if (response.redirected) return location.reload(); // the session has ended
    show(new DOMParser().parseFromString(await response.text(), "text/html").querySelector("#found"));
  } catch (error) {
    if (error.name === "AbortError") return;
    asked = null;
    status.textContent = dialog.dataset.none;
  }
}

function open() {
  if (!dialog.open) dialog.showModal();
  input.select();
  ask();
}

function move(step) {
  const all = options(), index = all.indexOf(chosen());
  choose(all[(index + step + all.length) % all.length]);
}

input.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(ask, WAIT);
});
input.addEventListener("keydown", (event) => {
  const steps = { ArrowDown: 1, ArrowUp: -1 };
  if (event.isComposing) return;
  if (event.key in steps) {
    event.preventDefault();
    move(steps[event.key]);
  } else if (event.key === "Enter") {
    event.preventDefault();
    if (asked === input.value) chosen()?.click();
    else ask().then(() => chosen()?.click());
  }
  event.stopPropagation(); // the shortcuts of the page sleep meanwhile
});
list.addEventListener("pointermove", ({ target }) => {
  const option = target.closest("[role=option]");
  if (option && option !== chosen()) choose(option);
});
list.addEventListener("click", () => dialog.close());
dialog.addEventListener("click", ({ target }) => { if (target === dialog) dialog.close(); });
document.querySelector(".find").addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  open();
});
addEventListener("keydown", (event) => {
  if (event.code !== "KeyK" || event.altKey || event.shiftKey || event.ctrlKey === event.metaKey) return;
  event.preventDefault();
  open();
}, true);
document.documentElement.dataset.find = "on"; // tests wait for this
