/* The tables that are compiled in, held against the file that they were made of. */
#include "proa/catalogue/catalogue.h"
#include "proa/catalogue/source.h"
#include "proa/core/buf.h"

#include <stdio.h>

#include "proa_test.h"

/* That the providers are vendors is for who knows vendors: tests/unit/policy. */
static bool anybody(struct proa_slice name)
{
    return name.len > 0;
}

struct fixture {
    struct proa_arena arena;
    struct proa_diags diags;
    struct proa_source source;
    struct proa_buf json;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    char piece[4096];
    size_t n = 0;
    proa_arena_init(&f->arena, NULL);
    proa_buf_init(&f->json, (size_t)4 * 1024 * 1024);
    FILE *in = fopen("../policies/models.json", "rb");
    assert_non_null(in);
    do {
        n = fread(piece, 1, sizeof(piece), in);
        assert_int_equal(proa_buf_append(&f->json, proa_slice_make(piece, n)), PROA_OK);
    } while (n == sizeof(piece));
    (void)fclose(in);
    const enum proa_err err = proa_source_read(proa_buf_slice(&f->json), "models.json", anybody,
                                               &f->arena, &f->diags, &f->source);
    PROA_TEST_CHECK(err == PROA_OK, "%s", f->diags.items[0].message);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    proa_arena_reset(&f->arena);
    proa_buf_deinit(&f->json);
    free(f);
    return 0;
}

static void slices_equal(struct proa_slice a, struct proa_slice b)
{
    PROA_TEST_CHECK(proa_slice_eq(a, b), "%.*s is not %.*s", (int)a.len, a.ptr, (int)b.len, b.ptr);
}

static void the_tables_say_what_the_file_says(void **state)
{
    const struct fixture *f = *state;
    size_t n = 0;
    const struct proa_catalogue_model *models = proa_catalogue_models(&n);
    assert_int_equal(n, f->source.n_models);
    for (size_t i = 0; i < n; i++) {
        const struct proa_source_model *m = &f->source.models[i];
        slices_equal(proa_catalogue_slice(models[i].id), m->id);
        slices_equal(proa_catalogue_slice(models[i].creator), m->creator);
        slices_equal(proa_catalogue_slice(models[i].name), m->name);
        assert_int_equal(models[i].type, m->type);
        assert_int_equal(models[i].capabilities, m->capabilities);
        assert_int_equal(models[i].context, m->context);
        assert_int_equal(models[i].max_output, m->max_output);
        assert_int_equal(models[i].n_aliases, m->n_aliases);
        for (size_t a = 0; a < m->n_aliases; a++) {
            slices_equal(proa_catalogue_alias(&models[i], a), m->aliases[a]);
        }
        assert_int_equal(models[i].n_offers, m->n_offers);
        const struct proa_catalogue_offer *offers = proa_catalogue_offers_of(&models[i]);
        for (size_t o = 0; o < m->n_offers; o++) {
            slices_equal(proa_catalogue_slice(offers[o].id), m->offers[o].id);
            slices_equal(proa_catalogue_provider(offers[o].provider), m->offers[o].provider);
            assert_memory_equal(offers[o].price.pico, m->offers[o].price.pico,
                                sizeof(offers[o].price.pico));
            assert_int_equal(offers[o].price.known, m->offers[o].price.known);
            assert_int_equal(offers[o].context, m->offers[o].context);
            assert_int_equal(offers[o].max_output, m->offers[o].max_output);
            assert_ptr_equal(proa_catalogue_model_of(&offers[o]), &models[i]);
        }
    }
}

static void every_name_is_found(void **state)
{
    const struct fixture *f = *state;
    size_t n = 0;
    const struct proa_catalogue_model *models = proa_catalogue_models(&n);
    assert_true(f->source.n_names > 2 * n);
    for (size_t i = 0; i < f->source.n_names; i++) {
        const struct proa_source_name *name = &f->source.names[i];
        assert_ptr_equal(proa_catalogue_find(name->text), &models[name->model]);
    }
}

static void every_id_of_a_provider_is_found(void **state)
{
    const struct fixture *f = *state;
    size_t n = 0;
    const struct proa_catalogue_offer *offers = proa_catalogue_offers(&n);
    assert_int_equal(n, f->source.n_offers);
    for (size_t m = 0, at = 0; m < f->source.n_models; m++) {
        for (size_t i = 0; i < f->source.models[m].n_offers; i++, at++) {
            const struct proa_source_offer *o = &f->source.models[m].offers[i];
            const uint8_t provider = proa_catalogue_find_provider(o->provider);
            assert_ptr_equal(proa_catalogue_offer_find(provider, o->id), &offers[at]);
            for (size_t k = 0; k < o->n_also; k++) {
                assert_ptr_equal(proa_catalogue_offer_find(provider, o->also[k]), &offers[at]);
            }
            assert_ptr_equal(
                proa_catalogue_offer_by(proa_catalogue_model_of(&offers[at]), provider),
                &offers[at]);
        }
    }
}

static void what_is_not_there_is_not_found(void **state)
{
    (void)state;
    static const char *const names[] = {"",         "/",           "openai",  "openai/",
                                        "gpt",      "openai/gpt-", "GPT-4o",  "gpt-4o ",
                                        "gpt-4oo",  "zzz",         "\x7f",    "openai/gpt-4o/x",
                                        "mistral/", "!",           "~~~~~~~~"};
    const uint8_t openai = proa_catalogue_find_provider(PROA_SLICE("openai"));
    PROA_TEST_ROWS(name, names)
    {
        PROA_TEST_CHECK(!proa_catalogue_find(proa_slice_cstr(*name)), "%s", *name);
        PROA_TEST_CHECK(!proa_catalogue_offer_find(openai, proa_slice_cstr(*name)), "%s", *name);
    }
    assert_int_equal(proa_catalogue_find_provider(PROA_SLICE("openais")),
                     PROA_CATALOGUE_NO_PROVIDER);
    assert_null(proa_catalogue_offer_find(PROA_CATALOGUE_NO_PROVIDER, PROA_SLICE("gpt-4o")));
    const uint8_t groq = proa_catalogue_find_provider(PROA_SLICE("groq"));
    assert_null(proa_catalogue_offer_find(groq, PROA_SLICE("gpt-4o")));
    assert_null(proa_catalogue_offer_by(proa_catalogue_find(PROA_SLICE("gpt-4o")), groq));
}

/* As people and SDKs write them. */
static void well_known_names(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *id;
    } rows[] = {
        {"gpt-4o", "openai/gpt-4o"},
        {"openai/gpt-5.5", "openai/gpt-5.5"},
        {"claude-sonnet-4-5", "anthropic/claude-sonnet-4.5"},
        {"claude-sonnet-4.5", "anthropic/claude-sonnet-4.5"},
        {"anthropic/claude-sonnet-4-5", "anthropic/claude-sonnet-4.5"},
        {"anthropic/claude-sonnet-5", "anthropic/claude-sonnet-5"},
        {"claude-haiku-4-5-20251001", "anthropic/claude-haiku-4.5"},
        {"gemini-2.5-flash", "google/gemini-2.5-flash"},
        {"llama-3.3-70b-versatile", "meta/llama-3.3-70b"},
        {"deepseek-chat", "deepseek/deepseek-chat"},
        {"command-a-03-2025", "cohere/command-a"},
        {"gpt-oss-120b", "openai/gpt-oss-120b"},
        {"rerank-v3.5", "cohere/rerank-v3.5"},
    };
    PROA_TEST_ROWS(row, rows)
    {
        const struct proa_catalogue_model *m = proa_catalogue_find(proa_slice_cstr(row->name));
        PROA_TEST_CHECK(m && proa_slice_eq(proa_catalogue_slice(m->id), proa_slice_cstr(row->id)),
                        "%s", row->name);
    }
}

/* What the catalogue promises to hold. */
static void there_is_enough_of_everything(void **state)
{
    const struct fixture *f = *state;
    static const char *const providers[] = {
        "openai", "anthropic", "xai",  "google",   "vertex",    "bedrock",  "azure",     "mistral",
        "cohere", "deepseek",  "groq", "together", "fireworks", "cerebras", "perplexity"};
    assert_true(f->source.n_models >= 130);
    assert_true(f->source.n_offers >= 190);
    PROA_TEST_ROWS(name, providers)
    {
        PROA_TEST_CHECK(proa_catalogue_find_provider(proa_slice_cstr(*name)) !=
                            PROA_CATALOGUE_NO_PROVIDER,
                        "%s", *name);
    }
    const struct proa_catalogue_model *oss = proa_catalogue_find(PROA_SLICE("gpt-oss-120b"));
    assert_int_equal(oss->n_offers, 5);
    const struct proa_catalogue_offer *groq =
        proa_catalogue_offer_by(oss, proa_catalogue_find_provider(PROA_SLICE("groq")));
    assert_slice_str(proa_catalogue_slice(groq->id), "openai/gpt-oss-120b");
    assert_int_equal(groq->price.pico[PROA_PRICE_INPUT], 150000);
    assert_int_equal(groq->max_output, 32766);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_tables_say_what_the_file_says),
        cmocka_unit_test(every_name_is_found),
        cmocka_unit_test(every_id_of_a_provider_is_found),
        cmocka_unit_test(what_is_not_there_is_not_found),
        cmocka_unit_test(well_known_names),
        cmocka_unit_test(there_is_enough_of_everything),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
