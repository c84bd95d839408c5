// Starts Swagger UI on the document that the page names; no validator or other address elsewhere is asked.
const api = document.querySelector("#api");

const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();

window.SwaggerUIBundle({
  domNode: api,
  url: api.dataset.document,
  layout: "BaseLayout",
  deepLinking: true,
  displayRequestDuration: true,
  validatorUrl: null,
});
