// Images, speech and transcriptions through the SDKs, against Proa's own mock: the AI SDK by its
// gateway provider, OpenAI's by its base URL.
import assert from "node:assert/strict";
import http from "node:http";

const name = process.argv[2];
const origin = process.env.PROA_ORIGIN ?? process.env.OPENAI_BASE_URL.replace(/\/v1$/, "");
const checks = {};
const PNG = [0x89, 0x50, 0x4e, 0x47];
const text = (bytes, from, to) => Buffer.from(bytes).subarray(from, to).toString("latin1");
const wav = (seconds) => { // silence
  const samples = Math.round(8000 * seconds);
  const head = Buffer.alloc(44);
  head.write("RIFF", 0); head.writeUInt32LE(36 + samples, 4); head.write("WAVEfmt ", 8);
  head.writeUInt32LE(16, 16); head.writeUInt16LE(1, 20); head.writeUInt16LE(1, 22);
  head.writeUInt32LE(8000, 24); head.writeUInt32LE(8000, 28); head.writeUInt16LE(1, 32);
  head.writeUInt16LE(8, 34); head.write("data", 36); head.writeUInt32LE(samples, 40);
  return new Uint8Array(Buffer.concat([head, Buffer.alloc(samples, 128)]));
};

if (name.startsWith("npm")) {
  const { default: OpenAI, toFile } = await import("openai");
  const client = new OpenAI({ maxRetries: 0 });

  checks.images = async () => {
    const { data, usage } = await client.images.generate({ model: "mock/gpt-image-1", prompt: "a cat", n: 2,
      providerOptions: { gateway: { tags: ["a"] } } });
    assert.equal(data.length, 2);
    assert.deepEqual([...Buffer.from(data[1].b64_json, "base64").subarray(0, 4)], PNG);
    assert.ok(usage.output_tokens > 0);
  };
  checks.edit = async () => {
    const image = await toFile(Buffer.from(PNG), "a.png", { type: "image/png" });
    const { data } = await client.images.edit({ model: "mock/gpt-image-1", prompt: "a hat", image: [image, image],
      providerOptions: { gateway: { order: ["mock"], tags: ["a", "b"] } } });
    assert.deepEqual([...Buffer.from(data[0].b64_json, "base64").subarray(0, 4)], PNG);
  };
  checks.speech = async () => {
    const response = await client.audio.speech.create({ model: "mock/tts-1", voice: "alloy", input: "hello",
      response_format: "wav" });
    assert.equal(text(await response.arrayBuffer(), 0, 4), "RIFF");
    assert.equal(response.headers.get("content-type"), "audio/wav");
    assert.equal(response.headers.get("x-proa-provider"), "mock");
  };
  checks.transcription = async () => {
    const file = await toFile(wav(0.1), "a.wav", { type: "audio/wav" });
    const said = await client.audio.transcriptions.create({ model: "mock/whisper-1", file });
    assert.equal(said.text, "The mock has heard 844 bytes of audio/wav.");
    const verbose = await client.audio.transcriptions.create({ model: "mock/whisper-1", file,
      response_format: "verbose_json", timestamp_granularities: ["segment"] });
    assert.equal(verbose.segments[0].text, said.text);
    const plain = await client.audio.translations.create({ model: "mock/whisper-1", file, response_format: "text" });
    assert.match(String(plain), /heard 844 bytes/);
  };
  checks.transcription_stream = async () => {
    const file = await toFile(wav(0.1), "a.wav", { type: "audio/wav" });
    const stream = await client.audio.transcriptions.create({ model: "mock/gpt-4o-transcribe", file, stream: true });
    let heard = "";
    let done;
    for await (const event of stream) {
      if (event.type === "transcript.text.delta") heard += event.delta;
      else done = event;
    }
    assert.equal(done.type, "transcript.text.done");
    assert.equal(heard, done.text);
  };
  checks.refused = async () => {
    const error = await client.audio.speech.create({ model: "nobody/x", voice: "a", input: "b" }).catch((e) => e);
    assert.ok(error instanceof OpenAI.NotFoundError, String(error));
    const file = await toFile(wav(0.1), "a.wav", { type: "audio/wav" });
    const none = await client.audio.transcriptions.create({ model: "nobody/x", file }).catch((e) => e);
    assert.ok(none instanceof OpenAI.NotFoundError, String(none));
  };
} else {
  const ai = await import("ai");
  const { createGateway } = await import("@ai-sdk/gateway");
  const gen = { "ai-5": 2, "ai-6": 3, "ai-7": 4 }[name];
  const gateway = createGateway({ baseURL: `${origin}/${{ 2: "v1", 3: "v3", 4: "v4" }[gen]}/ai`, apiKey: "unused" });
  const generateImage = ai.generateImage ?? ai.experimental_generateImage;
  const generateSpeech = ai.generateSpeech ?? ai.experimental_generateSpeech;
  const transcribe = ai.transcribe ?? ai.experimental_transcribe;
  const image = (id) => (gateway.image ?? gateway.imageModel)(id);
  const calm = { maxRetries: 0 };
  globalThis.AI_SDK_LOG_WARNINGS = false;

  checks.images = async () => {
    const result = await generateImage({ model: image("mock/gpt-image-1"), prompt: "a cat", n: 2, size: "1024x1024",
      ...calm });
    assert.equal(result.images.length, 2);
    assert.deepEqual([...result.images[1].uint8Array.subarray(0, 4)], PNG);
    assert.equal(result.images[0].mediaType, "image/png");
    assert.deepEqual(result.warnings, []);
    assert.match(result.providerMetadata.gateway.generationId, /^gen_/);
    assert.equal(result.providerMetadata.gateway.routing.finalProvider, "mock");
    if (result.usage) assert.ok(result.usage.outputTokens > 0);
  };
  checks.warnings = async () => {
    const { warnings } = await generateImage({ model: image("mock/dall-e-3"), prompt: "a", aspectRatio: "16:9",
      seed: 7, ...calm });
    assert.equal(warnings.length, 2, JSON.stringify(warnings));
    assert.equal(warnings[0].type, gen === 2 ? "other" : "unsupported");
  };
  checks.unknown_model = async () => {
    const error = await generateImage({ model: image("nobody/x"), prompt: "a", ...calm }).catch((e) => e);
    assert.match(error.name, /GatewayModelNotFoundError/);
  };
  if (gen >= 3) {
    checks.edit = async () => {
      const { images } = await generateImage({ model: image("mock/gpt-image-1"),
        prompt: { text: "a hat", images: [new Uint8Array(PNG), new Uint8Array(PNG)], mask: new Uint8Array(PNG) }, ...calm });
      assert.deepEqual([...images[0].uint8Array.subarray(0, 4)], PNG);
    };
    checks.speech = async () => {
      const result = await generateSpeech({ model: gateway.speech("mock/tts-1"), text: "hello",
        voice: "alloy", outputFormat: "wav", language: "en", ...calm });
      assert.equal(text(result.audio.uint8Array, 0, 4), "RIFF");
      assert.equal(result.audio.uint8Array.length, 44 + 5 * 80);
      assert.equal(result.warnings[0].feature, "language");
    };
    checks.transcription = async () => {
      const result = await transcribe({ model: gateway.transcription("mock/whisper-1"), audio: wav(0.5),
        providerOptions: { openai: { language: "en", timestampGranularities: ["segment"] } }, ...calm });
      assert.equal(result.text, "The mock has heard 4044 bytes of audio/wav.");
      assert.equal(result.language, "en");
      assert.equal(result.durationInSeconds, 0.505);
      assert.deepEqual(result.segments, [{ text: result.text, startSecond: 0, endSecond: 0.505 }]);
    };
  }
  // What cannot be served is not found, and never a fault of the server: clients would try it again.
  checks.not_found = async () => {
    const ask = (path, method = "POST") => new Promise((done, fail) => {
      const request = http.request(`${origin}${path}`, { method, headers: { "content-type": "application/json" } },
        (response) => {
          let body = "";
          response.on("data", (piece) => (body += piece));
          response.on("end", () => done({ status: response.statusCode, body: JSON.parse(body) }));
        });
      request.on("error", fail);
      request.end(method === "POST" ? "{}" : undefined);
    });
    for (const path of ["video-model", "video-model/start", "video-model/status", "decision-model",
      "batch/start", "batch/status", "batch/results", "batch/cancel", "realtime-model"]) {
      const { status, body } = await ask(`/v4/ai/${path}`);
      assert.equal(status, 404, path);
      assert.equal(body.error.type, "not_found", path);
    }
  };
}

let failed = 0;
for (const [check, run] of Object.entries(checks)) {
  try {
    await run();
    console.log(`PASS ${name} media ${check}`);
  } catch (error) {
    failed++;
    console.log(`FAIL ${name} media ${check}: ${error?.stack ?? error} ${JSON.stringify(error?.cause ?? null)}`);
  }
}
process.exit(failed ? 1 : 0);
