// What errors become in the SDKs: class, status, what they carry, how often and when the program is sent
// again. One file for all of them; a row for each error. Behind Proa stands the server below, whose answer
// stands in the name of the model that it is asked for: "s503/status-503". Each row has a provider of its
// own, since one that refuses a key is left alone for a while.
import assert from "node:assert/strict";
import http from "node:http";

const name = process.argv[2];
const origin = process.env.PROA_ORIGIN;
const kind = name.split("-")[0]; // ai, npm, anthropic
const RETRIES = 1;
const WAIT = 1200; // longer than one SDK waits by itself, shorter than the other
const checks = {};

// ---- the server that answers as it is told

const asked = {}; // how often, by model
const upstream = http.createServer((request, response) => {
  let body = "";
  request.on("data", (bytes) => (body += bytes));
  request.on("end", () => {
    const { model } = JSON.parse(body);
    asked[model] = (asked[model] ?? 0) + 1;
    const [, status, after] = model.match(/^status-(\d+)(?:-after-(\d+))?/) ?? [];
    if (after && asked[model] > 1) {
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify({ id: "c1", object: "chat.completion", created: 1, model,
        choices: [{ index: 0, finish_reason: "stop", message: { role: "assistant", content: "at last" } }],
        usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } }));
      return;
    }
    response.writeHead(Number(status), { "content-type": "application/json",
      ...(after ? { "retry-after-ms": after } : {}) });
    response.end(JSON.stringify({ error: { message: `told to say ${status}`, type: "server_error" } }));
  });
});

// ---- the SDKs: a call, and what its last error is

const sdks = {
  async ai() {
    const { generateText } = await import("ai");
    const { createGateway } = await import("@ai-sdk/gateway");
    globalThis.AI_SDK_LOG_WARNINGS = false;
    const path = { "ai-5": "v1", "ai-6": "v3", "ai-7": "v4" }[name];
    const gateway = createGateway({ baseURL: `${origin}/${path}/ai`, apiKey: "unused" });
    return {
      call: async (model, maxRetries) =>
        (await generateText({ model: gateway(model), prompt: "a", maxRetries })).text,
      last: (error) => error.lastError ?? error, // of those that were tried
      nameOf: (error) => error.name,
      statusOf: (error) => error.statusCode,
    };
  },
  async npm() {
    const { default: OpenAI } = await import("openai");
    return {
      call: async (model, maxRetries) => (await new OpenAI({ maxRetries }).chat.completions.create(
        { model, messages: [{ role: "user", content: "a" }] })).choices[0].message.content,
      last: (error) => error,
      nameOf: (error) => error.constructor.name,
      statusOf: (error) => error.status,
      requestOf: (error) => error.requestID ?? error.request_id,
    };
  },
  async anthropic() {
    const { default: Anthropic } = await import("@anthropic-ai/sdk");
    return {
      call: async (model, maxRetries) => (await new Anthropic({ maxRetries }).messages.create(
        { model, max_tokens: 9, messages: [{ role: "user", content: "a" }] })).content[0].text,
      last: (error) => error,
      nameOf: (error) => error.constructor.name,
      statusOf: (error) => error.status,
      requestOf: (error) => error.requestID ?? error.request_id,
    };
  },
};
const sdk = await sdks[kind]();

// ---- the rows: a status, the class in each SDK, and how often it is sent

const AI = 0, NPM = 1, ANTHROPIC = 2;
const column = { ai: AI, npm: NPM, anthropic: ANTHROPIC }[kind];
const again = RETRIES + 1;
const internal = ["GatewayInternalServerError", 1];
const retried = ["GatewayInternalServerError", again];
// Proa has tried whom there is: it tells SDKs that listen not to try again, but for a limit.
const rows = {
  400: [["GatewayInvalidRequestError", 1], ["BadRequestError", 1], ["BadRequestError", 1]],
  401: [internal, ["AuthenticationError", 1], ["AuthenticationError", 1]],
  402: [internal, ["APIError", 1], ["APIError|PaymentRequiredError", 1]],
  403: [internal, ["PermissionDeniedError", 1], ["PermissionDeniedError", 1]],
  404: [["GatewayModelNotFoundError", 1], ["NotFoundError", 1], ["NotFoundError", 1]],
  408: [retried, ["APIError", 1], ["APIError|RequestTimeoutError", 1]],
  422: [["GatewayInvalidRequestError", 1], ["UnprocessableEntityError", 1], ["UnprocessableEntityError", 1]],
  429: [["GatewayRateLimitError", again], ["RateLimitError", again], ["RateLimitError", again]],
  500: [retried, ["InternalServerError", 1], ["InternalServerError", 1]],
  502: [retried, ["InternalServerError", 1], ["InternalServerError", 1]],
  503: [retried, ["InternalServerError", 1], ["InternalServerError|ServiceUnavailableError", 1]],
  529: [retried, ["InternalServerError", 1], ["InternalServerError|OverloadedError", 1]],
};

const failing = async (model, retries = RETRIES) => {
  try {
    await sdk.call(model, retries);
  } catch (error) {
    return sdk.last(error);
  }
  throw new Error(`${model} did not fail`);
};

for (const [status, row] of Object.entries(rows)) {
  checks[`error_${status}`] = async () => {
    const [names, times] = row[column];
    const error = await failing(`s${status}/status-${status}`);
    assert.ok(names.split("|").includes(sdk.nameOf(error)), `${sdk.nameOf(error)}: ${error.message}`);
    assert.equal(sdk.statusOf(error), Number(status));
    assert.equal(asked[`status-${status}`] + limited(status), times);
    if (sdk.nameOf(error) === "GatewayModelNotFoundError") assert.equal(error.modelId, `s${status}/status-${status}`);
    if (sdk.requestOf) assert.ok(sdk.requestOf(error), "the error names its request");
    assert.match(error.message, /told to say|rate limits/);
  };
}

// What Proa keeps from a provider whose limit is reached was sent all the same.
const limited = (status) => (status === "429" && asked["status-429"] === 1 ? 1 : 0);

checks.error_own = async () => {
  const error = await failing("nowhere/none");
  assert.equal(sdk.nameOf(error), ["GatewayModelNotFoundError", "NotFoundError", "NotFoundError"][column]);
  assert.equal(sdk.statusOf(error), 404);
  if (column === AI) assert.equal(error.modelId, "nowhere/none");
  if (column === NPM) assert.deepEqual([error.code, error.type, error.param], ["model_not_found", "model_not_found", "model"]);
  if (column === ANTHROPIC) assert.equal(error.error.error.type, "not_found_error");
};

checks.error_is_retried_when_it_says = async () => {
  const began = Date.now();
  assert.equal(await sdk.call(`waits/status-429-after-${WAIT}`, RETRIES), "at last");
  const waited = Date.now() - began;
  assert.ok(waited > WAIT - 100 && waited < WAIT + 750, `the client waits as it is told: ${waited} ms`);
  assert.equal(asked[`status-429-after-${WAIT}`], 2);
};

// ---- all of them, beside each other

await new Promise((go) => upstream.listen(Number(process.env.SCRIPT_PORT), "127.0.0.1", go));
let failed = 0;
await Promise.all(Object.entries(checks).map(async ([check, run]) => {
  try {
    await run();
    console.log(`PASS ${name} ${check}`);
  } catch (error) {
    failed++;
    console.log(`FAIL ${name} ${check}: ${error?.stack ?? error}`);
  }
}));
process.exit(failed ? 1 : 0);
