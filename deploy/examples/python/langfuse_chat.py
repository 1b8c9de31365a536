"""Langfuse's wrapper of OpenAI's SDK. Calls go to Proa; what is told of them goes to the Langfuse of
LANGFUSE_BASE_URL, LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY, and nowhere without them."""
import os

if "LANGFUSE_SECRET_KEY" not in os.environ:
    os.environ.update(LANGFUSE_TRACING_ENABLED="False", LANGFUSE_PUBLIC_KEY="none",
                      LANGFUSE_SECRET_KEY="none")

from langfuse import get_client  # noqa: E402  the variables above are read by then
from langfuse.openai import OpenAI  # noqa: E402

proa = os.environ.get("PROA_URL", "http://127.0.0.1:4600")
client = OpenAI(base_url=proa + "/v1", api_key=os.environ.get("OPENAI_API_KEY", "unused"),
                max_retries=0)
messages = [{"role": "user", "content": "Name three rivers."}]

answer = client.chat.completions.create(name="rivers", model="demo", messages=messages)
print(answer.choices[0].message.content)

for chunk in client.chat.completions.create(name="rivers, streamed", model="demo", messages=messages,
                                            stream=True, stream_options={"include_usage": True}):
    if chunk.choices:
        print(chunk.choices[0].delta.content or "", end="|", flush=True)
print()
get_client().flush()
