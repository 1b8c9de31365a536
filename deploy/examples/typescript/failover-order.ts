// Who is asked first, and who next when that fails.
import { createGateway, type GatewayProviderOptions } from "@ai-sdk/gateway";
import { generateText } from "ai";

const gateway = createGateway({
  baseURL: `${process.env.PROA_URL ?? "http://127.0.0.1:4600"}/v4/ai`,
  apiKey: process.env.AI_GATEWAY_API_KEY ?? "unused",
});

type Attempt = { provider: string; statusCode?: number };
type Routing = {
  finalProvider: string;
  modelAttempts: { providerAttempts: Attempt[] }[];
  skippedProviderAttempts?: { provider: string; reason: string }[];
};

// The mock's names, of which one always fails; in earnest ["anthropic", "bedrock"].
for (const order of [["mock-down", "mock"], ["mock", "mock-down"]]) {
  const { text, providerMetadata } = await generateText({
    model: gateway("demo"),
    prompt: "Still there?",
    providerOptions: { gateway: { order } satisfies GatewayProviderOptions },
  });

  const { finalProvider, modelAttempts, skippedProviderAttempts: skipped = [] } =
    providerMetadata?.gateway.routing as Routing;
  const tried = modelAttempts
    .flatMap((each) => each.providerAttempts)
    .map(({ provider, statusCode }) => `${provider} (${statusCode ?? "no answer"})`);
  console.log(`order ${order.join(", ")}: ${tried.join(", then ")}`);
  for (const { provider, reason } of skipped) {
    console.log(`not asked: ${provider} (${reason})`);
  }
  console.log(`${finalProvider} says: ${text}`);
}
