// An answer as it comes.
import { createGateway } from "@ai-sdk/gateway";
import { streamText } from "ai";

const gateway = createGateway({
  baseURL: `${process.env.PROA_URL ?? "http://127.0.0.1:4600"}/v4/ai`,
  apiKey: process.env.AI_GATEWAY_API_KEY ?? "unused",
});

const result = streamText({
  model: gateway("demo"),
  prompt: "Say it word by word.",
  onError: ({ error }) => { // no provider at all, or one that broke off after the first word
    console.error("failed:", error);
    process.exitCode = 1;
  },
});
for await (const piece of result.textStream) process.stdout.write(`${piece}|`);
console.log();

if (!process.exitCode) {
  const { totalTokens } = await result.usage;
  console.log(`finish: ${await result.finishReason}, ${totalTokens} tokens`);
}
