/*
 * `proa models --refresh`: which models of a provider the catalogue does not have, which it has
 * that the provider no longer lists, and which have no price.
 */
#include "refresh_priv.h"

#include "proa/catalogue/catalogue.h"
#include "proa/core/clock.h"
#include "proa/core/map.h"
#include "proa/json/writer.h"

#include <sysexits.h>

enum { JSON_MAX = 16 * 1024 * 1024 };
static const uint64_t TIMEOUT_NS = 20 * PROA_NS_PER_S;

/* What a list and the catalogue say about one another. */
struct comparison {
    struct proa_slice *fresh; /* listed, and not in the catalogue */
    size_t n_fresh;
    struct proa_slice *gone; /* in the catalogue, and not listed */
    size_t n_gone;
    struct proa_slice *unpriced; /* in both, without a price */
    size_t n_unpriced;
};

static bool is_priced(const struct proa_catalogue_offer *offer)
{
    return proa_price_has(&offer->price, PROA_PRICE_INPUT);
}

static void compare(const struct proa_cli_list *list, struct proa_arena *arena,
                    struct comparison *out)
{
    size_t n_offers = 0;
    const struct proa_catalogue_offer *offers = proa_catalogue_offers(&n_offers);
    struct proa_map listed; /* offers, by their own id */
    proa_map_init(&listed, 0);
    out->fresh = proa_arena_zero(arena, list->n + 1, sizeof(*out->fresh));
    out->unpriced = proa_arena_zero(arena, list->n + 1, sizeof(*out->unpriced));
    out->gone = proa_arena_zero(arena, n_offers + 1, sizeof(*out->gone));
    for (size_t i = 0; i < list->n; i++) {
        const struct proa_catalogue_offer *offer =
            proa_catalogue_offer_find(list->provider->catalogue, list->ids[i]);
        if (!offer) {
            out->fresh[out->n_fresh++] = list->ids[i];
            continue;
        }
        if (!is_priced(offer)) {
            out->unpriced[out->n_unpriced++] = list->ids[i];
        }
        (void)proa_map_put(&listed, proa_catalogue_slice(offer->id), (void *)(uintptr_t)offer);
    }
    for (size_t i = 0; i < n_offers; i++) {
        const struct proa_slice id = proa_catalogue_slice(offers[i].id);
        if (offers[i].provider == list->provider->catalogue && !proa_map_get(&listed, id)) {
            out->gone[out->n_gone++] = id;
        }
    }
    proa_map_deinit(&listed);
}

/* ---- text ------------------------------------------------------------------------------------ */

static void print_ids(struct proa_cli_out *out, const char *what, const struct proa_slice *ids,
                      size_t n)
{
    char shown[PROA_CLI_SHOWN_MAX];
    for (size_t i = 0; i < n; i++) {
        proa_cli_out_printf(out, "  %-9s %s\n", what, proa_cli_shown(shown, ids[i]));
    }
}

static void print_list(struct proa_cli_out *out, const struct proa_cli_list *list,
                       struct proa_arena *arena)
{
    const struct proa_slice name = list->provider->name;
    if (!list->whole) {
        proa_cli_out_printf(out, "%s%.*s%s %s%s%s\n", proa_cli_bold(out), (int)name.len, name.ptr,
                            proa_cli_plain(out),
                            list->skipped ? proa_cli_yellow(out) : proa_cli_red(out), list->detail,
                            proa_cli_plain(out));
        return;
    }
    struct comparison c = {0};
    compare(list, arena, &c);
    proa_cli_out_printf(out, "%s%.*s%s lists %zu models: %zu new, %zu gone, %zu without a price\n",
                        proa_cli_bold(out), (int)name.len, name.ptr, proa_cli_plain(out), list->n,
                        c.n_fresh, c.n_gone, c.n_unpriced);
    print_ids(out, "new", c.fresh, c.n_fresh);
    print_ids(out, "gone", c.gone, c.n_gone);
    print_ids(out, "unpriced", c.unpriced, c.n_unpriced);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void write_ids(struct proa_json_writer *w, const char *key, const struct proa_slice *ids,
                      size_t n)
{
    proa_json_writer_key(w, proa_slice_cstr(key));
    proa_json_writer_begin_array(w);
    for (size_t i = 0; i < n; i++) {
        proa_json_writer_string(w, ids[i]);
    }
    proa_json_writer_end_array(w);
}

static void write_list(struct proa_json_writer *w, const struct proa_cli_list *list,
                       struct proa_arena *arena)
{
    struct comparison c = {0};
    proa_json_writer_begin_object(w);
    proa_json_writer_member_string(w, "provider", list->provider->name);
    if (list->whole) {
        compare(list, arena, &c);
        proa_json_writer_member_u64(w, "listed", list->n);
        write_ids(w, "new", c.fresh, c.n_fresh);
        write_ids(w, "gone", c.gone, c.n_gone);
        write_ids(w, "unpriced", c.unpriced, c.n_unpriced);
    } else {
        proa_json_writer_member_string(w, list->skipped ? "skipped" : "error",
                                       proa_slice_cstr(list->detail));
    }
    proa_json_writer_end_object(w);
}

static int write_lists(struct proa_cli *cli, const struct proa_cli_list *lists, size_t n,
                       struct proa_arena *arena)
{
    struct proa_buf text;
    struct proa_json_writer w;
    proa_buf_init(&text, JSON_MAX);
    proa_json_writer_init(&w, &text);
    proa_json_writer_begin_object(&w);
    proa_json_writer_key(&w, PROA_SLICE("providers"));
    proa_json_writer_begin_array(&w);
    for (size_t i = 0; i < n; i++) {
        write_list(&w, &lists[i], arena);
    }
    proa_json_writer_end_array(&w);
    proa_json_writer_end_object(&w);
    PROA_BUF_LIT(&text, "\n");
    const bool ok = proa_json_writer_ok(&w);
    proa_cli_out_slice(&cli->out, proa_buf_slice(&text));
    proa_buf_deinit(&text);
    return ok ? EX_OK : proa_cli_fail(cli, EX_SOFTWARE, "the lists are too long");
}

/* ---- all of it ------------------------------------------------------------------------------- */

static int report(struct proa_cli *cli, const struct proa_cli_list *lists, size_t n,
                  struct proa_arena *arena, bool json)
{
    int code = json ? write_lists(cli, lists, n, arena) : EX_OK;
    for (size_t i = 0; i < n; i++) {
        if (!json) {
            print_list(&cli->out, &lists[i], arena);
        }
        const bool silent = !lists[i].whole && !lists[i].skipped;
        code = code == EX_OK && silent ? EX_UNAVAILABLE : code;
    }
    return code;
}

int proa_cli_refresh(struct proa_cli *cli, const struct proa_snapshot *snapshot,
                     struct proa_slice only, bool json)
{
    struct proa_arena arena;
    size_t n = 0;
    int code = EX_OK;
    proa_arena_init(&arena, NULL);
    struct proa_cli_list *lists = proa_arena_zero(&arena, snapshot->n_providers + 1, sizeof *lists);
    for (size_t i = 0; i < snapshot->n_providers; i++) {
        if (only.len == 0 || proa_slice_eq(snapshot->providers[i].name, only)) {
            lists[n++].provider = &snapshot->providers[i];
        }
    }
    if (n == 0) {
        code = proa_cli_fail(cli, EX_CONFIG,
                             only.len > 0 ? "no provider of that name is configured"
                                          : "no provider is configured, so there is nobody to ask");
    } else {
        proa_cli_lists_ask(lists, n, TIMEOUT_NS, &arena);
        code = report(cli, lists, n, &arena, json);
    }
    proa_arena_reset(&arena);
    return code;
}
