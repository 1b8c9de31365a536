/*
 * Writes JSON into a buffer, left to right, and puts the commas itself.
 *
 * Pure; value type, nothing to release. The buffer is borrowed and bounded: running into its
 * maximum shows in proa_json_writer_ok() at the end, not at every step. Misuse (a value without
 * its key, an end without its begin, more than PROA_JSON_WRITER_DEPTH levels) is a bug of the
 * caller: it fails an assertion in debug builds, and makes ok() false in all.
 * Strings may hold any bytes; what is not UTF-8 becomes U+FFFD.
 */
#ifndef PROA_JSON_WRITER_H
#define PROA_JSON_WRITER_H

#include "proa/core/buf.h"
#include "proa/core/slice.h"

enum { PROA_JSON_WRITER_DEPTH = 64 };

struct proa_json_writer {
    struct proa_buf *buf;
    uint64_t objects; /* bit per open level, the lowest is the innermost: 1 = object */
    unsigned depth;
    bool comma;   /* something precedes in this container */
    bool has_key; /* a key awaits its value */
    bool done;    /* the top-level value is complete */
    bool misused;
};

/* Appends to whatever buf already holds. */
void proa_json_writer_init(struct proa_json_writer *w, struct proa_buf *buf);
/* One whole value written, nothing left open, the buffer not full. */
bool proa_json_writer_ok(const struct proa_json_writer *w);

void proa_json_writer_begin_object(struct proa_json_writer *w);
void proa_json_writer_end_object(struct proa_json_writer *w);
void proa_json_writer_begin_array(struct proa_json_writer *w);
void proa_json_writer_end_array(struct proa_json_writer *w);
/* In an object, before each value. Plain text, escaped here. */
void proa_json_writer_key(struct proa_json_writer *w, struct proa_slice key);
/* The same of a key that needs no escape: a name that stands in the source. */
void proa_json_writer_key_plain(struct proa_json_writer *w, struct proa_slice key);
/* The same of a name that stands in the source, for what is written often: a comma, the name in
 * quotes and a colon, made at compile time. */
#define PROA_JSON_KEY(w, name) proa_json_writer_key_made((w), PROA_SLICE(",\"" name "\":"))
void proa_json_writer_key_made(struct proa_json_writer *w, struct proa_slice made);
/* The same from a key as it stood in another text: a string token, quotes included. */
void proa_json_writer_key_token(struct proa_json_writer *w, struct proa_slice token);

void proa_json_writer_string(struct proa_json_writer *w, struct proa_slice text);
void proa_json_writer_u64(struct proa_json_writer *w, uint64_t value);
void proa_json_writer_i64(struct proa_json_writer *w, int64_t value);
/* value / 1,000,000 as a decimal without trailing zeros: 1500000 -> 1.5 */
void proa_json_writer_micro(struct proa_json_writer *w, int64_t value);
void proa_json_writer_bool(struct proa_json_writer *w, bool value);
void proa_json_writer_null(struct proa_json_writer *w);
/* A string whose escapes are made already: what stands between the quotes of a JSON string. */
void proa_json_writer_text(struct proa_json_writer *w, struct proa_slice text);
/* One value that is JSON already, taken as it is. */
void proa_json_writer_raw(struct proa_json_writer *w, struct proa_slice json);

/* Members in one call; `key` is a string literal. */
static inline void proa_json_writer_member_string(struct proa_json_writer *w, const char *key,
                                                  struct proa_slice text)
{
    proa_json_writer_key_plain(w, proa_slice_cstr(key));
    proa_json_writer_string(w, text);
}
static inline void proa_json_writer_member_text(struct proa_json_writer *w, const char *key,
                                                struct proa_slice text)
{
    proa_json_writer_key_plain(w, proa_slice_cstr(key));
    proa_json_writer_text(w, text);
}
static inline void proa_json_writer_member_raw(struct proa_json_writer *w, const char *key,
                                               struct proa_slice json)
{
    proa_json_writer_key_plain(w, proa_slice_cstr(key));
    proa_json_writer_raw(w, json);
}
static inline void proa_json_writer_member_u64(struct proa_json_writer *w, const char *key,
                                               uint64_t value)
{
    proa_json_writer_key_plain(w, proa_slice_cstr(key));
    proa_json_writer_u64(w, value);
}
static inline void proa_json_writer_member_bool(struct proa_json_writer *w, const char *key,
                                                bool value)
{
    proa_json_writer_key_plain(w, proa_slice_cstr(key));
    proa_json_writer_bool(w, value);
}

#endif
