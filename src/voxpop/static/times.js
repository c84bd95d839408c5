// Times in the reader's time zone, and relative times kept up to date. The server writes them in the workspace's zone.
const MINUTE = 60_000, HOUR = 60 * MINUTE, DAY = 24 * HOUR; // ms
const locale = document.documentElement.lang;
const always = new Intl.RelativeTimeFormat(locale, { numeric: "always" });
const named = new Intl.RelativeTimeFormat(locale, { numeric: "auto" }); // "yesterday"
const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
const fields = new Intl.DateTimeFormat(locale, {
  day: "numeric", month: "long", year: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
});

const partsOf = (moment) => Object.fromEntries(fields.formatToParts(moment).map(({ type, value }) => [type, value]));
const clock = ({ hour, minute }) => `${hour}:${minute}`;
const midnight = (moment) => new Date(moment).setHours(0, 0, 0, 0);
const daysAgo = (moment, now) => Math.round((midnight(now) - midnight(moment)) / DAY);

/** For example `Europe/Berlin, UTC+1`. */
function zone(moment) {
  const offset = -moment.getTimezoneOffset(); // minutes
  const [hours, minutes] = [Math.floor(Math.abs(offset) / 60), Math.abs(offset) % 60];
  const time = minutes ? `${hours}:${String(minutes).padStart(2, "0")}` : hours;
  const utc = offset ? `UTC${offset < 0 ? "-" : "+"}${time}` : "UTC";
  return timeZone === utc ? utc : `${timeZone}, ${utc}`;
}

/** `today`, `yesterday`, `21 November`; with the year if it is another one. */
function day(moment, now) {
  const ago = daysAgo(moment, now);
  if (ago === 0 || ago === 1) return named.format(-ago, "day");
  const { day, month, year } = partsOf(moment);
  return year === partsOf(now).year ? `${day} ${month}` : `${day} ${month} ${year}`;
}

/** Null within the first minute, which has words of the server. */
function ago(moment, now) {
  const age = now - moment, days = daysAgo(moment, now);
  if (age < MINUTE) return null;
  if (age < HOUR) return always.format(-Math.floor(age / MINUTE), "minute");
  if (age < DAY) return always.format(-Math.floor(age / HOUR), "hour");
  return days > 1 && days < 7 ? always.format(-days, "day") : day(moment, now);
}

export function showLocalTimes(root = document) {
  const now = new Date();
  for (const time of root.querySelectorAll("time:is([data-ago], [data-when])")) {
    const moment = new Date(time.dateTime);
    const parts = partsOf(moment);
    const text = "ago" in time.dataset ? ago(moment, now) : `${day(moment, now)}, ${clock(parts)}`;
    if (text && time.textContent !== text) time.textContent = text;
    time.title = `${parts.day} ${parts.month} ${parts.year}, ${clock(parts)} (${zone(moment)})`;
  }
}
