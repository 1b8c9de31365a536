"""Anthropic's SDK, for any provider's models: also by ANTHROPIC_BASE_URL=http://127.0.0.1:4600."""
import os

from anthropic import Anthropic

proa = os.environ.get("PROA_URL", "http://127.0.0.1:4600")  # without /v1, which the SDK adds
client = Anthropic(base_url=proa, api_key=os.environ.get("ANTHROPIC_API_KEY", "unused"),
                   max_retries=0)
messages = [{"role": "user", "content": "Name three rivers."}]

answer = client.messages.create(model="demo", max_tokens=1000, messages=messages)
print(answer.content[0].text)
print("stop: %s, tokens: %d" % (answer.stop_reason, answer.usage.output_tokens))

with client.messages.stream(model="demo", max_tokens=1000, messages=messages) as stream:
    for text in stream.text_stream:
        print(text, end="|", flush=True)
print()

count = client.messages.count_tokens(model="demo", messages=messages)
print("the question has %d tokens" % count.input_tokens)
