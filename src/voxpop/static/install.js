// The page "Install": draws the widget as customers see it, and notices the first call of a page.
const CHECK_MS = 4000;
const options = document.getElementById("preview-options");
const stage = document.getElementById("stage");
const [{ lookOf }, { mount }] = await Promise.all([import(options.dataset.core), import(options.dataset.survey)]);

mount(); // makes the element known
const preview = document.createElement("voxpop-survey");
preview.setAttribute("inline", "");
stage.append(preview);

function show() {
  const [type, theme, display] = [options.type, options.theme, options.display].map((each) => each.value);
  const question = JSON.parse(options.type.selectedOptions[0].dataset.question);
  const ask = { ...question, display: display || question.display };
  stage.dataset.theme = theme;
  preview.show({
    ask, draft: { comment: "" }, wanted: false, onDraft() {}, onClose: () => setTimeout(show, 400),
    onAnswer: async () => ({ state: "sent", thanks: ask.thanks }),
  }, lookOf({ theme }, document.documentElement.lang));
  preview.dataset.type = type;
}

options.addEventListener("input", show);
options.inert = false;
show();

const timer = setInterval(async () => {
  const seen = document.querySelector("#seen.waiting");
  if (!seen) return clearInterval(timer);
  if (document.hidden) return;
  try {
    const page = new DOMParser().parseFromString(await (await fetch(location.href)).text(), "text/html");
    const now = page.getElementById("seen");
    if (now && !now.classList.contains("waiting")) seen.replaceWith(now);
  } catch { /* the next turn tries again */ }
}, CHECK_MS);
