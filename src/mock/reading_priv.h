/*
 * What the readers of requests share: one for each dialect, all of them fill struct mock_request
 * and refuse what the provider would refuse, in its words.
 *
 * Pure. Slices borrow from the request or the arena.
 */
#ifndef PROA_MOCK_READING_PRIV_H
#define PROA_MOCK_READING_PRIV_H

#include "profile_priv.h"

#include "proa/json/cursor.h"

struct mock_desk; /* tokens_priv.h */

struct mock_reading {
    const struct mock_path *path;
    const struct mock_profile *profile;
    enum mock_error_style style;
    const struct proa_http_head *head; /* NULL: no headers to look at */
    const struct mock_desk *desk;      /* what tokens are checked with; for MOCK_DIALECT_TOKEN */
    struct proa_slice body;
    struct proa_arena *arena;
    struct mock_request *out;
    struct mock_error *error;
};

/* ---- one for each dialect. False with *r->error for what the provider would refuse. */
bool proa_mock_openai_read(struct mock_reading *r);
bool proa_mock_anthropic_read(struct mock_reading *r);
bool proa_mock_gemini_read(struct mock_reading *r);
bool proa_mock_bedrock_read(struct mock_reading *r);
bool proa_mock_cohere_read(struct mock_reading *r);
bool proa_mock_responses_read(struct mock_reading *r);
bool proa_mock_token_read(struct mock_reading *r);

/* ---- refusals; all return false */

/* In the envelope of the profile, with its usual type for the status. */
bool proa_mock_refuse(struct mock_reading *r, uint16_t status, const char *fmt, ...)
    PROA_PRINTF(3, 4);
/* A recorded error by name. */
bool proa_mock_refuse_as(struct mock_reading *r, struct proa_slice name);

/* ---- values */

/* The body is JSON, and an object. */
bool proa_mock_read_object(struct mock_reading *r);
/* A member's value; empty when it is absent or null. */
struct proa_slice proa_mock_member(struct proa_slice object, struct proa_slice key);
/* The same, decoded, for a string; empty for anything else. */
struct proa_slice proa_mock_string(struct mock_reading *r, struct proa_slice object,
                                   struct proa_slice key);
struct proa_slice proa_mock_decoded(struct mock_reading *r, struct proa_slice token);
bool proa_mock_is(struct proa_slice value, enum proa_json_kind kind);
/* An integer of this range; false for anything else. */
bool proa_mock_number_in(struct proa_slice token, uint64_t least, uint64_t most, uint64_t *out);
/* A number in thousandths, rounded down; false for what is no number of a usual size. */
bool proa_mock_milli(struct proa_slice token, int64_t *out);
/* The first member whose key is none of these, decoded; empty when there is none. */
struct proa_slice proa_mock_stranger(struct mock_reading *r, struct proa_slice object,
                                     const struct proa_slice *known, size_t n);
/* How many elements; 0 for what is no array. */
size_t proa_mock_count(struct proa_slice array);
/* The `text` members of an array's objects, joined. */
struct proa_slice proa_mock_joined(struct mock_reading *r, struct proa_slice array);
bool proa_mock_any_glob(const struct proa_slice *globs, size_t n, struct proa_slice name);
/* [A-Za-z0-9_-]{1,most} */
bool proa_mock_is_name(struct proa_slice s, size_t most);
bool proa_mock_is_base64(struct mock_reading *r, struct proa_slice text);

static inline bool mock_walk(struct proa_json_cursor *c, struct proa_slice value)
{
    return value.len > 0 && proa_json_cursor_init(c, value) == PROA_OK;
}

/* ---- what is found */

void proa_mock_saw_media(struct mock_reading *r, struct proa_slice type);
/* Of a link: "url", or the type of a data URL, whose content must be base64. False: it is not. */
bool proa_mock_saw_url(struct mock_reading *r, struct proa_slice url);
/* False: more than the mock keeps. */
bool proa_mock_add_tool(struct mock_reading *r, struct proa_slice name, struct proa_slice schema);
bool proa_mock_has_tool(const struct mock_request *req, struct proa_slice name);

/* Ids of calls that wait for their results, in order. */
enum { MOCK_MAX_OPEN = 64 };
struct mock_open_calls {
    struct proa_slice ids[MOCK_MAX_OPEN];
    struct proa_slice names[MOCK_MAX_OPEN];
    size_t n;
};
void proa_mock_call_open(struct mock_open_calls *o, struct proa_slice id, struct proa_slice name);
/* Takes the call of this id out; false when there is none. */
bool proa_mock_call_close(struct mock_open_calls *o, struct proa_slice id);

#endif
