/*
 * One strict pass over a whole JSON text, in place: it proves that the bytes are JSON and finds the
 * wanted members of the top-level object, so that a request which is only passed on never becomes
 * a tree.
 *
 * Pure: no allocation, no recursion, about 5 KiB of stack. Nothing is copied; all results are byte
 * offsets into the text. Re-entrant.
 *
 * Accepted is exactly RFC 8259 in UTF-8, and beyond its grammar:
 *  - no byte order mark, nothing but JSON whitespace around the value;
 *  - UTF-8 as in RFC 3629: no overlong form, no surrogate, nothing above U+10FFFF;
 *  - nesting up to max_depth, the top-level value being level 1;
 *  - at most PROA_JSON_MAX_MEMBERS top-level members with keys of at most PROA_JSON_MAX_KEY bytes
 *    when decoded, all different *when decoded*: `"m\u006fdel"` is the same key as `"model"`, and
 *    finds the same want. A key may not contain U+0000, where C strings on the way would end.
 * Deeper objects are not searched for duplicate keys. An escaped lone surrogate (`\ud800`) is
 * grammatical and travels untouched; decoding it gives U+FFFD (string.h).
 */
#ifndef PROA_JSON_SCAN_H
#define PROA_JSON_SCAN_H

#include "proa/core/slice.h"

enum {
    PROA_JSON_MAX_MEMBERS = 256,
    PROA_JSON_MAX_KEY = 256,
    PROA_JSON_MAX_WANTS = 64,
    PROA_JSON_MAX_DEPTH = 128
};

/* What a value is. ABSENT is no value at all: a member that was not there. */
enum proa_json_kind {
    PROA_JSON_ABSENT = 0,
    PROA_JSON_NULL,
    PROA_JSON_FALSE,
    PROA_JSON_TRUE,
    PROA_JSON_NUMBER,
    PROA_JSON_STRING,
    PROA_JSON_OBJECT,
    PROA_JSON_ARRAY
};

/* Sets of kinds, for proa_json_want.types. */
#define PROA_JSON_TYPE(kind) (1U << (kind))
#define PROA_JSON_TYPE_BOOL  (PROA_JSON_TYPE(PROA_JSON_FALSE) | PROA_JSON_TYPE(PROA_JSON_TRUE))

/* A top-level member the caller is interested in; meant for const tables. */
struct proa_json_want {
    struct proa_slice key; /* decoded, without quotes */
    unsigned types;        /* PROA_JSON_TYPE() of the allowed kinds or'ed together; 0 = any */
};

/* Where a member is: key_at at the opening quote of its key, the value in [value_at, value_end). */
struct proa_json_member {
    enum proa_json_kind kind;
    size_t key_at;
    size_t value_at;
    size_t value_end;
};

/* What to look for. Zero is a fine default: validate only. */
struct proa_json_scan_cfg {
    const struct proa_json_want *wants; /* borrowed; keys must differ from one another */
    size_t n_wants;                     /* <= PROA_JSON_MAX_WANTS */
    unsigned max_depth;                 /* 0 = PROA_JSON_MAX_DEPTH, which is also the most */
};

/* Where and why a text was refused. `reason` is static text for people: "expected ':' after a key".
 */
struct proa_json_fault {
    size_t at; /* byte offset; the text's length when it ended too early */
    const char *reason;
};

/* What is known about the text as a whole. */
struct proa_json_info {
    enum proa_json_kind kind;     /* of the top-level value; OBJECT is what splice needs */
    size_t value_at;              /* offset of its first byte, the '{' of an object */
    size_t value_end;             /* behind its last byte */
    size_t n_members;             /* of the top-level object */
    struct proa_json_fault fault; /* reason NULL after success */
    size_t fault_want;            /* ERR_TYPE: index of the want; else SIZE_MAX */
};

/*
 * Scans `text` in one pass. members[i] belongs to cfg->wants[i] and is ABSENT when the object lacks
 * that key, or when the text is no object at all, which is not an error here: see info->kind.
 * `members` may be NULL when there are no wants.
 *
 * SYNTAX, UTF8, DEPTH, TRAILING, TRUNCATED, DUPLICATE: the text; LIMIT: too many members, or a key
 * too long, or a text above 4 GiB; TYPE: a wanted member of a kind its want does not allow, as met
 * first. On failure info->fault is set and the members hold what had been found until then.
 */
enum proa_err proa_json_scan(struct proa_slice text, const struct proa_json_scan_cfg *cfg,
                             struct proa_json_member *members,
                             struct proa_json_info *info) PROA_MUST_CHECK;

/* The bytes of a member's value; empty when it is absent. Borrowed from text. */
static inline struct proa_slice proa_json_member_value(struct proa_slice text,
                                                       const struct proa_json_member *m)
{
    return m->kind == PROA_JSON_ABSENT
               ? PROA_SLICE_NONE
               : (struct proa_slice){text.ptr + m->value_at, m->value_end - m->value_at};
}

#endif
