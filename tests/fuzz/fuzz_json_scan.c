/*
 * Arbitrary bytes as JSON. The scan must agree with the plain reference about validity and about
 * where the members are; an accepted object must stay valid under any splice; cursor, string and
 * tree must stay inside the bytes and must not accept what the scan refuses.
 *
 * links: json core
 */
#include "proa/core/alloc.h"
#include "proa/core/buf.h"
#include "proa/json/cursor.h"
#include "proa/json/scan.h"
#include "proa/json/splice.h"
#include "proa/json/string.h"
#include "proa/json/tree.h"

#include "../unit/json/json_ref.h"

enum { N_WANTS = 4, MAX_INPUT = 1 << 16, MAX_PIECES = 3 * (N_WANTS + 2) + 2 };

static const struct proa_json_want wants[N_WANTS] = {{PROA_SLICE_INIT("a"), 0},
                                                     {PROA_SLICE_INIT("b"), 0},
                                                     {PROA_SLICE_INIT("model"), 0},
                                                     {PROA_SLICE_INIT(""), 0}};
static const struct proa_json_scan_cfg cfg = {wants, N_WANTS, 0};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_members(const struct ref_member *expected, size_t n,
                          const struct proa_json_member *m)
{
    for (size_t w = 0; w < N_WANTS; w++) {
        const struct ref_member *found = NULL;
        for (size_t k = 0; k < n; k++) {
            struct proa_slice key = {expected[k].key, expected[k].key_len};
            found = proa_slice_eq(key, wants[w].key) ? &expected[k] : found;
        }
        PROA_ASSERT((found != NULL) == (m[w].kind != PROA_JSON_ABSENT));
        if (found) {
            PROA_ASSERT(found->key_at == m[w].key_at && found->value_at == m[w].value_at &&
                        found->value_end == m[w].value_end);
        }
    }
}

/* Every choice of keep, remove and replace over the members found, with both inserts. */
static void check_splices(struct proa_slice text, const struct proa_json_info *info,
                          const struct proa_json_member *m)
{
    static const struct proa_json_scan_cfg any = {NULL, 0, 0};
    struct proa_slice slices[MAX_PIECES];
    struct proa_buf out;
    proa_buf_init(&out, MAX_INPUT + 1024);
    for (unsigned plan = 0; plan < 4 * 81; plan++) {
        struct proa_json_edit edits[N_WANTS + 2];
        struct proa_json_pieces pieces = {.slices = slices, .max = PROA_ARRAY_LEN(slices)};
        struct proa_json_info after;
        size_t n = 0;
        size_t left = info->n_members + (plan & 1) + (plan >> 1 & 1);
        unsigned rest = plan / 4;
        for (size_t w = 0; w < N_WANTS; w++, rest /= 3) {
            if (rest % 3 && m[w].kind != PROA_JSON_ABSENT) {
                edits[n++] = (struct proa_json_edit){
                    rest % 3 == 1 ? PROA_JSON_REMOVE : PROA_JSON_REPLACE, m[w], PROA_SLICE("[0]")};
                left -= rest % 3 == 1;
            }
        }
        if (plan & 1) {
            edits[n++] = (struct proa_json_edit){.kind = PROA_JSON_INSERT_FIRST,
                                                 .bytes = PROA_SLICE("\"\\uffff first\":1")};
        }
        if (plan & 2) {
            edits[n++] = (struct proa_json_edit){.kind = PROA_JSON_INSERT_LAST,
                                                 .bytes = PROA_SLICE("\"\\uffff last\":1")};
        }
        PROA_ASSERT(proa_json_splice(text, info, edits, n, &pieces) == PROA_OK);
        proa_buf_clear(&out);
        for (size_t i = 0; i < pieces.n; i++) {
            (void)proa_buf_append(&out, pieces.slices[i]);
        }
        PROA_ASSERT(proa_buf_ok(&out) && out.len == pieces.total_bytes);
        enum proa_err err = proa_json_scan(proa_buf_slice(&out), &any, NULL, &after);
        bool grew = left > PROA_JSON_MAX_MEMBERS;
        PROA_ASSERT(grew || (err == PROA_OK && after.n_members == left));
    }
    proa_buf_deinit(&out);
}

static void check_string(struct proa_slice token, bool expect)
{
    struct proa_buf plain;
    struct proa_buf again;
    proa_buf_init(&plain, MAX_INPUT);
    proa_buf_init(&again, (size_t)8 * MAX_INPUT);
    enum proa_err err = proa_json_string_decode(token, &plain);
    PROA_ASSERT(!expect || err == PROA_OK);
    if (!err) {
        PROA_ASSERT(plain.len + 2 <= token.len);
        PROA_ASSERT(proa_json_string_eq(token, proa_buf_slice(&plain)));
        PROA_ASSERT(proa_json_string_encode(&again, proa_buf_slice(&plain)) == PROA_OK);
        PROA_ASSERT(proa_json_string_eq(proa_buf_slice(&again), proa_buf_slice(&plain)));
    }
    proa_buf_deinit(&plain);
    proa_buf_deinit(&again);
}

static void check_cursor(struct proa_slice text, bool valid)
{
    struct proa_json_cursor c;
    struct proa_json_item item;
    if (proa_json_cursor_init(&c, text) != PROA_OK) {
        return;
    }
    for (;;) {
        struct proa_json_cursor counting = c;
        struct proa_json_item counted;
        uint64_t value = 0;
        uint64_t expected = 0;
        const bool is_count = proa_json_cursor_count(&counting, &counted, &value);
        if (!proa_json_cursor_next(&c, &item)) {
            PROA_ASSERT(!is_count);
            break;
        }
        PROA_ASSERT(!is_count ||
                    (proa_slice_eq(counted.value, item.value) &&
                     proa_slice_eq(counted.key, item.key) && counting.p == c.p &&
                     proa_json_number_u64(item.value, &expected) == PROA_OK && value == expected));
        PROA_ASSERT(item.value.ptr >= text.ptr &&
                    item.value.ptr + item.value.len <= text.ptr + text.len);
        PROA_ASSERT(item.kind == proa_json_kind_of(item.value));
        if (item.kind == PROA_JSON_STRING) {
            check_string(item.value, true);
        }
    }
    PROA_ASSERT(!valid || c.err == PROA_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const struct proa_json_step path[] = {PROA_JSON_STEP_KEY("a"), PROA_JSON_STEP_AT(0)};
    struct proa_slice text = proa_slice_make(data, len);
    struct proa_json_member m[N_WANTS];
    struct proa_json_info info;
    struct proa_json_tree *tree = NULL;
    size_t n = 0;
    bool object = false;
    if (len > MAX_INPUT) {
        return 0;
    }
    struct ref_member *expected = proa_alloc_zero(REF_MEMBERS, sizeof *expected);
    bool valid = ref_check(text, REF_DEPTH, expected, &n, &object);
    enum proa_err err = proa_json_scan(text, &cfg, m, &info);

    PROA_ASSERT(valid == (err == PROA_OK));
    PROA_ASSERT(valid ? !info.fault.reason : info.fault.reason && info.fault.at <= len);
    if (valid) {
        PROA_ASSERT(n == info.n_members && object == (info.kind == PROA_JSON_OBJECT));
        check_members(expected, n, m);
        if (object) {
            check_splices(text, &info, m);
        }
    }
    check_cursor(text, valid);
    check_string(text, false);
    (void)proa_json_path(text, path, PROA_ARRAY_LEN(path), NULL);
    if (proa_json_tree_parse(text, NULL, &tree, NULL) == PROA_OK) {
        /* The tree has no caps on members and keys, and is all the stricter otherwise. */
        PROA_ASSERT(valid || err == PROA_ERR_LIMIT);
        proa_json_tree_destroy(tree);
    }
    proa_free(expected);
    return 0;
}
