// What pages do besides: times that keep up, toasts that go, forms that send themselves, a key that is copied.
"use strict";

document.documentElement.classList.add("scripted");

const STEPS = [[60, "minute"], [3600, "hour"], [86400, "day"]];

/** "2 hours ago" as long as it is less than a day; older ones the server has named by their day. */
function keepUp() {
  const words = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "always" });
  for (const time of document.querySelectorAll("time[data-ago]")) {
    const seconds = (Date.now() - Date.parse(time.dateTime)) / 1000;
    if (seconds < 60 || seconds >= 86400) continue;
    const [length, unit] = STEPS.findLast(([least]) => seconds >= least);
    time.textContent = words.format(-Math.floor(seconds / length), unit);
  }
}
setInterval(keepUp, 30_000);

const address = new URL(location.href);
if (address.searchParams.has("done")) {
  address.searchParams.delete("done");
  history.replaceState(history.state, "", address);  // a reload would say it again
}
for (const toast of document.querySelectorAll(".toast")) setTimeout(() => toast.classList.add("gone"), 6000);

document.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

for (const form of document.querySelectorAll("form[data-auto]")) form.addEventListener("change", () => form.requestSubmit());

for (const button of document.querySelectorAll("[data-copied]")) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.textContent = button.dataset.copied;
  });
}
