"""What LiteLLM, LangChain, LlamaIndex and Langfuse's wrapper make of Proa, beyond the examples:
clients.py PACKAGE. Proa is at PROA_URL; `mock/echo` answers, `mock-down/echo` never does."""
import asyncio
import json
import os
import sys

PROA = os.environ["PROA_URL"]
BASE = PROA + "/v1"
MESSAGES = [{"role": "user", "content": "hello to all"}]
LOOKUP = {"type": "function", "function": {
    "name": "lookup", "description": "looks a word up",
    "parameters": {"type": "object", "properties": {"word": {"type": "string"}},
                   "required": ["word"]}}}


def raises(kind, call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except kind as error:
        return error
    raise AssertionError("no %s" % kind.__name__)


def assert_order(order, trail):
    """Who was asked, in the order that the request names; nobody after `mock`, which answers."""
    asked = [each.partition("/")[0] for each in trail.split(", ")]
    assert asked == order[:order.index("mock") + 1], trail


def litellm():
    os.environ.update(VERCEL_AI_GATEWAY_API_BASE=BASE, VERCEL_AI_GATEWAY_API_KEY="unused",
                      LITELLM_LOCAL_MODEL_COST_MAP="True")
    import litellm as lite
    lite.suppress_debug_info = True

    for model, more in (("vercel_ai_gateway/mock/echo", {}),
                        ("openai/mock/echo", {"api_base": BASE, "api_key": "unused"})):
        whole = lite.completion(model=model, messages=MESSAGES, **more)
        assert whole.choices[0].message.content == "hello to all"
        assert whole.choices[0].finish_reason == "stop"
        assert whole.usage.total_tokens == whole.usage.prompt_tokens + whole.usage.completion_tokens > 0

        called = lite.completion(model=model, messages=MESSAGES, tools=[LOOKUP],
                                 tool_choice="required", **more)
        call = called.choices[0].message.tool_calls[0]
        assert called.choices[0].finish_reason == "tool_calls" and call.function.name == "lookup"
        again = lite.completion(model=model, tools=[LOOKUP], messages=[
            *MESSAGES, called.choices[0].message.model_dump(),
            {"role": "tool", "tool_call_id": call.id, "content": "found"}], **more)
        assert again.choices[0].message.content

        async def streams():
            async def one():
                text, usage = "", None
                async for chunk in await lite.acompletion(
                        model=model, messages=MESSAGES, stream=True,
                        stream_options={"include_usage": True}, **more):
                    if chunk.choices:
                        text += chunk.choices[0].delta.content or ""
                    usage = getattr(chunk, "usage", None) or usage
                return text, usage.total_tokens > 0
            return await asyncio.gather(*[one() for _ in range(5)])
        assert asyncio.run(streams()) == [("hello to all", True)] * 5

        vectors = lite.embedding(model=model, input=["a", "b", "a"], **more).data
        assert vectors[0]["embedding"] == vectors[2]["embedding"] != vectors[1]["embedding"]
        one = lite.embedding(model=model, input="a", **more).data
        assert one[0]["embedding"] == vectors[0]["embedding"]

        unknown = model.replace("mock/echo", "nowhere/none")
        error = raises(lite.NotFoundError, lite.completion, model=unknown, messages=MESSAGES, **more)
        assert error.status_code == 404 and "not configured" in str(error)
        down = model.replace("mock/echo", "mock-down/echo")
        error = raises(lite.ServiceUnavailableError, lite.completion, model=down, messages=MESSAGES,
                       num_retries=0, max_retries=0, **more)
        assert error.status_code == 503

    for order in (["mock-down", "mock"], ["mock", "mock-down"]):
        routed = lite.completion(model="vercel_ai_gateway/demo", messages=MESSAGES,
                                 providerOptions={"gateway": {"order": order}})
        assert_order(order, routed._hidden_params["additional_headers"]["llm_provider-x-proa-trail"])
    raises(lite.BadRequestError, lite.completion, model="vercel_ai_gateway/demo", messages=MESSAGES,
           providerOptions={"gateway": {"only": ["nobody"]}})
    # Listing by the provider's own code, which asks without a key.
    assert "mock/echo" in lite.VercelAIGatewayConfig().get_models()
    assert "mock/echo" in lite.get_valid_models(
        check_provider_endpoint=True, custom_llm_provider="openai", api_base=BASE, api_key="unused")


def langchain():
    from langchain_core.messages import HumanMessage, SystemMessage, ToolMessage
    from langchain_openai import ChatOpenAI, OpenAIEmbeddings
    import openai

    def model(name="mock/echo", **more):
        return ChatOpenAI(model=name, base_url=BASE, api_key="unused", max_retries=0, **more)

    whole = model().invoke([SystemMessage("be brief"), HumanMessage("hello to all")])
    assert whole.content == "hello to all"
    assert whole.response_metadata["finish_reason"] == "stop"
    assert whole.usage_metadata["total_tokens"] > 0

    pieces = list(model(stream_usage=True).stream("hello to all"))
    text = pieces[0]
    for piece in pieces[1:]:
        text += piece
    assert text.content == "hello to all" and len([p for p in pieces if p.content]) == 3
    assert text.usage_metadata["total_tokens"] > 0

    bound = model().bind_tools([LOOKUP], tool_choice="required")
    called = bound.invoke("hello to all")
    assert called.tool_calls[0]["name"] == "lookup" and "word" in called.tool_calls[0]["args"]
    streamed = None
    for piece in bound.stream("hello to all"):
        streamed = piece if streamed is None else streamed + piece
    assert streamed.tool_calls[0]["name"] == "lookup" and "word" in streamed.tool_calls[0]["args"]
    after = model().bind_tools([LOOKUP]).invoke([
        HumanMessage("hello to all"), called,
        ToolMessage("found", tool_call_id=called.tool_calls[0]["id"])])
    assert after.content

    shape = {"title": "Answer", "type": "object", "properties": {"word": {"type": "string"}},
             "required": ["word"], "additionalProperties": False}
    assert "word" in model().with_structured_output(shape, method="json_schema").invoke("hello to all")

    async def many():
        return [each.content for each in await model().abatch(["one", "two", "three"])]
    assert asyncio.run(many()) == ["one", "two", "three"]

    vectors = OpenAIEmbeddings(model="mock/echo", base_url=BASE, api_key="unused",
                               check_embedding_ctx_length=False).embed_documents(["a", "b"])
    assert len(vectors) == 2 and vectors[0] != vectors[1]

    for order in (["mock-down", "mock"], ["mock", "mock-down"]):
        routed = model("demo", extra_body={"providerOptions": {"gateway": {"order": order}}},
                       include_response_headers=True).invoke("hello to all")
        assert_order(order, routed.response_metadata["headers"]["x-proa-trail"])
    assert raises(openai.NotFoundError, model("nowhere/none").invoke, "a").code == "model_not_found"


def llamaindex():
    from llama_index.core.llms import ChatMessage
    from llama_index.core.tools import FunctionTool
    from llama_index.llms.vercel_ai_gateway import VercelAIGateway

    def model(name="mock/echo", **more):
        return VercelAIGateway(model=name, api_base=BASE, api_key="unused", max_retries=0, **more)

    asked = [ChatMessage(role="system", content="be brief"),
             ChatMessage(role="user", content="hello to all")]
    whole = model().chat(asked)
    assert whole.message.content == "hello to all"
    assert whole.raw.usage.total_tokens > 0
    pieces = list(model().stream_chat(asked))
    assert pieces[-1].message.content == "hello to all"
    assert [each.delta for each in pieces if each.delta] == ["hello", " to", " all"]
    assert str(model().complete("hello to all")) == "hello to all"
    assert "".join(each.delta for each in model().stream_complete("hello to all")) == "hello to all"

    async def later():
        text = ""
        async for piece in await model().astream_chat(asked):
            text += piece.delta or ""
        return text, (await model().achat(asked)).message.content
    assert asyncio.run(later()) == ("hello to all", "hello to all")

    def lookup(word: str) -> str:
        """Looks a word up."""
        return "found " + word

    caller = model(is_function_calling_model=True)
    called = caller.chat_with_tools([FunctionTool.from_defaults(lookup)], user_msg="hello to all",
                                    tool_required=True)
    call = caller.get_tool_calls_from_response(called)[0]
    assert call.tool_name == "lookup" and "word" in call.tool_kwargs
    assert "not configured" in str(raises(Exception, model("nowhere/none").chat, asked))


def langfuse():
    os.environ.update(LANGFUSE_TRACING_ENABLED="False", LANGFUSE_PUBLIC_KEY="none",
                      LANGFUSE_SECRET_KEY="none")
    from langfuse.openai import AsyncOpenAI, OpenAI
    import openai
    client = OpenAI(base_url=BASE, api_key="unused", max_retries=0)

    whole = client.chat.completions.create(name="n", model="mock/echo", messages=MESSAGES,
                                           metadata={"langfuse_tags": "a"})
    assert whole.choices[0].message.content == "hello to all"
    text = "".join(chunk.choices[0].delta.content or "" for chunk in client.chat.completions.create(
        name="n", model="mock/echo", messages=MESSAGES, stream=True) if chunk.choices)
    assert text == "hello to all"
    called = client.chat.completions.create(model="mock/echo", messages=MESSAGES, tools=[LOOKUP],
                                            tool_choice="required")
    json.loads(called.choices[0].message.tool_calls[0].function.arguments)
    vectors = client.embeddings.create(model="mock/echo", input=["a", "b"]).data
    assert len(vectors) == 2 and vectors[0].embedding != vectors[1].embedding
    for order in (["mock-down", "mock"], ["mock", "mock-down"]):
        raw = client.chat.completions.with_raw_response.create(
            model="demo", messages=MESSAGES,
            extra_body={"providerOptions": {"gateway": {"order": order}}})
        assert_order(order, raw.headers["x-proa-trail"])
        assert raw.parse().choices

    async def later():
        async with AsyncOpenAI(base_url=BASE, api_key="unused", max_retries=0) as many:
            return [chunk.choices[0].delta.content async for chunk in
                    await many.chat.completions.create(model="mock/echo", messages=MESSAGES,
                                                       stream=True) if chunk.choices]
    assert "".join(piece or "" for piece in asyncio.run(later())) == "hello to all"
    raises(openai.NotFoundError, client.chat.completions.create, model="nowhere/none",
           messages=MESSAGES)
    raises(openai.InternalServerError, client.chat.completions.create, model="mock-down/echo",
           messages=MESSAGES)


{"litellm": litellm, "langchain": langchain, "llamaindex": llamaindex,
 "langfuse": langfuse}[sys.argv[1]]()
print("all of", sys.argv[1])
