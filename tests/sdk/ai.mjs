// Ordinary programs of the Vercel AI SDK through its gateway provider; only the base URL is another.
// One file for all generations: what differs between them stands in `gen`. Behind Proa stand its own
// mock and, where an answer must be exact, the server at the end of this file.
import * as ai from "ai";
import { createGateway } from "@ai-sdk/gateway";
import { z } from "zod";
import assert from "node:assert/strict";
import http from "node:http";

globalThis.AI_SDK_LOG_WARNINGS = false;
const { generateText, streamText, embed, embedMany, tool, stepCountIs } = ai;
const name = process.argv[2];
const origin = process.env.PROA_ORIGIN;
const gen = { "ai-5": 2, "ai-6": 3, "ai-7": 4 }[name];
const path = { 2: "v1", 3: "v3", 4: "v4" }[gen];
const gateway = createGateway({ baseURL: `${origin}/${path}/ai`, apiKey: "unused" });
const GENERATION = /^gen_[0-9A-HJKMNP-TV-Z]{26}$/;
const calm = { maxRetries: 0 };
const scale = Number(process.env.PROA_TEST_SCALE ?? 1); // of the times allowed
const checks = {};

// ---- the server that answers as it is told

const asked = []; // what came, newest last
let script = []; // what to answer, first in, first out

const upstream = http.createServer((request, response) => {
  let body = "";
  request.on("data", (bytes) => (body += bytes));
  request.on("end", () => {
    const told = { url: request.url, headers: request.headers, body: JSON.parse(body), closed: null };
    asked.push(told);
    response.on("close", () => (told.closed = Date.now()));
    if (request.url.startsWith("/silent/")) return;
    if (request.url.startsWith("/broken/")) {
      response.writeHead(500, { "content-type": "application/json" });
      response.end('{"error":{"message":"out of order","type":"server_error"}}');
      return;
    }
    const answer = script.shift();
    assert.ok(answer, "nothing is left to answer");
    answer(response);
  });
});

const json = (value, status = 200, headers = {}) => (response) => {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(value));
};
const usage = { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 };
const completion = (message, finish = "stop") => json({ id: "c1", object: "chat.completion",
  created: 1700000000, model: "up", usage,
  choices: [{ index: 0, finish_reason: finish, message: { role: "assistant", ...message } }] });
const chunk = (delta, finish = null) => `data: ${JSON.stringify({ id: "c1", created: 1700000000,
  object: "chat.completion.chunk", model: "up",
  choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
const events = (chunks, end = "data: [DONE]\n\n") => (response) => {
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (const each of chunks) response.write(each);
  if (end === null) setTimeout(() => response.destroy(), 200);
  else if (end !== "open") response.end(end);
};
const claude = (content, stop = "end_turn") => json({ id: "msg_1", type: "message", role: "assistant",
  model: "claude-up", content, stop_reason: stop, stop_sequence: null,
  usage: { input_tokens: 9, output_tokens: 4 } });

const claudeEvents = (...all) => (response) => {
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.end(all.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(""));
};
const block = (index, content_block, ...deltas) => [{ type: "content_block_start", index, content_block },
  ...deltas.map((delta) => ({ type: "content_block_delta", index, delta })),
  { type: "content_block_stop", index }];

const play = (...answers) => { script = answers; asked.length = 0; };
const metadata = async (result) => (await (result.providerMetadata
  ?? (await result.steps).at(-1).providerMetadata)).gateway;
const parts = async (result) => {
  const all = [];
  for await (const part of result.fullStream ?? result.stream) all.push(part);
  return all;
};

// ---- 1, 2: texts

checks.text = async () => {
  const result = await generateText({ model: gateway("mock/echo"), prompt: "hello", ...calm });
  assert.equal(result.text, "hello");
  assert.equal(result.finishReason, "stop");
  assert.ok(result.usage.inputTokens > 0 && result.usage.outputTokens > 0);
  assert.equal(result.usage.totalTokens, result.usage.inputTokens + result.usage.outputTokens);
  const told = await metadata(result);
  assert.match(told.generationId, GENERATION);
  assert.equal(told.routing.finalProvider, "mock");
  assert.equal(told.routing.modelAttempts[0].providerAttempts[0].statusCode, 200);
};

checks.stream = async () => {
  const result = streamText({ model: gateway("mock/echo"), prompt: "hello stream of words", ...calm });
  const all = await parts(result);
  const types = all.map((part) => part.type);
  assert.ok(!types.includes("error"), JSON.stringify(all));
  const core = types.filter((type) => type.startsWith("text"));
  assert.equal(core[0], "text-start");
  assert.equal(core.at(-1), "text-end");
  assert.ok(core.slice(1, -1).every((type) => type === "text-delta"));
  assert.equal(await result.text, "hello stream of words");
  assert.equal(await result.finishReason, "stop");
  assert.ok((await result.usage).outputTokens > 0);
  const response = await result.response;
  assert.match(response.id, /^chatcmpl-/);
  assert.equal(response.modelId, "echo");
  assert.ok(response.timestamp instanceof Date);
  const start = all.find((part) => part.type === "text-start");
  assert.equal(start.providerMetadata.gateway.generationId, (await metadata(result)).generationId);
};

// ---- 3: tools

const weather = () => tool({ description: "weather of a city", inputSchema: z.object({ city: z.string() }),
  execute: async ({ city }) => ({ city, degrees: 20 }) });
const call = { id: "call_1", type: "function",
  function: { name: "weather", arguments: '{"city":"Ulm"}' } };

const checkLoop = async (result, all) => {
  assert.equal(await result.text, "20 degrees");
  assert.equal((await result.steps).length, 2);
  assert.equal((await result.steps)[0].finishReason, "tool-calls");
  assert.deepEqual((await result.steps)[0].toolResults[0].output, { city: "Ulm", degrees: 20 });
  assert.ok(!all.some((part) => part.type === "error"));
  assert.equal(asked.length, 2);
  assert.equal(asked[0].body.tools[0].function.name, "weather");
  const [, said, given] = asked[1].body.messages;
  assert.deepEqual(said.tool_calls, [call]);
  assert.equal(given.role, "tool");
  assert.equal(given.tool_call_id, "call_1");
  assert.deepEqual(JSON.parse(given.content), { city: "Ulm", degrees: 20 });
};

checks.tool_loop = async () => {
  play(completion({ content: null, tool_calls: [call] }, "tool_calls"),
    completion({ content: "20 degrees" }));
  const result = await generateText({ model: gateway("script"), prompt: "weather in Ulm?",
    tools: { weather: weather() }, stopWhen: stepCountIs(3), ...calm });
  await checkLoop(result, []);
};

checks.tool_loop_stream = async () => {
  const { id, type } = call;
  play(events([chunk({ role: "assistant" }),
    chunk({ tool_calls: [{ index: 0, id, type, function: { name: "weather", arguments: "" } }] }),
    chunk({ tool_calls: [{ index: 0, function: { arguments: '{"city":' } }] }),
    chunk({ tool_calls: [{ index: 0, function: { arguments: '"Ulm"}' } }] }),
    chunk({}, "tool_calls")]),
  events([chunk({ content: "20 " }), chunk({ content: "degrees" }), chunk({}, "stop")]));
  const result = streamText({ model: gateway("script"), prompt: "weather in Ulm?",
    tools: { weather: weather() }, stopWhen: stepCountIs(3), ...calm });
  const all = await parts(result);
  const types = all.map((part) => part.type).filter((each) => each.startsWith("tool"));
  assert.deepEqual(types, ["tool-input-start", "tool-input-delta", "tool-input-delta",
    "tool-input-end", "tool-call", "tool-result"]);
  await checkLoop(result, all);
};

// ---- 4: objects

const schema = z.object({ city: z.string(), degrees: z.number() });
const object = { city: "Ulm", degrees: 20 };
const pieces = ['{"city":"Ulm"', ',"degrees":20}'].map((content) => chunk({ content }));

checks.output_object = async () => {
  play(completion({ content: JSON.stringify(object) }));
  const output = { output: ai.Output.object({ schema }), experimental_output: ai.Output.object({ schema }) };
  const result = await generateText({ model: gateway("script"), prompt: "weather", ...output, ...calm });
  assert.deepEqual(gen === 2 ? result.experimental_output : result.output, object);
  const format = asked[0].body.response_format;
  assert.equal(format.type, "json_schema");
  assert.equal(format.json_schema.strict, true);
  assert.deepEqual(format.json_schema.schema.required, ["city", "degrees"]);
};

checks.partial_objects = async () => {
  play(events([...pieces, chunk({}, "stop")]));
  const result = streamText({ model: gateway("script"), prompt: "weather", ...calm,
    output: ai.Output.object({ schema }), experimental_output: ai.Output.object({ schema }) });
  const seen = [];
  for await (const part of result.partialOutputStream ?? result.experimental_partialOutputStream) {
    seen.push(part);
  }
  assert.deepEqual(seen[0], { city: "Ulm" });
  assert.deepEqual(seen.at(-1), object);
};

checks.generate_object = async () => {
  play(completion({ content: JSON.stringify(object) }), completion({ content: '{"any":1}' }));
  const strict = await ai.generateObject({ model: gateway("script"), prompt: "weather", schema, ...calm });
  assert.deepEqual(strict.object, object);
  const free = await ai.generateObject({ model: gateway("script"), prompt: "json", output: "no-schema", ...calm });
  assert.deepEqual(free.object, { any: 1 });
  assert.deepEqual(asked[1].body.response_format, { type: "json_object" });
};

checks.stream_object = async () => {
  play(events([...pieces, chunk({}, "stop")]), events([...pieces, chunk({}, "stop")]));
  for (const form of [{ schema }, { output: "no-schema" }]) {
    const result = ai.streamObject({ model: gateway("script"), prompt: "weather", ...form, ...calm });
    const seen = [];
    for await (const part of result.partialObjectStream) seen.push(part);
    assert.deepEqual(seen[0], { city: "Ulm" });
    assert.deepEqual(await result.object, object);
  }
  assert.deepEqual(asked.map(({ body }) => body.response_format.type), ["json_schema", "json_object"]);
};

// ---- 5: files and thoughts

const PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const PDF = Buffer.from("%PDF-1.4\n").toString("base64");

checks.files_in = async () => {
  play(completion({ content: "seen" }));
  await generateText({ model: gateway("script"), ...calm, messages: [{ role: "user", content: [
    { type: "text", text: "what is this?" },
    { type: "image", image: Buffer.from(PNG, "base64") },
    { type: "image", image: PNG },
    { type: "image", image: new URL("https://example.com/a.png") },
    { type: "file", data: Buffer.from(PDF, "base64"), mediaType: "application/pdf", filename: "a.pdf" },
    { type: "file", data: PDF, mediaType: "application/pdf" },
  ] }] });
  const [text, bytes, base64, url, file, bare] = asked[0].body.messages[0].content;
  assert.equal(text.text, "what is this?");
  assert.equal(bytes.image_url.url, `data:image/png;base64,${PNG}`);
  assert.equal(base64.image_url.url, `data:image/png;base64,${PNG}`);
  assert.equal(url.image_url.url, "https://example.com/a.png");
  assert.equal(file.file.filename, "a.pdf");
  assert.equal(file.file.file_data, `data:application/pdf;base64,${PDF}`);
  assert.equal(bare.file.file_data, `data:application/pdf;base64,${PDF}`);
};

// Claude takes by its address what OpenAI has no form for.
checks.documents = async () => {
  play(claude([{ type: "text", text: "seen", citations: [{ type: "char_location", cited_text: "words",
    document_index: 1, document_title: "T", start_char_index: 0, end_char_index: 5 }] }]));
  const cited = { anthropic: { title: "T", context: "old", citations: { enabled: true } } };
  const content = [
    { type: "file", data: new URL("https://example.com/a.pdf"), mediaType: "application/pdf" },
    { type: "file", data: Buffer.from("words"), mediaType: "text/plain", providerOptions: cited }];
  const result = await generateText({ model: gateway("claude-script"), ...calm,
    messages: [{ role: "user", content }] });
  const [pdf, text] = asked[0].body.messages[0].content;
  assert.deepEqual(pdf, { type: "document", source: { type: "url", url: "https://example.com/a.pdf" } });
  assert.equal(text.source.data, "words");
  assert.deepEqual([text.title, text.context, text.citations], ["T", "old", { enabled: true }]);
  const [source] = result.sources;
  assert.deepEqual([source.sourceType, source.mediaType, source.title], ["document", "text/plain", "T"]);
  assert.deepEqual(source.providerMetadata.anthropic, { citedText: "words", startCharIndex: 0, endCharIndex: 5 });
  const error = await failing("script", { prompt: undefined, messages: [{ role: "user", content: [content[0]] }] });
  assert.equal(error.statusCode, 400);
};

checks.files_out = async () => {
  const images = [{ type: "image_url", image_url: { url: `data:image/png;base64,${PNG}` } }];
  play(completion({ content: "here", images }), events([chunk({ content: "here" }), chunk({ images }),
    chunk({}, "stop")]));
  const whole = await generateText({ model: gateway("script"), prompt: "draw", ...calm });
  assert.equal(whole.files[0].mediaType, "image/png");
  assert.equal(whole.files[0].base64, PNG);
  const streamed = streamText({ model: gateway("script"), prompt: "draw", ...calm });
  await streamed.consumeStream();
  assert.equal((await streamed.files)[0].base64, PNG);
};

checks.thoughts_round_trip = async () => {
  play(claude([{ type: "thinking", thinking: "hm", signature: "sig" },
    { type: "redacted_thinking", data: "xx" }, { type: "text", text: "first" }]),
  claude([{ type: "text", text: "second" }]));
  const messages = [{ role: "user", content: "think" }];
  const first = await generateText({ model: gateway("claude-script"), messages, ...calm,
    providerOptions: { anthropic: { thinking: { type: "enabled", budgetTokens: 1024 } } } });
  assert.equal(first.text, "first");
  assert.equal(first.reasoningText, "hm");
  assert.equal(first.usage.inputTokens, 9);
  messages.push(...first.response.messages, { role: "user", content: "go on" });
  const second = await generateText({ model: gateway("claude-script"), messages, ...calm,
    providerOptions: { anthropic: { thinking: { type: "enabled", budgetTokens: 1024 } } } });
  assert.equal(second.text, "second");
  assert.equal(asked[0].body.thinking.budget_tokens, 1024);
  assert.deepEqual(asked[1].body.messages[1].content.slice(0, 2), [
    { type: "thinking", thinking: "hm", signature: "sig" }, { type: "redacted_thinking", data: "xx" }]);
};

checks.thoughts_stream = async () => {
  const usage = { input_tokens: 9, output_tokens: 4 };
  play(claudeEvents({ type: "message_start", message: { id: "msg_1", type: "message", role: "assistant",
    model: "claude-up", content: [], stop_reason: null, stop_sequence: null, usage } },
  ...block(0, { type: "thinking", thinking: "", signature: "" },
    { type: "thinking_delta", thinking: "h" }, { type: "thinking_delta", thinking: "m" },
    { type: "signature_delta", signature: "sig" }),
  ...block(1, { type: "redacted_thinking", data: "xx" }),
  ...block(2, { type: "text", text: "" }, { type: "text_delta", text: "first" }),
  { type: "message_delta", delta: { stop_reason: "end_turn", stop_sequence: null }, usage },
  { type: "message_stop" }), claude([{ type: "text", text: "second" }]));
  const thinking = { providerOptions: { anthropic: { thinking: { type: "enabled", budgetTokens: 1024 } } } };
  const messages = [{ role: "user", content: "think" }];
  const first = streamText({ model: gateway("claude-script"), messages, ...thinking, ...calm });
  const all = await parts(first);
  assert.ok(!all.some((part) => part.type === "error"), JSON.stringify(all));
  assert.equal(await first.reasoningText, "hm");
  assert.equal(await first.text, "first");
  messages.push(...(await first.response).messages, { role: "user", content: "go on" });
  await generateText({ model: gateway("claude-script"), messages, ...thinking, ...calm });
  assert.deepEqual(asked[1].body.messages[1].content, [
    { type: "thinking", thinking: "hm", signature: "sig" }, { type: "redacted_thinking", data: "xx" },
    { type: "text", text: "first" }]);
};

checks.raw_chunks = async () => {
  for (const includeRawChunks of [true, false]) {
    play(events([chunk({ content: "a" }), chunk({}, "stop")]));
    const wanted = { includeRawChunks, include: { rawChunks: includeRawChunks } };
    const all = await parts(streamText({ model: gateway("script"), prompt: "a", ...wanted, ...calm }));
    assert.ok(!all.some((part) => part.type === "error"), JSON.stringify(all));
    const raw = all.filter((part) => part.type === "raw").map((part) => part.rawValue);
    assert.equal(raw.length, includeRawChunks ? 2 : 0, JSON.stringify(all));
    if (includeRawChunks) assert.equal(raw[0].choices[0].delta.content, "a");
  }
};

checks.options_of_the_provider = async () => {
  play(completion({ content: "a" }));
  await generateText({ model: gateway("script"), prompt: "a", ...calm,
    providerOptions: { openai: { reasoningEffort: "low", logitBias: { 1: 2 }, textVerbosity: "low", store: true },
      anthropic: { thinking: { type: "disabled" } } } });
  const { reasoning_effort, logit_bias, verbosity, store, thinking } = asked[0].body;
  assert.deepEqual([reasoning_effort, logit_bias, verbosity, store, thinking],
    ["low", { 1: 2 }, "low", true, undefined]);
};

// ---- 6: embeddings

const embedding = () => (gateway.embeddingModel ?? gateway.textEmbeddingModel)("mock/echo");

checks.embeddings = async () => {
  const one = await embed({ model: embedding(), value: "a", ...calm });
  assert.ok(one.embedding.length > 0 && one.embedding.every(Number.isFinite));
  assert.ok(one.usage.tokens > 0);
  for (const n of [1, 2, 2048]) {
    const values = Array.from({ length: n }, (_, i) => (i === 0 ? "a" : `text ${i}`));
    const many = await embedMany({ model: embedding(), values, ...calm });
    assert.equal(many.embeddings.length, n);
    assert.deepEqual(many.embeddings[0], one.embedding);
  }
};

// ---- 7: models

checks.models = async () => {
  for (const base of new Set([`${origin}/${path}/ai`, `${origin}/v1/ai`])) {
    const { models } = await createGateway({ baseURL: base, apiKey: "unused" }).getAvailableModels();
    const echo = models.find((each) => each.id === "mock/echo");
    assert.equal(echo.specification.specificationVersion, `v${gen}`);
    assert.equal(echo.specification.provider, "mock");
    assert.equal(echo.modelType, "language");
    assert.ok(models.some((each) => each.id === "demo"));
  }
};

// ---- 8: errors

const failing = async (model, more = {}) => {
  try {
    await generateText({ model: gateway(model), prompt: "a", ...calm, ...more });
  } catch (error) {
    return error;
  }
  throw new Error(`${model} did not fail`);
};

checks.errors = async () => {
  const unknown = await failing("nowhere/no-such-model");
  assert.equal(unknown.name, "GatewayModelNotFoundError");
  assert.equal(unknown.statusCode, 404);
  assert.equal(unknown.modelId, "nowhere/no-such-model");
  const invalid = await failing("mock/echo", { providerOptions: {}, messages: undefined,
    prompt: undefined, system: "s", messages: [{ role: "user", content: [{ type: "file",
      data: new URL("https://example.com/a.bin"), mediaType: "application/zip" }] }] });
  assert.equal(invalid.name, "GatewayInvalidRequestError");
  assert.equal(invalid.statusCode, 400);
  play(json({ error: { message: "bad input", type: "invalid_request_error" } }, 400));
  const refused = await failing("script");
  assert.equal(refused.statusCode, 400);
  assert.match(refused.message, /bad input/);
  const response = await fetch(`${origin}/${path}/ai/video-model`, { method: "POST", body: "{}",
    headers: { "content-type": "application/json" } });
  assert.equal(response.status, 404);
  assert.equal((await response.json()).error.type, "not_found");
};

checks.rate_limit_is_retried = async () => {
  const limited = json({ error: { message: "slow down", type: "rate_limit_exceeded" } }, 429,
    { "retry-after-ms": "300" });
  let waited = Infinity; // on a busy machine it may be late once, but not each time
  for (let tries = 0; tries < 3 && waited >= 1900; tries++) {
    play(limited, completion({ content: "at last" }), limited);
    const began = Date.now();
    const { text } = await generateText({ model: gateway("limited-script"), prompt: "a", maxRetries: 1 });
    assert.equal(text, "at last");
    waited = Date.now() - began;
    assert.ok(waited > 250, `the client waits as it is told: ${waited} ms`);
  }
  assert.ok(waited < 1900, `and not as it would by itself: ${waited} ms`);
  const error = await failing("limited-script");
  assert.equal(error.name, "GatewayRateLimitError", `${error.name}: ${error.message}`);
  assert.equal(error.statusCode, 429);
};

// ---- 9, 10: failures on the way

checks.failover = async () => {
  play(completion({ content: "third time" }));
  const result = await generateText({ model: gateway("failover"), prompt: "a", ...calm });
  assert.equal(result.text, "third time");
  const { routing } = await metadata(result);
  const tried = routing.modelAttempts.flatMap((each) => each.providerAttempts);
  assert.deepEqual(tried.map((each) => [each.provider, each.success]),
    [["broken", false], ["refusing", false], ["gpt", true]]);
  assert.equal(tried[0].statusCode, 500);
  assert.equal(routing.finalProvider, "gpt");
  assert.equal(routing.totalProviderAttemptCount, 3);
};

const routed = (model, options) => ({ model: gateway(model), prompt: "a", ...calm,
  providerOptions: { gateway: options } });
const triedBy = async (result) => {
  const { routing } = await metadata(result);
  return routing.modelAttempts.flatMap((each) => each.providerAttempts);
};

checks.order = async () => {
  play(completion({ content: "in order" }));
  const result = await generateText(routed("anywhere", { order: ["broken", "refusing", "gpt"] }));
  assert.equal(result.text, "in order");
  assert.deepEqual((await triedBy(result)).map((each) => [each.provider, each.success]),
    [["broken", false], ["refusing", false], ["gpt", true]]);
};

checks.order_stream = async () => {
  play(events([chunk({ content: "in order" }), chunk({}, "stop")]));
  const result = streamText(routed("anywhere", { order: ["refusing", "gpt"] }));
  assert.ok(!(await parts(result)).some((part) => part.type === "error"));
  assert.equal(await result.text, "in order");
  assert.deepEqual((await triedBy(result)).map((each) => each.provider), ["refusing", "gpt"]);
};

checks.only = async () => {
  play(completion({ content: "alone" }));
  const result = await generateText(routed("anywhere", { only: ["gpt"] }));
  assert.deepEqual((await triedBy(result)).map((each) => each.provider), ["gpt"]);
  const error = await generateText(routed("anywhere", { only: ["claude"] })).then(assert.fail, (e) => e);
  assert.equal(error.name, "GatewayInvalidRequestError");
  assert.match(error.message, /gpt/);
};

checks.fallback_models = async () => {
  play(completion({ content: "the second model" }));
  const result = await generateText(routed("broken-too", { models: ["script"] }));
  assert.equal(result.text, "the second model");
  const { routing } = await metadata(result);
  assert.equal(routing.modelAttemptCount, 2);
  assert.equal(routing.finalProvider, "gpt");
};

checks.provider_timeouts = async () => {
  play(events([chunk({ content: "in time" }), chunk({}, "stop")]));
  const result = streamText(routed("anywhere", { order: ["silent", "gpt"],
    providerTimeouts: { byok: { silent: 1000 } } }));
  await parts(result);
  assert.equal(await result.text, "in time");
  const [late, good] = await triedBy(result);
  assert.equal(late.error, "PROVIDER_TIMEOUT");
  assert.equal(late.configuredTimeoutMs, 1000);
  assert.ok(good.success);
};

checks.own_key = async () => {
  play(completion({ content: "mine" }));
  const result = await generateText(routed("anywhere", { only: ["gpt"],
    byok: { gpt: [{ apiKey: "sk-own-0123456789" }] } }));
  assert.equal(asked[0].headers.authorization, "Bearer sk-own-0123456789");
  assert.equal((await triedBy(result))[0].credentialType, "byok");
  assert.ok(!JSON.stringify(result.providerMetadata).includes("sk-own"));
};

checks.all_fail = async () => {
  const error = await failing("broken-script");
  assert.equal(error.name, "GatewayInternalServerError");
  assert.equal(error.statusCode, 500);
};

checks.break_after_commit = async () => {
  play(events([chunk({ content: "begin" })], null));
  const result = streamText({ model: gateway("script"), prompt: "a", ...calm, onError: () => {} });
  const all = await parts(result);
  const types = all.map((part) => part.type);
  assert.ok(types.includes("text-delta") && types.includes("error"), types.join());
  assert.equal(all.findLast((part) => part.type.startsWith("finish")).finishReason, "error");
};

checks.abort = async () => {
  play(events([chunk({ content: "begin" })], "open"));
  const controller = new AbortController();
  const result = streamText({ model: gateway("script"), prompt: "a", ...calm,
    abortSignal: controller.signal, onError: () => {} });
  for await (const part of result.fullStream ?? result.stream) {
    if (part.type === "text-delta") break;
  }
  const aborted = Date.now();
  controller.abort();
  while (!asked[0].closed && Date.now() - aborted < 3000 * scale) await new Promise((go) => setTimeout(go, 20));
  assert.ok(asked[0].closed && asked[0].closed - aborted < 1000 * scale, "the upstream call is cancelled");
};

// Who does not read holds the provider back: what it may write comes to rest far before the end.
checks.slow_reader = async () => {
  let written = 0, drained = true;
  const piece = chunk({ content: "x".repeat(60000) });
  play((response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    const more = () => {
      while (drained && !response.destroyed && written < 2 ** 28) {
        written += piece.length;
        drained = response.write(piece);
      }
    };
    response.on("drain", () => { drained = true; more(); });
    more();
  });
  // The SDK reads on its own account: here its request is made by hand, and the answer left alone.
  const request = http.request(`${origin}/${path}/ai/language-model`, { method: "POST", headers: {
    "content-type": "application/json", "ai-language-model-id": "script",
    "ai-language-model-specification-version": `${gen}`, "ai-language-model-streaming": "true" } });
  request.end(JSON.stringify({ prompt: [{ role: "user", content: [{ type: "text", text: "a" }] }] }));
  const response = await new Promise((go) => request.on("response", go));
  assert.equal(response.statusCode, 200);
  for (let before = -1; before !== written || (drained && written < 2 ** 28);) {
    before = written;
    await new Promise((go) => setTimeout(go, 300));
  }
  assert.ok(!drained && written < 2 ** 27, `${written} bytes were taken`);
  request.destroy();
};

// ---- 16: other ways in

checks.plain_string = async () => {
  globalThis.AI_SDK_DEFAULT_PROVIDER = gateway;
  const { text } = await generateText({ model: "mock/echo", prompt: "by name", ...calm });
  assert.equal(text, "by name");
};

if (gen === 4) {
  checks.openai_compatible = async () => {
    const { createOpenAICompatible } = await import("@ai-sdk/openai-compatible");
    const proa = createOpenAICompatible({ name: "gateway", baseURL: `${origin}/v1`, apiKey: "unused" });
    const { text } = await generateText({ model: proa("mock/echo"), prompt: "compatible", ...calm });
    assert.equal(text, "compatible");
  };
  checks.reasoning_effort = async () => {
    play(completion({ content: "a" }));
    await generateText({ model: gateway("script"), prompt: "a", reasoning: "low", ...calm });
    assert.equal(asked[0].body.reasoning_effort, "low");
  };
}

// ---- all of them

await new Promise((go) => upstream.listen(Number(process.env.SCRIPT_PORT), "127.0.0.1", go));
let failed = 0;
for (const [check, run] of Object.entries(checks)) {
  try {
    await run();
    console.log(`PASS ${name} ${check}`);
  } catch (error) {
    failed++;
    console.log(`FAIL ${name} ${check}: ${error?.stack ?? error} ${JSON.stringify(error?.cause ?? null)}`);
  }
}
process.exit(failed ? 1 : 0);
