/*
 * `proa cache stats|purge`: what the running sidecar keeps of answers, and forgetting it.
 */
#include "ask_priv.h"

#include "proa/core/clock.h"
#include "proa/io/file.h"
#include "proa/json/lenient.h"

#include <string.h>
#include <sysexits.h>

enum { BODY_MAX = 64 * 1024, TOKEN_MAX = 4096 };

static const uint64_t TIMEOUT_NS = 5 * PROA_NS_PER_S;
static const char STATS[] = "/admin/cache";
static const char PURGE[] = "/admin/cache/purge";

static unsigned long long number(const struct proa_json_node *node, const char *key)
{
    return (unsigned long long)proa_json_lenient_u64(node, key);
}

static void print(struct proa_cli_out *out, const struct proa_json_node *kept)
{
    const struct proa_json_node *gone = proa_json_lenient_get(kept, "gone");
    const uint64_t looked = proa_json_lenient_u64(kept, "looked");
    const uint64_t fresh = proa_json_lenient_u64(kept, "fresh");
    proa_cli_out_printf(out, "kept      %llu answers, %llu of %llu bytes\n",
                        number(kept, "entries"), number(kept, "bytes"), number(kept, "max_bytes"));
    proa_cli_out_printf(out, "asked     %llu times: %llu fresh, %llu stale", number(kept, "looked"),
                        number(kept, "fresh"), number(kept, "stale"));
    if (looked > 0) {
        proa_cli_out_printf(out, " (%llu %% fresh)", (unsigned long long)(fresh * 100 / looked));
    }
    proa_cli_out_printf(out,
                        "\nstored    %llu\ngone      %llu for room, %llu expired, %llu replaced, "
                        "%llu purged\n",
                        number(kept, "stored"), number(gone, "room"), number(gone, "expired"),
                        number(gone, "replaced"), number(gone, "purged"));
}

/* What actions must show; false, with the exit code set, when there is none. */
static bool find_token(struct proa_cli *cli, struct proa_buf *token, int *code)
{
    const char *path = proa_cli_args_value(cli->args, "token-file");
    const char *text = proa_cli_env("PROA_ADMIN_TOKEN");
    if (path) {
        const enum proa_err err = proa_file_read_secret(path, token);
        if (err != PROA_OK) {
            *code = proa_cli_fail(cli, EX_NOINPUT, "%s: %s", path, proa_err_text(err));
            return false;
        }
        while (token->len > 0 && strchr("\r\n", token->ptr[token->len - 1])) {
            token->len--;
        }
    } else if (text) {
        (void)proa_buf_append_cstr(token, text);
    } else {
        *code = proa_cli_usage(cli, "purge shows the token of admin.token: set PROA_ADMIN_TOKEN, "
                                    "or give --token-file FILE");
        return false;
    }
    return true;
}

static int stats(struct proa_cli *cli, const struct proa_cli_place *admin)
{
    const char *output = proa_cli_args_value(cli->args, "output");
    struct proa_cli_answer answer = {0};
    struct proa_json_tree *tree = NULL;
    int code = EX_OK;
    proa_cli_answer_init(&answer, BODY_MAX);
    proa_cli_ask(admin, STATS, TIMEOUT_NS, &answer);
    if (!answer.complete || answer.status != 200) {
        code = proa_cli_answer_failed(cli, &answer, admin->text, STATS);
    } else if (output && strcmp(output, "json") == 0) {
        proa_cli_out_slice(&cli->out, proa_buf_slice(&answer.body));
    } else if (proa_json_tree_parse(proa_buf_slice(&answer.body), NULL, &tree, NULL) != PROA_OK ||
               !proa_json_lenient_get(proa_json_tree_root(tree), "entries")) {
        code = proa_cli_fail(cli, EX_PROTOCOL, "%s sent no figures", admin->text);
    } else {
        print(&cli->out, proa_json_tree_root(tree));
    }
    proa_json_tree_destroy(tree);
    proa_cli_answer_deinit(&answer);
    return code;
}

static int purge(struct proa_cli *cli, const struct proa_cli_place *admin)
{
    struct proa_cli_answer answer = {0};
    struct proa_buf token;
    uint64_t n = 0;
    int code = EX_OK;
    proa_buf_init(&token, TOKEN_MAX);
    proa_cli_answer_init(&answer, BODY_MAX);
    if (find_token(cli, &token, &code)) {
        struct proa_json_tree *tree = NULL;
        proa_cli_act(admin, PURGE, proa_buf_slice(&token), TIMEOUT_NS, &answer);
        if (!answer.complete || answer.status != 200) {
            code = proa_cli_answer_failed(cli, &answer, admin->text, PURGE);
        } else if (proa_json_tree_parse(proa_buf_slice(&answer.body), NULL, &tree, NULL) ==
                   PROA_OK) {
            n = proa_json_lenient_u64(proa_json_tree_root(tree), "entries");
            proa_cli_out_printf(&cli->out, "%llu answers forgotten\n", (unsigned long long)n);
        }
        proa_json_tree_destroy(tree);
    }
    if (token.ptr) {
        explicit_bzero(token.ptr, token.cap);
    }
    proa_buf_deinit(&token);
    proa_cli_answer_deinit(&answer);
    return code;
}

int proa_cli_cache(struct proa_cli *cli)
{
    const char *what = cli->args->n_operands > 0 ? cli->args->operands[0] : "stats";
    const bool is_purge = strcmp(what, "purge") == 0;
    struct proa_cli_place admin;
    int code = EX_OK;
    if (!is_purge && strcmp(what, "stats") != 0) {
        return proa_cli_usage(cli, "'%s' is neither stats nor purge", what);
    }
    if (!proa_cli_place_find(cli, PROA_CLI_PLACE_ADMIN, "admin", false, &admin, &code)) {
        return code;
    }
    return is_purge ? purge(cli, &admin) : stats(cli, &admin);
}
