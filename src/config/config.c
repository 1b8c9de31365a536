#include "proa/config/config.h"

#include "bind_priv.h"
#include "merge_priv.h"
#include "value_priv.h"

#include "proa/core/alloc.h"

enum proa_err proa_config_bind(const struct proa_option_table *table,
                               const struct proa_doc_node *root, const struct proa_config_env *env,
                               struct proa_arena *arena, void *out, struct proa_diags *diags)
{
    uint32_t before = diags->n_errors;
    void *values = proa_arena_zero(arena, 1, table->size);
    proa_bind_table(table, root, env, arena, values, diags);
    if (diags->n_errors != before) {
        return PROA_ERR_SYNTAX;
    }
    memcpy(out, values, table->size);
    return PROA_OK;
}

enum proa_err proa_config_parse(const struct proa_config_input *input, struct proa_arena *arena,
                                void *out, const struct proa_doc_node **tree,
                                struct proa_diags *diags)
{
    uint32_t before = diags->n_errors;
    // NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers
    const struct proa_doc_node **roots = proa_arena_zero(arena, input->n_files + 1, sizeof(*roots));
    struct proa_doc_node *empty = PROA_ARENA_NEW(arena, struct proa_doc_node);
    bool readable = true;
    for (size_t i = 0; i < input->n_files; i++) {
        const struct proa_config_source *file = &input->files[i];
        if (proa_doc_parse(file->bytes, file->file, arena, &roots[i], diags)) {
            readable = false; /* the other files are still worth reading for their own mistakes */
        }
    }
    if (!readable) {
        return PROA_ERR_SYNTAX;
    }
    empty->kind = PROA_DOC_MAP;
    roots[input->n_files] = empty;
    const struct proa_doc_node *root =
        proa_merge_files(input->table, roots, input->n_files ? input->n_files : 1, arena, diags);
    root = proa_overlay_apply(input, root, arena, diags);
    enum proa_err err = proa_config_bind(input->table, root, input->env, arena, out, diags);
    if (err || diags->n_errors != before) {
        return PROA_ERR_SYNTAX;
    }
    if (tree) {
        *tree = root;
    }
    return PROA_OK;
}

void proa_config_defaults(const struct proa_option_table *table, struct proa_arena *arena,
                          void *out)
{
    struct proa_diags *none = PROA_NEW(struct proa_diags); /* too large for a frame, or to keep */
    memset(out, 0, table->size);
    proa_bind_table(table, NULL, NULL, arena, out, none);
    PROA_ASSERT(none->n_errors == 0);
    proa_free(none);
}
