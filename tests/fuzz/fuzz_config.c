/*
 * Arbitrary bytes as a configuration file: the tree, a table of every row type, and the dump of
 * what was accepted, which must be accepted again and dump to the same bytes. The input may hold
 * two files, cut at a NUL byte, so that merging is reached.
 *
 * links: config json core
 */
#include "proa/config/config.h"
#include "proa/config/dump.h"
#include "proa/core/alloc.h"
#include "proa/core/buf.h"

#include "../unit/config/sample.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool lookup(void *ctx, struct proa_slice name, struct proa_slice *value)
{
    (void)ctx;
    if (name.len != 1) {
        return false; /* no overrides: PROA_* are longer */
    }
    *value = PROA_SLICE("a ${b} \"c\"");
    return name.ptr[0] >= 'A' && name.ptr[0] <= 'M';
}

static enum proa_err parse(const struct proa_config_source *files, size_t n,
                           struct proa_arena *arena, struct sample *out,
                           const struct proa_doc_node **tree)
{
    struct proa_config_env env = {.get = lookup};
    struct proa_config_input input = {
        .table = &sample_table, .files = files, .n_files = n, .env = &env};
    struct proa_diags *diags = PROA_NEW(struct proa_diags);
    enum proa_err err = proa_config_parse(&input, arena, out, tree, diags);
    PROA_ASSERT((err == PROA_OK) == (diags->n_errors == 0));
    for (uint32_t i = 0; i < diags->n; i++) {
        PROA_ASSERT(diags->items[i].message[0]);
    }
    proa_free(diags);
    return err;
}

static void round_trip(const struct sample *cfg, const struct proa_doc_node *tree,
                       struct proa_arena *arena)
{
    struct proa_buf first;
    struct proa_buf second;
    struct sample again;
    const struct proa_doc_node *tree_again = NULL;
    proa_buf_init(&first, PROA_DOC_MAX_BYTES);
    proa_buf_init(&second, PROA_DOC_MAX_BYTES);
    if (proa_dump_yaml(&sample_table, cfg, tree, false, &first) == PROA_OK) {
        struct proa_config_source file = {"dump.yaml", proa_buf_slice(&first)};
        /* defaults written out and shorthands spelled out may exceed the node budget */
        if (parse(&file, 1, arena, &again, &tree_again) == PROA_OK) {
            PROA_ASSERT(proa_dump_yaml(&sample_table, &again, tree_again, false, &second) ==
                        PROA_OK);
            PROA_ASSERT(proa_slice_eq(proa_buf_slice(&first), proa_buf_slice(&second)));
        } else {
            PROA_ASSERT(first.len > 2000);
        }
    }
    proa_buf_deinit(&first);
    proa_buf_deinit(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct proa_arena arena;
    struct sample cfg;
    const struct proa_doc_node *tree = NULL;
    struct proa_slice second;
    struct proa_slice all = proa_slice_make(data, size);
    size_t cut = proa_slice_find(all, '\0');
    struct proa_slice first = proa_slice_split(all, '\0', &second);
    struct proa_config_source files[] = {{"a.yaml", first}, {"b.yaml", second}};
    proa_arena_init(&arena, NULL);
    if (parse(files, cut < size ? 2 : 1, &arena, &cfg, &tree) == PROA_OK) {
        round_trip(&cfg, tree, &arena);
    }
    proa_arena_reset(&arena);
    return 0;
}
