/*
 * `proa status`: what the running sidecar knows of its targets, as a table.
 */
#include "ask_priv.h"

#include "proa/core/clock.h"
#include "proa/json/lenient.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

enum { BODY_MAX = 32 * 1024 * 1024, NODES_MAX = 2000000, CHANGES_SHOWN = 10 };

static const uint64_t TIMEOUT_NS = 5 * PROA_NS_PER_S;

/* Hundredths of a ratio. */
static unsigned hundredths(const struct proa_json_node *node, const char *key)
{
    return (unsigned)(proa_json_lenient_micro(node, key) / 10000);
}

static bool is(struct proa_slice value, const char *word)
{
    return proa_slice_eq(value, proa_slice_cstr(word));
}

/* ---- the table ------------------------------------------------------------------------------- */

static const char *color_of(const struct proa_cli_out *out, struct proa_slice state)
{
    return is(state, "open") || is(state, "disabled") || is(state, "exhausted") ? proa_cli_red(out)
           : is(state, "closed") || is(state, "active")                         ? ""
                                                        : proa_cli_yellow(out);
}

static void routes(struct proa_cli_out *out, const struct proa_json_node *state)
{
    proa_cli_out_printf(out, "%s%-40s %8s %8s %8s %8s%s\n", proa_cli_bold(out), "ROUTE", "ACTIVE",
                        "WAITING", "RETRIES", "HEDGES", proa_cli_plain(out));
    for (const struct proa_json_node *r =
             proa_json_node_first(proa_json_lenient_get(state, "routes"));
         r; r = proa_json_node_next(r)) {
        const struct proa_slice id = proa_json_lenient_string(r, "id");
        const unsigned retries = hundredths(r, "retries_left");
        const unsigned hedges = hundredths(r, "hedges_left");
        proa_cli_out_printf(out, "%-40.*s %8u %8u %6u.%u %6u.%u\n", (int)id.len, id.ptr,
                            (unsigned)proa_json_lenient_u64(r, "active"),
                            (unsigned)proa_json_lenient_u64(r, "waiting"), retries / 100,
                            retries / 10 % 10, hedges / 100, hedges / 10 % 10);
    }
}

static void objects(struct proa_cli_out *out, const struct proa_json_node *list, const char *title)
{
    proa_cli_out_printf(out, "\n%s%-40s %-10s %12s %8s %9s %s%s\n", proa_cli_bold(out), title,
                        "STATE", "FAILED", "SLOW", "IN FLIGHT", "PROBE IN", proa_cli_plain(out));
    for (const struct proa_json_node *t = proa_json_node_first(list); t;
         t = proa_json_node_next(t)) {
        const struct proa_slice id = proa_json_lenient_string(t, "id");
        const struct proa_slice state = proa_json_lenient_string(t, "state");
        const struct proa_json_node *window = proa_json_lenient_get(t, "window");
        const uint64_t fail = proa_json_lenient_u64(window, "fail");
        char counts[32];
        char wait[PROA_CLI_SPAN_MAX] = "";
        char inflight[16] = "";
        (void)snprintf(counts, sizeof(counts), "%u/%u", (unsigned)fail,
                       (unsigned)(fail + proa_json_lenient_u64(window, "ok")));
        if (is(state, "open")) {
            proa_cli_span(wait, proa_json_lenient_u64(t, "probe_in_ms"));
        }
        if (proa_json_lenient_get(t, "inflight")) {
            (void)snprintf(inflight, sizeof(inflight), "%u",
                           (unsigned)proa_json_lenient_u64(t, "inflight"));
        }
        proa_cli_out_printf(out, "%-40.*s %s%-10.*s%s %12s %8u %9s %s\n", (int)id.len, id.ptr,
                            color_of(out, state), (int)state.len, state.ptr, proa_cli_plain(out),
                            counts, (unsigned)proa_json_lenient_u64(window, "slow"), inflight,
                            wait);
    }
}

/* Keys and quota groups, only those that are out: the others are no news. */
static void access(struct proa_cli_out *out, const struct proa_json_node *list, const char *what)
{
    for (const struct proa_json_node *a = proa_json_node_first(list); a;
         a = proa_json_node_next(a)) {
        const struct proa_slice id = proa_json_lenient_string(a, "id");
        const struct proa_slice state = proa_json_lenient_string(a, "state");
        char wait[PROA_CLI_SPAN_MAX];
        if (!is(state, "active")) {
            proa_cli_span(wait, proa_json_lenient_u64(a, "out_ms"));
            proa_cli_out_printf(out, "%s %.*s is %s%.*s%s for %s\n", what, (int)id.len, id.ptr,
                                color_of(out, state), (int)state.len, state.ptr,
                                proa_cli_plain(out), wait);
        }
    }
}

static void limits(struct proa_cli_out *out, const struct proa_json_node *list)
{
    for (const struct proa_json_node *l = proa_json_node_first(list); l;
         l = proa_json_node_next(l)) {
        const struct proa_slice id = proa_json_lenient_string(l, "id");
        const uint64_t blocked = proa_json_lenient_u64(l, "blocked_ms");
        char wait[PROA_CLI_SPAN_MAX];
        if (blocked > 0) {
            proa_cli_span(wait, blocked);
            proa_cli_out_printf(out, "limit %.*s is %sblocked%s for %s\n", (int)id.len, id.ptr,
                                proa_cli_yellow(out), proa_cli_plain(out), wait);
        }
    }
}

/* ---- recent changes -------------------------------------------------------------------------- */

struct change {
    uint64_t ago_ms;
    struct proa_slice id;
    const struct proa_json_node *transition;
};

struct changes {
    struct change items[CHANGES_SHOWN]; /* newest first */
    size_t n;
};

static void insert(struct changes *c, struct change change)
{
    size_t at = c->n;
    while (at > 0 && c->items[at - 1].ago_ms > change.ago_ms) {
        at--;
    }
    if (at == CHANGES_SHOWN) {
        return;
    }
    c->n += c->n < CHANGES_SHOWN;
    for (size_t i = c->n - 1; i > at; i--) {
        c->items[i] = c->items[i - 1];
    }
    c->items[at] = change;
}

static void collect(struct changes *c, const struct proa_json_node *list)
{
    for (const struct proa_json_node *o = proa_json_node_first(list); o;
         o = proa_json_node_next(o)) {
        for (const struct proa_json_node *t =
                 proa_json_node_first(proa_json_lenient_get(o, "transitions"));
             t; t = proa_json_node_next(t)) {
            insert(c, (struct change){proa_json_lenient_u64(t, "ago_ms"),
                                      proa_json_lenient_string(o, "id"), t});
        }
    }
}

static void recent(struct proa_cli_out *out, const struct proa_json_node *state)
{
    struct changes c = {.n = 0};
    collect(&c, proa_json_lenient_get(state, "targets"));
    collect(&c, proa_json_lenient_get(state, "pools"));
    collect(&c, proa_json_lenient_get(state, "endpoints"));
    if (c.n > 0) {
        proa_cli_out_printf(out, "\n%sLAST CHANGES%s\n", proa_cli_bold(out), proa_cli_plain(out));
    }
    for (size_t i = 0; i < c.n; i++) {
        char ago[PROA_CLI_SPAN_MAX];
        const struct proa_slice from = proa_json_lenient_string(c.items[i].transition, "from");
        const struct proa_slice to = proa_json_lenient_string(c.items[i].transition, "to");
        const struct proa_slice cause = proa_json_lenient_string(c.items[i].transition, "cause");
        proa_cli_span(ago, c.items[i].ago_ms);
        proa_cli_out_printf(out, "%12s ago  %.*s: %.*s -> %.*s (%.*s)\n", ago,
                            (int)c.items[i].id.len, c.items[i].id.ptr, (int)from.len, from.ptr,
                            (int)to.len, to.ptr, (int)cause.len, cause.ptr);
    }
}

static void print(struct proa_cli_out *out, const struct proa_json_node *state)
{
    char up[PROA_CLI_SPAN_MAX];
    const struct proa_slice version = proa_json_lenient_string(state, "proa");
    const struct proa_slice revision = proa_json_lenient_string(state, "revision");
    proa_cli_span(up, proa_json_lenient_u64(state, "uptime_ms"));
    proa_cli_out_printf(out, "proa %.*s, up %s, configuration %.*s\n\n", (int)version.len,
                        version.ptr, up, (int)revision.len, revision.ptr);
    if (proa_json_lenient_bool(state, "uplink_down")) {
        proa_cli_out_printf(out,
                            "%sthe uplink is down%s: nothing outside this machine can be reached, "
                            "and no provider is held to that\n\n",
                            proa_cli_red(out), proa_cli_plain(out));
    }
    routes(out, state);
    objects(out, proa_json_lenient_get(state, "targets"), "TARGET");
    objects(out, proa_json_lenient_get(state, "pools"), "PROVIDER/MODEL");
    objects(out, proa_json_lenient_get(state, "endpoints"), "ENDPOINT");
    proa_cli_out_printf(out, "\n");
    access(out, proa_json_lenient_get(state, "keys"), "key");
    access(out, proa_json_lenient_get(state, "groups"), "quota group");
    limits(out, proa_json_lenient_get(state, "limits"));
    recent(out, state);
}

int proa_cli_status(struct proa_cli *cli)
{
    const char *output = proa_cli_args_value(cli->args, "output");
    struct proa_cli_place admin;
    int code = EX_OK;
    if (!proa_cli_place_find(cli, PROA_CLI_PLACE_ADMIN, "admin", false, &admin, &code)) {
        return code;
    }
    struct proa_cli_answer answer = {0};
    proa_cli_answer_init(&answer, BODY_MAX);
    proa_cli_ask(&admin, "/admin/state", TIMEOUT_NS, &answer);
    struct proa_json_tree *tree = NULL;
    const struct proa_json_tree_cfg bounds = {.max_bytes = BODY_MAX, .max_nodes = NODES_MAX};
    if (!answer.complete || answer.status != 200) {
        code = proa_cli_answer_failed(cli, &answer, admin.text, "/admin/state");
    } else if (output && strcmp(output, "json") == 0) {
        proa_cli_out_slice(&cli->out, proa_buf_slice(&answer.body));
    } else if (proa_json_tree_parse(proa_buf_slice(&answer.body), &bounds, &tree, NULL) !=
                   PROA_OK ||
               proa_json_lenient_string(proa_json_tree_root(tree), "proa").len == 0) {
        code = proa_cli_fail(cli, EX_PROTOCOL, "%s sent no state", admin.text);
    } else {
        print(&cli->out, proa_json_tree_root(tree));
    }
    proa_json_tree_destroy(tree);
    proa_cli_answer_deinit(&answer);
    return code;
}
