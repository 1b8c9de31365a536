/*
 * Editing a scanned object without copying it: members are cut, replaced or inserted, and the
 * outcome is a list of byte ranges to be written one behind the other.
 *
 * Pure: no allocation. The pieces point into the text, into the edits' bytes and to static commas,
 * so they live as long as the shortest-lived of these. If every `bytes` is valid JSON of its sort,
 * so is the concatenation of the pieces: removing takes exactly one comma along, inserting brings
 * exactly one.
 */
#ifndef PROA_JSON_SPLICE_H
#define PROA_JSON_SPLICE_H

#include "proa/json/scan.h"

enum { PROA_JSON_MAX_EDITS = 32 };

enum proa_json_edit_kind {
    PROA_JSON_REMOVE = 0,   /* the member, key and all; absent members are skipped */
    PROA_JSON_REPLACE,      /* the value by `bytes`, the key stays; an absent member is ERR_ARG */
    PROA_JSON_INSERT_FIRST, /* `bytes` is a whole member, `"k":v`, without comma */
    PROA_JSON_INSERT_LAST
};

struct proa_json_edit {
    enum proa_json_edit_kind kind;
    struct proa_json_member member; /* REMOVE, REPLACE: as proa_json_scan() found it */
    struct proa_slice bytes;        /* REPLACE, INSERT: borrowed */
};

/* Pieces that n edits can need at the most. */
#define PROA_JSON_PIECES(n_edits) (3 * (size_t)(n_edits) + 2)

/* The outcome: `slices` has room for `max`, both set by the caller; n and total_bytes are results.
 */
struct proa_json_pieces {
    struct proa_slice *slices;
    size_t max;
    size_t n;
    size_t total_bytes; /* sum of the lengths: the new Content-Length */
};

/*
 * Plans the edits, in any order, on the object that `info` describes. Inserted members keep the
 * order among themselves. Pieces are never empty. The bytes around the object are kept.
 *
 * ARG: no object, more than PROA_JSON_MAX_EDITS, the same member twice, or members that are not of
 * this text. LIMIT: more pieces than out->max, which PROA_JSON_PIECES(n) rules out.
 */
enum proa_err proa_json_splice(struct proa_slice text, const struct proa_json_info *info,
                               const struct proa_json_edit *edits, size_t n_edits,
                               struct proa_json_pieces *out) PROA_MUST_CHECK;

#endif
