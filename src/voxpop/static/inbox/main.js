// The members' pages with JavaScript: shortcuts, filters without a reload, live lists and conversations.
import "./filters.js";
import "./live.js";
import { typeKeptKeys } from "./keys.js";
import { restoreFocus } from "./selection.js";
import { openFromHash } from "./shortcuts.js";

restoreFocus();
openFromHash();
document.documentElement.dataset.keys = "on"; // tests wait for this: shortcuts work from here on
typeKeptKeys();
