/** The widget's own texts, the language to use, and its direction. The question comes from the server. */

import type { Texts } from "./types";

const ENGLISH: Texts = {
  close: "Close",
  send: "Send",
  comment: "Anything to add? (optional)",
  feedback: "Feedback",
  stars: "{score} of {max}",
  thumbs_down: "Thumbs down",
  thumbs_up: "Thumbs up",
  kept: "You seem to be offline. Your answer is saved and will be sent later.",
  refused: "Your answer could not be sent. Please try again later.",
};
const RUSSIAN: Texts = {
  close: "Закрыть",
  send: "Отправить",
  comment: "Хотите что-нибудь добавить? (необязательно)",
  feedback: "Оставить отзыв",
  stars: "{score} из {max}",
  thumbs_down: "Палец вниз",
  thumbs_up: "Палец вверх",
  kept: "Похоже, нет связи. Ответ сохранён и будет отправлен позже.",
  refused: "Не удалось отправить ответ. Попробуйте позже.",
};
const TAG = /^[a-z]{2,8}([-_][a-z0-9]{1,8})*$/i;
const MAX_TAG = 35;
const FROM_RIGHT = /^(ar|arc|ckb|dv|fa|he|iw|ks|ps|sd|syr|ug|ur|yi)\b|[-_](Arab|Hebr|Thaa|Syrc|Nkoo|Adlm)\b/i;

/** What the page wants, its own language, or the browser's: the first that the server accepts as a language tag. */
export function pickLocale(wanted?: string): string {
  const known = [wanted, document.documentElement.lang, navigator.language, "en"];
  return known.find((tag) => tag && tag.length <= MAX_TAG && TAG.test(tag))!;
}

export function textsFor(locale: string, own: Partial<Texts> = {}): Texts {
  return { ...(/^ru\b/i.test(locale) ? RUSSIAN : ENGLISH), ...own };
}

export function directionOf(locale: string): "ltr" | "rtl" {
  return FROM_RIGHT.test(locale) ? "rtl" : "ltr";
}
