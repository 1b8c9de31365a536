#include "place_priv.h"

#include "proa/config/config.h"
#include "proa/core/alloc.h"
#include "proa/io/file.h"
#include "proa/policy/cfg.h"

#include <stdlib.h>
#include <sysexits.h>

enum { FILES_MAX = 64, FILE_BYTES_MAX = 1024 * 1024, JOINED_MAX = 65536 };

bool proa_cli_place_split(struct proa_slice text, struct proa_slice *host, uint16_t *port)
{
    size_t colon = text.len;
    while (colon > 0 && text.ptr[colon - 1] != ':') {
        colon--;
    }
    uint64_t number = 0;
    if (colon < 2 || proa_slice_to_u64(proa_slice_from(text, colon), &number) != PROA_OK ||
        number == 0 || number > UINT16_MAX) {
        return false;
    }
    struct proa_slice name = proa_slice_head(text, colon - 1);
    if (name.ptr[0] == '[' && name.ptr[name.len - 1] == ']') {
        name = proa_slice_head(proa_slice_from(name, 1), name.len - 2);
    } else if (proa_slice_find(name, ':') < name.len || proa_slice_find(name, '[') < name.len) {
        return false; /* IPv6 without brackets: which colon is the port's? */
    }
    *host = name;
    *port = (uint16_t)number;
    return name.len > 0;
}

/* What each listener is called, and where its addresses stand. */
static const struct {
    const char *name;
    const char *variable;
    size_t offset; /* in struct proa_listen_cfg */
} LISTENERS[] = {
    [PROA_CLI_PLACE_DATA] = {"data", "PROA_LISTEN_DATA", offsetof(struct proa_listen_cfg, data)},
    [PROA_CLI_PLACE_OPS] = {"ops", "PROA_LISTEN_OPS", offsetof(struct proa_listen_cfg, ops)},
    [PROA_CLI_PLACE_ADMIN] = {"admin", "PROA_LISTEN_ADMIN",
                              offsetof(struct proa_listen_cfg, admin)},
};

/* ---- a configuration, read for its listeners alone ------------------------------------------- */

struct reading {
    struct proa_config_source files[FILES_MAX];
    struct proa_buf bytes[FILES_MAX];
    size_t n;
    struct proa_arena arena;
    struct proa_root_cfg cfg;
    enum proa_err err;
    char bad[PROA_CLI_SHOWN_MAX]; /* the file that cannot be read */
    struct proa_diags diags;
    struct proa_diags ignored; /* of looking at a file's kind */
};

static void read_file(void *ctx, const char *path)
{
    struct reading *r = ctx;
    if (r->err != PROA_OK) {
        return;
    }
    if (r->n == FILES_MAX) {
        r->err = PROA_ERR_LIMIT;
        return;
    }
    proa_buf_init(&r->bytes[r->n], FILE_BYTES_MAX);
    r->err = proa_file_read(path, &r->bytes[r->n]);
    if (r->err != PROA_OK) {
        proa_buf_deinit(&r->bytes[r->n]);
        (void)proa_cli_shown(r->bad, proa_slice_cstr(path));
        return;
    }
    const struct proa_doc_node *root = NULL;
    const struct proa_doc_node *kind = NULL;
    const char *name = proa_arena_cstr(&r->arena, proa_slice_cstr(path));
    if (proa_doc_parse(proa_buf_slice(&r->bytes[r->n]), name, &r->arena, &root, &r->ignored) ==
            PROA_OK &&
        root->kind == PROA_DOC_MAP) {
        kind = proa_doc_get(root, PROA_SLICE("kind"));
    }
    if (kind) { /* a policy file: nothing of listeners in it */
        proa_buf_deinit(&r->bytes[r->n]);
        return;
    }
    r->files[r->n] = (struct proa_config_source){name, proa_buf_slice(&r->bytes[r->n])};
    r->n++;
}

/* What the running process was given need not be known here: a variable that is not set is empty,
 * and listeners do not care. */
static bool lenient_env(void *ctx, struct proa_slice name, struct proa_slice *value)
{
    (void)ctx;
    char *text = proa_strdup_n(name.ptr, name.len);
    *value = proa_slice_cstr(getenv(text)); /* NOLINT(concurrency-mt-unsafe): nobody sets it */
    proa_free(text);
    return true;
}

static void read_all(struct reading *r, const char *const *paths, size_t n_paths)
{
    const struct proa_config_env env = {.get = lenient_env};
    proa_arena_init(&r->arena, NULL);
    for (size_t i = 0; i < n_paths && r->err == PROA_OK; i++) {
        if (!proa_file_is_dir(paths[i])) {
            read_file(r, paths[i]);
            continue;
        }
        const enum proa_err err = proa_file_list(paths[i], PROA_SLICE(".yaml"), read_file, r);
        if (err != PROA_OK) {
            r->err = err;
            (void)proa_cli_shown(r->bad, proa_slice_cstr(paths[i]));
        }
    }
    if (r->err != PROA_OK) {
        return;
    }
    if (r->n == 0) {
        proa_config_defaults(&proa_root_table, &r->arena, &r->cfg);
        return;
    }
    const struct proa_config_input input = {
        .table = &proa_root_table, .files = r->files, .n_files = r->n, .env = &env};
    r->err = proa_config_parse(&input, &r->arena, &r->cfg, NULL, &r->diags);
}

static void end_reading(struct reading *r)
{
    for (size_t i = 0; i < r->n; i++) {
        proa_buf_deinit(&r->bytes[i]);
    }
    proa_arena_reset(&r->arena);
    proa_free(r);
}

static int explain(struct proa_cli *cli, const struct reading *r)
{
    if (r->diags.n > 0) {
        return proa_cli_fail_diags(cli, EX_CONFIG, &r->diags);
    }
    const int code = r->err == PROA_ERR_NOT_FOUND    ? EX_NOINPUT
                     : r->err == PROA_ERR_PERMISSION ? EX_NOPERM
                                                     : EX_CONFIG;
    return proa_cli_fail(cli, code, "cannot read %s: %s", r->bad, proa_err_text(r->err));
}

/* ---- picking --------------------------------------------------------------------------------- */

/* An address to connect to, from one to listen on. */
static bool adopt(struct proa_slice text, struct proa_cli_place *out)
{
    static const struct {
        struct proa_slice all;
        const char *one;
    } ROWS[] = {{PROA_SLICE_INIT("0.0.0.0:"), "127.0.0.1:"},
                {PROA_SLICE_INIT("[::]:"), "[::1]:"},
                {PROA_SLICE_INIT("*:"), "127.0.0.1:"}};
    struct proa_buf whole;
    proa_buf_init(&whole, sizeof out->text - 1);
    for (size_t i = 0; i < PROA_ARRAY_LEN(ROWS); i++) {
        if (proa_slice_starts(text, ROWS[i].all)) {
            (void)proa_buf_append_cstr(&whole, ROWS[i].one);
            text = proa_slice_from(text, ROWS[i].all.len);
            break;
        }
    }
    (void)proa_buf_append(&whole, text);
    const bool fits = proa_buf_ok(&whole) && whole.len > 0;
    if (fits) {
        memcpy(out->text, whole.ptr, whole.len);
        out->text[whole.len] = '\0';
        out->is_unix = proa_slice_starts(proa_buf_slice(&whole), PROA_SLICE("unix:"));
    }
    struct proa_slice host;
    uint16_t port = 0;
    const bool ok =
        fits && (out->is_unix || proa_cli_place_split(proa_buf_slice(&whole), &host, &port));
    proa_buf_deinit(&whole);
    return ok;
}

static bool adopt_first(struct proa_slice list, bool want_tcp, struct proa_cli_place *out)
{
    struct proa_cli_place first = {.tls = out->tls};
    bool found = false;
    while (list.len > 0) {
        struct proa_cli_place each = {.tls = out->tls};
        if (!adopt(proa_slice_trim(proa_slice_split(list, ',', &list)), &each)) {
            return false;
        }
        if (!found || (want_tcp && first.is_unix && !each.is_unix)) {
            first = each;
        }
        found = true;
    }
    *out = first;
    return found;
}

static bool from_config(struct proa_cli *cli, enum proa_cli_place_kind kind, bool want_tcp,
                        struct proa_cli_place *out, int *code)
{
    const char *paths[FILES_MAX];
    size_t n = proa_cli_args_values(cli->args, "config", paths, FILES_MAX);
    if (n == 0 && proa_cli_env("PROA_CONFIG")) {
        paths[n++] = proa_cli_env("PROA_CONFIG");
    }
    struct reading *r = PROA_NEW(struct reading);
    read_all(r, paths, n);
    if (r->err != PROA_OK) {
        *code = explain(cli, r);
        end_reading(r);
        return false;
    }
    const struct proa_listen_cfg *listen = &r->cfg.listen;
    const struct proa_option_list *list =
        (const void *)((const char *)listen + LISTENERS[kind].offset);
    const struct proa_slice *texts = list->items;
    struct proa_buf joined;
    proa_buf_init(&joined, JOINED_MAX);
    for (size_t i = 0; i < list->n; i++) {
        (void)proa_buf_append(&joined, texts[i]);
        (void)proa_buf_append_byte(&joined, ',');
    }
    out->tls = kind == PROA_CLI_PLACE_DATA && listen->tls_cert_file.len > 0;
    const bool ok = adopt_first(proa_buf_slice(&joined), want_tcp, out);
    proa_buf_deinit(&joined);
    end_reading(r);
    if (!ok) {
        *code = proa_cli_fail(cli, EX_CONFIG, "listen.%s of the configuration has no address",
                              LISTENERS[kind].name);
    }
    return ok;
}

bool proa_cli_place_find(struct proa_cli *cli, enum proa_cli_place_kind kind, const char *flag,
                         bool want_tcp, struct proa_cli_place *out, int *code)
{
    char shown[PROA_CLI_SHOWN_MAX];
    const char *variable = LISTENERS[kind].variable;
    const char *text = proa_cli_args_value(cli->args, flag);
    *out = (struct proa_cli_place){0};
    if (text) {
        const bool ok = adopt_first(proa_slice_cstr(text), want_tcp, out);
        if (!ok) {
            *code = proa_cli_usage(cli,
                                   "--%s cannot be \"%s\"; write HOST:PORT, [IPv6]:PORT or "
                                   "unix:/path",
                                   flag, proa_cli_shown(shown, proa_slice_cstr(text)));
        }
        return ok;
    }
    text = proa_cli_env(variable);
    if (text) {
        const bool ok = adopt_first(proa_slice_cstr(text), want_tcp, out);
        if (!ok) {
            *code = proa_cli_fail(cli, EX_CONFIG,
                                  "%s cannot be \"%s\"; write HOST:PORT, [IPv6]:PORT or unix:/path",
                                  variable, proa_cli_shown(shown, proa_slice_cstr(text)));
        }
        return ok;
    }
    return from_config(cli, kind, want_tcp, out, code);
}
