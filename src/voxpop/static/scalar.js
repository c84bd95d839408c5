// Starts Scalar on the document that the page names, with everything off that would lead or ask elsewhere.
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
