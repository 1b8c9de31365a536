#include "command_priv.h"

#include "proa/app/app.h"
#include "proa/core/alloc.h"
#include "proa/io/file.h"
#include "proa/json/writer.h"

#include <sysexits.h>

enum { PATHS_MAX = 128, JSON_MAX = 1024 * 1024, FILE_BYTES_MAX = 1024 * 1024 };

struct check {
    struct proa_app_names names;
    const char *paths[PATHS_MAX];
    size_t n_paths;
    struct proa_diags diags;
    struct proa_snapshot *snapshot; /* NULL: it would not start, or a policy file */
    bool policy_file;
    enum proa_err err;
};

/* ---- what is found --------------------------------------------------------------------------- */

static void print_text(struct proa_cli *cli, const struct proa_diags *diags)
{
    struct proa_cli_out *out = &cli->err;
    for (uint32_t i = 0; i < diags->n; i++) {
        const struct proa_diag *d = &diags->items[i];
        const bool error = d->level == PROA_DIAG_ERROR;
        char file[PROA_CLI_SHOWN_MAX];
        if (d->file) {
            proa_cli_out_printf(out, "%s:", proa_cli_shown(file, proa_slice_cstr(d->file)));
        }
        if (d->line > 0) {
            proa_cli_out_printf(out, "%u:%u:", (unsigned)d->line, (unsigned)d->col);
        }
        proa_cli_out_printf(out, "%s%s%s:%s ", d->file || d->line > 0 ? " " : "",
                            error ? proa_cli_red(out) : proa_cli_yellow(out),
                            error ? "error" : "warning", proa_cli_plain(out));
        /* The message quotes the file, which may hold anything. */
        struct proa_slice rest = proa_slice_cstr(d->message);
        while (rest.len > 0) {
            char shown[PROA_CLI_SHOWN_MAX];
            const struct proa_slice part = proa_slice_head(rest, 32);
            proa_cli_out_printf(out, "%s", proa_cli_shown(shown, part));
            rest = proa_slice_from(rest, part.len);
        }
        proa_cli_out_printf(out, "\n");
    }
    if (diags->n_dropped > 0) {
        proa_cli_out_printf(out, "and %u more\n", (unsigned)diags->n_dropped);
    }
}

static void print_json(struct proa_cli *cli, const struct check *check)
{
    struct proa_buf text;
    struct proa_json_writer w;
    proa_buf_init(&text, JSON_MAX);
    proa_json_writer_init(&w, &text);
    proa_json_writer_begin_object(&w);
    proa_json_writer_member_bool(&w, "valid", check->err == PROA_OK);
    proa_json_writer_member_u64(&w, "errors", check->diags.n_errors);
    proa_json_writer_member_u64(&w, "dropped", check->diags.n_dropped);
    proa_json_writer_key(&w, PROA_SLICE("messages"));
    proa_json_writer_begin_array(&w);
    for (uint32_t i = 0; i < check->diags.n; i++) {
        const struct proa_diag *d = &check->diags.items[i];
        proa_json_writer_begin_object(&w);
        proa_json_writer_member_string(
            &w, "level", d->level == PROA_DIAG_ERROR ? PROA_SLICE("error") : PROA_SLICE("warning"));
        if (d->file) {
            proa_json_writer_member_string(&w, "file", proa_slice_cstr(d->file));
        }
        if (d->line > 0) {
            proa_json_writer_member_u64(&w, "line", d->line);
            proa_json_writer_member_u64(&w, "col", d->col);
        }
        proa_json_writer_member_string(&w, "message", proa_slice_cstr(d->message));
        proa_json_writer_end_object(&w);
    }
    proa_json_writer_end_array(&w);
    proa_json_writer_end_object(&w);
    proa_cli_out_slice(&cli->out, proa_buf_slice(&text));
    proa_cli_out_slice(&cli->out, PROA_SLICE("\n"));
    proa_buf_deinit(&text);
}

static void print_summary(struct proa_cli *cli, const struct check *check)
{
    char shown[PROA_CLI_SHOWN_MAX];
    proa_cli_out_printf(&cli->out, "%s%s: ok",
                        check->n_paths == 0
                            ? "the environment"
                            : proa_cli_shown(shown, proa_slice_cstr(check->paths[0])),
                        check->n_paths > 1 ? " and others" : "");
    if (check->snapshot) {
        const size_t routes = check->snapshot->n_configured_routes;
        const size_t providers = check->snapshot->n_providers;
        proa_cli_out_printf(&cli->out, " (%zu %s, %zu %s)", providers,
                            providers == 1 ? "provider" : "providers", routes,
                            routes == 1 ? "route" : "routes");
    }
    proa_cli_out_printf(&cli->out, "\n");
}

/* ---- checking -------------------------------------------------------------------------------- */

/*
 * A lone policy file has nothing to start from, yet a change to one is what reviewers look at. True
 * when the file is one; it has then been checked.
 */
static bool check_policy_file(struct check *check)
{
    struct proa_buf bytes;
    struct proa_arena arena;
    const struct proa_doc_node *root = NULL;
    bool found = false;
    if (check->n_paths != 1 || proa_file_is_dir(check->paths[0])) {
        return false;
    }
    struct proa_diags *ignored = PROA_NEW(struct proa_diags);
    proa_buf_init(&bytes, FILE_BYTES_MAX);
    proa_arena_init(&arena, NULL);
    if (proa_file_read(check->paths[0], &bytes) == PROA_OK &&
        proa_doc_parse(proa_buf_slice(&bytes), check->paths[0], &arena, &root, ignored) ==
            PROA_OK) {
        const struct proa_doc_node *kind = proa_doc_get(root, PROA_SLICE("kind"));
        found = kind && kind->kind == PROA_DOC_SCALAR &&
                proa_slice_eq(kind->text, PROA_SLICE("Policy"));
    }
    if (found) {
        struct proa_policy_cfg policy = {0};
        check->policy_file = true;
        check->err =
            proa_config_bind(&proa_policy_table, root, NULL, &arena, &policy, &check->diags);
    }
    proa_free(ignored);
    proa_arena_reset(&arena);
    proa_buf_deinit(&bytes);
    return found;
}

static void run_check(struct check *check)
{
    if (check_policy_file(check)) {
        return;
    }
    const struct proa_app_sources sources = {
        .names = &check->names, .paths = check->paths, .n_paths = check->n_paths};
    check->err = proa_app_load(&sources, 0, &check->diags, &check->snapshot);
}

static void collect_paths(const struct proa_cli_args *args, struct check *check)
{
    check->n_paths = proa_cli_args_values(args, "config", check->paths, PATHS_MAX / 2);
    for (size_t i = 0; i < args->n_operands; i++) {
        check->paths[check->n_paths++] = args->operands[i];
    }
    if (check->n_paths == 0 && proa_cli_env("PROA_CONFIG")) {
        check->paths[check->n_paths++] = proa_cli_env("PROA_CONFIG");
    }
}

int proa_cli_validate(struct proa_cli *cli)
{
    const char *output = proa_cli_args_value(cli->args, "output");
    struct check *check = PROA_NEW(struct check);
    proa_app_names_init(&check->names);
    collect_paths(cli->args, check);
    run_check(check);
    if (output && strcmp(output, "json") == 0) {
        print_json(cli, check);
    } else {
        print_text(cli, &check->diags);
        if (check->err == PROA_OK && !proa_cli_args_has(cli->args, "quiet")) {
            print_summary(cli, check);
        }
    }
    const int code = check->err == PROA_OK               ? EX_OK
                     : check->err == PROA_ERR_NOT_FOUND  ? EX_NOINPUT
                     : check->err == PROA_ERR_PERMISSION ? EX_NOPERM
                                                         : EX_CONFIG;
    proa_snapshot_unref(check->snapshot);
    proa_app_names_deinit(&check->names);
    proa_free(check);
    return code;
}
