#include "command_priv.h"

#include "proa/app/app.h"
#include "proa/core/alloc.h"
#include "proa/io/file.h"
#include "proa/json/writer.h"

#include <stdlib.h>
#include <sysexits.h>

enum { PATHS_MAX = 128, JSON_MAX = 1024 * 1024, FILE_BYTES_MAX = 1024 * 1024 };

struct check {
    struct proa_app_names names; /* what the diags point to */
    const char *paths[PATHS_MAX];
    size_t n_paths;
    struct proa_diags diags;
    struct proa_snapshot *snapshot; /* NULL: it would not start */
    enum proa_err err;
    struct proa_buf bytes; /* of the file that was read last */
    struct proa_json_writer list;
    size_t n_policies; /* files that are policies; 0 = a configuration was checked */
    size_t n_others;
};

/* One message with its place. Borrows from the diag. */
struct found {
    struct proa_slice file; /* empty = none */
    uint64_t line;          /* 0 = unknown */
    uint64_t col;
    struct proa_slice message;
};

/* "file:12:3" in its parts. */
static bool split_place(struct proa_slice text, struct found *out)
{
    size_t colons[2];
    for (size_t n = 2, i = text.len; n > 0; n--) {
        while (i > 0 && text.ptr[i - 1] != ':') {
            i--;
        }
        if (i < 2) {
            return false;
        }
        colons[n - 1] = --i;
    }
    const struct proa_slice line =
        proa_slice_make(text.ptr + colons[0] + 1, colons[1] - colons[0] - 1);
    out->file = proa_slice_head(text, colons[0]);
    return proa_slice_to_u64(line, &out->line) == PROA_OK &&
           proa_slice_to_u64(proa_slice_from(text, colons[1] + 1), &out->col) == PROA_OK;
}

/* A message about a file that the configuration names begins with its place; others have it beside
 * them. */
static struct found found_of(const struct proa_diag *d)
{
    struct found found = {.file = proa_slice_cstr(d->file),
                          .line = d->line,
                          .col = d->col,
                          .message = proa_slice_cstr(d->message)};
    struct found inner = {0};
    const size_t end = proa_slice_search(found.message, PROA_SLICE(": "));
    if (!d->file && split_place(proa_slice_head(found.message, end), &inner)) {
        inner.message = proa_slice_from(found.message, end + 2);
        return inner;
    }
    return found;
}

/* ---- what is found --------------------------------------------------------------------------- */

static void print_text(struct proa_cli *cli, const struct proa_diags *diags)
{
    struct proa_cli_out *out = &cli->err;
    for (uint32_t i = 0; i < diags->n; i++) {
        const struct proa_diag *d = &diags->items[i];
        const bool error = d->level == PROA_DIAG_ERROR;
        const struct found found = found_of(d);
        char shown[PROA_CLI_SHOWN_MAX];
        if (found.file.len > 0) {
            proa_cli_out_printf(out, "%s:", proa_cli_shown(shown, found.file));
        }
        if (found.line > 0) {
            proa_cli_out_printf(out, "%llu:%llu:", (unsigned long long)found.line,
                                (unsigned long long)found.col);
        }
        proa_cli_out_printf(out, "%s%s%s:%s ", found.file.len > 0 || found.line > 0 ? " " : "",
                            error ? proa_cli_red(out) : proa_cli_yellow(out),
                            error ? "error" : "warning", proa_cli_plain(out));
        /* The message quotes the file, which may hold anything. */
        for (struct proa_slice rest = found.message; rest.len > 0;) {
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
        const struct found found = found_of(d);
        if (found.file.len > 0) {
            proa_json_writer_member_string(&w, "file", found.file);
        }
        if (found.line > 0) {
            proa_json_writer_member_u64(&w, "line", found.line);
            proa_json_writer_member_u64(&w, "col", found.col);
        }
        proa_json_writer_member_string(&w, "message", found.message);
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
    if (check->n_policies > 0) {
        proa_cli_out_printf(&cli->out, " (%zu %s)", check->n_policies,
                            check->n_policies == 1 ? "policy" : "policies");
    } else if (check->snapshot) {
        const size_t routes = check->snapshot->n_configured_routes;
        const size_t providers = check->snapshot->n_providers;
        proa_cli_out_printf(&cli->out, " (%zu %s, %zu %s)", providers,
                            providers == 1 ? "provider" : "providers", routes,
                            routes == 1 ? "route" : "routes");
    }
    proa_cli_out_printf(&cli->out, "\n");
}

/* ---- checking -------------------------------------------------------------------------------- */

static bool env_get(void *ctx, const char *name, struct proa_slice *value)
{
    (void)ctx;
    const char *text = getenv(name); /* NOLINT(concurrency-mt-unsafe): nothing calls setenv */
    *value = proa_slice_cstr(text);
    return text != NULL;
}

static enum proa_err env_file(void *ctx, const char *path, bool secret, struct proa_slice *bytes)
{
    struct check *check = ctx;
    (void)secret; /* only policy files are read this way */
    proa_buf_clear(&check->bytes);
    const enum proa_err err = proa_file_read(path, &check->bytes);
    *bytes = err == PROA_OK ? proa_buf_slice(&check->bytes) : *bytes;
    return err;
}

/* Adds a file to the list `policies`, if it is one. */
static void look_at(void *ctx, const char *path)
{
    struct check *check = ctx;
    struct proa_arena arena;
    const struct proa_doc_node *root = NULL;
    const struct proa_doc_node *kind = NULL;
    struct proa_diags *ignored = PROA_NEW(struct proa_diags);
    proa_arena_init(&arena, NULL);
    proa_buf_clear(&check->bytes);
    if (proa_file_read(path, &check->bytes) == PROA_OK &&
        proa_doc_parse(proa_buf_slice(&check->bytes), path, &arena, &root, ignored) == PROA_OK) {
        kind = proa_doc_get(root, PROA_SLICE("kind"));
    }
    if (kind && kind->kind == PROA_DOC_SCALAR && proa_slice_eq(kind->text, PROA_SLICE("Policy"))) {
        proa_json_writer_string(&check->list, proa_slice_cstr(path));
        check->n_policies++;
    } else {
        check->n_others++;
    }
    proa_free(ignored);
    proa_arena_reset(&arena);
}

/*
 * Policy files alone have nothing to start from, yet a change to one is what reviewers look at:
 * they are checked as if a configuration named them. True when all paths are such files.
 */
static bool check_policies(struct check *check)
{
    static const char NAME[] = "(the list of policies)";
    const struct proa_policy_env env = {.ctx = check, .getenv = env_get, .file = env_file};
    struct proa_buf text;
    proa_buf_init(&text, JSON_MAX);
    PROA_BUF_LIT(&text, "policies: ");
    proa_json_writer_init(&check->list, &text);
    proa_json_writer_begin_array(&check->list);
    for (size_t i = 0; i < check->n_paths; i++) {
        if (!proa_file_is_dir(check->paths[i])) {
            look_at(check, check->paths[i]);
        } else if (proa_file_list(check->paths[i], PROA_SLICE(".yaml"), look_at, check) !=
                   PROA_OK) {
            check->n_others++;
        }
    }
    proa_json_writer_end_array(&check->list);
    const bool all = check->n_policies > 0 && check->n_others == 0;
    if (all) {
        const struct proa_policy_file file = {.name = NAME, .bytes = proa_buf_slice(&text)};
        const struct proa_policy_input input = {
            .files = &file,
            .n_files = 1,
            .env = &env,
            .mock = true, /* something for the policies to apply to */
            .mock_base = PROA_SLICE("http://127.0.0.1:1"),
        };
        check->err = proa_snapshot_build(&input, &check->diags, &check->snapshot);
    }
    proa_buf_deinit(&text);
    return all;
}

static void run_check(struct check *check)
{
    if (check_policies(check)) {
        return;
    }
    check->n_policies = 0;
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
    proa_buf_init(&check->bytes, FILE_BYTES_MAX);
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
    proa_buf_deinit(&check->bytes);
    proa_free(check);
    return code;
}
