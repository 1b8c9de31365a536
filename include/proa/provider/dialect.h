/*
 * Dialects: how an upstream wants to be asked and how it answers. One const vtable per dialect;
 * what differs between providers of one dialect is a row of a table (proa/provider/vendor.h), never
 * code.
 *
 * Pure. Bytes in, bytes and facts out.
 */
#ifndef PROA_PROVIDER_DIALECT_H
#define PROA_PROVIDER_DIALECT_H

#include "proa/auth/authorization.h"
#include "proa/chat/delta.h"
#include "proa/chat/event.h"
#include "proa/chat/inputs.h"
#include "proa/chat/media.h"
#include "proa/chat/request.h"
#include "proa/chat/usage.h"
#include "proa/chat/warning.h"
#include "proa/core/arena.h"
#include "proa/core/buf.h"
#include "proa/http/header.h"
#include "proa/http/multipart.h"
#include "proa/http/parser.h"
#include "proa/json/splice.h"
#include "proa/resilience/attempt.h"

#include <sys/uio.h>

struct proa_vendor; /* proa/provider/vendor.h */
struct proa_site;   /* proa/provider/site.h */

/* What is asked of an upstream; the surface it came from does not matter here. */
enum proa_operation {
    PROA_OP_CHAT = 0,
    PROA_OP_COMPLETION,
    PROA_OP_EMBEDDING,
    PROA_OP_MODERATION,
    PROA_OP_RERANK,
    PROA_OP_COUNT_TOKENS,
    PROA_OP_RESPONSES, /* passed as it is; for those that do not speak it, it is a chat */
    PROA_OP_IMAGE,
    PROA_OP_IMAGE_EDIT,
    PROA_OP_SPEECH,
    PROA_OP_TRANSCRIPTION,
    PROA_OP_TRANSLATION /* of speech, into English */
};
enum { PROA_OPERATIONS = 12 };

/* Images and audio. */
static inline bool proa_operation_is_media(enum proa_operation op)
{
    return op >= PROA_OP_IMAGE && op <= PROA_OP_TRANSLATION;
}

/* How an answer of this operation is read by its media type, where it is a success. */
enum proa_answer_form {
    PROA_ANSWER_JSON = 0, /* whole, and as the operation has it */
    PROA_ANSWER_BYTES,    /* as it comes: whatever it is, it is the answer */
    PROA_ANSWER_FLOW,     /* likewise, and it goes on piece by piece */
    PROA_ANSWER_EVENTS    /* server-sent events of its own; the first may be an error */
};
/* Of images and audio in OpenAI's dialect; JSON for every other operation. */
enum proa_answer_form proa_operation_answer_form(enum proa_operation op,
                                                 struct proa_slice media_type);

/* "chat", "text_completion", "embeddings", ...: the OpenTelemetry operation name, where it has
 * one. */
const char *proa_operation_name(enum proa_operation op);

/* How a provider is told the beginning of the answer that it should go on with: by a last message
 * of the assistant, */
enum proa_prefill_form {
    PROA_PREFILL_NONE = 0,  /* not at all */
    PROA_PREFILL_ASSISTANT, /* and nothing else */
    PROA_PREFILL_PREFIX,    /* with "prefix": true in it */
    PROA_PREFILL_CONTINUE   /* with "continue_final_message": true beside the messages */
};

/* One request to encode. All slices are borrowed and must outlive the sending. */
struct proa_encode_in {
    enum proa_operation operation;
    bool stream;
    struct proa_slice base_path; /* "/v1" */
    struct proa_slice host_header;
    struct proa_authorization authorization;
    const struct proa_vendor *vendor; /* whose rules apply; NULL = none that is known */
    struct proa_slice provider;   /* its name in the configuration, by which options may be meant */
    const struct proa_site *site; /* region, project and so on; NULL = nothing configured */
    struct proa_slice model;      /* upstream id to ask for */
    /*
     * Exactly one is set when the request is translated: by its operation CHAT (or COMPLETION),
     * EMBEDDING, RERANK, IMAGE or IMAGE_EDIT, SPEECH, TRANSCRIPTION. None is when the client's own
     * bytes go on, which passes() allows.
     */
    const struct proa_chat_request *chat;
    const struct proa_chat_embed *embed; /* the inputs of this call only: at most inputs_max() */
    const struct proa_chat_rerank *rerank;
    const struct proa_chat_image *image; /* IMAGE, IMAGE_EDIT */
    const struct proa_chat_speech *speech;
    const struct proa_chat_transcription *transcription;
    struct proa_chat_warnings *warnings; /* translated: what was dropped; may be NULL */
    /* The client's own bytes; nothing up to `info` is set when it is translated. */
    struct proa_slice body; /* the client's, validated */
    /* Where the body is a form with files: its media type as it came, and what is changed of it
     * besides the model, whose value is what is replaced. Nothing from `cuts` on is set then. */
    struct proa_slice content_type;
    const struct proa_multipart_edits *form; /* NULL: the body is JSON */
    const struct proa_json_edit *cuts;       /* members that never go upstream */
    size_t n_cuts;
    /* The client says something in words that are the gateway's own; and `providerOptions`, or
     * empty. A provider that does not know the former, or is meant by the latter, needs the request
     * translated. */
    bool own_words;
    struct proa_slice provider_options;
    /* Of the gateway's options; also where it is translated, but for `service_tier`, which is the
     * chat's then. Empty or false = not said. */
    struct proa_slice service_tier;       /* in OpenAI's words */
    bool cache;                           /* what is asked is to be cached, as far as it can be */
    struct proa_json_member model_member; /* where the client named the model */
    struct proa_json_info info;           /* of the body's scan */
    /* Where the client said max_tokens and max_completion_tokens; NULL = it may not be renamed. */
    const struct proa_json_member *limit_members;
    /* The beginning of the answer that it should go on with; chat only. Empty = a new answer. When
     * it is translated the beginning is the last message of `chat` instead. */
    struct proa_slice prefill;
    enum proa_prefill_form prefill_form;
    struct proa_json_member messages_member;
    const struct proa_http_header *headers; /* the client's, already filtered by the allow-list */
    size_t n_headers;
};

/* Enough for seven cuts, the model and four edits of a dialect: PROA_JSON_PIECES(12), and two for a
 * message that is put behind the others. */
enum { PROA_ENCODE_PIECES_MAX = 40 };

/*
 * The request as it goes out: the head, then the pieces of the body. The head is in the arena and
 * contains the credential: it is wiped by whoever sent it. The pieces point into the client's body
 * or the arena or, when it is translated, are one, `body`; or pieces of that, and between them
 * files that are not copied.
 */
struct proa_encoded {
    struct iovec iov[1 + PROA_ENCODE_PIECES_MAX];
    size_t n_iov; /* 0 until it is encoded, and when it could not be */
    uint64_t body_bytes;
    /* Translated: the body. The caller initialises it with a maximum, and releases it when nothing
     * is sent any more. */
    struct proa_buf body;
    /* ERR_UNSUPPORTED: what this target cannot do, the request's field in OpenAI's words ("image
     * by URL") and why; static. Another target may. */
    const char *feature;
    const char *reason;
};

/* What an answer turned out to be, as far as it was read. */
enum proa_answer_state {
    PROA_ANSWER_WAITING = 0, /* nothing content-bearing yet */
    PROA_ANSWER_CONTENT,     /* content has come */
    /* Every choice seen so far has its finish reason; usage and the end mark may still follow, and
     * CONTENT again when a choice begins that had not been seen. */
    PROA_ANSWER_FINISHED,
    PROA_ANSWER_DONE, /* end mark seen: what follows is dropped */
    PROA_ANSWER_ERROR /* an error object came in the stream */
};

/* A refusal of the request itself that another target might not share. */
enum proa_refusal {
    PROA_REFUSAL_NONE = 0,
    PROA_REFUSAL_CONTEXT, /* longer than the model's context: a larger one may take it */
    PROA_REFUSAL_CONTENT  /* content policy */
};

/*
 * What a failed answer says. Slices point into the bytes it was made from, strings without their
 * quotes and as they stand there: escapes are not decoded, except in what a reader reports, which
 * is decoded and points into the reader. A provider's text may hold anything, a key included.
 */
struct proa_failure {
    enum proa_class class;
    enum proa_refusal refusal; /* class CLIENT */
    uint16_t status;           /* of the answer; in a stream the code that the error names, or 0 */
    bool wrong_path; /* class NOT_FOUND: not the model is unknown but the path, so probably the
                        base URL is wrong */
    struct proa_slice message;
    struct proa_slice type;
    struct proa_slice code; /* a number's digits where the provider sends a number */
    /* Spans from when the answer began, at most PROA_SPAN_MAX_NS; 0 = none given. */
    uint64_t retry_after_ns; /* the longest that header and body ask for */
    uint64_t quota_reset_ns; /* class QUOTA: when it is known to be back */
};

/* What is known of an answer before its body. */
struct proa_answer_head {
    const struct proa_vendor *vendor; /* whose rules apply; NULL = none that is known */
    struct proa_slice model;          /* upstream id that was asked */
    uint16_t status;
    const struct proa_http_header *headers;
    size_t n_headers;
    uint64_t unix_ms; /* wall time, for waits that are given as a date */
};

/*
 * Reads a streamed answer event by event. Handle type, one per attempt; created on the arena's
 * memory, so only buffered remainders need proa_reader_destroy().
 */
struct proa_reader;

/*
 * What came out of feeding one run of bytes. `ready` are bytes that may go to the client as they
 * are: whole events only, ending at an event boundary, borrowed from the input or, until the next
 * feed, from the reader. The tail of an unfinished event stays inside until it is complete, so that
 * an error can always be appended as an event of its own. Comments go along with the event that
 * follows them.
 *
 * The event that carries an error is not ready: whoever relays the stream writes its own, from
 * `failure`. The end mark is. What follows either is dropped: feeding goes on to be allowed and
 * reports the same state with nothing ready.
 *
 * Content-bearing is an event with text, a refusal, reasoning, audio, images or a piece of a tool
 * call, and one with a finish reason, so that an answer that is empty on purpose gets through. A
 * role, empty strings, usage, filter annotations, pings and comments are not content.
 */
struct proa_reader_report {
    enum proa_answer_state state;
    struct proa_slice ready[2];  /* first what was kept from before, then from the input */
    uint32_t content_events;     /* content-bearing events in this run of bytes */
    uint32_t events;             /* all events */
    bool malformed;              /* at least one event was not JSON: passed through */
    struct proa_failure failure; /* state ERROR; empty where feeding failed, else not set */
};

struct proa_decode_ops; /* proa/provider/decoder.h */

/*
 * Two ways through a dialect. Where the client speaks it too, read_plain and the reader look at the
 * answer's own bytes on their way; they are NULL for a dialect that no surface speaks. Everywhere
 * else a decoder (proa/provider/decoder.h) makes events of it.
 */
struct proa_dialect {
    const char *name;
    struct proa_slice stream_type; /* media type of its streams: "text/event-stream" */
    enum proa_auth_scheme scheme;  /* how a plain key is shown, unless the vendor's row differs */
    const struct proa_decode_ops *decode;
    /*
     * May a client that speaks this very dialect have its own bytes sent on, and the answer's bytes
     * sent back? False where quirks of this vendor or model must be translated away.
     */
    bool (*passes)(const struct proa_vendor *vendor, struct proa_slice model,
                   enum proa_operation op);
    /* Has the provider this operation at all? */
    bool (*offers)(const struct proa_vendor *vendor, struct proa_slice model,
                   enum proa_operation op);
    /* Are answers of RESPONSES kept there, to be gone on from by their ids? NULL: never. */
    bool (*keeps)(const struct proa_vendor *vendor, struct proa_slice model);
    /* How many inputs one call of EMBEDDING takes; at least 1. */
    size_t (*inputs_max)(const struct proa_vendor *vendor, struct proa_slice model);
    /*
     * Writes head and body. ERR_LIMIT or ERR_PROTOCOL when a value does not fit a header or path,
     * or the body does not fit out->body; ERR_UNSUPPORTED: see out->feature, or, where the client's
     * own bytes were to go on: they cannot as they are, but translated they may.
     */
    enum proa_err (*encode)(const struct proa_encode_in *in, struct proa_arena *arena,
                            struct proa_encoded *out);
    /* The class of an answer by status and (possibly truncated) body; fills `out`. */
    void (*classify)(const struct proa_answer_head *head, struct proa_slice body,
                     struct proa_failure *out);
    /*
     * Whole answer of a plain (not streamed) call: usage and model. False, with `failure` filled,
     * for an error object sent with 200, an empty body (class EMPTY), what is not a complete JSON
     * object, or one without the member that makes an answer of `op` (class MALFORMED). `usage` is
     * only added to; `model` is untouched when the answer names none.
     */
    bool (*read_plain)(enum proa_operation op, const struct proa_answer_head *head,
                       struct proa_slice body, struct proa_usage *usage, struct proa_slice *model,
                       struct proa_failure *failure);
    /* `head` is borrowed and outlives the reader. */
    struct proa_reader *(*reader_create)(enum proa_operation op,
                                         const struct proa_answer_head *head,
                                         struct proa_arena *arena);
    /* ERR_LIMIT: a line, an event or a run of comments over its cap; *out still holds what was
     * ready before it. Usage and the rest are kept in the reader. */
    enum proa_err (*reader_feed)(struct proa_reader *reader, struct proa_slice bytes,
                                 struct proa_reader_report *out);
    /* The body has ended. True when the answer is complete: end mark seen, or all choices finished.
     */
    bool (*reader_complete)(const struct proa_reader *reader);
    const struct proa_usage *(*reader_usage)(const struct proa_reader *reader);
    /* Finish reason and answering model as the stream named them; empty when it did not. */
    struct proa_slice (*reader_finish_reason)(const struct proa_reader *reader);
    struct proa_slice (*reader_model)(const struct proa_reader *reader);
    /* By which the answer is known in the events of the Responses API that name it; empty: it has
     * not been named, or has none. NULL for a dialect without that API. */
    struct proa_slice (*reader_id)(const struct proa_reader *reader);
    void (*reader_destroy)(struct proa_reader *reader);
    /* One event's data, an end mark's apart. NULL for a dialect that no surface speaks. */
    proa_read_delta_fn *read_delta;
};

/* NULL when there is none of that name. */
const struct proa_dialect *proa_dialect_find(struct proa_slice name);
/* The dialect in which this vendor serves this model, which for a few is not its usual one. */
const struct proa_dialect *proa_dialect_for(const struct proa_dialect *usual,
                                            const struct proa_vendor *vendor,
                                            struct proa_slice model);

#endif
