// Keeps the keys that are pressed while a page loads; inbox/keys.js types them as soon as the shortcuts work.
"use strict";

globalThis.earlyKeys = {
  strokes: [],

  /** Keeps a key that types a character or sends something. The browser handles the others, for example Tab. */
  keep(event) {
    const { key, code, shiftKey, ctrlKey, metaKey, altKey } = event;
    const isTyped = key.length === 1 || key === "Enter" || key === "Backspace";
    if (!isTyped || event.repeat || altKey || ((ctrlKey || metaKey) && key !== "Enter")) return;
    event.preventDefault();
    this.strokes.push({ key, code, shiftKey, ctrlKey, metaKey });
  },
};

/** A field that has the focus already gets its keys itself, and a blank scrolls. */
function keepEarlyKey(event) {
  const isFirstBlank = event.key === " " && earlyKeys.strokes.length === 0;
  if (!isFirstBlank && !event.target.closest?.("input, textarea, select")) earlyKeys.keep(event);
}
addEventListener("keydown", keepEarlyKey, true);
