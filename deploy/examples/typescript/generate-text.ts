// One answer, whole, and how Proa came by it.
import { createGateway } from "@ai-sdk/gateway";
import { generateText } from "ai";

const gateway = createGateway({
  baseURL: `${process.env.PROA_URL ?? "http://127.0.0.1:4600"}/v4/ai`,
  apiKey: process.env.AI_GATEWAY_API_KEY ?? "unused",
});

const { text, usage, providerMetadata } = await generateText({
  model: gateway("demo"), // a route, or a model: "anthropic/claude-sonnet-5"
  prompt: "Name three rivers.",
});

console.log(text);
console.log(`${usage.inputTokens} tokens in, ${usage.outputTokens} out`);
console.log("routing:", JSON.stringify(providerMetadata?.gateway.routing, null, 2));
