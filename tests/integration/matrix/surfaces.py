"""The surfaces as their clients know them: how each is asked for what all of them can, and what of an
answer is understood, with all that its protocol promises of one checked on the way.

A conversation is a list of turns: {"user": text, "png": base64}, {"said": Answer} and
{"results": [(call, text)], "user": text}. What else can be asked for: `system`, `tools` (name,
description, schema), `schema`, `effort`, `limit` of tokens, `stream`.
"""
import json


class Call:
    def __init__(self, ident, name, text):
        self.id, self.name, self.text = ident, name, text

    @property
    def arguments(self):
        return json.loads(self.text or "{}")


class Answer:
    """finish: "stop", "length", "tools" or None. end: "whole" by the protocol's own end; "told", when an
    error stands where the end would and the protocol's rule for it is kept; or "cut". own: what stands
    for this answer in the surface's next request. ids: of the answers that it is made of."""

    def __init__(self):
        self.text, self.thought, self.calls, self.ids, self.finish = "", "", [], set(), None
        self.input = self.output = self.cached = self.own = self.error = None
        self.end = "whole"

    def counted(self, plain, output, cached=0):
        self.input, self.output, self.cached = plain, output, cached or 0


def frames(body):
    """(name, data) of each event of a stream, which is made of whole ones."""
    text = body.decode()
    assert text == "" or text.endswith("\n\n"), "a truncated event: %r" % text[-200:]
    found = []
    for block in text.split("\n\n")[:-1]:
        lines = [line for line in block.split("\n") if line and not line.startswith(":")]
        if lines:
            assert lines[-1].startswith("data: ") and len(lines) <= 2, block
            name = lines[0][len("event: "):] if len(lines) == 2 else None
            found.append((name, lines[-1][len("data: "):]))
    return found


class Surface:
    """name; path; speaks: the dialect that is passed on as it is; own: the form of its own in which that
    is streamed; resumes: a broken stream can be gone
    on with elsewhere; closes: an error in a stream ends the answer by its framing too."""
    resumes = True
    closes = False
    speaks = None
    own = None
    can = ("chat", "stream", "length", "tools", "parallel", "schema", "reasoning", "image", "usage",
           "cached")
    headers = {}

    def request(self, model, turns, stream=False, **more):
        """-> path, body, headers."""
        return self.path, {"model": model, "stream": stream, **self.body(turns, stream, **more)}, \
            self.headers

    def read(self, response, stream):
        assert response.status == 200, response
        answer = Answer()
        if not stream:
            assert response.header("content-type").startswith("application/json") and response.complete
            self.read_whole(answer, response.json)
            return answer
        assert response.header("content-type").startswith("text/event-stream")
        assert "no-cache" in response.header("cache-control")
        self.read_stream(answer, frames(response.body))
        if answer.end == "told":
            assert response.complete == self.closes, response
        elif not response.complete:
            answer.end = "cut"
        return answer

    def error(self, response):
        """The error object of a failure; its envelope is whole."""
        assert response.header("content-type") == "application/json" and response.complete
        error = response.json["error"]
        assert isinstance(error["message"], str) and error["message"], response
        assert isinstance(error["type"], str) and error["type"], response
        return error

    def check_error(self, error, status):
        """That an error which the gateway has worded is one that the surface's clients know."""
        assert self.types.get(status, error["type"]) == error["type"], error


# ---- OpenAI -------------------------------------------------------------------------------------

class Chat(Surface):
    name, path, speaks = "openai", "/v1/chat/completions", "openai"
    finishes = {"stop": "stop", "length": "length", "tool_calls": "tools"}
    types = {404: "model_not_found"}  # its SDKs go by the status

    def body(self, turns, stream, system=None, tools=(), schema=None, effort=None, limit=None):
        messages = [{"role": "system", "content": system}] if system else []
        for turn in turns:
            if "said" in turn:
                messages.append(turn["said"].own)
            elif "results" in turn:
                messages += [{"role": "tool", "tool_call_id": call.id, "content": text}
                             for call, text in turn["results"]]
            if "png" in turn:
                messages.append({"role": "user", "content": [
                    {"type": "text", "text": turn["user"]}, {"type": "image_url", "image_url": {
                        "url": "data:image/png;base64," + turn["png"]}}]})
            elif "user" in turn:
                messages.append({"role": "user", "content": turn["user"]})
        body = {"messages": messages}
        if tools:
            body["tools"] = [{"type": "function", "function": {
                "name": name, "description": description, "parameters": parameters}}
                for name, description, parameters in tools]
        if schema:
            body["response_format"] = {"type": "json_schema", "json_schema": {
                "name": "place", "strict": True, "schema": schema}}
        if stream:
            body["stream_options"] = {"include_usage": True}
        body.update({key: value for key, value in (("reasoning_effort", effort),
                                                   ("max_tokens", limit)) if value})
        return body

    def count(self, answer, usage):
        if usage:
            assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
            answer.counted(usage["prompt_tokens"], usage["completion_tokens"],
                           (usage.get("prompt_tokens_details") or {}).get("cached_tokens"))

    def read_whole(self, answer, body):
        assert body["object"] == "chat.completion" and body["id"] and body["created"] and body["model"]
        [choice] = body["choices"]
        answer.own = message = choice["message"]
        assert message["role"] == "assistant" and choice["index"] == 0
        answer.text = message["content"] or ""
        answer.thought = message.get("reasoning_content") or message.get("reasoning") or ""
        answer.calls = [Call(call["id"], call["function"]["name"], call["function"]["arguments"])
                        for call in message.get("tool_calls") or []]
        answer.finish = self.finishes[choice["finish_reason"]]
        self.count(answer, body["usage"])

    def read_stream(self, answer, events):
        events = self.read_end(answer, events)
        for chunk in events:
            self.count(answer, chunk.get("usage"))
            for choice in chunk["choices"]:
                assert answer.finish is None and choice["index"] == 0
                delta = choice.get("delta") or {}
                answer.text += delta.get("content") or ""
                answer.thought += delta.get("reasoning_content") or delta.get("reasoning") or ""
                for part in delta.get("tool_calls") or []:
                    if part.get("id"):
                        assert part["index"] == len(answer.calls) and part["type"] == "function"
                        answer.calls.append(Call(part["id"], part["function"]["name"], ""))
                    answer.calls[part["index"]].text += part["function"]["arguments"]
                if choice.get("finish_reason"):
                    answer.finish = self.finishes[choice["finish_reason"]]
        answer.own = {"role": "assistant", "content": answer.text or None}
        if answer.calls:
            answer.own["tool_calls"] = [{"id": call.id, "type": "function", "function": {
                "name": call.name, "arguments": call.text}} for call in answer.calls]

    @staticmethod
    def read_end(answer, events):
        """Takes the end mark off, or the error that stands in its place."""
        assert all(name is None for name, _ in events), events
        data = [text for _, text in events]
        if data and data[-1] == "[DONE]":
            data.pop()
        else:
            answer.end = "cut"
        assert "[DONE]" not in data
        chunks = [json.loads(text) for text in data]
        if chunks and answer.end == "cut" and "error" in chunks[-1]:
            answer.end, answer.error = "told", chunks.pop()["error"]
        assert not any("error" in chunk for chunk in chunks), chunks
        answer.ids = {chunk["id"] for chunk in chunks}
        return chunks


class Completions(Chat):
    """The form before chat: texts alone, and no provider but OpenAI's kind has it."""
    name, path, own = "completions", "/v1/completions", "completions"
    can = ("chat", "stream")

    def body(self, turns, stream):
        return {"prompt": turns[-1]["user"]}

    def read_stream(self, answer, events):
        for chunk in self.read_end(answer, events):
            self.count(answer, chunk.get("usage"))
            for choice in chunk["choices"]:
                answer.text += choice["text"]
                answer.finish = self.finishes.get(choice.get("finish_reason"))


class Responses(Chat):
    """OpenAI's newer form: items instead of messages, and events with names and numbers."""
    name, path, own = "responses", "/v1/responses", "responses"
    resumes, closes = False, True

    def body(self, turns, stream, system=None, tools=(), schema=None, effort=None, limit=None):
        told = []
        for turn in turns:
            told += turn["said"].own if "said" in turn else []
            told += [{"type": "function_call_output", "call_id": call.id, "output": text}
                     for call, text in turn.get("results", [])]
            content = [{"type": "input_text", "text": turn["user"]}] if "user" in turn else []
            if "png" in turn:
                content.append({"type": "input_image",
                                "image_url": "data:image/png;base64," + turn["png"]})
            told += [{"role": "user", "content": content}] if content else []
        body = {"input": told}
        if tools:
            body["tools"] = [{"type": "function", "name": name, "description": description,
                              "parameters": parameters} for name, description, parameters in tools]
        if schema:
            body["text"] = {"format": {"type": "json_schema", "name": "place", "strict": True,
                                       "schema": schema}}
        if effort:
            body["reasoning"] = {"effort": effort, "summary": "auto"}
            body["include"] = ["reasoning.encrypted_content"]
        body.update({key: value for key, value in (("instructions", system),
                                                   ("max_output_tokens", limit)) if value})
        return body

    def read_item(self, answer, item):
        if item["type"] == "function_call":
            answer.calls.append(Call(item["call_id"], item["name"], item["arguments"]))
        elif item["type"] == "message":
            assert item["role"] == "assistant"
            answer.text += "".join(part["text"] for part in item["content"])
        else:
            assert item["type"] == "reasoning", item
            answer.thought += "".join(part["text"] for part in item["summary"])

    def read_whole(self, answer, body):
        assert body["object"] == "response" and body["id"] and body["model"] and body["error"] is None
        answer.own = body["output"]
        for item in body["output"]:
            self.read_item(answer, item)
        details = body["incomplete_details"] or {}
        assert body["status"] == ("incomplete" if details else "completed")
        answer.finish = "length" if details.get("reason") == "max_output_tokens" else \
            "tools" if answer.calls else "stop"
        usage = body["usage"]
        if usage:
            assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]
            answer.counted(usage["input_tokens"], usage["output_tokens"],
                           usage["input_tokens_details"]["cached_tokens"])

    def read_stream(self, answer, events):
        """The last event holds all of it, and says what the others have said; an error is told by two, for
        those that look for the one or the other."""
        said, answer.end = {}, "cut"
        for number, (name, data) in enumerate(events):
            event = json.loads(data)
            kind = event["type"]
            assert name == kind and event["sequence_number"] == number, event
            assert answer.end == "cut" or (answer.end, kind, number) == (
                "told", "response.failed", len(events) - 1), "%s behind the end" % event
            assert number > 1 or kind == ("response.created", "response.in_progress")[number], event
            if kind == "response.output_item.added":
                assert event["output_index"] == len(said)
                said[len(said)] = ""
            elif kind.endswith((".delta", ".added", ".done", ".created", ".in_progress")):
                if kind.endswith(".delta"):
                    said[event["output_index"]] += event["delta"]
            elif kind == "error":
                answer.end, answer.error = "told", event
            elif kind == "response.failed":
                assert answer.end == "told" and event["response"]["error"]["message"], event
                assert event["response"]["status"] == "failed"
                break  # its id is the gateway's: whose bytes go on is not asked for theirs
            else:
                assert kind in ("response.completed", "response.incomplete"), event
                answer.end = "whole"
                self.read_whole(answer, event["response"])
            answer.ids |= {event["response"]["id"]} if "response" in event else set()
        if answer.end != "whole":
            answer.text = "".join(said.values())
            return
        for at, item in enumerate(answer.own):
            alone = Answer()
            self.read_item(alone, item)
            assert said[at] == alone.text + alone.thought + "".join(call.text for call in alone.calls), item


# ---- Anthropic ----------------------------------------------------------------------------------

CACHED = {"type": "ephemeral"}


class Messages(Surface):
    name, path, speaks = "anthropic", "/v1/messages", "anthropic"
    finishes = {"end_turn": "stop", "max_tokens": "length", "tool_use": "tools"}
    types = {400: "invalid_request_error", 401: "authentication_error", 403: "permission_error",
             404: "not_found_error", 429: "rate_limit_error", 500: "api_error", 502: "api_error",
             503: "overloaded_error", 529: "overloaded_error"}
    pieces = {"text_delta": "text", "thinking_delta": "thinking", "signature_delta": "signature"}

    def body(self, turns, stream, system=None, tools=(), schema=None, effort=None, limit=4000):
        messages = []
        for turn in turns:
            role, content = "user", [{"type": "tool_result", "tool_use_id": call.id, "content": [
                {"type": "text", "text": text}]} for call, text in turn.get("results", [])]
            if "said" in turn:
                role, content = "assistant", turn["said"].own
            elif "user" in turn:
                content.append({"type": "text", "text": turn["user"], "cache_control": CACHED})
            if "png" in turn:
                content.append({"type": "image", "source": {
                    "type": "base64", "media_type": "image/png", "data": turn["png"]}})
            messages.append({"role": role, "content": content})
        body = {"messages": messages, "max_tokens": limit}
        if system:
            body["system"] = [{"type": "text", "text": system}]
        if tools:
            body["tools"] = [{"name": name, "description": description, "input_schema": parameters,
                              "cache_control": CACHED} for name, description, parameters in tools]
            body["tool_choice"] = {"type": "auto"}
        config = {"effort": effort} if effort else {}
        if effort:
            body["thinking"] = {"type": "adaptive"}
        if schema:
            config["format"] = {"type": "json_schema", "schema": schema}
        if config:
            body["output_config"] = config
        return body

    def read_whole(self, answer, body):
        assert body["type"] == "message" and body["role"] == "assistant" and body["id"] and body["model"]
        assert body["stop_sequence"] is None
        answer.own = body["content"]
        for block in body["content"]:
            if block["type"] == "tool_use":
                answer.calls.append(Call(block["id"], block["name"], json.dumps(block["input"])))
            answer.text += block.get("text", "")
            answer.thought += block.get("thinking", "")
        answer.finish = self.finishes[body["stop_reason"]]
        usage = body["usage"]
        cached = usage.get("cache_read_input_tokens") or 0
        answer.counted(usage.get("input_tokens", 0) + cached +
                       (usage.get("cache_creation_input_tokens") or 0), usage.get("output_tokens"), cached)

    def read_stream(self, answer, events):
        """Puts the message together that the events tell, in the order they must have."""
        made, inputs, is_open, answer.end = {}, {}, None, "cut"
        for name, data in events:
            event = json.loads(data)
            kind, at = event["type"], event.get("index")
            assert name == kind and answer.end == "cut", "%s behind the end" % event
            assert (kind == "message_start") == (not made) or kind == "ping", event
            if kind == "message_start":
                made = dict(event["message"], content=[])
                assert event["message"]["content"] == []
            elif kind == "content_block_start":
                assert is_open is None and at == len(made["content"])
                is_open = at
                made["content"].append(dict(event["content_block"]))
                inputs[at] = ""
            elif kind == "content_block_delta":
                delta = event["delta"]
                assert at == is_open
                if delta["type"] == "input_json_delta":
                    inputs[at] += delta["partial_json"]
                else:
                    piece, block = self.pieces[delta["type"]], made["content"][at]
                    block[piece] = block.get(piece, "") + delta[piece]
            elif kind == "content_block_stop":
                assert at == is_open
                is_open = None
                if made["content"][at]["type"] == "tool_use":
                    made["content"][at]["input"] = json.loads(inputs[at] or "{}")
            elif kind == "message_delta":
                made.update(event["delta"])
                made["usage"] = {**made.get("usage", {}), **event.get("usage", {})}
            elif kind == "message_stop":
                assert is_open is None
                answer.end = "whole"
            elif kind == "error":
                answer.end, answer.error = "told", event["error"]
            else:
                assert kind == "ping", event
        if answer.end == "whole":
            self.read_whole(answer, made)
        else:
            answer.text = "".join(block.get("text", "") for block in made.get("content", []))

    def error(self, response):
        assert response.json["type"] == "error" and response.header("request-id")
        return super().error(response)


# ---- the AI SDK ---------------------------------------------------------------------------------

class AiSdk(Surface):
    path = "/v1/ai/language-model"
    closes = True
    finishes = {"stop": "stop", "length": "length", "tool-calls": "tools", "error": None}
    parts = {"stream-start", "response-metadata", "finish", "error", *(
        kind + what for kind in ("text-", "reasoning-", "tool-input-")
        for what in ("start", "delta", "end")), "tool-call"}

    def check_error(self, error, status):
        """Its clients go by the type; a provider's failure keeps its status beside it."""
        if status == 404:
            assert error["type"] == "model_not_found" and error["param"]["modelId"], error
        elif status == 429:
            assert error["type"] == "rate_limit_exceeded"
        elif error["source"] == "provider":
            assert error["type"] == "AI_APICallError" and error["param"]["statusCode"] == status, error
            assert error["param"]["isRetryable"] == (status >= 500)

    def __init__(self, version):
        self.name, self.version = "ai-sdk-%d" % version, version

    def request(self, model, turns, stream=False, **more):
        headers = {"ai-language-model-id": model, "ai-language-model-specification-version":
                   str(self.version), "ai-language-model-streaming": "true" if stream else "false"}
        return self.path, self.body(turns, **more), headers

    def body(self, turns, system=None, tools=(), schema=None, effort=None, limit=None):
        prompt = [{"role": "system", "content": system}] if system else []
        for turn in turns:
            content = [{"type": "text", "text": turn["user"]}] if "user" in turn else []
            if "said" in turn:
                prompt.append({"role": "assistant", "content": turn["said"].own})
            if "results" in turn:
                prompt.append({"role": "tool", "content": [{
                    "type": "tool-result", "toolCallId": call.id, "toolName": call.name,
                    "output": {"type": "text", "value": text}} for call, text in turn["results"]]})
            if "png" in turn:
                data = turn["png"] if self.version < 4 else {"type": "data", "data": turn["png"]}
                content.append({"type": "file", "mediaType": "image/png", "data": data})
            if content:
                prompt.append({"role": "user", "content": content})
        body = {"prompt": prompt}
        if tools:
            body["tools"] = [{"type": "function", "name": name, "description": description,
                              "inputSchema": parameters} for name, description, parameters in tools]
            body["toolChoice"] = {"type": "auto"}
        if schema:
            body["responseFormat"] = {"type": "json", "schema": schema}
        if effort and self.version < 4:
            body["providerOptions"] = {"openai": {"reasoningEffort": effort}}
        elif effort:
            body["reasoning"] = effort
        if limit:
            body["maxOutputTokens"] = limit
        return body

    def read_finish(self, answer, told):
        """Of `finish`, or of a whole answer."""
        finish, usage = told["finishReason"], told["usage"]
        if self.version == 2:
            answer.finish = self.finishes[finish]
            answer.counted(usage.get("inputTokens"), usage.get("outputTokens"),
                           usage.get("cachedInputTokens"))
            return
        answer.finish = self.finishes[finish["unified"]]
        answer.counted(usage["inputTokens"].get("total"), usage["outputTokens"].get("total"),
                       usage["inputTokens"].get("cacheRead"))

    def read_whole(self, answer, body):
        assert isinstance(body["warnings"], list)
        assert body["providerMetadata"]["gateway"]["generationId"].startswith("gen_")
        self.read_parts(answer, body["content"])
        self.read_finish(answer, body)

    @staticmethod
    def read_parts(answer, parts):
        answer.own = []
        for part in parts:
            if part["type"] == "tool-call":
                call = Call(part["toolCallId"], part["toolName"], part["input"])
                answer.calls.append(call)
                part = {**part, "input": call.arguments}
            elif part["type"] == "text":
                answer.text += part["text"]
            else:
                assert part["type"] == "reasoning", part
                answer.thought += part["text"]
            options = part.pop("providerMetadata", None)
            answer.own.append({**part, **({"providerOptions": options} if options else {})})

    def read_stream(self, answer, events):
        """Puts the parts together that the events tell; a client breaks off at any that it does not
        know."""
        data = [text for name, text in events]
        assert all(name is None for name, _ in events) and "[DONE]" not in data[:-1]
        told = [json.loads(text) for text in data if text != "[DONE]"]
        made, is_open, errors = [], {}, []
        for number, part in enumerate(told):
            kind = part["type"]
            assert kind in self.parts, part
            assert (kind == "stream-start") == (number == 0), part
            assert kind != "finish" or number == len(told) - 1, part
            what, _, phase = kind.rpartition("-")
            if what in ("text", "reasoning") and phase == "start":
                assert part["id"] not in is_open
                is_open[part["id"]] = {"type": what, "text": ""}
                made.append(is_open[part["id"]])
            elif what in ("text", "reasoning") and phase == "delta":
                is_open[part["id"]]["text"] += part["delta"]
            elif what in ("text", "reasoning"):
                is_open.pop(part["id"]).update(
                    {key: part[key] for key in ("providerMetadata",) if key in part})
            elif kind == "tool-input-start":
                is_open[part["id"]] = {"name": part["toolName"], "text": ""}
            elif kind == "tool-input-delta":
                is_open[part["id"]]["text"] += part["delta"]
            elif kind == "tool-call":
                begun = is_open.pop(part["toolCallId"])
                assert begun["name"] == part["toolName"] and (begun["text"] or "{}") == part["input"]
                made.append(part)
            elif kind == "error":
                errors.append(part["error"])
        self.read_parts(answer, made)
        answer.end = "cut"
        if told and told[-1]["type"] == "finish":
            assert told[-1]["providerMetadata"]["gateway"]["generationId"].startswith("gen_")
            self.read_finish(answer, told[-1])
            if errors:
                [answer.error] = errors
                assert told[-2]["type"] == "error" and answer.finish is None, told[-2:]
                answer.end = "told"
            else:
                assert not is_open
                answer.end = "whole"


SURFACES = [Chat(), Responses(), Messages(), AiSdk(2), AiSdk(3), AiSdk(4)]
STREAMING = [*SURFACES, Completions()]
