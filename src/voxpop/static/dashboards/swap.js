// Links with data-swap, and Back, show their page without a reload.
import { load } from "./parts.js";

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-swap]");
  if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (link.href !== location.href) history.pushState(null, "", link.href);
  load();
});
addEventListener("popstate", () => load());
