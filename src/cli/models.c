/*
 * `proa models`: the catalogue for people and programs, with what is configured of it.
 */
#include "config_priv.h"
#include "refresh_priv.h"

#include "proa/catalogue/catalogue.h"
#include "proa/json/writer.h"
#include "proa/provider/vendor.h"

#include <sysexits.h>

enum { JSON_MAX = 4 * 1024 * 1024 };
#define PER_MILLION UINT64_C(1000000)

/* Which models are shown, and which of their offers. */
struct filter {
    const struct proa_snapshot *snapshot; /* NULL: nothing is known to be configured */
    struct proa_slice provider;           /* a configured one's name, or */
    uint8_t vendor;                       /* its place in the catalogue; NO_PROVIDER = all */
    bool has_type;
    enum proa_model_type type;
    uint32_t capabilities; /* all of them */
    bool configured;       /* only what is */
    const char *const *words;
    size_t n_words;
};

/* ---- what is configured ---------------------------------------------------------------------- */

/* The i-th configured provider that is this vendor; NULL: there are no more. */
static const struct proa_provider *configured(const struct filter *f, uint8_t vendor, size_t i)
{
    for (size_t k = 0; f->snapshot && k < f->snapshot->n_providers; k++) {
        const struct proa_provider *p = &f->snapshot->providers[k];
        if (p->catalogue == vendor &&
            (f->provider.len == 0 || proa_slice_eq(f->provider, p->name)) && i-- == 0) {
            return p;
        }
    }
    return NULL;
}

/* ---- filters --------------------------------------------------------------------------------- */

static bool shows_offer(const struct filter *f, const struct proa_catalogue_offer *offer)
{
    return (f->vendor == PROA_CATALOGUE_NO_PROVIDER || f->vendor == offer->provider) &&
           (!f->configured || configured(f, offer->provider, 0));
}

static bool has_word(const struct proa_catalogue_model *m, struct proa_slice word)
{
    const struct proa_catalogue_offer *offers = proa_catalogue_offers_of(m);
    const struct proa_slice texts[] = {proa_catalogue_slice(m->id), proa_catalogue_slice(m->name)};
    bool found = false;
    for (size_t i = 0; i < PROA_ARRAY_LEN(texts); i++) {
        found = found || proa_slice_search_nocase(texts[i], word) < texts[i].len;
    }
    for (size_t i = 0; i < m->n_aliases; i++) {
        const struct proa_slice alias = proa_catalogue_alias(m, i);
        found = found || proa_slice_search_nocase(alias, word) < alias.len;
    }
    for (size_t i = 0; i < m->n_offers; i++) {
        const struct proa_slice id = proa_catalogue_slice(offers[i].id);
        found = found || proa_slice_search_nocase(id, word) < id.len;
    }
    return found;
}

static bool shows(const struct filter *f, const struct proa_catalogue_model *m)
{
    const struct proa_catalogue_offer *offers = proa_catalogue_offers_of(m);
    bool any = false;
    for (size_t i = 0; i < m->n_offers; i++) {
        any = any || shows_offer(f, &offers[i]);
    }
    for (size_t i = 0; any && i < f->n_words; i++) {
        const struct proa_slice word = proa_slice_cstr(f->words[i]);
        any = word.len == 0 || has_word(m, word);
    }
    return any && (!f->has_type || m->type == f->type) &&
           (m->capabilities & f->capabilities) == f->capabilities;
}

static bool read_provider(struct proa_cli *cli, struct filter *f, int *code)
{
    const char *given = proa_cli_args_value(cli->args, "provider");
    const struct proa_slice name = proa_slice_cstr(given);
    char shown[PROA_CLI_SHOWN_MAX];
    f->vendor = PROA_CATALOGUE_NO_PROVIDER;
    for (size_t i = 0; given && f->snapshot && i < f->snapshot->n_providers; i++) {
        if (proa_slice_eq(f->snapshot->providers[i].name, name)) {
            f->provider = name;
            f->vendor = f->snapshot->providers[i].catalogue;
        }
    }
    const struct proa_vendor *vendor = given ? proa_vendor_find(name) : NULL;
    for (size_t i = 0; vendor && f->provider.len == 0 && i < proa_catalogue_n_providers(); i++) {
        if (proa_vendor_find(proa_catalogue_provider(i)) == vendor) {
            f->vendor = (uint8_t)i;
        }
    }
    if (given && f->vendor == PROA_CATALOGUE_NO_PROVIDER) {
        *code = proa_cli_usage(cli, "the catalogue has no offer of a provider \"%s\"",
                               proa_cli_shown(shown, name));
        return false;
    }
    return true;
}

static bool read_type(struct proa_cli *cli, struct filter *f, int *code)
{
    const char *given = proa_cli_args_value(cli->args, "type");
    char shown[PROA_CLI_SHOWN_MAX];
    f->has_type = given != NULL;
    if (given && !proa_model_type_find(proa_slice_cstr(given), &f->type)) {
        *code = proa_cli_usage(cli, "there is no type \"%s\"; try language, embedding or reranking",
                               proa_cli_shown(shown, proa_slice_cstr(given)));
        return false;
    }
    return true;
}

static bool read_capabilities(struct proa_cli *cli, struct filter *f, int *code)
{
    const char *given[PROA_CAPABILITIES];
    const size_t n = proa_cli_args_values(cli->args, "capability", given, PROA_CAPABILITIES);
    char shown[PROA_CLI_SHOWN_MAX];
    for (size_t i = 0; i < n; i++) {
        enum proa_capability capability;
        if (!proa_capability_find(proa_slice_cstr(given[i]), &capability)) {
            *code = proa_cli_usage(cli,
                                   "there is no capability \"%s\"; there are tools, vision, "
                                   "reasoning, json_schema, caching and audio",
                                   proa_cli_shown(shown, proa_slice_cstr(given[i])));
            return false;
        }
        f->capabilities |= 1U << capability;
    }
    return true;
}

/* ---- text ------------------------------------------------------------------------------------ */

/* Dollars for a million tokens. */
static void print_price(struct proa_cli_out *out, const struct proa_price *price,
                        enum proa_price_field field)
{
    char text[PROA_FMT_PICO_BYTES];
    if (proa_price_has(price, field)) {
        const size_t n = proa_fmt_pico(text, price->pico[field] * PER_MILLION);
        proa_cli_out_printf(out, "%.*s", (int)n, text);
    } else {
        proa_cli_out_printf(out, "?");
    }
}

static void print_tokens(struct proa_cli_out *out, uint32_t tokens, int width)
{
    if (tokens > 0) {
        proa_cli_out_printf(out, " %*u", width, (unsigned)tokens);
    } else {
        proa_cli_out_printf(out, " %*s", width, "-");
    }
}

static void print_model(struct proa_cli_out *out, const struct filter *f,
                        const struct proa_catalogue_model *m)
{
    const struct proa_slice id = proa_catalogue_slice(m->id);
    const struct proa_catalogue_offer *offers = proa_catalogue_offers_of(m);
    const char *between = "  ";
    proa_cli_out_printf(out, "%-34.*s %-10s", (int)id.len, id.ptr,
                        proa_model_type_name((enum proa_model_type)m->type));
    print_tokens(out, m->context, 8);
    print_tokens(out, m->max_output, 7);
    for (size_t i = 0; i < m->n_offers; i++) {
        const struct proa_slice name = proa_catalogue_provider(offers[i].provider);
        const bool is_here = configured(f, offers[i].provider, 0) != NULL;
        if (!shows_offer(f, &offers[i])) {
            continue;
        }
        proa_cli_out_printf(out, "%s%s%.*s%s%s ", between, is_here ? proa_cli_bold(out) : "",
                            (int)name.len, name.ptr, is_here ? "*" : "",
                            is_here ? proa_cli_plain(out) : "");
        print_price(out, &offers[i].price, PROA_PRICE_INPUT);
        proa_cli_out_printf(out, "/");
        print_price(out, &offers[i].price, PROA_PRICE_OUTPUT);
        between = ", ";
    }
    proa_cli_out_printf(out, "\n");
}

static size_t print_models(struct proa_cli *cli, const struct filter *f)
{
    size_t n_models = 0;
    size_t n = 0;
    const struct proa_catalogue_model *models = proa_catalogue_models(&n_models);
    for (size_t i = 0; i < n_models; i++) {
        if (!shows(f, &models[i])) {
            continue;
        }
        if (n++ == 0) {
            proa_cli_out_printf(&cli->out, "%-34s %-10s %8s %7s  %s\n", "MODEL", "TYPE", "CONTEXT",
                                "OUTPUT", "OFFERS: $/million in/out; * is configured");
        }
        print_model(&cli->out, f, &models[i]);
    }
    return n;
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void write_tokens(struct proa_json_writer *w, const char *key, uint32_t tokens)
{
    proa_json_writer_key(w, proa_slice_cstr(key));
    if (tokens > 0) {
        proa_json_writer_u64(w, tokens);
    } else {
        proa_json_writer_null(w);
    }
}

static void write_prices(struct proa_json_writer *w, const struct proa_price *price)
{
    char text[PROA_FMT_PICO_BYTES];
    for (size_t i = 0; i < PROA_PRICE_FIELDS; i++) {
        const enum proa_price_field field = (enum proa_price_field)i;
        proa_json_writer_key(w, proa_slice_cstr(proa_price_name(field)));
        if (proa_price_has(price, field)) {
            proa_json_writer_string(w, proa_slice_make(text, proa_fmt_pico(text, price->pico[i])));
        } else {
            proa_json_writer_null(w);
        }
    }
}

static void write_offer(struct proa_json_writer *w, const struct filter *f,
                        const struct proa_catalogue_offer *offer)
{
    const struct proa_provider *p = NULL;
    proa_json_writer_begin_object(w);
    proa_json_writer_member_string(w, "provider", proa_catalogue_provider(offer->provider));
    proa_json_writer_member_string(w, "id", proa_catalogue_slice(offer->id));
    write_tokens(w, "context", offer->context);
    write_tokens(w, "max_output", offer->max_output);
    write_prices(w, &offer->price);
    proa_json_writer_key(w, PROA_SLICE("configured"));
    proa_json_writer_begin_array(w);
    for (size_t i = 0; (p = configured(f, offer->provider, i)) != NULL; i++) {
        proa_json_writer_string(w, p->name);
    }
    proa_json_writer_end_array(w);
    proa_json_writer_end_object(w);
}

static void write_names(struct proa_json_writer *w, const struct proa_catalogue_model *m)
{
    proa_json_writer_key(w, PROA_SLICE("capabilities"));
    proa_json_writer_begin_array(w);
    for (size_t i = 0; i < PROA_CAPABILITIES; i++) {
        if (((uint32_t)m->capabilities >> i & 1U) != 0) {
            proa_json_writer_string(w,
                                    proa_slice_cstr(proa_capability_name((enum proa_capability)i)));
        }
    }
    proa_json_writer_end_array(w);
    proa_json_writer_key(w, PROA_SLICE("aliases"));
    proa_json_writer_begin_array(w);
    for (size_t i = 0; i < m->n_aliases; i++) {
        proa_json_writer_string(w, proa_catalogue_alias(m, i));
    }
    proa_json_writer_end_array(w);
}

static void write_model(struct proa_json_writer *w, const struct filter *f,
                        const struct proa_catalogue_model *m)
{
    const struct proa_catalogue_offer *offers = proa_catalogue_offers_of(m);
    proa_json_writer_begin_object(w);
    proa_json_writer_member_string(w, "id", proa_catalogue_slice(m->id));
    proa_json_writer_member_string(w, "name", proa_catalogue_slice(m->name));
    proa_json_writer_member_string(
        w, "type", proa_slice_cstr(proa_model_type_name((enum proa_model_type)m->type)));
    write_tokens(w, "context", m->context);
    write_tokens(w, "max_output", m->max_output);
    write_names(w, m);
    proa_json_writer_key(w, PROA_SLICE("offers"));
    proa_json_writer_begin_array(w);
    for (size_t i = 0; i < m->n_offers; i++) {
        if (shows_offer(f, &offers[i])) {
            write_offer(w, f, &offers[i]);
        }
    }
    proa_json_writer_end_array(w);
    proa_json_writer_end_object(w);
}

static bool write_models(struct proa_cli *cli, const struct filter *f)
{
    size_t n = 0;
    const struct proa_catalogue_model *models = proa_catalogue_models(&n);
    struct proa_buf text;
    struct proa_json_writer w;
    proa_buf_init(&text, JSON_MAX);
    proa_json_writer_init(&w, &text);
    proa_json_writer_begin_object(&w);
    proa_json_writer_key(&w, PROA_SLICE("models"));
    proa_json_writer_begin_array(&w);
    for (size_t i = 0; i < n; i++) {
        if (shows(f, &models[i])) {
            write_model(&w, f, &models[i]);
        }
    }
    proa_json_writer_end_array(&w);
    proa_json_writer_end_object(&w);
    PROA_BUF_LIT(&text, "\n");
    const bool ok = proa_json_writer_ok(&w);
    proa_cli_out_slice(&cli->out, proa_buf_slice(&text));
    proa_buf_deinit(&text);
    return ok;
}

/* ---- all of it ------------------------------------------------------------------------------- */

static int list(struct proa_cli *cli, struct filter *f)
{
    int code = EX_OK;
    if (!read_provider(cli, f, &code) || !read_type(cli, f, &code) ||
        !read_capabilities(cli, f, &code)) {
        return code;
    }
    f->configured = proa_cli_args_has(cli->args, "configured");
    f->words = cli->args->operands;
    f->n_words = cli->args->n_operands;
    if (proa_cli_args_has(cli->args, "json")) {
        return write_models(cli, f) ? EX_OK
                                    : proa_cli_fail(cli, EX_SOFTWARE, "the list is too long");
    }
    if (print_models(cli, f) > 0) {
        return EX_OK;
    }
    const bool none = f->configured && (!f->snapshot || f->snapshot->n_providers == 0);
    return proa_cli_fail(cli, 1, "%s",
                         none ? "no provider is configured: set OPENAI_API_KEY or another "
                                "provider's key, or give --config FILE"
                              : "no model of the catalogue is like that");
}

int proa_cli_models(struct proa_cli *cli)
{
    struct proa_cli_config *config = proa_cli_config_load(cli);
    const bool refresh = proa_cli_args_has(cli->args, "refresh");
    struct filter f = {.snapshot = config->snapshot};
    int code = EX_OK;
    if (!config->snapshot && (refresh || proa_cli_args_has(cli->args, "config"))) {
        code = proa_cli_config_failed(cli, config);
    } else if (refresh) {
        code = proa_cli_refresh(cli, config->snapshot,
                                proa_slice_cstr(proa_cli_args_value(cli->args, "provider")),
                                proa_cli_args_has(cli->args, "json"));
    } else {
        if (!config->snapshot) { /* the catalogue is of use all the same */
            (void)proa_cli_config_failed(cli, config);
        }
        code = list(cli, &f);
    }
    proa_cli_config_destroy(config);
    return code;
}
