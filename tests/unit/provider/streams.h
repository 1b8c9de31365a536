/*
 * Streams in the manner of the providers that speak the openai dialect, with what is to be read out
 * of them. Used by every test that cuts, splits or times a stream.
 */
#ifndef PROA_TEST_PROVIDER_STREAMS_H
#define PROA_TEST_PROVIDER_STREAMS_H

#include "proa/provider/dialect.h"

#define NONE UINT64_MAX

struct stream_case {
    const char *name;
    const char *text;
    enum proa_answer_state state; /* after all of it */
    uint32_t content_events;
    uint32_t events;
    bool malformed;
    const char *complete_at; /* the event from whose end on the answer is complete; NULL = never */
    const char *ready_from;  /* the first event that is; NULL = the first of all */
    const char *ready_until; /* the first event that is not ready; NULL = everything is */
    const char *finish_reason;
    const char *model;
    uint64_t usage[PROA_USAGE_FIELDS]; /* NONE = not told */
    enum proa_class class;             /* state ERROR */
    const char *message;
};

#define CHUNK                                                                                      \
    "data: {\"id\":\"chatcmpl-9\",\"object\":\"chat.completion.chunk\",\"created\":1764000000,"    \
    "\"model\":\"gpt-5.5\",\"choices\":[{\"index\":0,\"delta\":{"
#define CHUNK_END "},\"logprobs\":null,\"finish_reason\":null}],\"usage\":null}\n\n"

static const struct stream_case streams[] = {
    {
        .name = "OpenAI with include_usage: usage null in each chunk, obfuscation",
        .text = CHUNK
        "\"role\":\"assistant\",\"content\":\"\",\"refusal\":null" CHUNK_END CHUNK
        "\"content\":\"Hello\"},\"finish_reason\":null}],\"usage\":null,"
        "\"obfuscation\":\"xAf3\"}\n\n" CHUNK
        "\"content\":\" \\\"usage\\\":{ \\\"error\\\" \"},\"finish_reason\":null}],"
        "\"usage\":null,\"obfuscation\":\"Q\"}\n\n" CHUNK
        "\"content\":\" w\xc3\xb6rld\"},\"finish_reason\":null}],\"usage\":null}\n\n" CHUNK
        "},\"logprobs\":null,\"finish_reason\":\"stop\"}],\"usage\":null}\n\n"
        "data: {\"id\":\"chatcmpl-9\",\"model\":\"gpt-5.5\",\"choices\":[],\"usage\":{"
        "\"prompt_tokens\":19,\"completion_tokens\":10,\"total_tokens\":29,"
        "\"prompt_tokens_details\":{\"cached_tokens\":4,\"audio_tokens\":0},"
        "\"completion_tokens_details\":{\"reasoning_tokens\":3,\"audio_tokens\":0}}}\n\n"
        "data: [DONE]\n\n",
        .state = PROA_ANSWER_DONE,
        .content_events = 4,
        .events = 7,
        .complete_at = "\"stop\"",
        .finish_reason = "stop",
        .model = "gpt-5.5",
        .usage = {19, 10, 4, NONE, 3},
    },
    {
        .name = "Azure: prompt filter results first, index and finish_reason behind the delta",
        .text =
            "data: {\"choices\":[],\"created\":0,\"id\":\"\",\"model\":\"\",\"object\":\"\","
            "\"prompt_filter_results\":[{\"prompt_index\":0,\"content_filter_results\":{"
            "\"hate\":{\"filtered\":false,\"severity\":\"safe\"}}}]}\n\n"
            "data: {\"choices\":[{\"content_filter_results\":{},\"delta\":{\"content\":\"\","
            "\"role\":\"assistant\"},\"finish_reason\":null,\"index\":0,\"logprobs\":null}],"
            "\"model\":\"gpt-4o-2024\",\"usage\":null}\n\n"
            "data: {\"choices\":[{\"content_filter_results\":{\"hate\":{\"filtered\":false}},"
            "\"delta\":{\"content\":\"A\"},\"finish_reason\":null,\"index\":0}],"
            "\"model\":\"gpt-4o-2024\",\"usage\":null}\n\n"
            "data: {\"choices\":[{\"content_filter_results\":{\"hate\":{\"filtered\":false}},"
            "\"delta\":{\"content\":\"B\"},\"finish_reason\":null,\"index\":0}],"
            "\"model\":\"gpt-4o-2024\",\"usage\":null}\n\n"
            "data: {\"choices\":[{\"delta\":{},\"content_filter_offsets\":{\"check_offset\":44},"
            "\"finish_reason\":null,\"index\":0}],\"model\":\"\"}\n\n"
            "data: {\"choices\":[{\"content_filter_results\":{},\"delta\":{},"
            "\"finish_reason\":\"length\",\"index\":0}],\"model\":\"gpt-4o-2024\"}\n\n"
            "data: [DONE]\n\n",
        .state = PROA_ANSWER_DONE,
        .content_events = 3,
        .events = 7,
        .complete_at = "\"length\"",
        .ready_from =
            "data: {\"choices\":[{\"content_filter_results\":{},\"delta\":{\"content\":\"\"",
        .finish_reason = "length",
        .model = "gpt-4o-2024",
        .usage = {NONE, NONE, NONE, NONE, NONE},
    },
    {
        .name = "Groq: reasoning, usage in x_groq",
        .text = "data: {\"id\":\"c\",\"model\":\"llama-4\",\"choices\":[{\"index\":0,\"delta\":{"
                "\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null}],"
                "\"x_groq\":{\"id\":\"req_01\"}}\n\n"
                "data: {\"id\":\"c\",\"model\":\"llama-4\",\"choices\":[{\"index\":0,\"delta\":{"
                "\"reasoning\":\"hm\"},\"finish_reason\":null}]}\n\n"
                "data: {\"id\":\"c\",\"model\":\"llama-4\",\"choices\":[{\"index\":0,\"delta\":{"
                "\"content\":\"ok\"},\"finish_reason\":null}]}\n\n"
                "data: {\"id\":\"c\",\"model\":\"llama-4\",\"choices\":[{\"index\":0,\"delta\":{},"
                "\"finish_reason\":\"stop\"}],\"x_groq\":{\"id\":\"req_01\",\"usage\":{"
                "\"queue_time\":0.061,\"prompt_tokens\":7,\"prompt_time\":0.0001,"
                "\"completion_tokens\":2,\"total_tokens\":9,\"total_time\":0.01}}}\n\n"
                "data: [DONE]\n\n",
        .state = PROA_ANSWER_DONE,
        .content_events = 3,
        .events = 5,
        .complete_at = "\"stop\"",
        .finish_reason = "stop",
        .model = "llama-4",
        .usage = {7, 2, NONE, NONE, NONE},
    },
    {
        .name = "Ollama: a role on every delta, finish_reason and text together",
        .text = "data: {\"id\":\"chatcmpl-1\",\"created\":1,\"model\":\"q\",\"system_fingerprint\":"
                "\"fp_ollama\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\","
                "\"content\":\"a\"},\"finish_reason\":null}]}\n\n"
                "data: {\"id\":\"chatcmpl-1\",\"created\":1,\"model\":\"q\",\"system_fingerprint\":"
                "\"fp_ollama\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\","
                "\"content\":\"b\"},\"finish_reason\":null}]}\n\n"
                "data: {\"id\":\"chatcmpl-1\",\"created\":2,\"model\":\"q\",\"system_fingerprint\":"
                "\"fp_ollama\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\","
                "\"content\":\"c\"},\"finish_reason\":\"stop\"}]}\n\n"
                "data: [DONE]\n\n",
        .state = PROA_ANSWER_DONE,
        .content_events = 3,
        .events = 4,
        .complete_at = "\"stop\"",
        .finish_reason = "stop",
        .model = "q",
        .usage = {NONE, NONE, NONE, NONE, NONE},
    },
    {
        .name = "vLLM: usage in every chunk, reasoning_content, spaces in the JSON, CR LF",
        .text = "data: {\"id\": \"c\", \"model\": \"m/x\", \"choices\": [{\"index\": 0, \"delta\": "
                "{\"role\": \"assistant\"}}], \"usage\": {\"prompt_tokens\": 5, "
                "\"completion_tokens\": 0, \"total_tokens\": 5}}\r\n\r\n"
                "data: {\"id\": \"c\", \"model\": \"m/x\", \"choices\": [{\"index\": 0, \"delta\": "
                "{\"reasoning_content\": \"t\"}}], \"usage\": {\"prompt_tokens\": 5, "
                "\"completion_tokens\": 1, \"total_tokens\": 6}}\r\n\r\n"
                "data: {\"id\": \"c\", \"model\": \"m/x\", \"choices\": [{\"index\": 0, \"delta\": "
                "{\"content\": \"u\"}, \"finish_reason\" : \"stop\" }], \"usage\": {"
                "\"prompt_tokens\": 5, \"completion_tokens\": 2, \"total_tokens\": 7}}\r\n\r\n"
                "data: [DONE]\r\n\r\n",
        .state = PROA_ANSWER_DONE,
        .content_events = 2,
        .events = 4,
        .complete_at = "\"stop\"",
        .finish_reason = "stop",
        .model = "m/x",
        .usage = {5, 2, NONE, NONE, NONE},
    },
    {
        .name = "llama.cpp: an error line in the middle",
        .text = "data: {\"model\":\"g\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"},"
                "\"finish_reason\":null}]}\n\n"
                "error: {\"code\":500,\"message\":\"slot \\\"3\\\" is gone\","
                "\"type\":\"server_error\"}\n\n"
                "data: [DONE]\n\n",
        .state = PROA_ANSWER_ERROR,
        .content_events = 1,
        .events = 2,
        .ready_until = "error: ",
        .finish_reason = "",
        .model = "g",
        .usage = {NONE, NONE, NONE, NONE, NONE},
        .class = PROA_CLASS_SERVER,
        .message = "slot \"3\" is gone",
    },
    {
        .name = "OpenRouter: comments first, an error in-band with finish_reason error",
        .text = ": OPENROUTER PROCESSING\n\n: OPENROUTER PROCESSING\n\n"
                "data: {\"id\":\"gen-1\",\"model\":\"a/b\",\"choices\":[{\"index\":0,\"delta\":{"
                "\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null}]}\n\n"
                ": OPENROUTER PROCESSING\n\n"
                "data: {\"id\":\"gen-1\",\"model\":\"a/b\",\"choices\":[{\"index\":0,\"delta\":{"
                "\"role\":\"assistant\",\"content\":\"part\"},\"finish_reason\":null}]}\n\n"
                "data: {\"id\":\"gen-1\",\"model\":\"a/b\",\"error\":{\"code\":429,"
                "\"message\":\"Slow. Try again in 5.5s.\",\"metadata\":{\"provider_name\":\"Z\"}},"
                "\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\"},"
                "\"finish_reason\":\"error\"}]}\n\n",
        .state = PROA_ANSWER_ERROR,
        .content_events = 1,
        .events = 3,
        .ready_until = "data: {\"id\":\"gen-1\",\"model\":\"a/b\",\"error\"",
        .finish_reason = "",
        .model = "a/b",
        .usage = {NONE, NONE, NONE, NONE, NONE},
        .class = PROA_CLASS_RATE,
        .message = "Slow. Try again in 5.5s.",
    },
    {
        .name = "an error as the first event, with its own event type",
        .text = "event: error\ndata: {\"error\":{\"message\":\"Overloaded\",\"type\":"
                "\"overloaded_error\",\"param\":null,\"code\":null}}\n\n",
        .state = PROA_ANSWER_ERROR,
        .events = 1,
        .ready_until = "event: error",
        .finish_reason = "",
        .model = "",
        .usage = {NONE, NONE, NONE, NONE, NONE},
        .class = PROA_CLASS_OVERLOADED,
        .message = "Overloaded",
    },
    {
        .name = "no end mark, usage with the finish reason (DeepSeek)",
        .text =
            ": keep-alive\n\n"
            "data: {\"model\":\"deepseek\",\"choices\":[{\"index\":0,\"delta\":{\"content\":null,"
            "\"reasoning_content\":\"r\"},\"finish_reason\":null}]}\n\n"
            "data: {\"model\":\"deepseek\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\","
            "\"reasoning_content\":null},\"finish_reason\":\"stop\"}],\"usage\":{"
            "\"prompt_tokens\":30,\"completion_tokens\":8,\"total_tokens\":38,"
            "\"prompt_cache_hit_tokens\":10,\"prompt_cache_miss_tokens\":20}}\n\n",
        .state = PROA_ANSWER_FINISHED,
        .content_events = 2,
        .events = 2,
        .complete_at = "\"stop\"",
        .finish_reason = "stop",
        .model = "deepseek",
        .usage = {30, 8, 10, NONE, NONE},
    },
    {
        .name = "tool calls: role and call first, arguments in pieces",
        .text = CHUNK
        "\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"index\":0,"
        "\"id\":\"call_1\",\"type\":\"function\",\"function\":{\"name\":\"f\","
        "\"arguments\":\"\"}}]" CHUNK_END CHUNK
        "\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{\\\"a\"}}]" CHUNK_END CHUNK
        "\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"\\\":1}\"}}]" CHUNK_END CHUNK
        "},\"finish_reason\":\"tool_calls\"}]}\n\n"
        "data: [DONE]\n\n",
        .state = PROA_ANSWER_DONE,
        .content_events = 4,
        .events = 5,
        .complete_at = "\"finish_reason\":\"tool_calls\"",
        .finish_reason = "tool_calls",
        .model = "gpt-5.5",
        .usage = {NONE, NONE, NONE, NONE, NONE},
    },
    {
        .name = "n=2, one choice after the other",
        .text =
            CHUNK "\"role\":\"assistant\"" CHUNK_END
                  "data: {\"model\":\"gpt-5.5\",\"choices\":[{\"index\":1,\"delta\":{\"role\":"
                  "\"assistant\"},\"finish_reason\":null}]}\n\n" CHUNK
                  "\"content\":\"a\"" CHUNK_END CHUNK "},\"finish_reason\":\"stop\"}]}\n\n"
                  "data: {\"model\":\"gpt-5.5\",\"choices\":[{\"index\":1,\"delta\":{\"content\":"
                  "\"b\"},\"finish_reason\":null}]}\n\n"
                  "data: {\"model\":\"gpt-5.5\",\"choices\":[{\"index\":1,\"delta\":{\"content\":"
                  "\"c\"},\"finish_reason\":null}]}\n\n"
                  "data: {\"model\":\"gpt-5.5\",\"choices\":[{\"index\":1,\"delta\":{},"
                  "\"finish_reason\":\"length\"}]}\n\n"
                  "data: [DONE]\n\n",
        .state = PROA_ANSWER_DONE,
        .content_events = 5,
        .events = 8,
        .complete_at = "\"length\"",
        .finish_reason = "length",
        .model = "gpt-5.5",
        .usage = {NONE, NONE, NONE, NONE, NONE},
    },
    {
        .name = "completions: text, and an answer that is empty on purpose",
        .text = "data: {\"object\":\"text_completion\",\"model\":\"i\",\"choices\":[{\"text\":"
                "\"\",\"index\":0,\"logprobs\":null,\"finish_reason\":null}]}\n\n"
                "data: {\"object\":\"text_completion\",\"model\":\"i\",\"choices\":[{\"text\":"
                "\"\",\"index\":0,\"logprobs\":null,\"finish_reason\":\"stop\"}]}\n\n"
                "data: [DONE]\n\n",
        .state = PROA_ANSWER_DONE,
        .content_events = 1,
        .events = 3,
        .complete_at = "\"stop\"",
        .finish_reason = "stop",
        .model = "i",
        .usage = {NONE, NONE, NONE, NONE, NONE},
    },
    {
        .name = "completions: text in pieces",
        .text = "data: {\"model\":\"i\",\"choices\":[{\"text\":\"a\",\"index\":0,"
                "\"finish_reason\":null}]}\n\n"
                "data: {\"model\":\"i\",\"choices\":[{\"text\":\"b\",\"index\":0,"
                "\"finish_reason\":null}]}\n\n"
                "data: {\"model\":\"i\",\"choices\":[{\"text\":\"c\",\"index\":0,"
                "\"finish_reason\":\"stop\"}]}\n\n"
                "data: [DONE]\n\n",
        .state = PROA_ANSWER_DONE,
        .content_events = 3,
        .events = 4,
        .complete_at = "\"stop\"",
        .finish_reason = "stop",
        .model = "i",
        .usage = {NONE, NONE, NONE, NONE, NONE},
    },
    {
        .name = "one broken event and a ping in between; bytes behind the end mark",
        .text =
            "event: ping\ndata: \n\n"
            "data: {\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\n"
            "data: {\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"con\n\n"
            "data: {\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"b\"}}]}\n\n"
            "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
            "data: [DONE]\n\ndata: {\"choices\":[{\"delta\":{\"content\":\"late\"}}]}\n\n",
        .state = PROA_ANSWER_DONE,
        .content_events = 3,
        .events = 6,
        .malformed = true,
        .complete_at = "\"stop\"",
        .ready_until = "data: {\"choices\":[{\"delta\":{\"content\":\"late",
        .finish_reason = "stop",
        .model = "m",
        .usage = {NONE, NONE, NONE, NONE, NONE},
    },
    {
        .name = "ended without finish reason and without end mark",
        .text =
            "data: {\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}"
            "\n\ndata: {\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"b\"},"
            "\"finish_reason\":\"\"}]}\n\n",
        .state = PROA_ANSWER_CONTENT,
        .content_events = 2,
        .events = 2,
        .finish_reason = "",
        .model = "m",
        .usage = {NONE, NONE, NONE, NONE, NONE},
    },
    {
        .name = "a server out of breath (DeepSeek), told by the finish reason alone",
        .text = CHUNK "\"content\":\"a\"" CHUNK_END CHUNK
                      "},\"finish_reason\":\"insufficient_system_resource\"}]}\n\ndata: [DONE]\n\n",
        .state = PROA_ANSWER_ERROR,
        .content_events = 1,
        .events = 2,
        .ready_until = CHUNK "},\"finish_reason\":\"ins",
        .finish_reason = "insufficient_system_resource",
        .model = "gpt-5.5",
        .usage = {NONE, NONE, NONE, NONE, NONE},
        .class = PROA_CLASS_SERVER,
        .message = "",
    },
    {
        .name = "lone CRs end lines, an event over several lines, a byte order mark",
        .text = "\xef\xbb\xbf"
                "data: {\"model\":\"m\",\rdata: \"choices\":[{\"index\":0,\r"
                "data: \"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]}\r\r"
                "data: [DONE]\r\r",
        .state = PROA_ANSWER_DONE,
        .content_events = 1,
        .events = 2,
        .complete_at = "\"stop\"",
        .finish_reason = "stop",
        .model = "m",
        .usage = {NONE, NONE, NONE, NONE, NONE},
    },
    {
        .name = "xAI: an error whose object is a string",
        .text = "data: {\"code\":\"The service is currently unavailable\",\"error\":"
                "\"Please wait.\"}\n\n",
        .state = PROA_ANSWER_ERROR,
        .events = 1,
        .ready_until = "data: ",
        .finish_reason = "",
        .model = "",
        .usage = {NONE, NONE, NONE, NONE, NONE},
        .class = PROA_CLASS_OVERLOADED,
        .message = "Please wait.",
    },
    {
        .name = "vLLM: a flat error object, an error in an array behind content",
        .text = "data: {\"object\":\"error\",\"message\":\"bad\",\"type\":\"BadRequestError\","
                "\"code\":400}\n\n",
        .state = PROA_ANSWER_ERROR,
        .events = 1,
        .ready_until = "data: ",
        .finish_reason = "",
        .model = "",
        .usage = {NONE, NONE, NONE, NONE, NONE},
        .class = PROA_CLASS_CLIENT,
        .message = "bad",
    },
    {
        .name = "errors that are none: null, an empty object",
        .text = "data: {\"error\":null,\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{"
                "\"content\":\"a\"},\"finish_reason\":null}]}\n\n"
                "data: {\"error\":null,\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{"
                "\"content\":\"b\"},\"finish_reason\":null}],\"error\":{}}\n\n"
                "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
        .state = PROA_ANSWER_FINISHED,
        .content_events = 3,
        .events = 3,
        .complete_at = "\"stop\"",
        .finish_reason = "stop",
        .model = "m",
        .usage = {NONE, NONE, NONE, NONE, NONE},
    },
};

#endif
