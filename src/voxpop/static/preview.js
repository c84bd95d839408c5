// The preview beside a form follows what is typed: the form is sent as by its preview button, which works by itself too.
const WAIT_MS = 250;

for (const form of document.querySelectorAll("form[data-preview]")) {
  let timer = 0, running = null;
  const show = async () => {
    running?.abort();
    running = new AbortController();
    const body = new URLSearchParams(new FormData(form));
    body.set("preview", "1");
    try {
      const answer = await fetch(form.action, { method: "POST", body, signal: running.signal });
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      document.querySelector(".preview").replaceChildren(...page.querySelector(".preview").childNodes);
    } catch { /* the next change tries again; the button remains */ }
  };
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(show, WAIT_MS);
  });
  form.querySelector("[name=preview]").hidden = true;
}
