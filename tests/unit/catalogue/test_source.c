/* The checks on the catalogue's file: each mistake is said with its place. */
#include "proa/catalogue/source.h"
#include "proa/core/buf.h"

#include "proa_test.h"

struct fixture {
    struct proa_arena arena;
    struct proa_diags diags;
    struct proa_source source;
    struct proa_buf json;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    proa_arena_init(&f->arena, NULL);
    proa_buf_init(&f->json, (size_t)1024 * 1024);
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

static bool is_vendor(struct proa_slice name)
{
    return proa_slice_eq(name, PROA_SLICE("p")) || proa_slice_eq(name, PROA_SLICE("q"));
}

/* Writes ' for ", so that rows stay readable. */
static enum proa_err parse(struct fixture *f, const char *text)
{
    proa_buf_clear(&f->json);
    for (; *text; text++) {
        (void)proa_buf_append_byte(&f->json, *text == '\'' ? '"' : *text);
    }
    f->diags = (struct proa_diags){0};
    return proa_source_read(proa_buf_slice(&f->json), "m.json", is_vendor, &f->arena, &f->diags,
                            &f->source);
}

#define PRICES "'input': '0.000002', 'output': '0.00001', 'cache_read': null, 'cache_write': null"
#define HEAD   "'name': 'X', 'type': 'language', 'context': 1000, 'max_output': 100"
#define OFFER  "{'provider': 'p', 'id': 'x', " PRICES "}"
#define MODEL  "{" HEAD ", 'offers': [" OFFER "]}"

static void everything_is_read(void **state)
{
    struct fixture *f = *state;
    const enum proa_err err =
        parse(f, "{'about': 'what', 'models': {"
                 "'c/x': {'name': 'X one', 'type': 'embedding', 'context': 1000, 'max_output': "
                 "null, 'capabilities': ['vision', 'caching'], 'aliases': ['ex', 'other/ex'], "
                 "'offers': [{'provider': 'p', 'id': 'up/x', 'also': ['x-2024'], 'input': "
                 "'0.000002', 'output': '0', 'cache_read': '0.0000002', 'cache_write': null, "
                 "'context': 500}, {'provider': 'q', 'id': 'x', 'input': null, 'output': null, "
                 "'cache_read': null, 'cache_write': null, 'max_output': 7}]},"
                 "'d/y': " MODEL "}}");
    assert_int_equal(err, PROA_OK);
    assert_int_equal(f->source.n_models, 2);
    assert_int_equal(f->source.n_offers, 3);
    const struct proa_source_model *m = &f->source.models[0];
    assert_slice_str(m->id, "c/x");
    assert_slice_str(m->creator, "c");
    assert_slice_str(m->bare, "x");
    assert_slice_str(m->name, "X one");
    assert_int_equal(m->type, PROA_MODEL_EMBEDDING);
    assert_int_equal(m->capabilities, 1U << PROA_CAPABILITY_VISION | 1U << PROA_CAPABILITY_CACHING);
    assert_int_equal(m->context, 1000);
    assert_int_equal(m->max_output, 0);
    assert_int_equal(m->n_offers, 2);
    assert_slice_str(m->offers[0].id, "up/x");
    assert_slice_str(m->offers[0].also[0], "x-2024");
    assert_int_equal(m->offers[0].price.pico[PROA_PRICE_INPUT], 2000000);
    assert_int_equal(m->offers[0].price.pico[PROA_PRICE_CACHE_READ], 200000);
    assert_true(proa_price_has(&m->offers[0].price, PROA_PRICE_OUTPUT));
    assert_false(proa_price_has(&m->offers[0].price, PROA_PRICE_CACHE_WRITE));
    assert_int_equal(m->offers[0].context, 500);
    assert_int_equal(m->offers[1].context, 1000);
    assert_int_equal(m->offers[1].max_output, 7);
    assert_int_equal(m->offers[1].price.known, 0);
}

/* Each name once, in the order of bytes, leading to its model. */
static void names_are_ordered(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *name;
        size_t model;
    } rows[] = {
        {"c/ex", 0}, {"c/x", 0}, {"d/x-y", 1}, {"ex", 0}, {"m/ex", 0}, {"x", 0}, {"x-y", 1},
    };
    assert_int_equal(parse(f, "{'models': {'c/x': {" HEAD ", 'aliases': ['m/ex', 'ex'], "
                              "'offers': [" OFFER "]}, 'd/x-y': {" HEAD ", 'offers': [{"
                              "'provider': 'p', 'id': 'y', " PRICES "}]}}}"),
                     PROA_OK);
    assert_int_equal(f->source.n_names, PROA_ARRAY_LEN(rows));
    for (size_t i = 0; i < PROA_ARRAY_LEN(rows); i++) {
        assert_slice_str(f->source.names[i].text, rows[i].name);
        assert_int_equal(f->source.names[i].model, rows[i].model);
    }
}

/* Which of the two is meant would be a guess. */
static void a_bare_name_of_two_models_is_nobodys(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(parse(f, "{'models': {'c/x': " MODEL ", 'd/x': {" HEAD ", 'offers': [{"
                              "'provider': 'q', 'id': 'x', " PRICES "}]}}}"),
                     PROA_OK);
    assert_int_equal(f->source.n_names, 2);
    assert_slice_str(f->source.names[0].text, "c/x");
    assert_slice_str(f->source.names[1].text, "d/x");
}

#define ONE(id, body)       "{'models': {'" id "': " body "}}"
#define WITH_OFFER(offer)   ONE("c/x", "{" HEAD ", 'offers': [" offer "]}")
#define WITH_MEMBER(member) ONE("c/x", "{" HEAD ", " member ", 'offers': [" OFFER "]}")
#define WITH_PRICES(prices) WITH_OFFER("{'provider': 'p', 'id': 'x', " prices "}")
#define AT                  "models[\"c/x\"]"

static void mistakes_are_told_with_their_place(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *json;
        const char *message;
    } rows[] = {
        {"{'models': ", "is no JSON: byte 11: "},
        {"[]", "models: must be an object with 1 to 65535 models"},
        {"{'models': {}}", "models: must be an object with 1 to 65535 models"},
        {"{'models': {'c/x': " MODEL "}, 'prices': 1}", "has no member \"prices\""},
        {ONE("x", MODEL), "models[\"x\"]: is no \"creator/model\""},
        {ONE("/x", MODEL), "models[\"/x\"]: is no \"creator/model\""},
        {ONE("c/", MODEL), "models[\"c/\"]: is no \"creator/model\""},
        {ONE("c/x/y", MODEL), "models[\"c/x/y\"]: is no \"creator/model\""},
        {ONE("c/x y", MODEL), "models[\"c/x y\"]: is no \"creator/model\""},
        {WITH_MEMBER("'colour': 1"), AT ": has no member \"colour\""},
        {ONE("c/x", "{'type': 'language', 'context': 1, 'max_output': 1, 'offers': [" OFFER "]}"),
         AT ".name: is missing"},
        {ONE("c/x", "{'name': 'X', 'type': 'poem', 'context': 1, 'max_output': 1, 'offers': "
                    "[" OFFER "]}"),
         AT ".type: there is no type \"poem\""},
        {ONE("c/x", "{'name': 'X', 'type': 'language', 'max_output': 1, 'offers': [" OFFER "]}"),
         AT ".context: is missing; null where it is not known"},
        {ONE("c/x", "{'name': 'X', 'type': 'language', 'context': 0, 'max_output': 1, 'offers': "
                    "[" OFFER "]}"),
         AT ".context: must be a number of tokens, 1 to 100000000, or null"},
        {ONE("c/x", "{'name': 'X', 'type': 'language', 'context': 1.5, 'max_output': 1, "
                    "'offers': [" OFFER "]}"),
         AT ".context: must be a number of tokens, 1 to 100000000, or null"},
        {ONE("c/x", "{'name': 'X', 'type': 'language', 'context': 10, 'max_output': 11, "
                    "'offers': [" OFFER "]}"),
         AT ": max_output 11 is more than the context of 10 tokens"},
        {WITH_MEMBER("'capabilities': ['tools', 'magic']"),
         AT ".capabilities[1]: there is no capability \"magic\""},
        {WITH_MEMBER("'capabilities': ['tools', 'tools']"), AT ".capabilities[1]: is there twice"},
        {WITH_MEMBER("'capabilities': []"),
         AT ".capabilities: must be an array with at least one string, or absent"},
        {WITH_MEMBER("'aliases': ['a b']"),
         AT ".aliases[0]: must be visible ASCII without quotes and backslashes, 1 to 200 bytes"},
        {WITH_MEMBER("'aliases': [1]"), AT ".aliases[0]: is no string"},
        {WITH_MEMBER("'aliases': ['x']"), AT ": aliases: \"x\" says what is known without it"},
        {WITH_MEMBER("'aliases': ['c/x']"), AT ": aliases: \"c/x\" says what is known without it"},
        {WITH_MEMBER("'aliases': ['y', 'y']"), AT ": aliases: \"y\" says what is known without it"},
        {ONE("c/x", "{" HEAD "}"), AT ": offers: must be an array with 1 to 255 offers"},
        {ONE("c/x", "{" HEAD ", 'offers': []}"),
         AT ": offers: must be an array with 1 to 255 offers"},
        {WITH_OFFER("{'provider': 'r', 'id': 'x', " PRICES "}"),
         AT ".offers[0].provider: \"r\" is no known vendor"},
        {WITH_OFFER("{'provider': 'p', " PRICES "}"), AT ".offers[0].id: is missing"},
        {WITH_OFFER("{'provider': 'p', 'id': '', " PRICES "}"),
         AT ".offers[0].id: must be visible ASCII without quotes and backslashes, 1 to 200 bytes"},
        {WITH_OFFER("{'provider': 'p', 'id': 'x', 'prize': 1, " PRICES "}"),
         AT ".offers[0]: has no member \"prize\""},
        {WITH_OFFER("{'provider': 'p', 'id': 'x', " PRICES ", 'context': 50}"),
         AT ".offers[0]: max_output 100 is more than the context of 50 tokens"},
        {WITH_PRICES("'input': '0.000002', 'output': '0.00001', 'cache_read': null"),
         AT ".offers[0].cache_write: is missing; null where no price is listed"},
        {WITH_PRICES("'input': 0.000002, 'output': '0.00001', 'cache_read': null, 'cache_write': "
                     "null"),
         AT ".offers[0].input: is no string; write dollars per token as in \"0.0000025\", so that "
            "no digit is rounded"},
        {WITH_PRICES("'input': '2e-6', 'output': '0.00001', 'cache_read': null, 'cache_write': "
                     "null"),
         AT ".offers[0].input: \"2e-6\" is no decimal number with at most 12 digits behind the "
            "point"},
        {WITH_PRICES("'input': '2', 'output': '0.00001', 'cache_read': null, 'cache_write': null"),
         AT ".offers[0].input: \"2\" is more than a cent for one token"},
        {WITH_PRICES("'input': '0.000002', 'output': null, 'cache_read': null, 'cache_write': "
                     "null"),
         AT ".offers[0]: has one of the prices input and output, but not the other"},
        {WITH_PRICES("'input': null, 'output': null, 'cache_read': '0.000001', 'cache_write': "
                     "null"),
         AT ".offers[0]: has a price of cached tokens, but none of others"},
        {WITH_PRICES("'input': '0.000002', 'output': '0', 'cache_read': '0.000003', "
                     "'cache_write': null"),
         AT ".offers[0]: cache_read costs more than input"},
        {WITH_OFFER(OFFER ", {'provider': 'p', 'id': 'y', " PRICES "}"),
         AT ".offers[1]: p has an offer of this model already; write further ids of it as "
            "\"also\""},
        {WITH_OFFER("{'provider': 'p', 'id': 'x', 'also': ['x'], " PRICES "}"),
         AT ".offers[0]: p's \"x\" is an offer of c/x already"},
        {"{'models': {'d/y': " MODEL ", 'c/x': " MODEL "}}",
         AT ".offers[0]: p's \"x\" is an offer of d/y already"},
        {"{'models': {'d/y': {" HEAD ", 'offers': [{'provider': 'q', 'id': 'x', " PRICES
         "}]}, 'c/x': {" HEAD ", 'aliases': ['y'], 'offers': [" OFFER "]}}}",
         AT ": aliases: \"y\" is a name of d/y already"},
        {"{'models': {'d/y': {" HEAD
         ", 'aliases': ['z'], 'offers': [{'provider': 'q', 'id': 'x', " PRICES "}]}, 'c/x': {" HEAD
         ", 'aliases': ['z'], 'offers': [" OFFER "]}}}",
         AT ": aliases: \"z\" is a name of d/y already"},
        {"{'models': {'c/x': " MODEL ", 'c/x': " MODEL "}}", "is no JSON: byte "},
    };
    PROA_TEST_ROWS(row, rows)
    {
        const enum proa_err err = parse(f, row->json);
        PROA_TEST_CHECK(err == PROA_ERR_SYNTAX && f->diags.n_errors > 0, "%s", row->json);
        PROA_TEST_CHECK(strncmp(f->diags.items[0].message, row->message, strlen(row->message)) == 0,
                        "%s\nsaid %s", row->json, f->diags.items[0].message);
        assert_string_equal(f->diags.items[0].file, "m.json");
    }
}

/* All of them at once, up to what the list holds. */
static void every_mistake_is_told(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(parse(f, "{'models': {'c/x': {'name': 1, 'type': 'poem', 'context': 'a', "
                              "'max_output': 1, 'offers': [{}]}}}"),
                     PROA_ERR_SYNTAX);
    assert_int_equal(f->diags.n_errors, 3 + 2 + PROA_PRICE_FIELDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(everything_is_read, setup, teardown),
        cmocka_unit_test_setup_teardown(names_are_ordered, setup, teardown),
        cmocka_unit_test_setup_teardown(a_bare_name_of_two_models_is_nobodys, setup, teardown),
        cmocka_unit_test_setup_teardown(mistakes_are_told_with_their_place, setup, teardown),
        cmocka_unit_test_setup_teardown(every_mistake_is_told, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
