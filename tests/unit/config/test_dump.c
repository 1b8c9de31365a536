#include "proa/config/config.h"
#include "proa/config/dump.h"

#include "proa_test.h"
#include "sample.h"

struct fixture {
    struct proa_arena arena;
    struct proa_diags diags;
    struct sample cfg;
    const struct proa_doc_node *tree;
    struct proa_buf out;
};

static int setup(void **state)
{
    struct fixture *f = PROA_NEW(struct fixture);
    proa_arena_init(&f->arena, NULL);
    proa_buf_init(&f->out, 65536);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    proa_arena_reset(&f->arena);
    proa_buf_deinit(&f->out);
    proa_free(f);
    return 0;
}

static bool lookup(void *ctx, struct proa_slice name, struct proa_slice *value)
{
    (void)ctx;
    if (proa_slice_eq(name, PROA_SLICE("SECRET"))) {
        *value = PROA_SLICE("hunter2");
        return true;
    }
    if (proa_slice_eq(name, PROA_SLICE("PROA_LISTEN_BODY"))) {
        *value = PROA_SLICE("4096");
        return true;
    }
    return false;
}

static void parse(struct fixture *f, struct proa_slice yaml, bool with_env)
{
    static const struct proa_config_flag flag = {"--listen", "listen.data", {"[::1]:1", 7}};
    struct proa_config_source file = {"p.yaml", yaml};
    struct proa_config_env env = {.get = lookup};
    struct proa_config_input input = {.table = &sample_table,
                                      .files = &file,
                                      .n_files = 1,
                                      .env = with_env ? &env : NULL,
                                      .flags = &flag,
                                      .n_flags = with_env ? 1 : 0};
    enum proa_err err = proa_config_parse(&input, &f->arena, &f->cfg, &f->tree, &f->diags);
    if (err) {
        fail_msg("%s\n%.*s", f->diags.items[0].message, (int)yaml.len, yaml.ptr);
    }
}

static void expect_dump(struct fixture *f, bool origins, const char *text)
{
    proa_buf_clear(&f->out);
    assert_ok(proa_dump_yaml(&sample_table, &f->cfg, f->tree, origins, &f->out));
    (void)proa_buf_append_byte(&f->out, '\0');
    f->out.len--;
    assert_string_equal(f->out.ptr, text);
}

static void defaults_are_named(void **state)
{
    struct fixture *f = *state;
    static const char expected[] = "apiVersion: proa/v1  # default\n"
                                   "listen:\n"
                                   "  data: \"127.0.0.1:4600\"  # default\n"
                                   "  body: 32MiB  # default\n"
                                   "  reuse: true  # default\n"
                                   "mode: read  # default\n"
                                   "tags: [a, b]  # default\n";
    parse(f, PROA_SLICE(""), false);
    expect_dump(f, true, expected);
    f->tree = NULL;
    expect_dump(f, true, expected);
}

static void each_value_says_where_it_came_from(void **state)
{
    struct fixture *f = *state;
    parse(f,
          PROA_SLICE("mode: off\n"
                     "providers:\n"
                     "  openai:\n"
                     "    keys: [{env: A}, B]\n"
                     "  \"yes\": \"http://${SECRET}/\"\n"
                     "  bare:\n"
                     "routes:\n"
                     "  - model: x\n"
                     "    tiers:\n"
                     "      - [a/b]\n"
                     "      - []\n"
                     "retry: 2\n"
                     "tags: []\n"),
          true);
    expect_dump(f, true,
                "apiVersion: proa/v1  # default\n"
                "listen:\n"
                "  data: \"[::1]:1\"  # --listen\n"
                "  body: 4KiB  # $PROA_LISTEN_BODY\n"
                "  reuse: true  # default\n"
                "mode: \"off\"  # p.yaml:1:7\n"
                "tags: []  # p.yaml:13:7\n"
                "providers:\n"
                "  openai:\n"
                "    keys:\n"
                "      - env: A  # p.yaml:4:18\n"
                "        weight: 1  # default\n"
                "      - env: B  # p.yaml:4:22\n"
                "        weight: 1  # default\n"
                "  \"yes\":\n"
                "    base_url: \"http://${SECRET}/\"  # p.yaml:5:10\n"
                "  bare: {}\n"
                "routes:\n"
                "  - model: x  # p.yaml:8:12\n"
                "    tiers:\n"
                "      - targets:\n"
                "          - model: a/b  # p.yaml:10:10\n"
                "      - targets: []  # p.yaml:11:9\n"
                "retry:\n"
                "  max_attempts: 2  # p.yaml:12:8\n"
                "  backoff: 250ms  # default\n"
                "  jitter: 0.5  # default\n");
    assert_null(strstr(f->out.ptr, "hunter2"));
}

static void dumps_parse_back(void **state)
{
    struct fixture *f = *state;
    static const struct proa_slice cases[] = {
        PROA_SLICE_INIT(""),
        PROA_SLICE_INIT("listen: {data: \"a \\\"b\\\" \\\\ \\t \\x01 \\x7f \xC3\xA4 ${X}\"}\n"),
        PROA_SLICE_INIT("tags: [\"\\N\\L\\P\\uFEFF\\uFFFE\\x80\\x9f\\xa0\\U0001F600\\t\\r\\n\"]"),
        PROA_SLICE_INIT("tags: [\"\", \"5\", \"yes\", \"- x\", \"a: b\", \"#\", \" \", \"~\"]\n"),
        PROA_SLICE_INIT("providers: {\"a.b\": {budget: 9}, \"0\": {keys: [{weight: 0}]}}\n"),
        PROA_SLICE_INIT("providers: {x: {base_url: \"$${A}\"}}\n"),
        PROA_SLICE_INIT("retry: {jitter: 0.000001, backoff: 1s1ms}\ntls: {cert: \"\", key: k}\n"),
        PROA_SLICE_INIT("routes: [{model: a, retry: 1, tiers: [[], [x, y/z]]}, {model: \"*\"}]\n"),
    };
    for (size_t i = 0; i < PROA_ARRAY_LEN(cases); i++) {
        struct proa_buf first;
        proa_buf_init(&first, 65536);
        parse(f, cases[i], false);
        struct sample before = f->cfg;
        assert_ok(proa_dump_yaml(&sample_table, &f->cfg, f->tree, false, &first));
        parse(f, proa_buf_slice(&first), false);
        assert_slice_equal(f->cfg.listen.data, before.listen.data);
        assert_int_equal(f->cfg.retry.backoff_ns, before.retry.backoff_ns);
        assert_int_equal(f->cfg.retry.jitter_ppm, before.retry.jitter_ppm);
        assert_int_equal(f->cfg.tags.n, before.tags.n);
        for (size_t k = 0; k < before.tags.n; k++) {
            assert_slice_equal(((const struct proa_slice *)f->cfg.tags.items)[k],
                               ((const struct proa_slice *)before.tags.items)[k]);
        }
        assert_int_equal(f->cfg.providers.n, before.providers.n);
        assert_int_equal(f->cfg.routes.n, before.routes.n);
        proa_buf_clear(&f->out);
        assert_ok(proa_dump_yaml(&sample_table, &f->cfg, f->tree, false, &f->out));
        assert_slice_equal(proa_buf_slice(&f->out), proa_buf_slice(&first));
        proa_buf_deinit(&first);
    }
}

/* A struct that was filled by hand has no tree; what looks like a reference is a text then. */
static void values_without_a_tree(void **state)
{
    struct fixture *f = *state;
    struct sample_key keys[] = {{.file = PROA_SLICE("${HOME}/\xFF")}, {.weight = 0}};
    struct proa_option_list list = {.items = keys, .n = 2};
    struct sample_provider provider = {.name = PROA_SLICE("p"), .keys = list};
    memset(&f->cfg, 0, sizeof(f->cfg));
    f->cfg.providers = (struct proa_option_list){.items = &provider, .n = 1};
    f->cfg.mode = 99; /* outside of the names */
    expect_dump(f, false,
                "apiVersion: proa/v1\nlisten:\n  data: \"\"\n  body: 0\n  reuse: false\n"
                "mode: \"?\"\ntags: []\nproviders:\n  p:\n    keys:\n"
                "      - file: \"$${HOME}/\\ufffd\"\n        weight: 0\n      - weight: 0\n");
}

static void items_without_members(void **state)
{
    static const struct proa_option rows[] = {{.name = "l",
                                               .type = PROA_OPTION_LIST,
                                               .offset = 0,
                                               .table = &sample_tls_table,
                                               .help = "h"},
                                              {.name = NULL}};
    static const struct proa_option_table table = {
        .title = "t", .rows = rows, .size = sizeof(struct proa_option_list), .where_at = SIZE_MAX};
    struct fixture *f = *state;
    struct sample_tls items[2];
    struct proa_option_list list = {.items = items, .n = 2};
    memset(items, 0, sizeof(items));
    assert_ok(proa_dump_yaml(&table, &list, NULL, true, &f->out));
    assert_slice_lit(proa_buf_slice(&f->out), "l:\n  - {}\n  - {}\n");
}

static void a_full_buffer_is_an_error(void **state)
{
    struct fixture *f = *state;
    parse(f, PROA_SLICE("providers: {a: {}, b: {}}"), false);
    assert_ok(proa_dump_yaml(&sample_table, &f->cfg, f->tree, true, &f->out));
    for (size_t max = 0; max < f->out.len; max++) {
        struct proa_buf small;
        proa_buf_init(&small, max);
        assert_err(proa_dump_yaml(&sample_table, &f->cfg, f->tree, true, &small), PROA_ERR_LIMIT);
        assert_true(small.len <= max);
        proa_buf_deinit(&small);
    }
}

static void one_setting_by_its_name(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *path;
        enum proa_err err;
        const char *text;
    } rows[] = {
        {"retry.max_attempts", PROA_OK, "3"},      {"retry.backoff", PROA_OK, "250ms"},
        {"retry.jitter", PROA_OK, "0.5"},          {"listen.data", PROA_OK, "127.0.0.1:4600"},
        {"listen.reuse", PROA_OK, "true"},         {"retry", PROA_ERR_NOT_FOUND, ""},
        {"retry.nothing", PROA_ERR_NOT_FOUND, ""}, {"retry.backoff.more", PROA_ERR_NOT_FOUND, ""},
        {"providers", PROA_ERR_NOT_FOUND, ""},     {"", PROA_ERR_NOT_FOUND, ""},
    };
    proa_config_defaults(&sample_table, &f->arena, &f->cfg);
    for (size_t i = 0; i < PROA_ARRAY_LEN(rows); i++) {
        proa_buf_clear(&f->out);
        assert_err(
            proa_dump_setting(&sample_table, &f->cfg, proa_slice_cstr(rows[i].path), &f->out),
            rows[i].err);
        assert_slice_equal(proa_buf_slice(&f->out), proa_slice_cstr(rows[i].text));
    }
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(defaults_are_named),      TEST(each_value_says_where_it_came_from),
        TEST(dumps_parse_back),        TEST(values_without_a_tree),
        TEST(items_without_members),   TEST(a_full_buffer_is_an_error),
        TEST(one_setting_by_its_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
