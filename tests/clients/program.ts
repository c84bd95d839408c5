// A program that uses the client of clients/js: every call with its example, a story, and attempts against a fake server.
import assert from "node:assert/strict";
import { text } from "node:stream/consumers";
import {
  ApiError, Client, ConnectionFailed, InvalidRequest, NotFound, RequestConflict, sign, UnexpectedResponse, Unauthorized,
} from "../../clients/js/src/index.ts";

const given = JSON.parse(await text(process.stdin));
const ANN = { user_email: "ann@example.com" };

async function outcomeOf(api: any, { name, segments, query, body }: any): Promise<string> {
  try {
    const values = [...segments, ...(body === null ? [] : [body]), ...(Object.keys(query).length ? [query] : [])];
    const result = api[name](...values);
    if (result.then === undefined) for await (const _ of result);
    await result;
    return "";
  } catch (error) {
    if (error instanceof ApiError) return error.code;
    throw error;
  }
}

async function useTheProduct(api: Client): Promise<void> {
  await api.openProduct({ key: "js-app", name: "My app" });
  await api.openFeature("js-app", { feature_key: "export", interaction_threshold: 2, rejection_threshold: 2 });
  const uses = [await api.increment("js-app", "export", ANN), await api.increment("js-app", "export", ANN)];
  assert.deepEqual(uses.map((use) => use.should_request_feedback), [false, true]);
  for (const number of [1, 1, 2, 3])
    await api.rate("js-app", "export", { ...ANN, rating: 9, source: "prompted" }, { idempotencyKey: `js-${number}` });
  let count = 0;
  for await (const rating of api.listFeatureRatings("js-app", "export", { limit: 1 })) count += rating.rating;
  assert.equal(count, 27);
  assert.equal((await api.listFeatureRatings("js-app", "export", { limit: 2 })).data.length, 2);
  let file = "";
  for await (const chunk of api.exportFeedbackAsCsv({ origin: "feature" })) file += new TextDecoder().decode(chunk);
  assert.match(file, /^id,origin/);
}

async function beRefused(api: Client): Promise<void> {
  const conflict = await api.openProduct({ key: "js-app", name: "Again" }).catch((error: unknown) => error);
  assert.ok(conflict instanceof RequestConflict && conflict.code === "PRODUCT_ALREADY_EXISTS" && conflict.status === 409);
  const invalid = await api.increment("js-app", "export", { user_email: "nothing" }).catch((error: unknown) => error);
  assert.ok(invalid instanceof InvalidRequest && invalid.details[0]?.field === "user_email");
  await assert.rejects(api.showTicket("TK-99"), NotFound);
  assert.throws(() => api.deleteFeature("js-app", ".."), TypeError);
  const stranger = new Client(given.url, "vxp_x");
  await assert.rejects(stranger.listProducts(), Unauthorized);
  await assert.rejects(stranger.listTickets(), Unauthorized);
  assert.equal(await stranger.listTickets().catch((error) => error.code), "UNAUTHORIZED");
}

const PROBLEM = { message: "Busy", code: "BUSY", statusCode: 503, details: [] };
const busy = (status = 503, after = "0") => Response.json(PROBLEM, { status, headers: { "retry-after": after } });
const refused = () => new TypeError("fetch failed", { cause: { code: "ECONNREFUSED" } });
const broken = () => new TypeError("fetch failed", { cause: { code: "ECONNRESET" } });

/** A client whose requests get these answers in turn, and the keys that it sent. */
function fake(...answers: (Response | Error)[]) {
  const keys: (string | undefined)[] = [];
  const send: typeof fetch = async (_, request) => {
    keys.push((request?.headers as Record<string, string>)["Idempotency-Key"]);
    const answer = answers.shift();
    if (answer instanceof Response) return answer;
    throw answer;
  };
  return { api: new Client("http://voxpop.test/", "vxp_x", { fetch: send }), keys };
}

async function repeat(): Promise<void> {
  const again = fake(busy(429), broken(), busy(502), Response.json({ should_request_feedback: true }));
  assert.equal((await again.api.increment("a", "b", ANN)).should_request_feedback, true);
  assert.equal(again.keys.length, 4);
  assert.equal(new Set(again.keys).size, 1);
  const campaign = { name: "x", survey_type_code: "NPS", trigger_type: "ORDER_COMPLETED" } as const;
  for (const [failure, attempts] of [[broken(), 1], [busy(503), 1], [refused(), 2], [busy(429), 2]] as const) {
    const { api, keys } = fake(failure, busy(500));
    await assert.rejects(api.openCampaign(campaign)); // one that was opened is not opened twice
    assert.equal(keys.length, attempts);
  }
  await assert.rejects(fake(busy(503, "3600")).api.listProducts(), { code: "BUSY", retryAfter: 3600 });
  await assert.rejects(fake(new Response("<h1>Proxy</h1>")).api.listProducts(), UnexpectedResponse);
  await assert.rejects(fake(refused(), new Error("x")).api.listProducts({ signal: AbortSignal.abort("stop") }), (error) => error === "stop");
  const late = new Client("http://voxpop.test", "vxp_x", { fetch: (_, { signal }: any) => new Promise((_, no) => { signal.onabort = () => no(signal.reason); }), timeout: 0.01, retries: 0 });
  await assert.rejects(late.listProducts(), ConnectionFailed);
}

const api = new Client(given.url, given.key);
const outcomes: Record<string, string> = {};
for (const call of given.calls) outcomes[call.name] = await outcomeOf(api, call);
await useTheProduct(api);
await beRefused(api);
await repeat();
assert.throws(() => new Client(given.url, "vxp_1\nx"), (error) => error instanceof TypeError && !error.message.includes("vxp_"));
assert.throws(() => sign("secret", "phone" as "email", "1", 1), TypeError);
console.log(JSON.stringify({ outcomes, signature: sign("wsec_test_0123456789", "email", "ann@example.com", 1767225600) }));
