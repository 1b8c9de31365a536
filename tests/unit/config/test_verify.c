#include "proa/config/config.h"

#include "proa_test.h"
#include "sample.h"

/* Tables with one mistake each, over this struct. */
struct small {
    struct proa_option_where where;
    uint32_t a;
    uint64_t b;
    struct proa_option_list list;
};

#define A .name = "a", .offset = offsetof(struct small, a), .help = "h"
#define B .name = "b", .offset = offsetof(struct small, b), .help = "h"
#define L .name = "l", .offset = offsetof(struct small, list), .help = "h"

static const char *const no_names[] = {NULL};
static const char *const names[] = {"x", "y", NULL};

static void expect_mistake(const struct proa_option *row, const char *message)
{
    struct proa_option rows[3] = {row[0]};
    struct proa_option_table table = {.title = "t",
                                      .rows = rows,
                                      .size = sizeof(struct small),
                                      .where_at = offsetof(struct small, where)};
    struct proa_diags *diags = PROA_NEW(struct proa_diags);
    enum proa_err err = proa_config_check(&table, diags);
    if (message) {
        PROA_TEST_CHECK(err == PROA_ERR_ARG, "accepted, expected: %s", message);
        assert_string_equal(diags->items[0].message, message);
    } else {
        PROA_TEST_CHECK(err == PROA_OK, "%s", diags->items[0].message);
    }
    proa_free(diags);
}

static void mistakes_in_rows_are_found(void **state)
{
    static const struct {
        struct proa_option row;
        const char *message; /* NULL: the row is fine */
    } cases[] = {
        {{A, .type = PROA_OPTION_U32, .preset = "5", .max = 5}, NULL},
        {{A, .type = PROA_OPTION_U32, .preset = "6", .max = 5},
         "a: the default 6 is not a valid whole number in range"},
        {{B, .type = PROA_OPTION_DURATION, .preset = "5"},
         "b: the default 5 is not a valid duration in range"},
        {{B, .type = PROA_OPTION_BYTES, .preset = "1KiB", .min = 2048},
         "b: the default 1KiB is not a valid size in range"},
        {{A, .type = PROA_OPTION_PPM, .preset = "half"},
         "a: the default half is not a valid fraction in range"},
        {{A, .type = PROA_OPTION_ENUM, .names = names, .preset = "z"},
         "a: the default z is not a valid word in range"},
        {{A, .type = PROA_OPTION_ENUM, .names = names, .preset = "y"}, NULL},
        {{A, .type = PROA_OPTION_ENUM, .names = no_names}, "a: has no names"},
        {{A, .type = PROA_OPTION_ENUM}, "a: has no names"},
        {{A, .type = PROA_OPTION_BOOL, .preset = "yes"},
         "a: the default yes is not a valid boolean in range"},
        {{A, .type = PROA_OPTION_U32, .preset = "1", .required = true},
         "a: required, and yet it has a default"},
        {{A, .type = PROA_OPTION_U32, .min = 5, .max = 4}, "a: the maximum is below the minimum"},
        {{.name = "x", .type = PROA_OPTION_U32, .offset = offsetof(struct small, a)},
         "x: has no help"},
        {{.name = "x", .type = PROA_OPTION_BOOL, .offset = sizeof(struct small), .help = "h"},
         "x: lies outside of the struct"},
        {{.name = "x",
          .type = PROA_OPTION_STRINGS,
          .offset = sizeof(struct small) - 8,
          .help = "h"},
         "x: lies outside of the struct"},
        {{.name = "x", .type = PROA_OPTION_U64, .offset = SIZE_MAX, .help = "h"},
         "x: lies outside of the struct"},
        {{.name = "x", .type = PROA_OPTION_U32, .offset = 0, .help = "h"},
         "where_at overlaps \"x\"; SIZE_MAX means none"},
        {{L, .type = PROA_OPTION_LIST}, "l: has no table"},
        {{L, .type = PROA_OPTION_LIST, .table = &sample_key_table}, NULL},
        {{L, .type = PROA_OPTION_LIST, .table = &sample_key_table, .preset = "[]"},
         "l: only scalars and lists of strings have defaults"},
        {{L, .type = PROA_OPTION_STRINGS, .preset = "[a, b]"}, NULL},
    };
    (void)state;
    for (size_t i = 0; i < PROA_ARRAY_LEN(cases); i++) {
        expect_mistake(&cases[i].row, cases[i].message);
    }
}

static void mistakes_in_tables_are_found(void **state)
{
    (void)state;
    static const struct proa_option twice[] = {
        {A, .type = PROA_OPTION_U32}, {A, .type = PROA_OPTION_U32}, {.name = NULL}};
    static const struct proa_option none[] = {{.name = NULL}};
    static const struct proa_option_table unnamed = {
        .rows = none, .size = 4, .name_at = 0, .where_at = SIZE_MAX};
    static const struct proa_option map[] = {{L, .type = PROA_OPTION_MAP, .table = &unnamed},
                                             {.name = NULL}};
    struct proa_option_table table = {
        .title = "t", .rows = twice, .size = sizeof(struct small), .where_at = SIZE_MAX};
    struct proa_diags *diags = PROA_NEW(struct proa_diags);
    assert_err(proa_config_check(&table, diags), PROA_ERR_ARG);
    assert_string_equal(diags->items[0].message, "a: two rows have this name");
    table.rows = none;
    table.scalar = "nothing";
    memset(diags, 0, sizeof(*diags));
    assert_err(proa_config_check(&table, diags), PROA_ERR_ARG);
    assert_string_equal(diags->items[0].message, "the shorthand nothing is not a row");
    table.scalar = NULL;
    table.where_at = sizeof(struct small);
    memset(diags, 0, sizeof(*diags));
    assert_err(proa_config_check(&table, diags), PROA_ERR_ARG);
    assert_string_equal(diags->items[0].message, "where_at lies outside of the struct");
    table.where_at = SIZE_MAX;
    table.rows = map;
    memset(diags, 0, sizeof(*diags));
    assert_err(proa_config_check(&table, diags), PROA_ERR_ARG);
    assert_string_equal(diags->items[0].message, "l: name_at lies outside of the struct");
    assert_string_equal(diags->items[1].message, "l: the table has no title");
    proa_free(diags);
}

static void the_sample_is_sound(void **state)
{
    struct proa_diags *diags = PROA_NEW(struct proa_diags);
    (void)state;
    assert_err(proa_config_check(&sample_table, diags), PROA_OK);
    assert_int_equal(diags->n, 0);
    proa_free(diags);
}

static void read_sample(const char *yaml, struct proa_arena *arena, struct sample *out)
{
    struct proa_diags *diags = PROA_NEW(struct proa_diags);
    struct proa_config_source file = {"p.yaml", proa_slice_cstr(yaml)};
    struct proa_config_input input = {.table = &sample_table, .files = &file, .n_files = 1};
    assert_ok(proa_config_parse(&input, arena, out, NULL, diags));
    proa_free(diags);
}

static size_t changes(const char *running, const char *loaded, struct proa_diags *diags)
{
    struct proa_arena arena;
    struct sample a;
    struct sample b;
    memset(diags, 0, sizeof(*diags));
    proa_arena_init(&arena, NULL);
    read_sample(running, &arena, &a);
    read_sample(loaded, &arena, &b);
    size_t n = proa_config_fixed_changes(&sample_table, &a, &b, diags);
    proa_arena_reset(&arena);
    assert_int_equal(diags->n, n);
    assert_int_equal(diags->n_errors, 0);
    return n;
}

static void changes_that_need_a_restart_are_named(void **state)
{
    struct proa_diags *diags = PROA_NEW(struct proa_diags);
    (void)state;
    assert_int_equal(changes("", "", diags), 0);
    assert_int_equal(changes("", "mode: write\nretry: 5\ntags: [q]\nroutes: [{model: a}]", diags),
                     0);
    assert_int_equal(changes("", "listen: {data: \"127.0.0.1:4600\"}", diags), 0);
    assert_int_equal(changes("", "listen: {data: \"x:1\"}", diags), 1);
    assert_string_equal(diags->items[0].message,
                        "listen.data: changed, but takes effect at the next start only");
    assert_int_equal(changes("tls: {cert: a, key: b}", "tls: {cert: a, key: c}", diags), 1);
    assert_string_equal(diags->items[0].message,
                        "tls: changed, but takes effect at the next start only");
    assert_int_equal(changes("tls: {cert: a, key: b}", "\n\ntls: {key: b, cert: a}", diags), 0);
    proa_free(diags);
}

static void lists_are_compared_deeply(void **state)
{
    static const struct proa_option rows[] = {{.name = "providers",
                                               .type = PROA_OPTION_MAP,
                                               .offset = offsetof(struct sample, providers),
                                               .table = &sample_provider_table,
                                               .fixed = true,
                                               .help = "h"},
                                              {.name = "tags",
                                               .type = PROA_OPTION_STRINGS,
                                               .offset = offsetof(struct sample, tags),
                                               .fixed = true,
                                               .help = "h"},
                                              {.name = NULL}};
    static const struct proa_option_table table = {
        .title = "t", .rows = rows, .size = sizeof(struct sample), .where_at = SIZE_MAX};
    static const struct {
        const char *a;
        const char *b;
        size_t n;
    } cases[] = {
        {"providers: {x: {keys: [a, b]}}", "providers: {x: {keys: [a, {env: b}]}}", 0},
        {"providers: {x: {keys: [a, b]}}", "providers: {x: {keys: [a, c]}}", 1},
        {"providers: {x: {keys: [a, b]}}", "providers: {x: {keys: [a]}}", 1},
        {"providers: {x: {}}", "providers: {w: {}}", 1},
        {"tags: [a, b]", "tags: [a, b]", 0},
        {"tags: [a, b]", "tags: [b, a]", 1},
        {"tags: [a, b]\nproviders: {}", "tags: [b]\nproviders: {z: {}}", 2},
    };
    struct proa_diags *diags = PROA_NEW(struct proa_diags);
    (void)state;
    for (size_t i = 0; i < PROA_ARRAY_LEN(cases); i++) {
        struct proa_arena arena;
        struct sample a;
        struct sample b;
        proa_arena_init(&arena, NULL);
        read_sample(cases[i].a, &arena, &a);
        read_sample(cases[i].b, &arena, &b);
        assert_int_equal(proa_config_fixed_changes(&table, &a, &b, diags), cases[i].n);
        proa_arena_reset(&arena);
    }
    proa_free(diags);
}

static void bad_defaults(void *ctx)
{
    static const struct proa_option rows[] = {{A, .type = PROA_OPTION_U32, .preset = "x"},
                                              {.name = NULL}};
    static const struct proa_option_table table = {
        .title = "t", .rows = rows, .size = sizeof(struct small), .where_at = SIZE_MAX};
    struct small out;
    proa_config_defaults(&table, ctx, &out);
}

static void bad_defaults_abort(void **state)
{
    struct proa_arena arena;
    (void)state;
    proa_arena_init(&arena, NULL);
    assert_true(proa_test_aborts(bad_defaults, &arena));
    proa_arena_reset(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mistakes_in_rows_are_found),
        cmocka_unit_test(mistakes_in_tables_are_found),
        cmocka_unit_test(the_sample_is_sound),
        cmocka_unit_test(changes_that_need_a_restart_are_named),
        cmocka_unit_test(lists_are_compared_deeply),
        cmocka_unit_test(bad_defaults_abort),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
