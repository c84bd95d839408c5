// The composer of a reply or a note: its choice and its placeholder.
export const composer = document.querySelector(".composer");
const field = composer?.querySelector("textarea");

/** Chooses a public reply or a note. */
export function compose(kind) {
  composer.querySelector(`[value=${kind}]`).click();
  field.focus();
}

if (composer) {
  const { placeholder } = field;
  const update = () => {
    field.placeholder = composer.querySelector("[value=note]").checked ? field.dataset.note : placeholder;
  };
  composer.addEventListener("change", update);
  update(); // a draft may be a note
}
