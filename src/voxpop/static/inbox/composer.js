// The composer: its placeholder, its size, one submission, and drafts, which stay in this tab until they are sent.
export const composer = document.querySelector(".composer");
const field = composer?.querySelector("textarea");
const draft = composer?.dataset.draft;

/** Chooses a public reply or a note. */
export function compose(kind) {
  composer.querySelector(`[value=${kind}]`).click();
  field.focus();
}

function saveDraft() {
  const { kind, body } = Object.fromEntries(new FormData(composer));
  if (body.trim()) sessionStorage.setItem(draft, JSON.stringify({ kind, body }));
  else sessionStorage.removeItem(draft);
}

function restoreDraft() {
  const saved = JSON.parse(sessionStorage.getItem(draft));
  if (!saved || field.value) return;
  composer.querySelector(`[value=${saved.kind}]`).click();
  field.value = saved.body;
}

const { sent } = document.querySelector("[data-sent]")?.dataset ?? {};
if (sent) sessionStorage.removeItem(sent);

if (composer) {
  const { placeholder } = field;
  composer.addEventListener("change", () => {
    field.placeholder = composer.querySelector("[value=note]").checked ? field.dataset.note : placeholder;
  });
  restoreDraft();
  composer.addEventListener("input", saveDraft);
}
