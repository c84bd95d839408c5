/** The page's commands: `voxpop("init", …)`, `track`, `surveys`, `open`, `on`, `reset`. None throws into the page. */

import { Calls, type Result } from "./calls";
import { emit, on, warn } from "./events";
import { OpenPrompts } from "./prompts";
import type { Call } from "./storage";
import { directionOf, pickLocale, textsFor } from "./texts";
import type { Ask, Look, Options } from "./types";

type Command = (...words: any[]) => unknown;

const calls = new Calls(onResult);
const prompts = new OpenPrompts(calls);
const early: ArrayLike<unknown>[] = []; // calls before `init`, in order
let locale: string | undefined;

const commands: Record<string, Command> = {
  init(options: Options) {
    if (!/^pk_/.test(options?.key)) throw new Error("init needs the publishable key of this page, pk_…");
    if (typeof options.user !== "object" || !options.user) throw new Error("init needs the user, by email or guid");
    locale = pickLocale(options.locale);
    calls.use(options.key, options.user);
    prompts.use(lookOf(options, locale), options);
    early.splice(0).forEach(run);
    emit("ready", {});
  },
  track: (product, feature) => calls.send("track", { product, feature, locale }),
  surveys: () => calls.send("surveys", { locale }, false),
  open: (product, feature) => prompts.open({ product, feature }, locale),
  reset() {
    locale = undefined;
    prompts.forget();
    calls.forget();
  },
};

/** Runs the calls made so far, then each as it comes. */
export function start(queue: ArrayLike<unknown>[]): void {
  while (queue.length) run(queue.shift()!); // also those that a listener adds meanwhile
  queue.push = (...more) => {
    more.forEach(run);
    return 0;
  };
}

function run(call: ArrayLike<unknown>): void {
  try {
    const [name, ...words] = Array.from(call) as [string, ...any[]];
    const command = commands[name];
    if (name === "on") on(words[0], words[1]);
    else if (!command) warn(`There is no command "${name}".`);
    else if (name === "init" || locale !== undefined) command(...words);
    else if (name === "reset") early.length = 0;
    else early.push(call);
  } catch (error) {
    warn(String(error));
  }
}

/** The page of the settings draws its preview by it. */
export function lookOf(options: Pick<Options, "theme" | "position" | "texts">, language: string): Look {
  const direction = directionOf(language);
  const { theme = "auto", position = direction === "rtl" ? "bottom-left" : "bottom-right" } = options;
  return { locale: language, direction, theme, position, texts: textsFor(language, options.texts) };
}

function onResult(call: Call, { status, body }: Result): void {
  emit("call", { call: call.path, request: call.body, status, response: body });
  if (status >= 400) {
    warn(`${call.path}: ${body.message ?? status}`);
    emit("error", { call: call.path, status, code: body.code, message: body.message });
  } else if (call.path === "track") {
    prompts.show(body.ask as Ask | null, call);
  } else if (call.path === "surveys") {
    prompts.show((body.surveys as Ask[] | undefined)?.[0], call);
  }
}
