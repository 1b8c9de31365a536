"""One stream of each dialect as its providers send it, event by event, for tests that cut it. Beside
them stand the forms that only providers of OpenAI's kind have and that go on as they are."""
import json

import test_dialect_bedrock as bedrock
import test_dialect_cohere as cohere
import test_dialect_gemini as gemini
import test_responses as responses
from test_surface_anthropic import BEGIN, END, OVERLOADED, event, gpt_calls, streamed
from testenv import upstream as up

def gemini_events(texts):
    said = [gemini.answer(gemini.text(text), None) for text in texts[:-1]]
    said.append(gemini.answer(gemini.text(texts[-1]), "STOP", usageMetadata=gemini.USAGE))
    return [b"data: " + json.dumps(each).encode() + b"\r\n\r\n" for each in said]


def completions_events(texts):
    def part(text, finish=None):
        return up.sse({"id": "cmpl-1", "object": "text_completion", "created": 1, "model": "m",
                       "choices": [{"index": 0, "text": text, "finish_reason": finish}]})
    return [*map(part, texts), part("", "stop"), up.sse("[DONE]")]


PIECES = ['{"at":', '"x"}']  # of a call's arguments


def openai_calls():
    call = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "look", "arguments": ""}}
    pieces = [{"index": 0, "function": {"arguments": piece}} for piece in PIECES]
    chunks = [up.delta(role="assistant"), *(gpt_calls(each) for each in [call, *pieces]),
              up.delta(finish="tool_calls")]
    return [*map(up.sse, chunks), up.sse("[DONE]")]


def anthropic_calls():
    block = {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}}
    return [each.encode() for each in [
        BEGIN, event("content_block_start", index=0, content_block=block),
        *(event("content_block_delta", index=0, delta={"type": "input_json_delta", "partial_json": piece})
          for piece in PIECES), *END]]


def gemini_calls():
    call = gemini.answer([{"functionCall": {"name": "look", "args": {"at": "x"}}}], None)
    return [b"data: " + json.dumps(each).encode() + b"\r\n\r\n" for each in [
        call, gemini.answer([], "STOP", usageMetadata=gemini.USAGE)]]


def responses_calls():
    item = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "look"}
    whole = {**item, "arguments": "".join(PIECES), "status": "completed"}
    later = [("response.output_item.added", {"item": {**item, "arguments": "", "status": "in_progress"}}),
             *(("response.function_call_arguments.delta", {"item_id": "fc_1", "delta": piece})
               for piece in PIECES), ("response.output_item.done", {"item": whole})]
    made = [responses.event(kind, sequence_number=2 + number, output_index=0, **more)
            for number, (kind, more) in enumerate(later)]
    end = responses.event("response.completed", sequence_number=6, response=responses.made(whole))
    return [each.encode() for each in [*responses.BEGIN, *made, end]]


class Stream:
    """events(texts) -> bytes of each; reason: what stands in the event that says why it ended; error:
    the event in which the provider says that it failed; base: of its URL, behind the host; by: whose
    stream it is, where that speaks another dialect, too; calls: a stream that calls a tool, and the
    numbers of its events that name it and that hold the reason."""

    def __init__(self, events, reason, error, base="/v1", head=up.STREAM_HEAD, by=None,
                 calls=None):
        self.events, self.reason, self.error, self.base, self.head = events, reason, error, base, head
        self.by, self.calls = by, calls

    def marks(self, texts):
        """The numbers of events that hold the first text and the reason."""
        events = self.events(texts)
        return tuple(next(number for number, each in enumerate(events) if mark in each)
                     for mark in (texts[0].encode(), self.reason))


OPENAI_ERROR = up.sse({"error": {"message": "Overloaded", "type": "server_error", "code": "overloaded"}})
STREAMS = {
    "openai": Stream(up.stream_events, b'"finish_reason": "stop"', OPENAI_ERROR,
                     calls=(openai_calls(), 1, 4)),
    "completions": Stream(completions_events, b'"finish_reason": "stop"', OPENAI_ERROR, by="openai"),
    "responses": Stream(lambda texts: [each.encode() for each in responses.streamed(*texts)],
                        b"response.completed", responses.event(
                            "error", sequence_number=5, code="server_error", message="Overloaded",
                            param=None).encode(), by="openai", calls=(responses_calls(), 2, 6)),
    "anthropic": Stream(lambda texts: [each.encode() for each in streamed(*texts)],
                        b'"stop_reason": "end_turn"', OVERLOADED.encode(),
                        calls=(anthropic_calls(), 1, 5)),
    "gemini": Stream(gemini_events, b"STOP", b"data: " + json.dumps({"error": {
        "code": 503, "status": "UNAVAILABLE", "message": "Overloaded"}}).encode() + b"\r\n\r\n",
        base="/v1beta", calls=(gemini_calls(), 0, 1)),
    "bedrock": Stream(lambda texts: [bedrock.BEGIN, *(bedrock.delta(0, text=text) for text in texts),
                                     bedrock.stop(0), *bedrock.END],
                      b"end_turn", bedrock.exception("serviceUnavailableException", "Overloaded"),
                      base="", head=bedrock.STREAM_HEAD, calls=([
                          bedrock.BEGIN, bedrock.start(0, "tooluse_1", "look"),
                          *(bedrock.delta(0, toolUse={"input": piece}) for piece in PIECES),
                          bedrock.stop(0), *bedrock.END], 1, 5)),
    "cohere": Stream(lambda texts: cohere.events(cohere.said(*texts)), b"COMPLETE",
                     cohere.event("message-end", delta={"finish_reason": "ERROR", "error": "Overloaded"}),
                     base="", calls=(cohere.events(cohere.called(0, "look", *PIECES),
                                                   reason="TOOL_CALL"), 1, 5)),
}


def sends(stream, pieces, then="keep", rest=b""):
    """The pieces, one chunk each, and `rest` behind them; then: as up.raw(), where "keep" ends the
    stream as a whole one and "open" does not end it."""
    chunks = [up.chunk(piece) for piece in pieces if piece]
    if then == "keep":
        rest += b"0\r\n\r\n"
    return up.raw(stream.head + b"".join(chunks) + rest, then=then)
