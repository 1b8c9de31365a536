"""LangChain: ChatOpenAI with another base URL, for any provider's models."""
import os

from langchain_core.tools import tool
from langchain_openai import ChatOpenAI

proa = os.environ.get("PROA_URL", "http://127.0.0.1:4600")
model = ChatOpenAI(model="demo", base_url=proa + "/v1", max_retries=0,
                   api_key=os.environ.get("OPENAI_API_KEY", "unused"))

print(model.invoke("Name three rivers.").content)

for chunk in model.stream("Name three rivers."):
    print(chunk.content, end="|", flush=True)
print()


@tool
def weather(city: str) -> str:
    """The weather of a city."""
    return "20 degrees in %s" % city


answer = model.bind_tools([weather], tool_choice="weather").invoke("How warm is it in Ulm?")
for call in answer.tool_calls:
    print("calls", call["name"])
    print(weather.invoke(call).content)
