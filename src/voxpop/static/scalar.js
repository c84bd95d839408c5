// Starts Scalar with the document that the page names. All features that contact other sites are off.
const api = document.querySelector("#api");

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
});
