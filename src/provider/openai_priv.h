/*
 * The openai dialect as its units see it.
 *
 *   openai.c         the vtable
 *   openai_encode.c  the request: head and spliced body
 *   openai_error.c   the class of a failure
 *   openai_rules.c   what class a failure is of
 *   openai_answer.c  facts in an answer or a chunk: usage, error objects; whole answers
 *   openai_stream.c  streamed answers, event by event
 *   openai_keys.c    the search for keys in an event
 *   openai_plain.c   the short way through whole answers
 *   openai_responses.c  answers of the Responses API, whole and streamed
 *   openai_delta.c   what an event brings the client
 *   openai_quirks.c  what differs between vendors and models
 *   openai_write.c, openai_messages.c  a translated request
 *   openai_decode.c, openai_vectors.c  a translated answer
 *   openai_media.c, openai_media_write.c, openai_form.c  images and audio
 */
#ifndef PROA_PROVIDER_OPENAI_PRIV_H
#define PROA_PROVIDER_OPENAI_PRIV_H

#include "decoder_priv.h"

#include "proa/http/sse.h"
#include "proa/json/cursor.h"
#include "proa/json/string.h"
#include "proa/provider/dialect.h"

struct proa_error_rule; /* judge_priv.h */
struct proa_relay;      /* relay_priv.h, as the next */
struct relay_name;

/* ---- openai_encode.c */
enum proa_err proa_openai_encode(const struct proa_encode_in *in, struct proa_arena *arena,
                                 struct proa_encoded *out);

/* ---- openai_write.c */
/* Translated bodies into out->body. */
enum proa_err proa_openai_write_chat(const struct proa_encode_in *in, struct proa_arena *arena,
                                     struct proa_encoded *out);
enum proa_err proa_openai_write_embed(const struct proa_encode_in *in, struct proa_arena *arena,
                                      struct proa_encoded *out);
enum proa_err proa_openai_write_rerank(const struct proa_encode_in *in, struct proa_arena *arena,
                                       struct proa_encoded *out);

/* ---- openai_decode.c */
extern const struct proa_decode_ops proa_openai_decode_ops;
/* The answer is an error; `object` is all of the JSON object, or text, it stands in. */
void proa_openai_decode_failure(struct proa_decoder *d, struct proa_slice object);
void proa_openai_decode_usage(struct proa_decoder *d, struct proa_slice object);

/* ---- openai_vectors.c */
bool proa_openai_decode_vectors(struct proa_decoder *d, struct proa_slice body);
bool proa_openai_decode_ranks(struct proa_decoder *d, struct proa_slice body);

/* ---- openai_media.c */
/* Adds what a usage object of an answer with images or about sound tells. */
void proa_openai_media_usage(struct proa_slice object, struct proa_usage *usage);
bool proa_openai_decode_media(struct proa_decoder *d, struct proa_slice body);

/* ---- openai_media_write.c */
/* A translated body into out->body; or, where it is a form with files, into pieces behind the head
 * that is not written yet, and then *type is its media type, in the arena. */
enum proa_err proa_openai_write_media(const struct proa_encode_in *in, struct proa_arena *arena,
                                      struct proa_encoded *out, struct proa_slice *type);

/* ---- openai_error.c */
void proa_openai_classify(const struct proa_answer_head *head, struct proa_slice body,
                          struct proa_failure *out);
/*
 * The same for an error that came with status 200: `object` is all of the JSON object it stands in.
 * The status is the one that the error names, if any.
 */
void proa_openai_classify_inband(const struct proa_answer_head *head, struct proa_slice object,
                                 struct proa_failure *out);

/* ---- openai_rules.c */
const struct proa_error_rule *proa_openai_rules(size_t *n);

/* ---- openai_answer.c */
/* Without JSON whitespace at both ends. */
struct proa_slice proa_openai_strip(struct proa_slice s);
/* A string, object or array that is not empty. */
bool proa_openai_is_filled(const struct proa_json_item *item);
/* A finish reason (raw) that tells of a failure instead of an end. */
bool proa_openai_finish_is_failure(struct proa_slice reason);
/* Adds what a usage object tells; anything else is ignored. */
void proa_openai_usage(struct proa_slice object, struct proa_usage *usage);
/* The same while walking over it: to the end of the cursor's object, or to a fault of the text. */
void proa_openai_usage_walk(struct proa_json_cursor *object, struct proa_usage *usage);
bool proa_openai_read_plain(enum proa_operation op, const struct proa_answer_head *head,
                            struct proa_slice body, struct proa_usage *usage,
                            struct proa_slice *model, struct proa_failure *failure);
/* The same by reading every byte as JSON: what the short way leaves to it. */
bool proa_openai_read_plain_full(enum proa_operation op, const struct proa_answer_head *head,
                                 struct proa_slice body, struct proa_usage *usage,
                                 struct proa_slice *model, struct proa_failure *failure);
/* The member that makes an answer of this operation. */
struct proa_slice proa_openai_answer_key(enum proa_operation op);

/* ---- openai_plain.c */
/*
 * True when `body`, stripped, is a success of the usual shape; usage and model are set as by the
 * full way. False says nothing, and sets nothing. The members before the answer and from usage (or
 * model) on are read strictly. What stands between, nearly all of the text, is the client's: it is
 * searched for signs of a failure, but not proved to be JSON.
 */
bool proa_openai_plain_is_usual(enum proa_operation op, struct proa_slice body,
                                struct proa_usage *usage, struct proa_slice *model);

/* ---- openai_keys.c */
/*
 * May `text`, the rest of a chunk from inside its first text on, hold a key whose value tells
 * something: finish_reason, usage, error, x_groq, the index of another choice? False is certain for
 * JSON. True for any text of 16 bytes or less, which is rare.
 */
bool proa_openai_holds_telling_key(struct proa_slice text);

/* ---- openai_responses.c */
/* A whole answer of the Responses API, stripped; as proa_openai_read_plain(). */
bool proa_openai_responses_read(const struct proa_answer_head *head, struct proa_slice body,
                                struct proa_usage *usage, struct proa_slice *model,
                                struct proa_failure *failure);
/* One event of a stream of it; *id is kept once it is known. */
void proa_openai_responses_event(struct proa_relay *r, const struct proa_answer_head *head,
                                 const struct proa_sse_event *event, struct relay_name *id,
                                 struct proa_reader_report *out);

/* ---- openai_delta.c */
void proa_openai_read_delta(struct proa_slice data, struct proa_delta *out);

/* ---- openai_stream.c */
struct proa_reader *proa_openai_reader_create(enum proa_operation op,
                                              const struct proa_answer_head *head,
                                              struct proa_arena *arena);
enum proa_err proa_openai_reader_feed(struct proa_reader *reader, struct proa_slice bytes,
                                      struct proa_reader_report *out);
bool proa_openai_reader_complete(const struct proa_reader *reader);
const struct proa_usage *proa_openai_reader_usage(const struct proa_reader *reader);
struct proa_slice proa_openai_reader_finish_reason(const struct proa_reader *reader);
struct proa_slice proa_openai_reader_model(const struct proa_reader *reader);
struct proa_slice proa_openai_reader_id(const struct proa_reader *reader);
void proa_openai_reader_destroy(struct proa_reader *reader);

/* ---- openai_options.c */
/* Are some of `providerOptions` meant for this provider? */
bool proa_openai_is_meant(const struct proa_encode_in *in, struct proa_slice all);

#endif
