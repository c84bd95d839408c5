// A button with data-copy="id" copies the text of that element; data-copied and data-selected are its next labels. Without this script it stays hidden.
const CONFIRMATION_MS = 1500;

function select(element) {
  const range = document.createRange();
  range.selectNodeContents(element);
  const selection = getSelection();
  selection.removeAllRanges();
  selection.addRange(range);
}

async function copy(element) {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(element.textContent);
  } else { // the clipboard API needs https or localhost
    select(element);
    if (!document.execCommand("copy")) throw new Error("The text is selected but not copied");
  }
}

for (const button of document.querySelectorAll("[data-copy]")) {
  const label = button.textContent;
  button.hidden = false;
  button.setAttribute("aria-live", "polite");
  button.addEventListener("click", async () => {
    try {
      await copy(document.getElementById(button.dataset.copy));
      button.textContent = button.dataset.copied;
    } catch {
      select(document.getElementById(button.dataset.copy));
      button.textContent = button.dataset.selected;
    }
    setTimeout(() => { button.textContent = label; }, CONFIRMATION_MS);
  });
}
