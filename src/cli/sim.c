/*
 * `proa sim`: scenarios played on a virtual clock.
 */
#include "proa/sim/sim.h"

#include "command_priv.h"

#include "proa/core/alloc.h"
#include "proa/io/file.h"
#include "proa/sim/summary.h"
#include "proa/sim/timeline.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

enum { FILE_BYTES_MAX = 1024 * 1024, TEXT_MAX = 64 * 1024 * 1024 };

void proa_cli_sim_more(struct proa_cli_out *out)
{
    proa_cli_out_printf(out, "\n%sMeasures that bounds may name%s\n", proa_cli_bold(out),
                        proa_cli_plain(out));
    for (const struct proa_measure *m = proa_measures; m->name; m++) {
        char name[64];
        (void)snprintf(name, sizeof name, "%s%s", m->name, m->of_provider ? ".PROVIDER" : "");
        proa_cli_out_printf(out, "  %-20s", name);
        proa_cli_help_wrap(out, proa_slice_cstr(m->about), 22, 22);
    }
}

struct session {
    struct proa_cli *cli;
    bool check;
    bool compare;
    bool json;
    const char *only; /* the case to play; NULL = all */
    const char *svg;  /* file for a picture of the first run; NULL = none, or drawn already */
    uint64_t seed;    /* 0 = the scenario's */
    uint64_t seeds;   /* 0 = the scenario's */
    const struct proa_decider_kind *kind;
    struct proa_sim_policy policy;
    bool has_policy;
    struct proa_buf policy_bytes;
    struct proa_buf text;
    struct proa_json_writer json_list;
    size_t n_broken;
    size_t n_pending;
    size_t n_played;
    int code; /* of the first mistake; EX_OK */
};

static void print_diags(struct proa_cli *cli, const struct proa_diags *diags)
{
    for (uint32_t i = 0; i < diags->n; i++) {
        const struct proa_diag *d = &diags->items[i];
        char file[PROA_CLI_SHOWN_MAX];
        char message[PROA_CLI_SHOWN_MAX];
        if (d->file) {
            proa_cli_out_printf(&cli->err, "%s:", proa_cli_shown(file, proa_slice_cstr(d->file)));
        }
        if (d->line > 0) {
            proa_cli_out_printf(&cli->err, "%u:%u:", (unsigned)d->line, (unsigned)d->col);
        }
        proa_cli_out_printf(&cli->err, "%s%s: %s\n", d->file || d->line > 0 ? " " : "",
                            d->level == PROA_DIAG_ERROR ? "error" : "warning",
                            proa_cli_shown(message, proa_slice_cstr(d->message)));
    }
}

static void note_error(struct session *s, int code)
{
    s->code = s->code == EX_OK ? code : s->code;
}

/* ---- one scenario ---------------------------------------------------------------------------- */

static void draw(struct session *s, const struct proa_sim *sim, const struct proa_record *record,
                 const char *who)
{
    struct proa_buf picture;
    char shown[PROA_CLI_SHOWN_MAX];
    proa_buf_init(&picture, TEXT_MAX);
    proa_timeline_svg(sim, record, who, &picture);
    char reason[128];
    const int fd = open(s->svg, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0 || !proa_cli_write_all(fd, proa_buf_slice(&picture))) {
        note_error(s, proa_cli_fail(s->cli, EX_CANTCREAT, "cannot write %s: %s",
                                    proa_cli_shown(shown, proa_slice_cstr(s->svg)),
                                    strerror_r(errno, reason, sizeof reason)));
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    s->svg = NULL;
    proa_buf_deinit(&picture);
}

static void tell(struct session *s, const struct proa_measured *m, const char *who)
{
    if (s->json) {
        proa_summary_json(m, who, &s->json_list);
    } else if (s->compare) {
        proa_summary_table_row(m, who, &s->text);
    } else if (!s->check) {
        proa_summary_text(m, who, &s->text);
    }
}

static uint64_t runs_of(const struct session *s, const struct proa_scenario *scenario)
{
    return s->seeds > 0 ? s->seeds : s->seed > 0 ? 1 : scenario->seeds;
}

/* Plays all seeds of one scenario under one strategy. */
static void play(struct session *s, struct proa_sim *sim, const struct proa_decider_kind *kind,
                 const char *who)
{
    const struct proa_scenario *scenario = proa_sim_scenario(sim);
    const uint64_t first = s->seed > 0 ? s->seed : scenario->seed;
    const uint64_t n = runs_of(s, scenario);
    struct proa_record *records = proa_alloc_zero(n, sizeof(*records));
    for (uint64_t i = 0; i < n; i++) {
        proa_sim_play(sim, kind, first + i, &records[i]);
    }
    const struct proa_measured m = {.sim = sim, .records = records, .n_records = n};
    tell(s, &m, who);
    if (!s->compare) {
        struct proa_buf unseen;
        proa_buf_init(&unseen, TEXT_MAX);
        s->n_broken += proa_summary_bounds(&m, s->json ? &unseen : &s->text);
        proa_buf_deinit(&unseen);
    }
    if (s->svg) {
        draw(s, sim, &records[0], who);
    }
    for (uint64_t i = 0; i < n; i++) {
        proa_record_deinit(&records[i]);
    }
    proa_free(records);
    s->n_played++;
}

static struct proa_sim *ready(struct session *s, const struct proa_scenario *scenario,
                              const struct proa_sim_policy *policy)
{
    struct proa_diags *diags = PROA_NEW(struct proa_diags);
    struct proa_sim *sim = NULL;
    if (proa_sim_create(scenario, policy, diags, &sim) != PROA_OK) {
        note_error(s, EX_CONFIG);
        print_diags(s->cli, diags);
    }
    proa_free(diags);
    return sim;
}

/* The scenario's own policy or that of --policy, the policies that ship, and the strategies that
 * are no engine. */
static void compare(struct session *s, const struct proa_scenario *scenario)
{
    static const char *const built_in[] = {"default", "interactive", "critical",    "patient",
                                           "batch",   "low-cost",    "strict-order"};
    struct proa_sim *sim = ready(s, scenario, s->has_policy ? &s->policy : NULL);
    if (!sim) {
        return;
    }
    if (!s->json) {
        proa_summary_table_head(scenario, runs_of(s, scenario), &s->text);
    }
    play(s, sim, PROA_DECIDER_ENGINE, s->has_policy ? "--policy" : "scenario");
    for (size_t i = 0; i < PROA_ARRAY_LEN(built_in); i++) {
        const struct proa_sim_policy policy = {.name = proa_slice_cstr(built_in[i])};
        struct proa_sim *other = ready(s, scenario, &policy);
        if (other) {
            play(s, other, PROA_DECIDER_ENGINE, built_in[i]);
        }
        proa_sim_destroy(other);
    }
    for (const struct proa_decider_kind *k = PROA_DECIDER_ENGINE + 1; k->name; k++) {
        play(s, sim, k, k->name);
    }
    proa_sim_destroy(sim);
}

static bool is_wanted(const struct session *s, const struct proa_scenario *scenario)
{
    const struct proa_slice label = scenario->label;
    const size_t slash = proa_slice_find(label, '/');
    return !s->only || proa_slice_eq(proa_slice_from(label, slash + 1), proa_slice_cstr(s->only));
}

static void one_scenario(struct session *s, const struct proa_scenario *scenario)
{
    if (!is_wanted(s, scenario)) {
        return;
    }
    if (scenario->pending.len > 0) {
        s->n_pending++;
        (void)proa_buf_append_printf(&s->text, "PENDING %" PROA_SLICE_FMT ": %" PROA_SLICE_FMT "\n",
                                     PROA_SLICE_ARG(scenario->label),
                                     PROA_SLICE_ARG(scenario->pending));
        return;
    }
    if (s->compare) {
        compare(s, scenario);
        return;
    }
    struct proa_sim *sim = ready(s, scenario, s->has_policy ? &s->policy : NULL);
    if (sim) {
        play(s, sim, s->kind, s->kind->name);
    }
    proa_sim_destroy(sim);
}

/* ---- files ----------------------------------------------------------------------------------- */

/* What has been told so far goes out: a check takes a while. */
static void flush(struct session *s)
{
    if (!s->json) {
        proa_cli_out_slice(&s->cli->out, proa_buf_slice(&s->text));
        (void)proa_cli_out_flush(&s->cli->out);
        proa_buf_clear(&s->text);
    }
}

/* "bench/scenarios/hang.yaml" is called "hang". */
static struct proa_slice label_of(const char *path)
{
    const char *base = strrchr(path, '/');
    const struct proa_slice name = proa_slice_cstr(base ? base + 1 : path);
    const size_t dot = proa_slice_search(name, PROA_SLICE(".yaml"));
    return proa_slice_head(name, dot);
}

static void one_file(void *ctx, const char *path)
{
    struct session *s = ctx;
    struct proa_buf bytes;
    struct proa_arena arena;
    struct proa_scenario_set set = {0};
    struct proa_diags *diags = PROA_NEW(struct proa_diags);
    char shown[PROA_CLI_SHOWN_MAX];
    proa_buf_init(&bytes, FILE_BYTES_MAX);
    proa_arena_init(&arena, NULL);
    const enum proa_err err = proa_file_read(path, &bytes);
    if (err != PROA_OK) {
        note_error(s,
                   proa_cli_fail(s->cli, err == PROA_ERR_PERMISSION ? EX_NOPERM : EX_NOINPUT,
                                 "cannot read %s: %s", proa_cli_shown(shown, proa_slice_cstr(path)),
                                 proa_err_text(err)));
    } else if (proa_scenario_parse(proa_buf_slice(&bytes), path, label_of(path), &arena, &set,
                                   diags) != PROA_OK) {
        note_error(s, EX_DATAERR);
    }
    print_diags(s->cli, diags);
    for (size_t i = 0; i < set.n; i++) {
        one_scenario(s, &set.items[i]);
        flush(s);
    }
    proa_buf_deinit(&bytes);
    proa_arena_reset(&arena);
    proa_free(diags);
}

static void one_path(struct session *s, const char *path)
{
    char shown[PROA_CLI_SHOWN_MAX];
    if (!proa_file_is_dir(path)) {
        one_file(s, path);
    } else if (proa_file_list(path, PROA_SLICE(".yaml"), one_file, s) != PROA_OK) {
        note_error(s, proa_cli_fail(s->cli, EX_NOINPUT, "cannot read %s",
                                    proa_cli_shown(shown, proa_slice_cstr(path))));
    }
}

/* ---- flags ----------------------------------------------------------------------------------- */

static bool read_number(struct session *s, const char *flag, uint64_t *out)
{
    const char *value = proa_cli_args_value(s->cli->args, flag);
    char shown[PROA_CLI_SHOWN_MAX];
    if (value && (proa_slice_to_u64(proa_slice_cstr(value), out) != PROA_OK || *out == 0)) {
        s->code = proa_cli_usage(s->cli, "--%s cannot be \"%s\"; write a whole number above 0",
                                 flag, proa_cli_shown(shown, proa_slice_cstr(value)));
        return false;
    }
    return true;
}

/* A path has a dot or a slash in it; names of built-in policies do not. */
static bool read_policy(struct session *s)
{
    const char *value = proa_cli_args_value(s->cli->args, "policy");
    char shown[PROA_CLI_SHOWN_MAX];
    if (!value) {
        return true;
    }
    s->has_policy = true;
    if (!strpbrk(value, "./")) {
        s->policy.name = proa_slice_cstr(value);
        return true;
    }
    const enum proa_err err = proa_file_read(value, &s->policy_bytes);
    s->policy.file = value;
    s->policy.bytes = proa_buf_slice(&s->policy_bytes);
    if (err != PROA_OK || s->policy.bytes.len == 0) {
        s->code = proa_cli_fail(s->cli, EX_NOINPUT, "cannot read %s: %s",
                                proa_cli_shown(shown, proa_slice_cstr(value)),
                                err == PROA_OK ? "it is empty" : proa_err_text(err));
        return false;
    }
    return true;
}

static bool read_flags(struct session *s)
{
    const struct proa_cli_args *args = s->cli->args;
    const char *strategy = proa_cli_args_value(args, "strategy");
    s->check = proa_cli_args_has(args, "check");
    s->compare = proa_cli_args_has(args, "compare");
    s->json = proa_cli_args_has(args, "json");
    s->only = proa_cli_args_value(args, "case");
    s->svg = proa_cli_args_value(args, "svg");
    s->kind = strategy ? proa_decider_find(proa_slice_cstr(strategy)) : PROA_DECIDER_ENGINE;
    if (s->check && s->compare) {
        s->code = proa_cli_usage(s->cli, "--check and --compare exclude one another");
        return false;
    }
    if (args->n_operands == 0 && !s->check) {
        s->code = proa_cli_usage(s->cli, "which scenario? proa sim FILE");
        return false;
    }
    return read_number(s, "seed", &s->seed) && read_number(s, "seeds", &s->seeds) && read_policy(s);
}

static void finish(struct session *s)
{
    if (s->json) {
        proa_json_writer_end_array(&s->json_list);
        PROA_BUF_LIT(&s->text, "\n");
        proa_cli_out_slice(&s->cli->out, proa_buf_slice(&s->text));
    } else if (s->check) {
        proa_cli_out_printf(&s->cli->out, "%zu scenarios, %zu pending, %zu bounds not met\n",
                            s->n_played, s->n_pending, s->n_broken);
    }
    if (s->code == EX_OK && s->n_played + s->n_pending == 0) {
        s->code = proa_cli_fail(s->cli, EX_NOINPUT, "there is no such scenario");
    }
    if (s->code == EX_OK && s->check && s->n_broken > 0) {
        s->code = 1;
    }
}

int proa_cli_sim(struct proa_cli *cli)
{
    struct session s = {.cli = cli};
    proa_buf_init(&s.text, TEXT_MAX);
    proa_buf_init(&s.policy_bytes, FILE_BYTES_MAX);
    if (read_flags(&s)) {
        if (s.json) {
            proa_json_writer_init(&s.json_list, &s.text);
            proa_json_writer_begin_array(&s.json_list);
        }
        if (s.check) {
            one_path(&s, proa_cli_args_value(cli->args, "check"));
        }
        for (size_t i = 0; i < cli->args->n_operands; i++) {
            one_path(&s, cli->args->operands[i]);
        }
        finish(&s);
    }
    proa_buf_deinit(&s.text);
    proa_buf_deinit(&s.policy_bytes);
    return s.code;
}
