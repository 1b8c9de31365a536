import type { UIMessage } from "ai";

/** A message, and who answered it: what Proa tells in `providerMetadata.gateway`. */
export type ChatMessage = UIMessage<{ provider?: string; attempts?: number }>;
