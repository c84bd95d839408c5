// Starts Scalar with the document that the page names. All features that contact other sites are off.
const api = document.querySelector("#api");

// Scalar moves its parts while it loads, so they are shown when it has settled, or after a while in any case.
const SETTLE_MS = 300, MAX_HIDDEN_MS = 5000;
const show = () => { api.style.visibility = "visible"; };
api.style.visibility = "hidden";
setTimeout(show, MAX_HIDDEN_MS);

window.Scalar.createApiReference(api, {
  url: api.dataset.document,
  authentication: { preferredSecurityScheme: "key" },
  withDefaultFonts: false,
  telemetry: false,
  proxyUrl: "",
  agent: { disabled: true },
  mcp: { disabled: true },
  showDeveloperTools: "never",
  hideClientButton: true,
  hideDarkModeToggle: true,
  onLoaded: () => setTimeout(show, SETTLE_MS),
});
