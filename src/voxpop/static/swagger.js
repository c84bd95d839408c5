// Starts Swagger UI with the document that the page names. It sends no request to another site, so no validator.
const api = document.querySelector("#api");

const dark = matchMedia("(prefers-color-scheme: dark)");
const followColourScheme = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", followColourScheme);
followColourScheme();

window.SwaggerUIBundle({
  domNode: api,
  url: api.dataset.document,
  layout: "BaseLayout",
  deepLinking: true,
  displayRequestDuration: true,
  validatorUrl: null,
});
