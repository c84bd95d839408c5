/** The input for a score: a radio group of stars, numbers, smileys or thumbs, or a slider for a long scale. */

import { draw, make } from "./dom";
import type { Ask, Display, Texts } from "./types";

const STAR = "M12 2.6l2.8 6 6.6.8-4.9 4.5 1.3 6.5-5.8-3.2-5.8 3.2 1.3-6.5L2.6 9.4l6.6-.8z";
const THUMB = "M7 10.5l4-7.8c1.9 0 2.9 1.3 2.6 3L13 9h5.6a2 2 0 0 1 2 2.4l-1.3 6.8a2 2 0 0 1-2 1.6H7zM7 10.5H3.5v9.3H7";
const FACE = "M12 2.5a9.5 9.5 0 1 0 0 19 9.5 9.5 0 1 0 0-19z";
const EYES = "M8.8 9.3v.7M15.2 9.3v.7";
const MAX_CHOICES = 11;

type OnScore = (score: number) => void;

/** The numbers of a scale in order; null for a scale that needs a slider. */
export function choicesOf({ scale_min, scale_max }: Ask): number[] | null {
  const count = scale_max - scale_min + 1;
  return count > MAX_CHOICES ? null : Array.from({ length: count }, (_, index) => scale_min + index);
}

export function displayOf({ display, scale_min, scale_max }: Ask): Display {
  const steps = scale_max - scale_min;
  if (steps >= MAX_CHOICES) return "slider";
  if (display === "thumbs" && steps !== 1) return "numbers";
  if (display !== "auto" && display !== "slider") return display;
  if (scale_min === 0 && scale_max === 1) return "thumbs";
  return scale_min === 1 && scale_max === 5 ? "stars" : "numbers";
}

/** The input with the words at its ends. It calls `onScore` for each choice. */
export function scaleInput(ask: Ask, texts: Texts, score: number | undefined, onScore: OnScore): HTMLElement {
  const { min, max } = ask.labels;
  const choices = choicesOf(ask);
  const input = choices ? radioGroup(ask, texts, choices, score, onScore) : slider(ask, score, onScore);
  const ends = make("div", { class: "ends", "aria-hidden": "true" }, end(min), end(max));
  return make("div", { class: `scale ${displayOf(ask)}` }, input, ...(min || max ? [ends] : []));
}

function end(word: string | null): HTMLElement {
  return make("span", { dir: "auto" }, word ?? "");
}

function radioGroup(
  ask: Ask, texts: Texts, choices: number[], score: number | undefined, onScore: OnScore,
): HTMLElement {
  const display = displayOf(ask);
  const group = make("div", { role: "radiogroup", "aria-labelledby": "question", class: "choices" });
  group.classList.toggle("many", choices.length > 7);
  group.style.setProperty("--count", String(choices.length));
  group.style.setProperty("--half", String(Math.ceil(choices.length / 2))); // two rows on a phone
  choices.forEach((value, index) => {
    const name = nameOf(ask, texts, display, value);
    const input = make("input", { type: "radio", name: "score", value, "aria-label": name, checked: value === score });
    input.addEventListener("change", () => onScore(value));
    group.append(make("label", {}, input, face(display, value, index / (choices.length - 1))));
  });
  return group;
}

/** `position`: 0 for the lowest score, 1 for the highest. */
function face(display: Display, value: number, position: number): Node {
  if (display === "stars") return draw(STAR);
  if (display === "thumbs") return draw(THUMB);
  if (display === "numbers") return make("span", {}, String(value));
  const mood = position * 2 - 1;
  return draw(FACE, EYES, `M7.8 ${15.4 - mood * 0.9}Q12 ${15.4 + mood * 4} 16.2 ${15.4 - mood * 0.9}`);
}

/** What a screen reader says: the score, with its word at the ends of the scale. */
function nameOf({ scale_min, scale_max, labels }: Ask, texts: Texts, display: Display, value: number): string {
  const word = value === scale_min ? labels.min : value === scale_max ? labels.max : null;
  if (display === "thumbs") return word ?? (value === scale_max ? texts.thumbs_up : texts.thumbs_down);
  const number = texts.stars.replace("{score}", String(value)).replace("{max}", String(scale_max));
  return word ? `${number}: ${word}` : number;
}

/** Nothing is chosen until the user touches it: the middle is no answer. */
function slider(ask: Ask, score: number | undefined, onScore: OnScore): HTMLElement {
  const { scale_min: min, scale_max: max } = ask;
  const middle = Math.round((min + max) / 2);
  const input = make("input", { type: "range", min, max, value: score ?? middle, "aria-labelledby": "question" });
  const output = make("output", { "aria-hidden": "true" }, score === undefined ? "–" : String(score));
  const choose = () => {
    output.textContent = input.value;
    onScore(Number(input.value));
  };
  input.addEventListener("input", choose);
  input.addEventListener("pointerup", choose);
  input.addEventListener("keydown", ({ key }) => key === " " && choose());
  return make("div", { class: "track" }, output, input);
}
