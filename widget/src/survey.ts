/** The element that asks: a question with its scale, an optional comment, then thanks. It knows no server. */

import { draw, make } from "./dom";
import { scaleInput } from "./scales";
import css from "style.css";
import type { Draft, Look, Outcome, Prompt, Texts } from "./types";

const NAME = "voxpop-survey";
const CLOSE = "M6 6l12 12M18 6L6 18";
const CHECK = "M4.5 12.5l5 5L19.5 7";
const BUSY = "aria-disabled";
const MAX_COMMENT = 10_000;
const THANKS_TIME = 6_000; // ms
const ANNOUNCE_AFTER = 100; // ms; screen readers miss what is there when a live region appears
// What Escape closes in the page; that comes first.
const CLOSED_BY_ESCAPE = `:modal${"popover" in HTMLElement.prototype ? `, :popover-open:not(${NAME})` : ""}`;
const DARK = matchMedia("(prefers-color-scheme: dark)");

const SHEET = new CSSStyleSheet();
SHEET.replaceSync(css);
const ROOT_SHEET = new CSSStyleSheet();
ROOT_SHEET.replaceSync(":root:root{display:block!important}");

export class SurveyElement extends HTMLElement {
  private readonly root = this.attachShadow({ mode: "open" });
  private readonly live = make("div", { class: "live", role: "status" });
  private readonly card = make("section", { class: "card", role: "dialog", "aria-labelledby": "question", hidden: true });
  private readonly launcher = make("button", { class: "launcher", type: "button", hidden: true });
  private look!: Look;
  private prompt: Prompt | null = null;
  private answered = false;
  private lastFocus: Element | null = null; // before this element had it
  private timer = 0;

  constructor() {
    super();
    this.root.adoptedStyleSheets = [SHEET];
    this.root.append(this.card, this.launcher, this.live);
    this.addEventListener("focusin", ({ relatedTarget }) => {
      if (relatedTarget instanceof Element && !this.contains(relatedTarget)) this.lastFocus = relatedTarget;
    });
    DARK.addEventListener("change", () => this.paint());
    document.addEventListener("keydown", (event) => this.onKey(event));
  }

  /** The button that is always there. */
  offer(text: string | undefined, onPress: () => void, look: Look): void {
    this.applyLook(look);
    this.launcher.textContent = text ?? look.texts.feedback;
    this.launcher.onclick = onPress;
    this.launcher.hidden = Boolean(this.prompt);
  }

  show(prompt: Prompt, look: Look): void {
    clearTimeout(this.timer);
    this.applyLook(look);
    this.prompt = prompt;
    this.answered = false;
    this.lastFocus = document.activeElement;
    const { question } = prompt.ask;
    this.fill(make("div", { class: "head" }, title(question)), this.form(prompt, look.texts));
    this.announce(question);
    if (prompt.wanted) this.focus();
  }

  override focus(): void {
    this.root.querySelector<HTMLElement>("input, .close")?.focus();
  }

  /** Without telling anyone. */
  close(): void {
    const hadFocus = this.root.activeElement;
    clearTimeout(this.timer);
    this.prompt = null;
    this.card.hidden = true;
    this.card.replaceChildren();
    this.launcher.hidden = !this.launcher.onclick;
    if (hadFocus) (this.contains(this.lastFocus) ? this.launcher : (this.lastFocus as HTMLElement | null))?.focus();
  }

  /** For another user. */
  reset(): void {
    this.close();
    this.launcher.onclick = null;
    this.launcher.hidden = true;
  }

  private dismiss(): void {
    const { prompt, answered } = this;
    this.close();
    prompt?.onClose(answered);
  }

  private form({ ask, draft, onDraft }: Prompt, texts: Texts): HTMLElement {
    const entered: Draft = { ...draft };
    const comment = make("textarea", { id: "comment", rows: 3, maxlength: MAX_COMMENT, dir: "auto" });
    const more = make(
      "div",
      { class: "more", hidden: entered.score === undefined },
      make("label", { for: "comment", dir: "auto" }, ask.comment_label ?? texts.comment),
      comment,
      make("p", { class: "problem", role: "alert" }),
      make("button", { class: "send" }, texts.send),
    );
    comment.value = entered.comment;
    comment.addEventListener("input", () => onDraft(Object.assign(entered, { comment: comment.value })));
    const scale = scaleInput(ask, texts, entered.score, (score) => {
      more.hidden = false;
      onDraft(Object.assign(entered, { score }));
    });
    const form = make("form", {}, scale, more);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (entered.score !== undefined) void this.send(form, entered.score, entered.comment.trim());
    });
    comment.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
    });
    return form;
  }

  private async send(form: HTMLFormElement, score: number, comment: string): Promise<void> {
    const { prompt } = this;
    const button = form.querySelector<HTMLButtonElement>(".send");
    if (!prompt || !button || button.hasAttribute(BUSY)) return;
    button.setAttribute(BUSY, "true"); // not `disabled`, which would lose the focus
    this.answered = true; // closing it from now on is no refusal
    const outcome = await prompt.onAnswer(score, comment);
    if (this.prompt !== prompt) return;
    if (outcome.state !== "refused") return this.thank(outcome, prompt);
    this.answered = false;
    button.removeAttribute(BUSY);
    form.querySelector(".problem")!.textContent = this.look.texts.refused;
  }

  private thank({ state, thanks = "" }: Outcome, { ask }: Prompt): void {
    const hadFocus = this.root.activeElement;
    const words = thanks || ask.thanks;
    const kept = state === "kept" ? this.look.texts.kept : "";
    this.fill(make("div", { class: "thanks" }, draw(CHECK), title(words)));
    if (kept) this.card.append(make("p", { class: "kept" }, kept));
    this.announce(`${words} ${kept}`);
    if (hadFocus) this.root.querySelector<HTMLElement>(".close")?.focus();
    this.closeLater();
  }

  /** Not while the user is at it. */
  private closeLater(): void {
    this.timer = setTimeout(() => {
      if (this.root.querySelector(":focus-visible") || this.card.matches(":hover")) this.closeLater();
      else this.dismiss();
    }, THANKS_TIME);
  }

  private fill(...content: HTMLElement[]): void {
    const close = make("button", { class: "close", type: "button", "aria-label": this.look.texts.close }, draw(CLOSE));
    close.addEventListener("click", () => this.dismiss());
    this.card.replaceChildren(...content, close);
    this.card.hidden = false;
    this.launcher.hidden = true;
  }

  private onKey(event: KeyboardEvent): void {
    if (event.key !== "Escape" || event.defaultPrevented || event.isComposing || !this.prompt) return;
    if (this.root.activeElement || !document.querySelector(CLOSED_BY_ESCAPE)) this.dismiss();
  }

  private announce(text: string): void {
    this.live.textContent = "";
    setTimeout(() => (this.live.textContent = text), ANNOUNCE_AFTER);
  }

  private applyLook(look: Look): void {
    this.look = look;
    this.lang = look.locale;
    this.setAttribute("position", look.position);
    this.card.dir = this.launcher.dir = look.direction;
    this.paint();
    if (!this.hasAttribute("inline")) this.enterTopLayer();
  }

  /** Above everything in the page, where the browser has popovers; elsewhere by its z-index. */
  private enterTopLayer(): void {
    const { documentElement: html, body } = document;
    // Beside the body, which frameworks replace. Where a style sheet hides all elements, this one needs the root.
    if (!this.isConnected) html.append(this);
    if ([html, body].every((each) => getComputedStyle(each).display === "none")) {
      document.adoptedStyleSheets = [...document.adoptedStyleSheets, ROOT_SHEET];
    }
    if (!this.showPopover || this.matches(":popover-open")) return;
    this.popover = "manual";
    this.showPopover();
  }

  private paint(): void {
    const theme = this.look?.theme;
    this.toggleAttribute("dark", theme === "dark" || (theme === "auto" && DARK.matches));
  }
}

/** The element of the page, made when it is first needed. */
export function mount(): SurveyElement {
  if (!customElements.get(NAME)) customElements.define(NAME, SurveyElement);
  return (document.querySelector<SurveyElement>(`${NAME}:not([inline])`) ?? document.createElement(NAME)) as SurveyElement;
}

/** What the card is about: the question, then the thanks. */
function title(text: string): HTMLElement {
  return make("p", { id: "question", dir: "auto" }, text);
}
