/** What the parts tell each other: the settings of a page, a question to ask, and calls of the server. */

/** The customer, by exactly one of `email` and `guid`. The page's own server makes the signature. */
export interface User {
  email?: string;
  guid?: string;
  signature?: string;
}

/** What a page passes to `init`. */
export interface Options {
  key: string;
  user: User;
  locale?: string;
  theme?: Theme;
  position?: Position;
  /** Replaces the widget's own texts, some or all. */
  texts?: Partial<Texts>;
  /** Shows a button that is always there, and opens the form of this feature. */
  button?: { product: string; feature: string; text?: string };
}

export type Theme = "light" | "dark" | "auto";
export type Position = "bottom-right" | "bottom-left" | "top-right" | "top-left";
export type Display = "auto" | "stars" | "numbers" | "smileys" | "thumbs" | "slider";

/** The question, as the server sends it. One that the user opened has no `survey_id`. */
export interface Ask {
  survey_id?: string;
  survey_type?: string;
  question: string;
  scale_min: number;
  scale_max: number;
  display: Display;
  labels: { min: string | null; max: string | null };
  comment_label: string | null;
  thanks: string;
}

/** The feature of a voluntary rating. */
export interface Subject {
  product: string;
  feature: string;
}

/** What a user has entered so far. */
export interface Draft {
  score?: number | undefined;
  comment: string;
}

/** Where an answer is: with the server, kept until the server can be reached, or refused. */
export interface Outcome {
  state: "sent" | "kept" | "refused";
  thanks?: string;
}

export interface Texts {
  close: string;
  send: string;
  comment: string;
  feedback: string;
  stars: string;
  thumbs_down: string;
  thumbs_up: string;
  kept: string;
  refused: string;
}

/** How the widget looks on this page. */
export interface Look {
  locale: string;
  direction: "ltr" | "rtl";
  theme: Theme;
  position: Position;
  texts: Texts;
}

/** A question to show, and what to do about it. */
export interface Prompt {
  ask: Ask;
  draft: Draft;
  /** The user has just asked for it, so it takes the focus. */
  wanted: boolean;
  onDraft(draft: Draft): void;
  onAnswer(score: number, comment: string): Promise<Outcome>;
  /** `answered` is false if the user closed it without an answer. */
  onClose(answered: boolean): void;
}
