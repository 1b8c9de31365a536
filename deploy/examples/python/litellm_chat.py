"""LiteLLM, through its provider vercel_ai_gateway: vercel_ai_gateway/ANY-MODEL-OF-PROA."""
import asyncio
import os

proa = os.environ.get("PROA_URL", "http://127.0.0.1:4600")
os.environ["VERCEL_AI_GATEWAY_API_BASE"] = proa + "/v1"
os.environ.setdefault("VERCEL_AI_GATEWAY_API_KEY", "unused")
os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")  # or it fetches prices when imported

import litellm  # noqa: E402  the variables above are read by then

messages = [{"role": "user", "content": "Name three rivers."}]

answer = litellm.completion(
    model="vercel_ai_gateway/demo", messages=messages,
    providerOptions={"gateway": {"order": ["mock-down", "mock"]}})
print(answer.choices[0].message.content)


async def stream():
    chunks = await litellm.acompletion(model="vercel_ai_gateway/demo", messages=messages,
                                       stream=True)
    async for chunk in chunks:
        print(chunk.choices[0].delta.content or "", end="|", flush=True)
    print()

asyncio.run(stream())

vectors = litellm.embedding(model="vercel_ai_gateway/demo", input=["rain in May", "a tax return"])
print("%d vectors of %d numbers" % (len(vectors.data), len(vectors.data[0]["embedding"])))

# And as any other server that speaks OpenAI's protocol, whose models LiteLLM asks for.
same = {"api_base": proa + "/v1", "api_key": "unused"}
models = litellm.get_valid_models(check_provider_endpoint=True, custom_llm_provider="openai", **same)
print("models:", ", ".join(models))
answer = litellm.completion(model="openai/demo", messages=messages, **same)
print(answer.choices[0].message.content)
