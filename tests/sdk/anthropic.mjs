// An ordinary Anthropic program; the base URL and the key come from the environment alone.
import Anthropic from "@anthropic-ai/sdk";
import assert from "node:assert/strict";

const client = new Anthropic({ maxRetries: 0 });
const messages = [{ role: "user", content: "hello from the SDK" }];
const tools = [{ name: "lookup", description: "looks a word up", cache_control: { type: "ephemeral" },
  input_schema: { type: "object", properties: { word: { type: "string" } }, required: ["word"] } }];
const thinking = { type: "enabled", budget_tokens: 1024 };
const textOf = (message) => message.content.filter((b) => b.type === "text").map((b) => b.text).join("");
const checks = {};

// "claude" speaks Anthropic's API, "gpt" OpenAI's: the program cannot tell.
for (const model of ["claude", "gpt"]) {
  checks[`${model}_create`] = async () => {
    const { data, request_id } = await client.messages
      .create({ model, max_tokens: 200, messages }).withResponse();
    assert.equal(data.type, "message");
    assert.match(textOf(data), /hello from the SDK/);
    assert.equal(data.stop_reason, "end_turn");
    assert.ok(data.usage.input_tokens > 0 && data.usage.output_tokens > 0);
    assert.ok(request_id && data._request_id === request_id);
  };

  checks[`${model}_stream`] = async () => {
    const seen = [];
    const stream = client.messages.stream({ model, max_tokens: 200, messages });
    stream.on("text", (text) => seen.push(text));
    const message = await stream.finalMessage();
    assert.equal(seen.join(""), textOf(message));
    assert.match(textOf(message), /hello from the SDK/);
    assert.ok(message.usage.input_tokens > 0 && message.usage.output_tokens > 0);
  };

  checks[`${model}_thinking_and_tool`] = async () => {
    const ask = { model, max_tokens: 4000, tools, thinking, system: [
      { type: "text", text: "Be brief. ".repeat(50), cache_control: { type: "ephemeral" } }] };
    const turns = [{ role: "user", content: "use the lookup tool for the word canoe" }];
    const blocks = [], kinds = [];
    const stream = client.messages.stream({ ...ask, messages: turns });
    stream.on("contentBlock", (block) => blocks.push(block));
    stream.on("streamEvent", (event) => kinds.push(event.type));
    const first = await stream.finalMessage();
    assert.equal(kinds[0], "message_start");
    assert.equal(kinds.at(-1), "message_stop");
    assert.deepEqual(blocks, first.content);
    assert.equal(first.stop_reason, "tool_use");
    const use = first.content.find((block) => block.type === "tool_use");
    assert.equal(use.name, "lookup");
    assert.equal(typeof use.input.word, "string");
    if (model === "claude") {
      const thought = first.content.find((block) => block.type === "thinking");
      assert.ok(thought.thinking && thought.signature);
    }
    const second = await client.messages.create({ ...ask, messages: [...turns,
      { role: "assistant", content: first.content },
      { role: "user", content: [{ type: "tool_result", tool_use_id: use.id, content: "a boat" }] }] });
    assert.equal(second.stop_reason, "end_turn");
    assert.ok(textOf(second));
  };

  checks[`${model}_count_tokens`] = async () => {
    const few = await client.messages.countTokens({ model, messages });
    const many = await client.messages.countTokens({ model, tools, messages: [
      { role: "user", content: "word ".repeat(1000) }] });
    assert.ok(few.input_tokens > 0);
    assert.ok(many.input_tokens > 500 + few.input_tokens);
  };

  checks[`${model}_image`] = async () => {
    const message = await client.messages.create({ model, max_tokens: 100, messages: [
      { role: "user", content: [{ type: "text", text: "what is it?" }, { type: "image", source: {
        type: "base64", media_type: "image/png",
        data: "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=" } }] }] });
    assert.ok(textOf(message));
  };

  checks[`${model}_documents`] = async () => {
    const pdf = Buffer.from("%PDF-1.4\n").toString("base64");
    const png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=";
    const message = await client.messages.create({ model, max_tokens: 400, tools,
      system: "be brief", stop_sequences: ["never said"], metadata: { user_id: "u" }, service_tier: "auto",
      messages: [
        { role: "user", content: [
          { type: "document", title: "a", context: "old", citations: { enabled: true },
            source: { type: "base64", media_type: "application/pdf", data: pdf } },
          { type: "document", source: { type: "text", media_type: "text/plain", data: "words" } },
          { type: "document", source: { type: "content", content: [{ type: "text", text: "parts" }] } },
          { type: "text", text: "look", cache_control: { type: "ephemeral", ttl: "1h" } }] },
        { role: "assistant", content: [{ type: "tool_use", id: "toolu_1", name: "lookup", input: {} }] },
        { role: "user", content: [{ type: "tool_result", tool_use_id: "toolu_1", is_error: true, content: [
          { type: "text", text: "a picture" },
          { type: "image", source: { type: "base64", media_type: "image/png", data: png } }] }] }] });
    assert.equal(message.stop_reason, "end_turn");
    assert.ok(textOf(message));
  };

  checks[`${model}_error_in_the_stream`] = async () => {
    const seen = [];
    await assert.rejects(async () => {
      const stream = await client.messages.create({ model: `${model}-breaks`, max_tokens: 200,
        messages, stream: true });
      for await (const event of stream) seen.push(event.type);
    }, (error) => error instanceof Anthropic.APIError);
    assert.ok(seen.includes("content_block_delta"));
    assert.ok(!seen.includes("message_stop"));
  };
}

checks.metadata = async () => {
  for (const [model, provider] of [["claude", "anthropic"], ["gpt", "openai"]]) {
    const ask = { model, max_tokens: 100, messages, providerOptions: { gateway: {} } };
    const whole = await client.messages.create(ask);
    assert.equal(whole.provider_metadata.gateway.routing.finalProvider, provider);
    const told = [];
    for await (const event of await client.messages.create({ ...ask, stream: true })) {
      if (event.provider_metadata) told.push([event.type, event.provider_metadata.gateway.routing.finalProvider]);
    }
    assert.deepEqual(told, [["message_delta", provider]]);
  }
};

checks.beta = async () => {
  const message = await client.beta.messages.create({ model: "claude", max_tokens: 100, messages,
    betas: ["interleaved-thinking-2025-05-14"] });
  assert.match(textOf(message), /hello from the SDK/);
};

checks.failover = async () => {
  const { data, response } = await client.messages
    .create({ model: "failover", max_tokens: 100, messages }).withResponse();
  assert.ok(textOf(data));
  assert.equal(response.headers.get("x-proa-attempts"), "2");
};

checks.models = async () => {
  const ids = [];
  for await (const model of client.models.list()) {
    ids.push(model.id);
    assert.ok(model.display_name && Date.parse(model.created_at) === 0);
  }
  assert.ok(ids.includes("claude") && ids.includes("gpt"));
  assert.equal((await client.models.retrieve("claude")).id, "claude");
};

checks.errors = async () => {
  await assert.rejects(client.messages.create({ model: "nowhere/none", max_tokens: 9, messages }),
    (error) => error instanceof Anthropic.NotFoundError &&
      error.error.error.type === "not_found_error" && Boolean(error.requestID));
  await assert.rejects(client.messages.create({ model: "gpt", max_tokens: 9, messages: [] }),
    (error) => error instanceof Anthropic.BadRequestError &&
      error.error.error.type === "invalid_request_error");
  for (const [model, kind, type] of [["limited", Anthropic.RateLimitError, "rate_limit_error"],
    ["gpt-limited", Anthropic.RateLimitError, "rate_limit_error"],
    ["overloaded", Anthropic.InternalServerError, "overloaded_error"]]) {
    await assert.rejects(client.messages.create({ model, max_tokens: 9, messages }),
      (error) => error instanceof kind && error.error.error.type === type, model);
  }
};

// As command-line assistants do it: counted before every turn, cached up to the newest result.
checks.long_loop = async () => {
  const system = [{ type: "text", text: "You are careful. ".repeat(80), cache_control: { type: "ephemeral" } }];
  let turns = [{ role: "user", content: [{ type: "text", text: "use the lookup tool" }] }];
  let last = 0;
  for (let i = 0; i < 6; i++) {
    const ask = { model: "claude", system, tools, messages: turns };
    const { input_tokens } = await client.messages.countTokens(ask);
    assert.ok(input_tokens > last);
    last = input_tokens;
    const stream = client.messages.stream({ ...ask, max_tokens: 500, tool_choice: { type: "any" } });
    let begun = 0;
    stream.on("streamEvent", (event) => {
      if (event.type === "message_start") {
        const usage = event.message.usage;
        begun = usage.input_tokens + (usage.cache_read_input_tokens ?? 0) +
          (usage.cache_creation_input_tokens ?? 0);
      }
    });
    const message = await stream.finalMessage();
    assert.ok(begun > input_tokens / 3 && begun < input_tokens * 3, `${begun} for ${input_tokens}`);
    const use = message.content.find((block) => block.type === "tool_use");
    turns = [...turns, { role: "assistant", content: message.content },
      { role: "user", content: [{ type: "tool_result", tool_use_id: use.id, content: "seen",
        cache_control: { type: "ephemeral" } }] }];
  }
};

let failed = 0;
for (const [name, check] of Object.entries(checks)) {
  try {
    await check();
    console.log(`PASS ${process.argv[2]} ${name}`);
  } catch (error) {
    failed++;
    console.log(`FAIL ${process.argv[2]} ${name}: ${error.stack}`);
  }
}
process.exit(failed ? 1 : 0);
