/** The question that is open on this page: one at a time, kept over a reload, closed when another tab answers it. */

import type { Calls, Result } from "./calls";
import { emit, warn } from "./events";
import { attempt, type Call } from "./storage";
import type { SurveyElement } from "./survey";
import type { Ask, Draft, Look, Options, Outcome, Prompt, Subject, User } from "./types";

/** What a reload keeps. `subject`: the feature, if the user opened the form. */
interface OpenPrompt {
  ask: Ask;
  user: User;
  draft: Draft;
  subject?: Subject | undefined;
}

const OPEN = "voxpop:open";
const ANSWER_TIMEOUT = 4_000; // ms; then the answer counts as kept
const CLOSING_CALLS = ["answer", "dismiss"];

export class OpenPrompts {
  private look!: Look;
  private user: User = {};
  private current: OpenPrompt | null = null;
  private element?: SurveyElement;

  constructor(private readonly calls: Calls) {
    addEventListener("storage", (event) => this.onOtherTab(event));
  }

  use(look: Look, { user, button }: Options): void {
    this.look = look;
    this.user = user;
    if (this.current && !this.isOurs(this.current.user)) {
      this.end(this.current);
      this.element?.close();
    }
    if (button) {
      this.draw((element) => {
        // Not if `reset` came before the element was loaded.
        if (this.isOurs(user)) element.offer(button.text, () => void this.open(button, look.locale), look);
      });
    }
    const kept = attempt(() => JSON.parse(sessionStorage.getItem(OPEN) ?? "null") as OpenPrompt | null, null);
    if (kept?.user && this.isOurs(kept.user)) this.present(kept);
  }

  /** Ignored while another question is open: it stays due. */
  show(ask: Ask | null | undefined, { user }: Call): void {
    if (ask && this.isOurs(user)) this.present({ ask, user, draft: { comment: "" } });
  }

  /** The form of a feature, because the user wants to rate it. */
  async open({ product, feature }: Subject, locale: string | undefined): Promise<void> {
    if (this.current) return this.element?.focus();
    const { body } = await this.calls.send("form", { product, feature, locale }, false);
    const ask = body.ask as Ask | undefined;
    if (ask) this.present({ ask, user: this.user, draft: { comment: "" }, subject: { product, feature } }, true);
  }

  forget(): void {
    this.user = {};
    this.end(this.current);
    this.element?.reset();
  }

  private present(prompt: OpenPrompt, wanted = false): void {
    if (this.current) return;
    this.current = prompt;
    this.keep();
    const { ask, draft } = prompt;
    const shown: Prompt = {
      ask,
      draft,
      wanted,
      onDraft: (entered) => {
        prompt.draft = entered;
        this.keep();
      },
      onAnswer: (score, comment) => this.answer(prompt, score, comment),
      onClose: (answered) => this.close(prompt, answered),
    };
    this.draw((element) => {
      if (this.current !== prompt) return;
      element.show(shown, this.look);
      emit("ask", { ...ask });
    });
  }

  private async answer(prompt: OpenPrompt, score: number, comment: string): Promise<Outcome> {
    const { ask, subject } = prompt;
    const about = subject ?? { survey_id: ask.survey_id };
    const body = { ...about, score, locale: this.look.locale, ...(comment && { comment }) };
    const slow = new Promise<Result>((resolve) => setTimeout(resolve, ANSWER_TIMEOUT, { status: 0, body: {} }));
    const result = await Promise.race([this.calls.send("answer", body), slow]);
    // Another tab or device was faster: for the user the question is answered.
    const refused = result.status >= 400 && result.body.code !== "SURVEY_NOT_PENDING";
    if (!refused) this.end(prompt);
    emit("answer", { ...body, ...result.body, sent: result.status === 200 });
    if (refused) return { state: "refused" };
    return { state: result.status ? "sent" : "kept", thanks: (result.body.thanks as string) ?? ask.thanks };
  }

  private close(prompt: OpenPrompt, answered: boolean): void {
    const { survey_id } = prompt.ask;
    this.end(prompt);
    if (answered) return;
    if (survey_id) void this.calls.send("dismiss", { survey_id, locale: this.look.locale });
    emit("dismiss", { ...prompt.ask });
  }

  private end(prompt: OpenPrompt | null): void {
    if (prompt !== this.current) return;
    this.current = null;
    attempt(() => sessionStorage.removeItem(OPEN), undefined);
  }

  private keep(): void {
    attempt(() => sessionStorage.setItem(OPEN, JSON.stringify(this.current)), undefined);
  }

  /** Another tab keeps its answer until the server has it, and this tab hears of that. */
  private onOtherTab({ key, newValue }: StorageEvent): void {
    const id = this.current?.ask.survey_id;
    const call = key?.startsWith("voxpop:") && attempt(() => JSON.parse(newValue ?? "null") as Call | null, null);
    if (!id || !call || !CLOSING_CALLS.includes(call.path) || call.body.survey_id !== id) return;
    this.end(this.current);
    this.element?.close();
  }

  private isOurs(user: User): boolean {
    return user.email === this.user.email && user.guid === this.user.guid;
  }

  /** Loads the element when it is first needed. */
  private draw(work: (element: SurveyElement) => void): void {
    import("./survey").then(({ mount }) => work((this.element = mount()))).catch((error) => warn(String(error)));
  }
}
