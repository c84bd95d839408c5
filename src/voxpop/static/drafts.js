// Drafts: what is typed into a form with data-draft="ticket form person" stays in this browser, so that an ended session
// loses no text. It is removed at sign-out, after a day, and by a page with the same data-sent.
const PREFIX = "draft ", MAX_AGE = 86_400_000; // ms
const TEXT_FIELDS = "textarea, input:not([type=hidden], [type=radio])";

/** null where the browser lets this site store nothing. */
const storage = (() => { try { return localStorage; } catch { return null; } })();
const keys = () => Object.keys(storage ?? {}).filter((key) => key.startsWith(PREFIX));
const keyOf = (element) => PREFIX + element.dataset.draft;
const read = (key) => JSON.parse(storage?.getItem(key) ?? null);
const remove = (key) => storage?.removeItem(key);
const texts = (form) => [...form.querySelectorAll(TEXT_FIELDS)];

function save(form) {
  const choices = [...form.querySelectorAll("[type=radio]")];
  const isEmpty = texts(form).every(({ value }) => !value.trim()) && choices.every((each) => each.checked === each.defaultChecked);
  if (isEmpty) return remove(keyOf(form));
  const values = Object.fromEntries([...new FormData(form)].filter(([name]) => name !== "idempotency_key"));
  try {
    storage?.setItem(keyOf(form), JSON.stringify({ at: Date.now(), values }));
  } catch { /* the storage is full: the text stays in the page only */ }
}

/** Fills the form, unless the server has: a rejected form is shown with its text. */
function restore(form) {
  const draft = read(keyOf(form));
  if (!draft || texts(form).some(({ value }) => value)) return;
  for (const [name, value] of Object.entries(draft.values)) {
    if (form.elements[name]) form.elements[name].value = value;
  }
  form.dispatchEvent(new Event("change"));
  form.closest("details")?.setAttribute("open", "");
  const notice = form.querySelector("template.kept");
  notice?.after(notice.content.cloneNode(true));
  if (/\/login\b/.test(document.referrer)) form.scrollIntoView({ block: "center" });
}

for (const key of keys()) if (Date.now() - read(key).at > MAX_AGE) remove(key);
for (const { dataset } of document.querySelectorAll("[data-sent]")) remove(PREFIX + dataset.sent);
for (const form of document.querySelectorAll("form[data-draft]")) {
  restore(form);
  form.addEventListener("input", () => save(form));
  form.addEventListener("reset", () => {
    remove(keyOf(form));
    form.querySelector("p.kept")?.remove();
  });
}
document.addEventListener("submit", ({ target }) => {
  if (/\/logout$/.test(target.action)) keys().forEach(remove);
});

// The sign-in page says that a text waits for the page to which it leads.
for (const notice of document.querySelectorAll("template[data-next]")) {
  const ticket = notice.dataset.next.split(/[/?#]/)[2]?.toUpperCase();
  if (keys().some((key) => key.split(" ")[1].toUpperCase() === ticket)) notice.replaceWith(notice.content);
}
