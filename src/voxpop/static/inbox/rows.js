// The rows of the list, the ticket of a ticket's page, and other elements that all modules look up.
export const ticket = document.querySelector(".ticket-page[data-ref]");
export const list = () => document.querySelector(".listed");
export const rows = () => [...document.querySelectorAll(".listed tbody tr")];
export const linkOf = (row) => row?.querySelector(".subject a");
export const checkboxOf = (row) => row?.querySelector(".pick input");
export const rowOf = (element) => element?.closest(".listed tbody tr");
export const focusRow = (row) => {
  linkOf(row)?.focus();
  row?.scrollIntoView({ block: "nearest" });
};

const TEXT_FIELD = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]";
export const isTextField = (element) => element.closest(TEXT_FIELD);

/** The first of the elements that is shown. */
export const visible = (selector) => [...document.querySelectorAll(selector)].find((each) => each.checkVisibility());

export function showToast(text) {
  if (!text) return;
  const toast = Object.assign(document.createElement("p"), { className: "toast", textContent: text });
  document.querySelector(".toasts:not(.undo)").replaceChildren(toast);
  setTimeout(() => toast.classList.add("gone"), 3000);
}
