// Vectors of several texts, and which of them are alike.
import { createGateway } from "@ai-sdk/gateway";
import { cosineSimilarity, embedMany } from "ai";

const gateway = createGateway({
  baseURL: `${process.env.PROA_URL ?? "http://127.0.0.1:4600"}/v4/ai`,
  apiKey: process.env.AI_GATEWAY_API_KEY ?? "unused",
});

const values = ["rain in May", "rain in May", "a tax return"];
const { embeddings, usage } = await embedMany({
  model: gateway.embeddingModel("demo"), // or "openai/text-embedding-3-small"
  values,
});

console.log(`${embeddings.length} vectors of ${embeddings[0].length} numbers, ${usage.tokens} tokens`);
console.log("same:", cosineSimilarity(embeddings[0], embeddings[1]).toFixed(3));
console.log("other:", cosineSimilarity(embeddings[0], embeddings[2]).toFixed(3));
