// Relative times, kept up to date.
const STEPS = [[60, "minute"], [3600, "hour"], [86400, "day"]];

/** Updates "2 hours ago" up to one day. The server has written older times as dates. */
export function showLocalTimes(root = document) {
  const formatter = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "always" });
  for (const time of root.querySelectorAll("time[data-ago]")) {
    const seconds = (Date.now() - Date.parse(time.dateTime)) / 1000;
    if (seconds < 60 || seconds >= 86400) continue;
    const [length, unit] = STEPS.findLast(([minimum]) => seconds >= minimum);
    time.textContent = formatter.format(-Math.floor(seconds / length), unit);
  }
}
