/*
 * `proa explain MODEL`: where a request would go now and why, asked of the running sidecar, or made
 * up here from a configuration and a saved state.
 */
#include "proa/admin/explain.h"

#include "ask_priv.h"
#include "config_priv.h"

#include "proa/admin/state.h"
#include "proa/core/alloc.h"
#include "proa/core/clock.h"
#include "proa/engine/roster.h"
#include "proa/http/query.h"
#include "proa/io/file.h"
#include "proa/json/lenient.h"

#include <string.h>
#include <sysexits.h>

enum {
    BODY_MAX = 4 * 1024 * 1024,
    STATE_MAX = 32 * 1024 * 1024,
    NODES_MAX = 2000000,
    QUERY_MAX = 4096
};

static const uint64_t TIMEOUT_NS = 5 * PROA_NS_PER_S;
/* The clock of an explanation that is made here; only spans come out of it. */
static const uint64_t NOW_NS = UINT64_C(1000000) * PROA_NS_PER_S;

/* ---- what is asked --------------------------------------------------------------------------- */

static bool number(struct proa_cli *cli, const char *flag, uint32_t *out, int *code)
{
    const char *given = proa_cli_args_value(cli->args, flag);
    uint64_t value = 0;
    char shown[PROA_CLI_SHOWN_MAX];
    *out = 0;
    if (given &&
        (proa_slice_to_u64(proa_slice_cstr(given), &value) != PROA_OK || value > UINT32_MAX)) {
        *code = proa_cli_usage(cli, "--%s cannot be \"%s\"; write a number of tokens", flag,
                               proa_cli_shown(shown, proa_slice_cstr(given)));
        return false;
    }
    *out = (uint32_t)value;
    return true;
}

static bool read_question(struct proa_cli *cli, struct proa_admin_question *out, int *code)
{
    *out = (struct proa_admin_question){0};
    if (cli->args->n_operands != 1) {
        *code = proa_cli_usage(cli, "name the model that the application asks for");
        return false;
    }
    out->model = proa_slice_cstr(cli->args->operands[0]);
    out->options.stream = proa_cli_args_has(cli->args, "stream");
    return number(cli, "input-tokens", &out->options.input_tokens, code) &&
           number(cli, "max-output", &out->options.max_output, code);
}

/* ---- asking the running one ------------------------------------------------------------------ */

static int ask_running(struct proa_cli *cli, const struct proa_admin_question *question,
                       struct proa_buf *json)
{
    struct proa_cli_place admin;
    int code = EX_OK;
    if (!proa_cli_place_find(cli, PROA_CLI_PLACE_ADMIN, "admin", false, &admin, &code)) {
        return code;
    }
    struct proa_buf path;
    struct proa_cli_answer answer = {0};
    proa_buf_init(&path, QUERY_MAX);
    proa_cli_answer_init(&answer, BODY_MAX);
    PROA_BUF_LIT(&path, "/admin/explain?model=");
    (void)proa_http_percent_encode(&path, question->model);
    (void)proa_buf_append_printf(&path, "&stream=%d&input_tokens=%u&max_output=%u%c",
                                 question->options.stream, question->options.input_tokens,
                                 question->options.max_output, '\0');
    if (!proa_buf_ok(&path)) {
        code = proa_cli_usage(cli, "the model's name is too long");
    } else {
        proa_cli_ask(&admin, path.ptr, TIMEOUT_NS, &answer);
        if (!answer.complete || answer.status != 200) {
            code = proa_cli_answer_failed(cli, &answer, admin.text, "/admin/explain");
        } else {
            (void)proa_buf_append(json, proa_buf_slice(&answer.body));
        }
    }
    proa_cli_answer_deinit(&answer);
    proa_buf_deinit(&path);
    return code;
}

/* ---- making it up here ----------------------------------------------------------------------- */

struct offline {
    struct proa_cli_config *config;
    struct proa_engine *engine;
    struct proa_roster *roster;
    const struct proa_route *route;
};

static int load_state(struct proa_cli *cli, struct offline *o, const char *path)
{
    struct proa_buf bytes;
    struct proa_json_tree *tree = NULL;
    const struct proa_json_tree_cfg bounds = {.max_bytes = STATE_MAX, .max_nodes = NODES_MAX};
    struct proa_json_fault fault = {0};
    size_t n = 0;
    int code = EX_OK;
    char shown[PROA_CLI_SHOWN_MAX];
    (void)proa_cli_shown(shown, proa_slice_cstr(path));
    proa_buf_init(&bytes, STATE_MAX);
    const enum proa_err err = proa_file_read(path, &bytes);
    if (err != PROA_OK) {
        code = proa_cli_fail(cli, err == PROA_ERR_NOT_FOUND ? EX_NOINPUT : EX_IOERR,
                             "cannot read %s: %s", shown, proa_err_text(err));
    } else if (proa_json_tree_parse(proa_buf_slice(&bytes), &bounds, &tree, &fault) != PROA_OK ||
               proa_admin_load_state(o->roster, proa_json_tree_root(tree), NOW_NS, &n) != PROA_OK) {
        code = proa_cli_fail(cli, EX_DATAERR,
                             "%s is no saved state; save one with \"proa status --output json\"",
                             shown);
    } else if (n == 0) {
        proa_cli_out_printf(&cli->err,
                            "proa: %s has nothing of the targets of this configuration\n", shown);
    }
    proa_json_tree_destroy(tree);
    proa_buf_deinit(&bytes);
    return code;
}

/* The roster knows the route before the state is loaded into it. */
static int find_route(struct proa_cli *cli, struct offline *o,
                      const struct proa_admin_question *question)
{
    struct proa_resolution resolved;
    char shown[PROA_CLI_SHOWN_MAX];
    if (proa_snapshot_resolve(o->config->snapshot, question->model, &resolved) != PROA_RESOLVED) {
        return proa_cli_fail(cli, EX_DATAERR, "model \"%s\" leads nowhere in this configuration",
                             proa_cli_shown(shown, question->model));
    }
    o->route = resolved.route;
    o->engine = proa_engine_create(1);
    o->roster = proa_roster_create(o->engine, o->config->snapshot, NOW_NS);
    proa_roster_bind(o->roster, o->route, NOW_NS);
    return EX_OK;
}

static int answer_here(struct proa_cli *cli, const struct offline *o,
                       const struct proa_admin_question *question, struct proa_buf *json)
{
    struct proa_json_writer w;
    proa_json_writer_init(&w, json);
    proa_admin_write_explain(o->roster, o->route, question, NOW_NS, &w);
    PROA_BUF_LIT(json, "\n");
    return proa_json_writer_ok(&w) ? EX_OK
                                   : proa_cli_fail(cli, EX_SOFTWARE, "the answer is too long");
}

static int make_up(struct proa_cli *cli, const struct proa_admin_question *question,
                   const char *state, struct proa_buf *json)
{
    struct offline *o = PROA_NEW(struct offline);
    o->config = proa_cli_config_load(cli);
    int code =
        o->config->snapshot ? find_route(cli, o, question) : proa_cli_config_failed(cli, o->config);
    if (code == EX_OK) {
        code = load_state(cli, o, state);
    }
    if (code == EX_OK) {
        code = answer_here(cli, o, question, json);
    }
    proa_roster_destroy(o->roster);
    proa_engine_destroy(o->engine);
    proa_cli_config_destroy(o->config);
    proa_free(o);
    return code;
}

/* ---- printing -------------------------------------------------------------------------------- */

/* "breaker.score = 5, proa.yaml:12:9" */
static void print_setting(struct proa_cli_out *out, const struct proa_json_node *node)
{
    const struct proa_slice name = proa_json_lenient_string(node, "setting");
    const struct proa_slice value = proa_json_lenient_string(node, "value");
    const struct proa_slice at = proa_json_lenient_string(node, "written_at");
    proa_cli_out_slice(out, name);
    if (value.len > 0) {
        proa_cli_out_printf(out, " = %.*s, %.*s", (int)value.len, value.ptr,
                            at.len > 0 ? (int)at.len : 7, at.len > 0 ? at.ptr : "default");
    }
}

/* Less than the whole after an outage, while it ramps. */
static void print_share(struct proa_cli_out *out, const struct proa_json_node *c)
{
    const uint64_t micro = proa_json_lenient_micro(c, "share");
    if (proa_json_lenient_get(c, "share") && micro < 1000000) {
        proa_cli_out_printf(out, ", coming back: gets %u %% of its share",
                            (unsigned)(micro / 10000));
    }
}

/* ": it failed too often in sequence, 12 s ago; last failure http_5xx (503), 3 s ago" */
static void print_breaker(struct proa_cli_out *out, const struct proa_json_node *b)
{
    const struct proa_json_node *failure = proa_json_lenient_get(b, "last_failure");
    const struct proa_slice why = proa_json_lenient_string(b, "why");
    const struct proa_slice class = proa_json_lenient_string(failure, "class");
    const uint64_t status = proa_json_lenient_u64(failure, "status");
    char ago[PROA_CLI_SPAN_MAX];
    if (why.len > 0) {
        proa_cli_out_printf(out, ": %.*s, %s ago", (int)why.len, why.ptr,
                            proa_cli_span(ago, proa_json_lenient_u64(b, "since_ms")));
    }
    if (class.len > 0) {
        proa_cli_out_printf(out, "; last failure %.*s", (int)class.len, class.ptr);
        if (status > 0) {
            proa_cli_out_printf(out, " (%u)", (unsigned)status);
        }
        proa_cli_out_printf(out, ", %s ago",
                            proa_cli_span(ago, proa_json_lenient_u64(failure, "ago_ms")));
    }
}

static void print_candidate(struct proa_cli_out *out, const struct proa_json_node *c)
{
    const struct proa_slice target = proa_json_lenient_string(c, "target");
    const struct proa_slice condition = proa_json_lenient_string(c, "condition");
    const bool eligible = proa_json_lenient_bool(c, "eligible");
    proa_cli_out_printf(out, "  tier %u  %s%-40.*s%s %.*s",
                        (unsigned)proa_json_lenient_u64(c, "tier"),
                        eligible ? "" : proa_cli_yellow(out), (int)target.len, target.ptr,
                        proa_cli_plain(out), (int)condition.len, condition.ptr);
    if (eligible) {
        proa_cli_out_printf(out, " (rank %u, cost %llu, %u in flight)",
                            (unsigned)proa_json_lenient_u64(c, "rank"),
                            (unsigned long long)proa_json_lenient_u64(c, "cost"),
                            (unsigned)proa_json_lenient_u64(c, "inflight"));
        print_share(out, c);
    } else if (proa_json_lenient_get(c, "eta_ms")) {
        char wait[PROA_CLI_SPAN_MAX];
        proa_cli_out_printf(out, ", for %s more",
                            proa_cli_span(wait, proa_json_lenient_u64(c, "eta_ms")));
    }
    print_breaker(out, proa_json_lenient_get(c, "breaker"));
    if (!eligible) {
        proa_cli_out_printf(out, "  [");
        print_setting(out, c);
        proa_cli_out_printf(out, "]");
    }
    proa_cli_out_printf(out, "\n");
}

static void print(struct proa_cli_out *out, const struct proa_json_node *e)
{
    const struct proa_slice model = proa_json_lenient_string(e, "model");
    const struct proa_slice route = proa_json_lenient_string(e, "route");
    const struct proa_slice policy = proa_json_lenient_string(e, "policy");
    const struct proa_slice pick = proa_json_lenient_string(e, "pick");
    const struct proa_slice reason = proa_json_lenient_string(e, "reason");
    char shown[PROA_CLI_SHOWN_MAX];
    proa_cli_out_printf(out, "%s: route %.*s, policy %.*s\n", proa_cli_shown(shown, model),
                        (int)route.len, route.ptr, (int)policy.len, policy.ptr);
    if (pick.len > 0) {
        proa_cli_out_printf(out, "the next request goes to %s%.*s%s", proa_cli_bold(out),
                            (int)pick.len, pick.ptr, proa_cli_plain(out));
    } else {
        proa_cli_out_printf(out, "the next request goes %snowhere%s", proa_cli_red(out),
                            proa_cli_plain(out));
    }
    proa_cli_out_printf(out, ": %.*s [", (int)reason.len, reason.ptr);
    print_setting(out, e);
    proa_cli_out_printf(out, "]\n");
    const struct proa_json_node *list = proa_json_lenient_get(e, "candidates");
    for (const struct proa_json_node *c = proa_json_node_first(list); c;
         c = proa_json_node_next(c)) {
        print_candidate(out, c);
    }
}

int proa_cli_explain(struct proa_cli *cli)
{
    const char *output = proa_cli_args_value(cli->args, "output");
    const char *state = proa_cli_args_value(cli->args, "state");
    struct proa_admin_question question;
    struct proa_json_tree *tree = NULL;
    struct proa_buf json;
    int code = EX_OK;
    if (!read_question(cli, &question, &code)) {
        return code;
    }
    proa_buf_init(&json, BODY_MAX);
    code = state ? make_up(cli, &question, state, &json) : ask_running(cli, &question, &json);
    if (code != EX_OK || (output && strcmp(output, "json") == 0)) {
        proa_cli_out_slice(&cli->out, proa_buf_slice(&json));
    } else if (proa_json_tree_parse(proa_buf_slice(&json), NULL, &tree, NULL) == PROA_OK &&
               proa_json_lenient_string(proa_json_tree_root(tree), "route").len > 0) {
        print(&cli->out, proa_json_tree_root(tree));
    } else {
        code = proa_cli_fail(cli, EX_PROTOCOL, "that is no explanation");
    }
    proa_json_tree_destroy(tree);
    proa_buf_deinit(&json);
    return code;
}
