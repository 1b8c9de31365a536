// An ordinary OpenAI program; the base URL and the key come from the environment alone.
import OpenAI from "openai";
import { makeParseableResponseFormat } from "openai/lib/parser";
import assert from "node:assert/strict";

const client = new OpenAI({ maxRetries: 0 });
const messages = [{ role: "user", content: "hello from the SDK" }];
const tools = [{ type: "function", function: { name: "lookup", description: "looks a word up",
  parameters: { type: "object", properties: { word: { type: "string" } }, required: ["word"] } } }];
const checks = {};

checks.chat = async () => {
  const answer = await client.chat.completions.create({ model: "mock/echo", messages });
  assert.equal(answer.object, "chat.completion");
  assert.match(answer.choices[0].message.content, /hello from the SDK/);
  assert.equal(answer.choices[0].finish_reason, "stop");
  assert.ok(answer.usage.total_tokens > 0);
};

checks.stream = async () => {
  const stream = await client.chat.completions.create({ model: "mock/echo", messages, stream: true,
    stream_options: { include_usage: true } });
  let text = "", finish = null, usage = null;
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta?.content ?? "";
    finish = chunk.choices[0]?.finish_reason ?? finish;
    usage = chunk.usage ?? usage;
  }
  assert.match(text, /hello from the SDK/);
  assert.equal(finish, "stop");
  assert.ok(usage.total_tokens > 0);
};

checks.failover = async () => {
  const { data, response } = await client.chat.completions
    .create({ model: "demo", messages }).withResponse();
  assert.ok(data.choices[0].message.content);
  assert.equal(response.headers.get("x-proa-attempts"), "2");
  assert.match(response.headers.get("x-proa-trail"), /:503\/.*, .*:200\//);
};

checks.stream_failover = async () => {
  let text = "";
  for await (const chunk of await client.chat.completions.create(
    { model: "demo", messages, stream: true })) text += chunk.choices[0]?.delta?.content ?? "";
  assert.ok(text);
};

checks.tool_call_stream = async () => {
  const stream = await client.chat.completions.create({ model: "mock/echo", messages, tools,
    tool_choice: "required", stream: true });
  const calls = [];
  let finish = null;
  for await (const chunk of stream) {
    for (const part of chunk.choices[0]?.delta?.tool_calls ?? []) {
      calls[part.index] ??= { id: "", name: "", args: "" };
      calls[part.index].id ||= part.id ?? "";
      calls[part.index].name += part.function?.name ?? "";
      calls[part.index].args += part.function?.arguments ?? "";
    }
    finish = chunk.choices[0]?.finish_reason ?? finish;
  }
  assert.equal(calls.length, 1);
  assert.equal(calls[0].name, "lookup");
  assert.ok(calls[0].id);
  JSON.parse(calls[0].args);
  assert.equal(finish, "tool_calls");
};

// The helpers stood elsewhere in version 4.
const helpers = client.chat.completions.runTools ? client.chat.completions : client.beta.chat.completions;
const schema = { type: "object", additionalProperties: false, required: ["city", "mood"],
  properties: { city: { type: "string" }, mood: { type: "string", enum: ["good", "bad"] } } };

checks.tools_stream_helper = async () => {
  const asked = [];
  const lookup = { type: "function", function: { name: "lookup", description: "looks a word up",
    parameters: tools[0].function.parameters, parse: JSON.parse,
    function: async ({ word }) => { asked.push(word); return "a boat"; } } };
  const runner = helpers.runTools({ model: "mock/echo", stream: true, tools: [lookup],
    messages: [{ role: "user", content: "use the lookup tool" }] });
  const said = await runner.finalContent();
  assert.equal(asked.length, 1);
  assert.equal(typeof asked[0], "string");
  assert.ok(said);
  assert.deepEqual(runner.messages.map(({ role }) => role), ["user", "assistant", "tool", "assistant"]);
};

checks.parse_schema = async () => {
  const format = makeParseableResponseFormat({ type: "json_schema",
    json_schema: { name: "answer", strict: true, schema } }, JSON.parse);
  const answer = await helpers.parse({ model: "mock/echo", messages, response_format: format });
  const { city, mood } = answer.choices[0].message.parsed;
  assert.equal(typeof city, "string");
  assert.ok(["good", "bad"].includes(mood));
};

checks.words_of_the_gateway = async () => {
  const answer = await client.chat.completions.create({ model: "mock/echo", messages,
    models: ["mock/echo"], provider: { sort: "cost" }, reasoning: { effort: "low" },
    providerOptions: { gateway: { order: ["mock"], only: ["mock"], user: "u", tags: ["t"] } } });
  assert.match(answer.choices[0].message.content, /hello from the SDK/);
};

checks.embeddings_default = async () => {
  const answer = await client.embeddings.create({ model: "mock/echo", input: ["one", "two"] });
  assert.equal(answer.data.length, 2);
  for (const { embedding } of answer.data) {
    assert.ok(Array.isArray(embedding) && embedding.length > 0);
    assert.ok(embedding.every((value) => Number.isFinite(value) && Math.abs(value) <= 1.0001));
  }
};

checks.embeddings_float = async () => {
  const float = await client.embeddings.create({ model: "mock/echo", input: "one", encoding_format: "float" });
  const coded = await client.embeddings.create({ model: "mock/echo", input: "one" });
  assert.equal(float.data[0].embedding.length, coded.data[0].embedding.length);
  float.data[0].embedding.forEach((value, i) =>
    assert.ok(Math.abs(value - coded.data[0].embedding[i]) < 1e-5));
};

checks.models = async () => {
  const ids = [];
  for await (const model of client.models.list()) {
    ids.push(model.id);
    assert.ok(model.object === "model" && model.owned_by && model.name && Number.isInteger(model.created));
  }
  assert.ok(ids.includes("demo") && ids.length > 0, ids.join());
  for (const id of ids) assert.equal((await client.models.retrieve(id)).id, id);
};

// Responses: translated into chats of two kinds, and passed on to who serves them.
const kinds = { translated: "mock/echo", claude: "claude", served: "served" };
const input = "hello from the SDK";
const place = { type: "object", properties: { city: { type: "string" } }, required: ["city"],
  additionalProperties: false };
const format = { type: "json_schema", name: "place", schema: place, strict: true };
const lookup = { type: "function", strict: false, ...tools[0].function };
for (const [kind, model] of Object.entries(kinds)) {
  checks[`responses_${kind}`] = async () => {
    const answer = await client.responses.create({ model, input });
    assert.equal(answer.object, "response");
    assert.equal(answer.status, "completed");
    assert.match(answer.output_text, /hello from the SDK/);
    assert.ok(answer.usage.total_tokens > 0);
    // on, and on again elsewhere, by nothing but the id
    const more = await client.responses.create({ model, input: "and then", previous_response_id: answer.id });
    assert.match(more.output_text, /and then/);
    const other = await client.responses.create({ model: "mock/echo", input: "at last",
      previous_response_id: more.id });
    assert.match(other.output_text, /at last/);
  };

  checks[`responses_stream_${kind}`] = async () => {
    const stream = client.responses.stream({ model, input });
    let text = "";
    stream.on("response.output_text.delta", (event) => { text += event.delta; });
    const final = await stream.finalResponse();
    assert.match(final.output_text ?? text, /hello from the SDK/);
    assert.match(text, /hello from the SDK/);
    assert.equal(final.status, "completed");
    assert.ok(final.usage.total_tokens > 0);
  };

  checks[`responses_parse_${kind}`] = async () => {
    const answer = await client.responses.parse({ model, input: "json", text: { format } });
    assert.equal(typeof answer.output_parsed.city, "string");
    const final = await client.responses.stream({ model, input: "json", text: { format } }).finalResponse();
    assert.equal(typeof JSON.parse(final.output[0].content[0].text).city, "string");
  };

  checks[`responses_tools_${kind}`] = async () => {
    const final = await client.responses.stream({ model, input: "use a tool", tools: [lookup] }).finalResponse();
    const call = final.output.find((item) => item.type === "function_call");
    assert.equal(call.name, "lookup");
    JSON.parse(call.arguments);
    const answer = await client.responses.create({ model, tools: [lookup], previous_response_id: final.id,
      input: [{ type: "function_call_output", call_id: call.call_id, output: "done" }] });
    assert.ok(answer.output_text);
  };
}

checks.responses_errors = async () => {
  await assert.rejects(client.responses.create({ model: "mock/echo", input, previous_response_id: "resp_x" }),
    (error) => {
      assert.ok(error instanceof OpenAI.BadRequestError, error?.constructor?.name);
      assert.equal(error.code, "previous_response_not_found");
      return true;
    });
  // what breaks off is none of the answers that an application goes on with
  let kinds = [], failure;
  try {
    for await (const event of await client.responses.create({ model: "broken", input: "one two three four",
      stream: true })) {
      kinds.push(event.type);
      failure ??= event.response?.error ?? undefined;
    }
  } catch (error) {
    failure = error;
  }
  assert.ok(failure?.message, kinds.join());
  assert.ok(kinds.includes("response.output_text.delta") && !kinds.includes("response.completed"));
};

// What the gateway tells, in answers that are passed on: to who brings its options.
checks.metadata = async () => {
  const asked = { model: "mock/echo", messages, providerOptions: { gateway: {} } };
  const { choices } = await client.chat.completions.create(asked);
  assert.match(choices[0].message.provider_metadata.gateway.generationId, /^gen_/);
  const told = [];
  for await (const chunk of await client.chat.completions.create({ ...asked, stream: true })) {
    const { delta, finish_reason } = chunk.choices[0] ?? {};
    if (delta?.provider_metadata) told.push([finish_reason, delta.provider_metadata.gateway.routing.finalProvider]);
  }
  assert.deepEqual(told, [["stop", "mock"]]);
  const vectors = await client.embeddings.create({ model: "mock/echo", input: "a", providerOptions: {} });
  assert.equal(vectors.providerMetadata.gateway.routing.finalProvider, "mock");
};

checks.errors = async () => {
  await assert.rejects(client.chat.completions.create({ model: "nowhere/no-such-model", messages }), (error) => {
    assert.ok(error instanceof OpenAI.NotFoundError, error?.constructor?.name);
    assert.equal(error.code, "model_not_found");
    return true;
  });
  await assert.rejects(client.models.retrieve("nowhere/no-such-model"), OpenAI.NotFoundError);
};

checks.abort = async () => {
  const controller = new AbortController();
  const stream = await client.chat.completions.create({ model: "mock/echo", messages, stream: true },
    { signal: controller.signal });
  for await (const _ of stream) { controller.abort(); break; }
};

let failed = 0;
for (const [name, check] of Object.entries(checks)) {
  try {
    await check();
    console.log(`PASS ${process.argv[2]} ${name}`);
  } catch (error) {
    failed++;
    console.log(`FAIL ${process.argv[2]} ${name}: ${error?.stack ?? error}`);
  }
}
process.exit(failed ? 1 : 0);
