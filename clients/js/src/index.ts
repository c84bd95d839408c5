export { Client, type ClientOptions } from "./client.ts";
export * from "./errors.ts";
export { Pages, type Options } from "./shapes.ts";
export { sign } from "./sign.ts";
export type * from "./types.ts";
