import { createHmac } from "node:crypto";

/**
 * Signs a user for the widget until `expires`, in Unix seconds, at most 24 hours ahead. The value is the user's address
 * or id exactly as the page sends it. The secret is the workspace's widget secret, which must stay on the server.
 */
export function sign(secret: string, kind: "email" | "guid", value: string, expires: number): string {
  if (kind !== "email" && kind !== "guid") throw new TypeError(`kind is email or guid, not ${kind}`);
  if (!Number.isInteger(expires)) throw new TypeError("expires is a whole number of seconds");
  const mac = createHmac("sha256", secret).update(`${kind}:${value}\n${expires}`).digest("base64url");
  return `v1.${expires}.${mac}`;
}
