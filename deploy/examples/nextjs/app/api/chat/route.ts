import { createGateway } from "@ai-sdk/gateway";
import { convertToModelMessages, streamText } from "ai";
import type { ChatMessage } from "../../chat";

const gateway = createGateway({
  baseURL: `${process.env.PROA_URL ?? "http://127.0.0.1:4600"}/v4/ai`,
  apiKey: process.env.AI_GATEWAY_API_KEY ?? "unused",
});

type Routing = { finalProvider: string; totalProviderAttemptCount: number };

export async function POST(request: Request) {
  const { messages }: { messages: ChatMessage[] } = await request.json();
  const result = streamText({
    model: gateway(process.env.CHAT_MODEL ?? "demo"),
    messages: await convertToModelMessages(messages),
    abortSignal: request.signal, // who leaves the page ends the call
    maxRetries: 0, // Proa has tried what there is to try
  });
  return result.toUIMessageStreamResponse<ChatMessage>({
    messageMetadata: ({ part }) => {
      if (part.type !== "finish-step") return undefined;
      const routing = part.providerMetadata?.gateway?.routing as Routing | undefined;
      return { provider: routing?.finalProvider, attempts: routing?.totalProviderAttemptCount };
    },
    onError: () => "The answer broke off.",
  });
}
