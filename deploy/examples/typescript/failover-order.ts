// Who is asked first, and who next when that fails.
import { createGateway, type GatewayProviderOptions } from "@ai-sdk/gateway";
import { generateText } from "ai";

const gateway = createGateway({
  baseURL: `${process.env.PROA_URL ?? "http://127.0.0.1:4600"}/v4/ai`,
  apiKey: process.env.AI_GATEWAY_API_KEY ?? "unused",
});

type Attempt = { provider: string; statusCode?: number; success: boolean };
type Routing = { finalProvider: string; modelAttempts: { providerAttempts: Attempt[] }[] };

const { text, providerMetadata } = await generateText({
  model: gateway("demo"),
  prompt: "Still there?",
  providerOptions: {
    // The mock's names, of which the first always fails; in earnest ["anthropic", "bedrock"].
    gateway: { order: ["mock-down", "mock"] } satisfies GatewayProviderOptions,
  },
});

const { finalProvider, modelAttempts } = providerMetadata?.gateway.routing as Routing;
for (const { provider, statusCode, success } of modelAttempts.flatMap((each) => each.providerAttempts)) {
  console.log(`${provider}: ${statusCode ?? "no answer"}${success ? "" : ", so the next one"}`);
}
console.log(`${finalProvider} says: ${text}`);
