/*
 * The neutral model of a chat request: what a surface reads from its client, and a dialect writes
 * for its provider.
 *
 * Pure plain structs on an exchange's arena; every slice is borrowed from the client's body or that
 * arena. Texts are JSON text (proa/chat/text.h). What only travels (schemas, arguments, options of
 * one provider) is a byte range of JSON. Numbers are kept as their source text: they are written
 * as they were read. An empty slice, a zero enum and a zero count mean "not said".
 */
#ifndef PROA_CHAT_REQUEST_H
#define PROA_CHAT_REQUEST_H

#include "proa/core/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum proa_chat_role {
    PROA_CHAT_SYSTEM = 0, /* developer messages too */
    PROA_CHAT_USER,
    PROA_CHAT_ASSISTANT,
    PROA_CHAT_TOOL /* holds TOOL_RESULT parts only */
};

enum proa_chat_part_kind {
    PROA_CHAT_PART_TEXT = 0,
    PROA_CHAT_PART_REFUSAL, /* what the assistant declined to say; `text` */
    PROA_CHAT_PART_IMAGE,
    PROA_CHAT_PART_AUDIO,
    PROA_CHAT_PART_FILE,
    PROA_CHAT_PART_REASONING,  /* of an assistant: `text`, `signature`; or `redacted` */
    PROA_CHAT_PART_TOOL_CALL,  /* of an assistant: id, name, arguments, signature */
    PROA_CHAT_PART_TOOL_RESULT /* id, name where known, parts, is_error */
};

/* How reasoning is sealed, in the words of OpenAI-shaped gateways: who reads it back. */
#define PROA_CHAT_SEALED_CLAUDE "anthropic-claude-v1"
#define PROA_CHAT_SEALED_OPENAI "openai-responses-v1"
#define PROA_CHAT_SEALED_GOOGLE "google-gemini-v1"

/* Where the bytes of an image, an audio or a file are. */
enum proa_chat_source {
    PROA_CHAT_SOURCE_NONE = 0,
    PROA_CHAT_SOURCE_BASE64, /* `data` is base64 */
    PROA_CHAT_SOURCE_URL,    /* `data` is an http(s) URL or a provider's own URI (gs:, s3:) */
    PROA_CHAT_SOURCE_ID,     /* `data` is an id of a file that the provider has */
    PROA_CHAT_SOURCE_TEXT    /* `data` is plain text */
};

/* Said yes, said no, or not said. */
enum proa_chat_flag { PROA_CHAT_UNSAID = 0, PROA_CHAT_NO, PROA_CHAT_YES };

struct proa_chat_part {
    enum proa_chat_part_kind kind;
    struct proa_slice text; /* TEXT, REFUSAL, REASONING */

    /* IMAGE, AUDIO, FILE */
    enum proa_chat_source source;
    struct proa_slice data;        /* text; see source */
    struct proa_slice media_type;  /* text, "image/png"; empty = not known */
    struct proa_slice filename;    /* text */
    struct proa_slice detail;      /* text; OpenAI's image detail */
    struct proa_slice ids;         /* ID: JSON, ids by provider where there are several; `data` is
                                      the first; empty = it is not known whose it is */
    struct proa_slice context;     /* text; said about a file, not by it */
    enum proa_chat_flag citations; /* of a file: what is taken from it is to be cited */

    /* TOOL_CALL, TOOL_RESULT */
    struct proa_slice id;   /* text */
    struct proa_slice name; /* text; of a result: found by its id, empty when not */
    struct proa_slice
        arguments; /* JSON, an object; a client's broken JSON comes as a string token */
    const struct proa_chat_part *parts; /* of a result: TEXT, IMAGE, FILE */
    size_t n_parts;
    bool is_error; /* of a result */

    /* What a provider wants back unchanged to believe its own earlier words. */
    struct proa_slice signature; /* text; REASONING: Anthropic's, TOOL_CALL: Gemini's */
    struct proa_slice redacted;  /* text; REASONING that only its provider can read */
    struct proa_slice sealed_as; /* text; how these are made, PROA_CHAT_SEALED_*; empty = unknown */

    struct proa_slice cache_control; /* JSON, as Anthropic has it; empty = none */
};

/* Is it reasoning that a provider of this kind, or nobody knows which, has sealed? */
static inline bool proa_chat_part_is_sealed(const struct proa_chat_part *p, struct proa_slice kind)
{
    return (p->signature.len > 0 || p->redacted.len > 0) &&
           (p->sealed_as.len == 0 || proa_slice_eq(p->sealed_as, kind));
}

struct proa_chat_message {
    enum proa_chat_role role;
    struct proa_slice name; /* text; of the participant */
    const struct proa_chat_part *parts;
    size_t n_parts;
};

struct proa_chat_tool {
    struct proa_slice name;        /* text */
    struct proa_slice description; /* text */
    struct proa_slice schema;      /* JSON Schema; empty = takes nothing */
    enum proa_chat_flag strict;
    struct proa_slice cache_control; /* JSON */
    /* A tool that a provider runs itself (web search and such): the whole definition as JSON, in
     * the form of the dialect it names ("openai", "anthropic"); name is set, the rest is empty. */
    struct proa_slice own;
    struct proa_slice own_dialect; /* plain */
    struct proa_slice own_name; /* text; what its provider calls it; empty = as the client does */
};

enum proa_chat_choice {
    PROA_CHAT_CHOICE_UNSAID = 0,
    PROA_CHAT_CHOICE_AUTO,
    PROA_CHAT_CHOICE_NONE,
    PROA_CHAT_CHOICE_REQUIRED,
    PROA_CHAT_CHOICE_NAMED
};

enum proa_chat_format {
    PROA_CHAT_FORMAT_UNSAID = 0,
    PROA_CHAT_FORMAT_TEXT,
    PROA_CHAT_FORMAT_JSON,  /* any JSON object */
    PROA_CHAT_FORMAT_SCHEMA /* by format_schema */
};

/* How much thinking is wanted; the words are OpenAI's. */
enum proa_chat_effort {
    PROA_CHAT_EFFORT_UNSAID = 0,
    PROA_CHAT_EFFORT_NONE,
    PROA_CHAT_EFFORT_MINIMAL,
    PROA_CHAT_EFFORT_LOW,
    PROA_CHAT_EFFORT_MEDIUM,
    PROA_CHAT_EFFORT_HIGH,
    PROA_CHAT_EFFORT_XHIGH,
    PROA_CHAT_EFFORT_MAX
};

/* A top-level member that the neutral model does not know, as it stood in the client's body. */
struct proa_chat_extra {
    struct proa_slice key;   /* string token, quotes included */
    struct proa_slice value; /* JSON */
};

struct proa_chat_request {
    const struct proa_chat_message *messages;
    size_t n_messages;
    const struct proa_chat_tool *tools;
    size_t n_tools;
    enum proa_chat_choice choice;
    struct proa_slice choice_name; /* text; NAMED */
    enum proa_chat_flag parallel_tools;

    enum proa_chat_format format;
    struct proa_slice format_name;        /* text */
    struct proa_slice format_schema;      /* JSON */
    struct proa_slice format_description; /* text */
    enum proa_chat_flag format_strict;

    uint64_t max_tokens; /* of the answer, reasoning included; 0 = not said */
    /* Numbers as they were written. */
    struct proa_slice temperature;
    struct proa_slice top_p;
    struct proa_slice top_k;
    struct proa_slice seed;
    struct proa_slice frequency_penalty;
    struct proa_slice presence_penalty;
    uint64_t n;                    /* answers wanted; 0 = not said */
    const struct proa_slice *stop; /* texts */
    size_t n_stop;
    enum proa_chat_flag logprobs;
    uint64_t top_logprobs;

    enum proa_chat_effort effort;
    uint64_t thinking_tokens;          /* a budget for thinking; 0 = not said */
    enum proa_chat_flag show_thinking; /* NO: think, but do not tell */

    struct proa_slice user;          /* text */
    struct proa_slice service_tier;  /* text */
    struct proa_slice cache_control; /* JSON: the provider is to find what may be cached */

    /* `providerOptions`: JSON object of objects by provider name; empty = none. */
    struct proa_slice provider_options;
    /* Of the surface's own dialect: what else the client said. A dialect that is another one drops
     * them with a warning. */
    const struct proa_chat_extra *extras;
    size_t n_extras;
    struct proa_slice extras_dialect; /* plain: "openai", "anthropic" */
};

/* The provider's name of a tool that the client calls so: its own, but for tools of a provider. */
static inline struct proa_slice proa_chat_tool_own_name(const struct proa_chat_request *chat,
                                                        struct proa_slice name)
{
    for (size_t i = 0; i < chat->n_tools; i++) {
        const struct proa_chat_tool *t = &chat->tools[i];
        if (t->own_name.len > 0 && proa_slice_eq(t->name, name)) {
            return t->own_name;
        }
    }
    return name;
}

#endif
