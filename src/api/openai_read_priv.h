/*
 * What all readers of requests share: where they are in the request, what they say of
 * what does not fit there, and values of one kind.
 *
 * Everywhere `null` is as good as absent. A reader that returns no OK has refused: the error is
 * filled, and the outcome is void.
 */
#ifndef PROA_API_OPENAI_READ_PRIV_H
#define PROA_API_OPENAI_READ_PRIV_H

#include "proa/api/request.h"
#include "proa/chat/request.h"
#include "proa/chat/text.h"

/* Of all messages together: what is made of a request stays in proportion to it. */
enum { READING_PARTS_MAX = 32768 };

struct reading {
    struct proa_arena *arena;
    struct proa_buf *text; /* the message of a refusal */
    struct proa_api_error *error;
    size_t n_parts; /* so far */
    bool own_words; /* something that was read is in words of the gateway's own */
};

/* A step on the way to a value: a member's name or, where that is empty, an element's number. Lives
 * on the stack of who reads there. */
struct place {
    const struct place *up; /* NULL: at the top of the request */
    struct proa_slice name;
    size_t index;
};

#define PLACE_KEY(above, lit) (&(const struct place){.up = (above), .name = PROA_SLICE_INIT(lit)})
#define PLACE_AT(above, i)    (&(const struct place){.up = (above), .index = (i)})

/* ---- what does not fit */

/* `"messages[2].role" ` and then `what`. */
enum proa_err proa_read_refuse(struct reading *r, const struct place *at,
                               const char *what) PROA_MUST_CHECK;
/* The same, `what` is `"GIVEN", which is none of WORDS.` */
enum proa_err proa_read_refuse_word(struct reading *r, const struct place *at,
                                    struct proa_slice given, const char *words) PROA_MUST_CHECK;
/* `must be WANTED, not a number.` */
enum proa_err proa_read_refuse_kind(struct reading *r, const struct place *at, const char *wanted,
                                    enum proa_json_kind kind) PROA_MUST_CHECK;
/* As refuse: well-formed, but only a provider that speaks the client's own words can do it:
 * ERR_UNSUPPORTED. */
enum proa_err proa_read_unsupported(struct reading *r, const struct place *at,
                                    const char *what) PROA_MUST_CHECK;
/* The request is not the JSON it was taken for. */
enum proa_err proa_read_refuse_json(struct reading *r) PROA_MUST_CHECK;

/* ---- values */

/* Not said. */
static inline bool proa_read_is_null(const struct proa_json_item *item)
{
    return item->kind == PROA_JSON_NULL || item->kind == PROA_JSON_ABSENT;
}
/* A string's text. */
enum proa_err proa_read_text(struct reading *r, const struct place *at,
                             const struct proa_json_item *item,
                             struct proa_slice *out) PROA_MUST_CHECK;
/* A number as it is written. */
enum proa_err proa_read_number(struct reading *r, const struct place *at,
                               const struct proa_json_item *item,
                               struct proa_slice *out) PROA_MUST_CHECK;
/* A whole number, not negative. */
enum proa_err proa_read_count(struct reading *r, const struct place *at,
                              const struct proa_json_item *item, uint64_t *out) PROA_MUST_CHECK;
enum proa_err proa_read_flag(struct reading *r, const struct place *at,
                             const struct proa_json_item *item,
                             enum proa_chat_flag *out) PROA_MUST_CHECK;
/* An object, as it stands there. */
enum proa_err proa_read_object(struct reading *r, const struct place *at,
                               const struct proa_json_item *item,
                               struct proa_slice *out) PROA_MUST_CHECK;

/* Begins a walk over an object or an array; anything else is refused as no WANTED. */
enum proa_err proa_read_enter(struct reading *r, const struct place *at,
                              const struct proa_json_item *item, enum proa_json_kind wanted,
                              struct proa_json_cursor *c) PROA_MUST_CHECK;

/* ---- tables and lists */

/* Index of the item's key in the table, or n. */
size_t proa_read_key(const struct proa_json_item *item, const struct proa_slice *keys, size_t n);
/* Index of the text in the table, or n. */
size_t proa_read_word(struct proa_slice text, const struct proa_slice *words, size_t n);
/* Where the element number n of a growing array goes: `items` holds n elements of `bytes` each, and
 * is what the last call returned; NULL at first. */
void *proa_read_more(struct reading *r, void *items, size_t n, size_t bytes);

/* ---- members.c: what several surfaces have alike */

/* Members of an object, by a table of keys; `said` holds as many. Others are passed over. */
enum proa_err proa_read_members(struct reading *r, const struct place *at,
                                const struct proa_json_item *item, const struct proa_slice *keys,
                                size_t n, struct proa_json_item *said) PROA_MUST_CHECK;
/* What a row of a table of members says its value is, and what `to` of it is. */
enum read_kind {
    READ_SKIP = 0,
    READ_TEXT,   /* struct proa_slice */
    READ_NUMBER, /* struct proa_slice */
    READ_COUNT,  /* uint64_t */
    READ_FLAG,   /* enum proa_chat_flag */
    READ_OBJECT, /* struct proa_slice */
    READ_CALL    /* the row's own function reads it */
};
enum proa_err proa_read_value(struct reading *r, const struct place *at, enum read_kind kind,
                              const struct proa_json_item *item, void *to) PROA_MUST_CHECK;
/* Texts that end the answer: an array of at most 64, or one alone. */
enum proa_err proa_read_stops(struct reading *r, const struct place *at,
                              const struct proa_json_item *item,
                              struct proa_chat_request *out) PROA_MUST_CHECK;
/* How much thinking is wanted, by any surface's word for it. */
enum proa_err proa_read_effort(struct reading *r, const struct place *at,
                               const struct proa_json_item *item,
                               struct proa_chat_request *out) PROA_MUST_CHECK;
/* The same of a text that is not the reader's to judge: false when it is none of the words. */
bool proa_read_effort_word(struct proa_slice text, enum proa_chat_effort *out);

/* Is the top-level member with this key the gateway's own, which no provider gets? */
bool proa_read_is_cut(const struct proa_api_request *request, struct proa_slice body,
                      struct proa_slice key);

/* ---- openai_request.c */

/* {"name", "description", "schema", "strict"} */
enum proa_err proa_read_schema(struct reading *r, const struct place *at,
                               const struct proa_json_item *item,
                               struct proa_chat_request *chat) PROA_MUST_CHECK;

/* ---- openai_message.c, openai_part.c, openai_tool.c */

struct messages {
    struct proa_chat_message *items;
    size_t n;
    size_t n_calls; /* that the legacy form has made an id for */
};

/* The name of the call with this id; empty when it is not among the last messages. */
struct proa_slice proa_read_name_of_call(const struct messages *all, struct proa_slice id);
/* One more message. */
enum proa_err proa_read_message(struct reading *r, const struct place *at,
                                const struct proa_json_item *item,
                                struct messages *out) PROA_MUST_CHECK;

struct parts {
    struct proa_chat_part *items;
    size_t n;
    /* The last part's text where it is made of pieces, and the room behind it. */
    char *joined;
    size_t room;
};

/* One more; NULL, and refused, when there are too many. */
struct proa_chat_part *proa_read_new_part(struct reading *r, const struct place *at,
                                          struct parts *parts, enum proa_chat_part_kind kind);
/* A URL of any kind or, where that is allowed, base64: fills source, data and the media type that a
 * data URL names. */
enum proa_err proa_read_source(struct reading *r, const struct place *at, struct proa_slice text,
                               bool may_be_base64, struct proa_chat_part *part) PROA_MUST_CHECK;
/* Arguments of a call as JSON; as they came, a string token, when the client's model wrote what is
 * none. */
enum proa_err proa_read_arguments(struct reading *r, const struct place *at,
                                  const struct proa_json_item *item,
                                  struct proa_slice *out) PROA_MUST_CHECK;
/* Of `extra_content`: the signature that Google wants back with a call; or empty. */
struct proa_slice proa_read_signature(const struct proa_json_item *item);
/* {"data", "format"} */
enum proa_err proa_read_audio(struct reading *r, const struct place *at,
                              const struct proa_json_item *item,
                              struct proa_chat_part *part) PROA_MUST_CHECK;
/* {"file_data" or "file_url" or "file_id", "filename"} */
enum proa_err proa_read_file(struct reading *r, const struct place *at,
                             const struct proa_json_item *item,
                             struct proa_chat_part *part) PROA_MUST_CHECK;
/* Appends to the text of the last part, which grows by doubling: as many pieces as a stream had
 * must not cost their square. */
void proa_read_join(struct reading *r, struct parts *out, struct proa_slice more);
/* A message's content: a string or an array of parts. */
enum proa_err proa_read_content(struct reading *r, const struct place *at,
                                const struct proa_json_item *item,
                                struct parts *out) PROA_MUST_CHECK;
/* `reasoning_details` of an assistant's message. */
enum proa_err proa_read_reasoning(struct reading *r, const struct place *at,
                                  const struct proa_json_item *item,
                                  struct parts *out) PROA_MUST_CHECK;

/* A list of tools, one of which `read_one` reads. */
enum proa_err proa_read_tool_list(
    struct reading *r, const struct place *at, const struct proa_json_item *item,
    enum proa_err (*read_one)(struct reading *r, const struct place *at,
                              const struct proa_json_item *item, struct proa_chat_tool *out),
    struct proa_chat_request *out) PROA_MUST_CHECK;
/* {"name", "description", "parameters", "strict"} */
enum proa_err proa_read_function(struct reading *r, const struct place *at,
                                 const struct proa_json_item *item,
                                 struct proa_chat_tool *out) PROA_MUST_CHECK;
enum proa_err proa_read_tools(struct reading *r, const struct place *at,
                              const struct proa_json_item *item,
                              struct proa_chat_request *out) PROA_MUST_CHECK;
/* `functions`: what tools were called once. */
enum proa_err proa_read_functions(struct reading *r, const struct place *at,
                                  const struct proa_json_item *item,
                                  struct proa_chat_request *out) PROA_MUST_CHECK;
/* *allowed: the array of a choice that allows only some of the tools, else untouched. */
enum proa_err proa_read_choice(struct reading *r, const struct place *at,
                               const struct proa_json_item *item, struct proa_chat_request *out,
                               struct proa_slice *allowed) PROA_MUST_CHECK;
/* Takes out the tools that `allowed` does not name. */
enum proa_err proa_read_only_allowed(struct reading *r, struct proa_slice allowed,
                                     struct proa_chat_request *out) PROA_MUST_CHECK;

#endif
