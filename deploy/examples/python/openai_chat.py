"""OpenAI's SDK. It also finds the way by itself: OPENAI_BASE_URL=http://127.0.0.1:4600/v1."""
import os

from openai import OpenAI

proa = os.environ.get("PROA_URL", "http://127.0.0.1:4600")
# Proa retries and fails over; what it could not do, a second try cannot either.
client = OpenAI(base_url=proa + "/v1", api_key=os.environ.get("OPENAI_API_KEY", "unused"),
                max_retries=0)
messages = [{"role": "user", "content": "Name three rivers."}]

# A whole answer, with the headers that tell how it came about.
answer = client.chat.completions.with_raw_response.create(model="demo", messages=messages)
print(answer.parse().choices[0].message.content)
print("trail:", answer.headers["x-proa-trail"])

# The same as it comes.
for chunk in client.chat.completions.create(model="demo", messages=messages, stream=True):
    if chunk.choices:
        print(chunk.choices[0].delta.content or "", end="|", flush=True)
print()

vectors = client.embeddings.create(model="demo", input=["rain in May", "a tax return"])
print("%d vectors of %d numbers" % (len(vectors.data), len(vectors.data[0].embedding)))
print("models:", ", ".join(model.id for model in client.models.list()))
