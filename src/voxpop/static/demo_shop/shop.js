// The demo shop: a gift finder that tells the widget about each use, a basket, and the list of the widget's calls.
const { key, guid, signature, locale, product, feature, threshold, texts } = JSON.parse(
  document.getElementById("settings").dataset.shop,
);
const USES = `demo-shop:${guid}`;
const calls = document.getElementById("calls");
let uses = Number(sessionStorage.getItem(USES)), inBasket = 0;

// What every page with the widget has: calls made before the script is there wait in a queue.
window.voxpop ||= (...call) => (window.voxpop.queue ||= []).push(call);
window.voxpop("on", "call", note);
window.voxpop("init", {
  key, user: { guid, signature }, locale, position: "bottom-left", button: { product, feature, text: texts.feedback },
});

const put = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);

/** One line for people, and below it what went over the network. */
function note({ call, request, status, response }) {
  if (call === "track" && status === 200) sessionStorage.setItem(USES, ++uses);
  const line = document.createElement("li");
  const details = document.createElement("details");
  const summary = document.createElement("summary");
  const time = document.createElement("time");
  time.textContent = new Date().toLocaleTimeString(locale, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  summary.append(say(call, request, status, response), " ", time);
  details.append(summary, code(`POST /api/v1/widget/${call}`, request), code(status, response));
  line.append(details);
  calls.prepend(line);
  document.getElementById("no-calls").hidden = true;
  showUses();
}

function say(call, request, status, response) {
  if (status !== 200) return put(texts.refused, { message: response.message ?? status });
  if (call === "track") return put(response.ask ? texts.asked : texts.counted, { count: uses });
  if (call === "answer") return put(texts.answered, { score: request.score });
  return texts[call] ?? call;
}

function code(head, body) {
  const block = document.createElement("pre");
  block.tabIndex = 0;
  block.textContent = `${head}\n${JSON.stringify(body, null, 2)}`;
  return block;
}

function showUses() {
  document.getElementById("uses").value = uses;
  document.getElementById("uses-text").textContent = put(texts.uses, { count: Math.min(uses, threshold), threshold });
}

for (const button of document.querySelectorAll("[data-tag]")) {
  button.addEventListener("click", () => {
    const { tag } = button.dataset;
    for (const other of document.querySelectorAll("[data-tag]")) other.ariaPressed = other === button;
    let found = 0;
    for (const item of document.querySelectorAll("[data-tags]")) {
      item.hidden = !item.dataset.tags.split(" ").includes(tag);
      found += !item.hidden;
    }
    document.getElementById("found").textContent = put(texts.found, { count: found });
    window.voxpop("track", product, feature);
  });
}

for (const button of document.querySelectorAll("[data-add]")) {
  button.addEventListener("click", () => { document.getElementById("basket").textContent = ++inBasket; });
}

showUses();
