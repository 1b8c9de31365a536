"""LlamaIndex, through its VercelAIGateway."""
import os

from llama_index.core.llms import ChatMessage
from llama_index.llms.vercel_ai_gateway import VercelAIGateway

proa = os.environ.get("PROA_URL", "http://127.0.0.1:4600")
llm = VercelAIGateway(model="demo", api_base=proa + "/v1", max_retries=0,
                      api_key=os.environ.get("VERCEL_AI_GATEWAY_API_KEY", "unused"))
messages = [ChatMessage(role="user", content="Name three rivers.")]

print(llm.chat(messages).message.content)

for piece in llm.stream_chat(messages):
    print(piece.delta, end="|", flush=True)
print()
