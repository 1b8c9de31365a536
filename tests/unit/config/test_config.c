#include "proa/config/config.h"
#include "proa/core/buf.h"

#include "proa_test.h"
#include "sample.h"

struct fixture {
    struct proa_arena arena;
    struct proa_diags diags;
    struct sample cfg;
    const struct proa_doc_node *tree;
    enum proa_err err;
};

static int setup(void **state)
{
    struct fixture *f = PROA_NEW(struct fixture);
    proa_arena_init(&f->arena, NULL);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    proa_arena_reset(&f->arena);
    proa_free(f);
    return 0;
}

/* An environment as "NAME=value" strings. */
static bool lookup(void *ctx, struct proa_slice name, struct proa_slice *value)
{
    for (const char *const *entry = ctx; entry && *entry; entry++) {
        struct proa_slice rest;
        struct proa_slice key = proa_slice_split(proa_slice_cstr(*entry), '=', &rest);
        if (proa_slice_eq(key, name)) {
            *value = rest;
            return true;
        }
    }
    return false;
}

static void parse_all(struct fixture *f, const struct proa_config_source *files, size_t n_files,
                      const char *const *environment, const struct proa_config_flag *flags,
                      size_t n_flags)
{
    /* the callback's ctx is not const; it is only read */
    struct proa_config_env env = {.get = lookup, .ctx = (void *)(uintptr_t)environment};
    struct proa_config_input input = {.table = &sample_table,
                                      .files = files,
                                      .n_files = n_files,
                                      .env = &env,
                                      .flags = flags,
                                      .n_flags = n_flags};
    proa_arena_reset(&f->arena);
    memset(&f->diags, 0, sizeof(f->diags));
    memset(&f->cfg, 0x5A, sizeof(f->cfg));
    f->tree = NULL;
    f->err = proa_config_parse(&input, &f->arena, &f->cfg, &f->tree, &f->diags);
    assert_int_equal(f->err, f->diags.n_errors ? PROA_ERR_SYNTAX : PROA_OK);
    assert_true((f->tree != NULL) == (f->err == PROA_OK));
}

static void parse(struct fixture *f, const char *yaml)
{
    struct proa_config_source file = {"p.yaml", proa_slice_cstr(yaml)};
    parse_all(f, &file, 1, NULL, NULL, 0);
}

static void expect_ok(struct fixture *f, const char *yaml)
{
    parse(f, yaml);
    if (f->err) {
        fail_msg("%s\n%u:%u %s", yaml, f->diags.items[0].line, f->diags.items[0].col,
                 f->diags.items[0].message);
    }
}

/* The i-th message as "line:col message". */
static void expect_message(const struct fixture *f, uint32_t i, const char *expected)
{
    char text[600];
    assert_true(f->diags.n > i);
    const struct proa_diag *d = &f->diags.items[i];
    (void)snprintf(text, sizeof(text), "%u:%u %s", d->line, d->col, d->message);
    assert_string_equal(text, expected);
}

struct bad {
    const char *yaml;
    const char *message;
};

static void expect_bad(struct fixture *f, const struct bad *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        parse(f, cases[i].yaml);
        if (!f->err) {
            fail_msg("accepted: %s", cases[i].yaml);
        }
        expect_message(f, 0, cases[i].message);
        assert_int_equal(f->diags.n, 1);
        assert_string_equal(f->diags.items[0].file, "p.yaml");
        for (size_t k = 0; k < sizeof(f->cfg); k++) {
            assert_int_equal(((const unsigned char *)&f->cfg)[k], 0x5A); /* untouched */
        }
    }
}

static const void *item(const struct proa_option_list *list, size_t i, size_t size)
{
    assert_true(i < list->n);
    return (const char *)list->items + i * size;
}

#define ITEM(list, i, T) ((const struct T *)item(&(list), (i), sizeof(struct T)))

static void defaults_fill_the_struct(void **state)
{
    struct fixture *f = *state;
    struct sample cfg;
    expect_ok(f, "");
    assert_slice_lit(f->cfg.listen.data, "127.0.0.1:4600");
    assert_int_equal(f->cfg.listen.body_bytes, 32 * 1024 * 1024);
    assert_true(f->cfg.listen.reuse);
    assert_int_equal(f->cfg.mode, SAMPLE_MODE_READ);
    assert_int_equal(f->cfg.tags.n, 2);
    assert_slice_lit(((const struct proa_slice *)f->cfg.tags.items)[1], "b");
    assert_int_equal(f->cfg.providers.n, 0);
    assert_int_equal(f->cfg.retry.max_attempts, 3);
    assert_int_equal(f->cfg.retry.backoff_ns, 250000000);
    assert_int_equal(f->cfg.retry.jitter_ppm, 500000);
    assert_int_equal(f->cfg.retry.where.line, 0);
    assert_null(f->cfg.tls.where.file);

    proa_config_defaults(&sample_table, &f->arena, &cfg);
    assert_slice_equal(cfg.listen.data, f->cfg.listen.data);
    assert_int_equal(cfg.retry.backoff_ns, f->cfg.retry.backoff_ns);
}

static const char full[] = "# yaml-language-server: $schema=proa.json\n"
                           "apiVersion: proa/v1\n"
                           "listen: {data: \"unix:/run/proa\", body: 64KiB, reuse: false}\n"
                           "mode: off\n"
                           "tags: [x, \"5\", 'yes']\n"
                           "providers:\n"
                           "  openai:\n"
                           "    keys: [{env: A, weight: 2}, B]\n"
                           "    budget: 18446744073709551615\n"
                           "  local: \"http://127.0.0.1:8000/v1\"\n"
                           "  bare:\n"
                           "routes:\n"
                           "  - model: assistant\n"
                           "    retry: {max_attempts: 10, backoff: 1m, jitter: 0.125}\n"
                           "    tiers:\n"
                           "      - [{model: a/b}, c/d]\n"
                           "      - targets: [{model: e/f, substitute: true}]\n"
                           "  - model: other\n"
                           "    retry: 1\n"
                           "retry: {jitter: 1}\n"
                           "tls: {cert: c.pem, key: k.pem}\n";

static void every_type_is_read(void **state)
{
    struct fixture *f = *state;
    expect_ok(f, full);
    const struct sample *c = &f->cfg;
    assert_slice_lit(c->listen.data, "unix:/run/proa");
    assert_int_equal(c->listen.body_bytes, 65536);
    assert_false(c->listen.reuse);
    assert_int_equal(c->mode, SAMPLE_MODE_OFF);
    assert_int_equal(c->tags.n, 3);
    assert_slice_lit(((const struct proa_slice *)c->tags.items)[2], "yes");
    assert_int_equal(c->providers.n, 3);
    const struct sample_provider *p = ITEM(c->providers, 0, sample_provider);
    assert_slice_lit(p->name, "openai");
    assert_int_equal(p->where.line, 8);
    assert_int_equal(p->where.col, 5);
    assert_string_equal(p->where.file, "p.yaml");
    assert_true(p->budget == UINT64_MAX);
    assert_slice_lit(ITEM(p->keys, 0, sample_key)->env, "A");
    assert_int_equal(ITEM(p->keys, 0, sample_key)->weight, 2);
    assert_slice_lit(ITEM(p->keys, 1, sample_key)->env, "B");
    assert_int_equal(ITEM(p->keys, 1, sample_key)->weight, 1);
    assert_slice_lit(ITEM(c->providers, 1, sample_provider)->base_url, "http://127.0.0.1:8000/v1");
    assert_slice_lit(ITEM(c->providers, 2, sample_provider)->name, "bare");
    assert_int_equal(ITEM(c->providers, 2, sample_provider)->base_url.len, 0);
    const struct sample_route *r = ITEM(c->routes, 0, sample_route);
    assert_int_equal(r->retry.max_attempts, 10);
    assert_int_equal(r->retry.backoff_ns, 60000000000);
    assert_int_equal(r->retry.jitter_ppm, 125000);
    assert_int_equal(r->retry.where.line, 14);
    assert_int_equal(r->tiers.n, 2);
    const struct sample_tier *t = ITEM(r->tiers, 0, sample_tier);
    assert_slice_lit(ITEM(t->targets, 1, sample_target)->model, "c/d");
    t = ITEM(r->tiers, 1, sample_tier);
    assert_true(ITEM(t->targets, 0, sample_target)->substitute);
    r = ITEM(c->routes, 1, sample_route);
    assert_int_equal(r->retry.max_attempts, 1);
    assert_int_equal(r->retry.backoff_ns, 250000000); /* a shorthand leaves the other defaults */
    assert_int_equal(c->retry.jitter_ppm, 1000000);
    assert_int_equal(c->tls.where.line, 21);
}

static void json_is_accepted(void **state)
{
    struct fixture *f = *state;
    expect_ok(f, "{\"$schema\": \"./proa.json\", \"apiVersion\": \"proa/v1\",\n"
                 "\t\"listen\": {\"body\": 2048, \"reuse\": false},\n"
                 "\t\"retry\": {\"backoff\": \"30s\", \"jitter\": 0.2, \"max_attempts\": 4},\n"
                 "\t\"tags\": [\"\\u00e4\"], \"providers\": {\"x\": {\"keys\": []}}}");
    assert_int_equal(f->cfg.listen.body_bytes, 2048);
    assert_int_equal(f->cfg.retry.backoff_ns, 30000000000);
    assert_int_equal(f->cfg.retry.jitter_ppm, 200000);
    assert_slice_lit(((const struct proa_slice *)f->cfg.tags.items)[0], "\xC3\xA4");
}

static void bounds_are_inclusive(void **state)
{
    struct fixture *f = *state;
    expect_ok(f, "retry: {max_attempts: 1, backoff: 1ms, jitter: 0}\nlisten: {body: 1KiB}\n");
    expect_ok(f, "retry: {max_attempts: 10, backoff: 1m, jitter: 1.0}\n");
    expect_ok(f, "listen: {body: 18446744073709551615}\n");
    assert_true(f->cfg.listen.body_bytes == UINT64_MAX);
    expect_ok(f, "providers: {x: {keys: [{weight: 4294967295}]}}");
    static const struct bad cases[] = {
        {"routes:\n- model: a\n- model: b\n- model: c\n  retry:\n    max_attempts: 12\n",
         "6:19 routes[2].retry.max_attempts: 12 is more than 10"},
        {"retry: {max_attempts: 0}", "1:23 retry.max_attempts: 0 is less than 1"},
        {"retry: 11", "1:8 retry: 11 is more than 10"},
        {"retry: {max_attempts: 99999999999999999999}",
         "1:23 retry.max_attempts: 99999999999999999999 is more than 10"},
        {"retry: {backoff: 999us}", "1:18 retry.backoff: 999us is less than 1ms"},
        {"retry: {backoff: 61s}", "1:18 retry.backoff: 61s is more than 1m"},
        {"retry: {backoff: 99999999999999h}",
         "1:18 retry.backoff: 99999999999999h is more than 1m"},
        {"retry: {jitter: 1.000001}", "1:17 retry.jitter: 1.000001 is more than 1"},
        {"retry: {jitter: 99999999}", "1:17 retry.jitter: 99999999 is more than 1"},
        {"listen: {body: 1023}", "1:16 listen.body: 1023 is less than 1KiB"},
        {"listen: {body: 18446744073709551616}",
         "1:16 listen.body: 18446744073709551616 is too large"},
        {"providers: {x: {budget: 18446744073709551616}}",
         "1:25 providers.x.budget: 18446744073709551616 is more than 18446744073709551615"},
        {"providers: {x: {keys: [{weight: 4294967296}]}}",
         "1:33 providers.x.keys[0].weight: 4294967296 is more than 4294967295"},
    };
    expect_bad(f, cases, PROA_ARRAY_LEN(cases));
}

static void wrong_types_say_what_is_right(void **state)
{
    struct fixture *f = *state;
    static const struct bad cases[] = {
        {"retry: {max_attempts: many}", "1:23 retry.max_attempts: many is not a whole number"},
        {"retry: {max_attempts: -1}", "1:23 retry.max_attempts: -1 is not a whole number"},
        {"retry: {max_attempts: 1.5}", "1:23 retry.max_attempts: 1.5 is not a whole number"},
        {"retry: {max_attempts: 0x3}", "1:23 retry.max_attempts: 0x3 is not a whole number"},
        {"retry: {max_attempts: yes}", "1:23 retry.max_attempts: yes is not a whole number"},
        {"retry: {max_attempts: \"5\"}",
         "1:23 retry.max_attempts: \"5\" is a string, a number is expected; write it without "
         "quotes"},
        {"retry: {max_attempts: 05}",
         "1:23 retry.max_attempts: 05 begins with a zero, an octal number to some YAML readers; "
         "remove it"},
        {"retry: {max_attempts: }",
         "1:23 retry.max_attempts: has no value; write one or remove the key"},
        {"retry: {max_attempts: [1]}",
         "1:23 retry.max_attempts: must be a single value (whole number), this is a list"},
        {"retry: {backoff: 30}", "1:18 retry.backoff: 30 has no unit; write 250ms, 30s, 5m or 1h"},
        {"retry: {backoff: 1e9h}",
         "1:18 retry.backoff: 1e9h is not a duration such as 250ms, 30s, 5m or 1h"},
        {"retry: {backoff: {s: 3}}",
         "1:18 retry.backoff: must be a single value (duration), this is a map"},
        {"retry: {jitter: 20%}",
         "1:17 retry.jitter: 20% is not a fraction such as 0.25 with at most six decimals"},
        {"retry: {jitter: 0.1234567}",
         "1:17 retry.jitter: 0.1234567 is not a fraction such as 0.25 with at most six decimals"},
        {"listen: {body: 1.5MiB}",
         "1:16 listen.body: 1.5MiB is not a size such as 64KiB, 10MB or 100"},
        {"listen: {reuse: yes}", "1:17 listen.reuse: yes is not a boolean; write true or false"},
        {"listen: {reuse: On}", "1:17 listen.reuse: On is not a boolean; write true or false"},
        {"listen: {reuse: \"true\"}",
         "1:17 listen.reuse: \"true\" is not a boolean; write true or false"},
        {"listen: {reuse: 1}", "1:17 listen.reuse: 1 is not a boolean; write true or false"},
        {"mode: raed", "1:7 mode: \"raed\" is not one of off, read, write; did you mean \"read\"?"},
        {"mode: writ",
         "1:7 mode: \"writ\" is not one of off, read, write; did you mean \"write\"?"},
        {"apiVersion: proa/v2",
         "1:13 apiVersion: \"proa/v2\" is not one of proa/v1; did you mean \"proa/v1\"?"},
        {"tags: no", "1:7 tags: no is a boolean to some YAML readers; write \"no\" in quotes"},
        {"tags: {a: b}", "1:7 tags: must be a list, this is a map"},
        {"tags: [[a]]", "1:8 tags[0]: must be a string, this is a list"},
        {"providers: [a]", "1:12 providers: must be a map, this is a list"},
        {"routes: {}", "1:9 routes: must be a list, this is a map"},
        {"routes: [a]", "1:10 routes[0]: must be a map, this is a single value"},
        {"listen: [a]", "1:9 listen: must be a map, this is a list"},
        {"listen: on", "1:9 listen: must be a map, this is a single value"},
        {"- a\n- b\n", "1:1 must be a map, this is a list"},
        {"hello", "1:1 must be a map, this is a single value"},
        {"retry: [1]", "1:8 retry: must be a single value (whole number), this is a list"},
    };
    expect_bad(f, cases, PROA_ARRAY_LEN(cases));
}

static void strings_that_are_not_are_refused(void **state)
{
    struct fixture *f = *state;
    static const struct bad cases[] = {
        {"listen: {data: yes}",
         "1:16 listen.data: yes is a boolean to some YAML readers; write \"yes\" in quotes"},
        {"listen: {data: N}",
         "1:16 listen.data: N is a boolean to some YAML readers; write \"N\" in quotes"},
        {"listen: {data: off}",
         "1:16 listen.data: off is a boolean to some YAML readers; write \"off\" in quotes"},
        {"listen: {data: true}",
         "1:16 listen.data: true is a boolean, a string is expected; write \"true\" in quotes"},
        {"listen: {data: 5}",
         "1:16 listen.data: 5 is a number, a string is expected; write \"5\" in quotes"},
        {"listen: {data: -1.5e3}",
         "1:16 listen.data: -1.5e3 is a number, a string is expected; write \"-1.5e3\" in quotes"},
        {"listen: {data: .inf}",
         "1:16 listen.data: .inf is a number, a string is expected; write \".inf\" in quotes"},
        {"listen: {data: 0x1F}",
         "1:16 listen.data: 0x1F is a number, a string is expected; write \"0x1F\" in quotes"},
        {"listen: {data: 0440}", "1:16 listen.data: 0440 is an octal number to some YAML readers; "
                                 "write \"0440\" in quotes"},
        {"listen: {data: ~}",
         "1:16 listen.data: has no value; write one, \"\" for an empty one, or remove the key"},
        {"listen:\n  data:\n",
         "2:8 listen.data: has no value; write one, \"\" for an empty one, or remove the key"},
        {"tags: [a, no]",
         "1:11 tags[1]: no is a boolean to some YAML readers; write \"no\" in quotes"},
        {"providers: {no: {}}",
         "1:13 providers.no: no is a boolean to some YAML readers; write \"no\" in quotes"},
        {"providers: {1: {}}",
         "1:13 providers.1: 1 is a number, a string is expected; write \"1\" in quotes"},
        {"providers: {\"\": {}}", "1:13 providers: a name must not be empty"},
    };
    expect_bad(f, cases, PROA_ARRAY_LEN(cases));
    static const char *const good[] = {"\"yes\"", "'no'",    "\"5\"", "4o",       "v1.2", "1.2.3",
                                       "0.0.0.0", "yess",    "x5",    "2024-1-1", "-",    "e5",
                                       "1e",      "!!str 5", "\"\"",  "0xZZ",     ".",    "a: b"};
    for (size_t i = 0; i < PROA_ARRAY_LEN(good) - 1; i++) {
        char yaml[64];
        (void)snprintf(yaml, sizeof(yaml), "listen:\n  data: %s\n", good[i]);
        if (strcmp(good[i], "-") == 0) {
            continue; /* a lone dash starts a list */
        }
        expect_ok(f, yaml);
    }
}

static void names_are_bounded(void **state)
{
    struct fixture *f = *state;
    char name[PROA_CONFIG_NAME_MAX + 2];
    char yaml[PROA_CONFIG_NAME_MAX + 40];
    memset(name, 'n', sizeof(name));
    name[PROA_CONFIG_NAME_MAX] = '\0';
    (void)snprintf(yaml, sizeof(yaml), "providers: {%s: {}}", name);
    expect_ok(f, yaml);
    name[PROA_CONFIG_NAME_MAX] = 'n';
    name[PROA_CONFIG_NAME_MAX + 1] = '\0';
    (void)snprintf(yaml, sizeof(yaml), "providers: {%s: {}}", name);
    parse(f, yaml);
    expect_message(f, 0, "1:13 providers: a name must not exceed 128 bytes");
}

static void unknown_keys_come_with_a_guess(void **state)
{
    struct fixture *f = *state;
    static const struct bad cases[] = {
        {"lisen: {}", "1:1 unknown key \"lisen\"; did you mean \"listen\"?"},
        {"routes: [{model: a, retry: {max_atempts: 3}}]",
         "1:29 routes[0].retry: unknown key \"max_atempts\"; did you mean \"max_attempts\"?"},
        {"listen:\n  colour: red\n", "2:3 listen: unknown key \"colour\""},
        {"listen: {$schema: x}", "1:10 listen: unknown key \"$schema\""},
        {"providers:\n  \"a.b\":\n    weight: 3\n",
         "3:5 providers[\"a.b\"]: unknown key \"weight\""},
        {"\"x\\ny\": 1", "1:1 unknown key \"x?y\""},
    };
    expect_bad(f, cases, PROA_ARRAY_LEN(cases));
}

static void required_members(void **state)
{
    struct fixture *f = *state;
    static const struct bad cases[] = {
        {"routes:\n  - retry: 3\n", "2:5 routes[0]: \"model\" is missing"},
        {"routes:\n  - model: a\n  -\n", "3:4 routes[1]: \"model\" is missing"},
        {"tls: {cert: a}", "1:6 tls: \"key\" is missing"},
        {"routes: [{model: a, tiers: [[{substitute: true}]]}]",
         "1:30 routes[0].tiers[0][0]: \"model\" is missing"},
    };
    expect_bad(f, cases, PROA_ARRAY_LEN(cases));
    expect_ok(f, "tls:\n"); /* null: as if absent */
    assert_null(f->cfg.tls.where.file);
}

static void all_mistakes_in_one_go(void **state)
{
    struct fixture *f = *state;
    parse(f, "listen:\n  data: yes\n  body: 5\nmod: read\nretry: {max_attempts: 0, backoff: 1x}\n"
             "routes:\n  - tiers: [[{}]]\n  - model: true\n");
    expect_message(f, 0, "4:1 unknown key \"mod\"; did you mean \"mode\"?");
    expect_message(f, 1,
                   "2:9 listen.data: yes is a boolean to some YAML readers; write \"yes\" in "
                   "quotes");
    expect_message(f, 2, "3:9 listen.body: 5 is less than 1KiB");
    expect_message(f, 3, "7:5 routes[0]: \"model\" is missing");
    expect_message(f, 4, "7:14 routes[0].tiers[0][0]: \"model\" is missing");
    expect_message(f, 5,
                   "8:12 routes[1].model: true is a boolean, a string is expected; write "
                   "\"true\" in quotes");
    expect_message(f, 6, "5:23 retry.max_attempts: 0 is less than 1");
    expect_message(f, 7, "5:35 retry.backoff: 1x is not a duration such as 250ms, 30s, 5m or 1h");
    assert_int_equal(f->diags.n, 8);
}

static void long_and_odd_values_are_shown_safely(void **state)
{
    struct fixture *f = *state;
    char yaml[512];
    char many[201];
    memset(many, 'z', sizeof(many));
    many[200] = '\0';
    (void)snprintf(yaml, sizeof(yaml), "mode: %s", many);
    parse(f, yaml);
    expect_message(
        f, 0,
        "1:7 mode: \"zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz...\" "
        "is not one of off, read, write");
    parse(f, "mode: \"\\e[31mred\\x7f\"");
    expect_message(f, 0, "1:7 mode: \"?[31mred?\" is not one of off, read, write");
    (void)snprintf(yaml, sizeof(yaml), "mode: %.63s\xC3\xA4zz", many);
    parse(f, yaml);
    assert_non_null(strstr(f->diags.items[0].message, "zzz...\"")); /* not half a character */
}

static void environment_in_strings(void **state)
{
    struct fixture *f = *state;
    static const char *const env[] = {"HOST=h.example", "EMPTY=",   "TRICK=${HOST}",
                                      "_X1=1",          "BIN=\xFF", NULL};
    static const struct {
        const char *yaml;
        const char *result; /* NULL: error */
        const char *message;
    } cases[] = {
        {"providers: {x: {base_url: \"https://${HOST}/v1\"}}", "https://h.example/v1", NULL},
        {"providers: {x: {base_url: \"${HOST}${_X1}\"}}", "h.example1", NULL},
        {"providers: {x: {base_url: \"[${EMPTY}]\"}}", "[]", NULL},
        {"providers: {x: {base_url: \"${TRICK}\"}}", "${HOST}", NULL},
        {"providers: {x: {base_url: \"$${HOST} $HOST $ {}\"}}", "${HOST} $HOST $ {}", NULL},
        {"providers: {x: {base_url: \"$$${HOST}\"}}", "$${HOST}", NULL},
        {"providers:\n  x:\n    base_url: ${HOST}\n", "h.example", NULL},
        {"providers: {x: \"${HOST}\"}", "h.example", NULL},
        {"providers: {x: {base_url: \"a${NOPE}\"}}", NULL,
         "1:27 providers.x.base_url: the environment variable NOPE is not set; set it, or write "
         "$${NOPE} for the text itself"},
        {"providers: {x: {base_url: \"${BIN}\"}}", NULL,
         "1:27 providers.x.base_url: the environment variable BIN is not UTF-8 text"},
        {"providers: {x: {base_url: \"${HOST\"}}", NULL,
         "1:27 providers.x.base_url: ${HOST is not a reference such as ${NAME}; write $${ for a "
         "literal ${"},
        {"providers: {x: {base_url: \"${}\"}}", NULL,
         "1:27 providers.x.base_url: ${} is not a reference such as ${NAME}; write $${ for a "
         "literal ${"},
        {"providers: {x: {base_url: \"${A-B}\"}}", NULL,
         "1:27 providers.x.base_url: ${A-B} is not a reference such as ${NAME}; write $${ for a "
         "literal ${"},
        {"providers: {x: {base_url: \"${1A}\"}}", NULL,
         "1:27 providers.x.base_url: ${1A} is not a reference such as ${NAME}; write $${ for a "
         "literal ${"},
    };
    for (size_t i = 0; i < PROA_ARRAY_LEN(cases); i++) {
        struct proa_config_source file = {"p.yaml", proa_slice_cstr(cases[i].yaml)};
        parse_all(f, &file, 1, env, NULL, 0);
        if (cases[i].result) {
            assert_int_equal(f->err, PROA_OK);
            assert_slice_str(ITEM(f->cfg.providers, 0, sample_provider)->base_url, cases[i].result);
        } else {
            expect_message(f, 0, cases[i].message);
        }
    }
    expect_ok(f, "listen: {data: \"${HOST}\"}"); /* not an `expand` row */
    assert_slice_lit(f->cfg.listen.data, "${HOST}");
}

static void expansion_is_bounded(void **state)
{
    struct fixture *f = *state;
    static char big[40000];
    memset(big, 'x', sizeof(big) - 1);
    memcpy(big, "BIG=", 4);
    const char *const env[] = {big, NULL};
    struct proa_config_source file = {"p.yaml", PROA_SLICE("providers: {x: \"${BIG}${BIG}\"}")};
    parse_all(f, &file, 1, env, NULL, 0);
    expect_message(f, 0, "1:16 providers.x: expands to more than 64 KiB");
}

static void merge2(struct fixture *f, const char *a, const char *b)
{
    struct proa_config_source files[] = {{"a.yaml", proa_slice_cstr(a)},
                                         {"b.yaml", proa_slice_cstr(b)}};
    parse_all(f, files, 2, NULL, NULL, 0);
}

static void files_merge(void **state)
{
    struct fixture *f = *state;
    merge2(f,
           "apiVersion: proa/v1\n$schema: x\nlisten: {data: \"a:1\"}\ntags: [x]\n"
           "providers: {p: {budget: 1}}\nroutes: [{model: r1}]\nretry: 5\nlisten2:\n",
           "");
    expect_message(f, 0, "8:1 unknown key \"listen2\"; did you mean \"listen\"?");
    merge2(f,
           "apiVersion: proa/v1\n$schema: x\nlisten: {data: \"a:1\"}\ntags: [x]\n"
           "providers: {p: {budget: 1}}\nroutes: [{model: r1}]\nretry: 5\ntls:\n",
           "apiVersion: proa/v1\n$schema: y\nlisten: {body: 2048}\ntags: [v, w]\n"
           "providers: {q: {budget: 2}}\nroutes: [{model: r2}, {model: r3}]\n"
           "retry: {backoff: 1s}\ntls: {cert: c, key: k}\nmode: write\n");
    assert_int_equal(f->err, PROA_OK);
    assert_slice_lit(f->cfg.listen.data, "a:1");
    assert_int_equal(f->cfg.listen.body_bytes, 2048);
    assert_int_equal(f->cfg.tags.n, 3);
    assert_int_equal(f->cfg.providers.n, 2);
    assert_slice_lit(ITEM(f->cfg.providers, 1, sample_provider)->name, "q");
    assert_string_equal(ITEM(f->cfg.providers, 1, sample_provider)->where.file, "b.yaml");
    assert_int_equal(f->cfg.routes.n, 3);
    assert_slice_lit(ITEM(f->cfg.routes, 2, sample_route)->model, "r3");
    assert_int_equal(f->cfg.retry.max_attempts, 5); /* the shorthand of a, extended by b */
    assert_int_equal(f->cfg.retry.backoff_ns, 1000000000);
    assert_slice_lit(f->cfg.tls.cert, "c");
    assert_int_equal(f->cfg.mode, SAMPLE_MODE_WRITE);
    merge2(f, "# nothing\n", "---\n");
    assert_int_equal(f->err, PROA_OK);
    merge2(f, "---\n", "mode: write");
    assert_int_equal(f->cfg.mode, SAMPLE_MODE_WRITE);
}

static void conflicts_name_both_places(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *a;
        const char *b;
        const char *message;
    } cases[] = {
        {"listen: {data: \"a:1\"}", "listen:\n  data: \"a:1\"\n",
         "2:9 listen.data: already set at a.yaml:1:16; set it in one file only"},
        {"mode: read", "mode: write",
         "1:7 mode: already set at a.yaml:1:7; set it in one file only"},
        {"retry: 5", "retry: {max_attempts: 5}",
         "1:23 retry.max_attempts: already set at a.yaml:1:8; set it in one file only"},
        {"providers:\n  p: {}\n", "providers: {p: {}}",
         "1:13 providers.p: already set at a.yaml:2:3; names must not collide between files"},
    };
    for (size_t i = 0; i < PROA_ARRAY_LEN(cases); i++) {
        merge2(f, cases[i].a, cases[i].b);
        expect_message(f, 0, cases[i].message);
        assert_int_equal(f->diags.n, 1);
        assert_string_equal(f->diags.items[0].file, "b.yaml");
    }
    merge2(f, "routes: [{model: a}]", "routes: 5");
    expect_message(f, 0, "1:9 routes: already set at a.yaml:1:9; set it in one file only");
    merge2(f, "mode: read", "- x");
    expect_message(f, 0, "1:1 a file must be a map of settings");
    assert_string_equal(f->diags.items[0].file, "b.yaml");
    merge2(f, "- x", "mode: read");
    assert_int_equal(f->diags.n, 1);
    assert_string_equal(f->diags.items[0].file, "a.yaml");
}

static void syntax_errors_of_all_files_are_shown(void **state)
{
    struct fixture *f = *state;
    merge2(f, "a: 1\na: 2\n", "x: [\n");
    assert_int_equal(f->diags.n, 2);
    assert_string_equal(f->diags.items[0].file, "a.yaml");
    assert_string_equal(f->diags.items[1].file, "b.yaml");
}

static void overrides_by_precedence(void **state)
{
    struct fixture *f = *state;
    static const char *const env[] = {"PROA_LISTEN_DATA=env:1",
                                      "PROA_LISTEN_BODY=4KiB",
                                      "PROA_RETRY_MAX_ATTEMPTS=7",
                                      "PROA_MODE=",
                                      "PROA_RETRY_BACKOFF=2s",
                                      "PROA_LISTEN_REUSE=false",
                                      "PROA_TAGS=x",
                                      NULL};
    static const struct proa_config_flag flags[] = {{"--listen", "listen.data", {"flag:0", 6}},
                                                    {"--listen", "listen.data", {"flag:1", 6}},
                                                    {"--mode", "mode", {"write", 5}}};
    struct proa_config_source file = {
        "p.yaml", PROA_SLICE("listen: {data: \"file:1\", body: 8KiB}\nretry: 4\nmode: read\n")};
    parse_all(f, &file, 1, env, flags, 3);
    assert_int_equal(f->err, PROA_OK);
    assert_slice_lit(f->cfg.listen.data, "flag:1"); /* the last of equal flags */
    assert_int_equal(f->cfg.listen.body_bytes, 4096);
    assert_false(f->cfg.listen.reuse);
    assert_int_equal(f->cfg.retry.max_attempts, 7);
    assert_int_equal(f->cfg.retry.backoff_ns, 2000000000);
    assert_int_equal(f->cfg.mode, SAMPLE_MODE_WRITE);
    assert_int_equal(f->cfg.tags.n, 1);
    assert_slice_lit(((const struct proa_slice *)f->cfg.tags.items)[0], "x");

    parse_all(f, NULL, 0, env, NULL, 0);
    assert_int_equal(f->err, PROA_OK);
    assert_slice_lit(f->cfg.listen.data, "env:1");
    assert_string_equal(f->cfg.retry.where.file, "$PROA_RETRY_MAX_ATTEMPTS");

    file.bytes = PROA_SLICE("retry: 4\n"); /* a shorthand keeps its value beside an override */
    static const char *const one[] = {"PROA_RETRY_BACKOFF=2s", NULL};
    parse_all(f, &file, 1, one, NULL, 0);
    assert_int_equal(f->cfg.retry.max_attempts, 4);
    assert_int_equal(f->cfg.retry.backoff_ns, 2000000000);
}

/* A list of strings may be one string, or text with commas where no list can be written. */
static void lists_of_strings_have_short_forms(void **state)
{
    struct fixture *f = *state;
    struct proa_config_source file = {"p.yaml", PROA_SLICE("tags: a, b\n")};
    parse_all(f, &file, 1, NULL, NULL, 0);
    assert_int_equal(f->err, PROA_OK);
    assert_int_equal(f->cfg.tags.n, 1);
    assert_slice_lit(((const struct proa_slice *)f->cfg.tags.items)[0], "a, b");

    static const char *const env[] = {"PROA_TAGS=c, 5,yes", NULL};
    parse_all(f, &file, 1, env, NULL, 0);
    assert_int_equal(f->err, PROA_OK);
    assert_int_equal(f->cfg.tags.n, 3);
    assert_slice_lit(((const struct proa_slice *)f->cfg.tags.items)[0], "c");
    assert_slice_lit(((const struct proa_slice *)f->cfg.tags.items)[1], "5");
    assert_slice_lit(((const struct proa_slice *)f->cfg.tags.items)[2], "yes");

    static const struct proa_config_flag flag = {"--tags", "tags", {"[::1]:80", 8}};
    parse_all(f, &file, 1, env, &flag, 1);
    assert_int_equal(f->err, PROA_OK);
    assert_int_equal(f->cfg.tags.n, 1);
    assert_slice_lit(((const struct proa_slice *)f->cfg.tags.items)[0], "[::1]:80");

    static const struct proa_config_flag bad = {"--tags", "tags", {"a\xff", 2}};
    parse_all(f, NULL, 0, NULL, &bad, 1);
    assert_int_equal(f->diags.n, 1);
    expect_message(f, 0, "0:0 tags: is not UTF-8 text");
    assert_string_equal(f->diags.items[0].file, "--tags");
}

static void overrides_are_text(void **state)
{
    struct fixture *f = *state;
    static const char *const odd[] = {"yes", "5", "null", "~", "true", "0440", "${HOME}", " "};
    for (size_t i = 0; i < PROA_ARRAY_LEN(odd); i++) {
        struct proa_config_flag flag = {"--listen", "listen.data", proa_slice_cstr(odd[i])};
        parse_all(f, NULL, 0, NULL, &flag, 1);
        assert_int_equal(f->err, PROA_OK);
        assert_slice_str(f->cfg.listen.data, odd[i]);
    }
}

static void overrides_are_utf8(void **state)
{
    struct fixture *f = *state;
    static const struct {
        struct proa_slice value;
        bool good;
    } cases[] = {
        {PROA_SLICE_INIT("\x7f\xC2\x80\xDF\xBF\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80"), true},
        {PROA_SLICE_INIT("\xEF\xBF\xBF\xF0\x90\x80\x80\xF4\x8F\xBF\xBF"), true},
        {PROA_SLICE_INIT("\x80"), false},
        {PROA_SLICE_INIT("\xC1\xBF"), false},
        {PROA_SLICE_INIT("\xC3"), false},
        {PROA_SLICE_INIT("\xC3(z"), false},
        {PROA_SLICE_INIT("\xE0\x9F\xBF"), false},
        {PROA_SLICE_INIT("\xED\xA0\x80"), false},
        {PROA_SLICE_INIT("\xE2\x82"), false},
        {PROA_SLICE_INIT("\xF0\x8F\xBF\xBF"), false},
        {PROA_SLICE_INIT("\xF4\x90\x80\x80"), false},
        {PROA_SLICE_INIT("\xF5\x80\x80\x80"), false},
        {PROA_SLICE_INIT("a\0b"), false},
    };
    for (size_t i = 0; i < PROA_ARRAY_LEN(cases); i++) {
        struct proa_config_flag flag = {"--listen", "listen.data", cases[i].value};
        parse_all(f, NULL, 0, NULL, &flag, 1);
        PROA_TEST_CHECK((f->err == PROA_OK) == cases[i].good, "row %zu", i);
        if (!cases[i].good) {
            expect_message(f, 0, "0:0 listen.data: is not UTF-8 text");
        }
    }
}

static void wrong_overrides_name_their_source(void **state)
{
    struct fixture *f = *state;
    static const char *const env[] = {"PROA_RETRY_MAX_ATTEMPTS=12", "PROA_LISTEN_REUSE=yes", NULL};
    static const struct proa_config_flag flags[] = {{"--mode", "mode", {"x", 1}},
                                                    {"--set", "listen.dada", {"x", 1}},
                                                    {"--set", "routes", {"x", 1}}};
    parse_all(f, NULL, 0, env, flags, 3);
    assert_int_equal(f->diags.n, 5);
    expect_message(f, 0, "0:0 there is no single setting called listen.dada");
    assert_string_equal(f->diags.items[0].file, "--set");
    expect_message(f, 1, "0:0 there is no single setting called routes");
    expect_message(f, 2, "0:0 listen.reuse: yes is not a boolean; write true or false");
    assert_string_equal(f->diags.items[2].file, "$PROA_LISTEN_REUSE");
    expect_message(f, 3, "0:0 mode: \"x\" is not one of off, read, write");
    assert_string_equal(f->diags.items[3].file, "--mode");
    expect_message(f, 4, "0:0 retry.max_attempts: 12 is more than 10");
}

static void overrides_do_not_hide_wrong_files(void **state)
{
    struct fixture *f = *state;
    static const char *const env[] = {"PROA_MODE=write", "PROA_LISTEN_DATA=x", NULL};
    struct proa_config_source file = {"p.yaml", PROA_SLICE("hello")};
    parse_all(f, &file, 1, env, NULL, 0);
    expect_message(f, 0, "1:1 must be a map, this is a single value");
    file.bytes = PROA_SLICE("listen: nonsense");
    parse_all(f, &file, 1, env, NULL, 0);
    expect_message(f, 0, "1:9 listen: must be a map, this is a single value");
}

static void a_tree_can_be_bound_alone(void **state)
{
    struct fixture *f = *state;
    const struct proa_doc_node *root = NULL;
    struct sample_retry retry = {.max_attempts = 77};
    assert_ok(proa_doc_parse(PROA_SLICE("{backoff: 1s}"), "x", &f->arena, &root, &f->diags));
    assert_ok(proa_config_bind(&sample_retry_table, root, NULL, &f->arena, &retry, &f->diags));
    assert_int_equal(retry.backoff_ns, 1000000000);
    assert_int_equal(retry.max_attempts, 3);
    assert_ok(proa_doc_parse(PROA_SLICE("{backoff: 1}"), "x", &f->arena, &root, &f->diags));
    retry.max_attempts = 77;
    assert_err(proa_config_bind(&sample_retry_table, root, NULL, &f->arena, &retry, &f->diags),
               PROA_ERR_SYNTAX);
    assert_int_equal(retry.max_attempts, 77);
}

/* More mistakes than the list holds are counted, and the result is still an error. */
static void a_flood_of_errors_is_bounded(void **state)
{
    struct fixture *f = *state;
    struct proa_buf yaml;
    proa_buf_init(&yaml, 65536);
    for (unsigned i = 0; i < 500; i++) {
        (void)proa_buf_append_printf(&yaml, "k%u: 1\n", i);
    }
    (void)proa_buf_append_byte(&yaml, '\0');
    parse(f, yaml.ptr);
    assert_int_equal(f->diags.n, PROA_DIAG_MAX);
    assert_int_equal(f->diags.n_errors, 500);
    proa_buf_deinit(&yaml);
}

/* Whatever the cut, a file is either read or refused with a message. */
static void every_prefix_is_read_or_refused(void **state)
{
    struct fixture *f = *state;
    char part[sizeof(full)];
    for (size_t n = 0; n < sizeof(full); n++) {
        memcpy(part, full, n);
        part[n] = '\0';
        parse(f, part);
    }
    assert_int_equal(f->err, PROA_OK);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(defaults_fill_the_struct),
        TEST(every_type_is_read),
        TEST(json_is_accepted),
        TEST(bounds_are_inclusive),
        TEST(wrong_types_say_what_is_right),
        TEST(strings_that_are_not_are_refused),
        TEST(names_are_bounded),
        TEST(unknown_keys_come_with_a_guess),
        TEST(required_members),
        TEST(all_mistakes_in_one_go),
        TEST(long_and_odd_values_are_shown_safely),
        TEST(environment_in_strings),
        TEST(expansion_is_bounded),
        TEST(files_merge),
        TEST(conflicts_name_both_places),
        TEST(syntax_errors_of_all_files_are_shown),
        TEST(overrides_by_precedence),
        TEST(lists_of_strings_have_short_forms),
        TEST(overrides_are_text),
        TEST(overrides_are_utf8),
        TEST(wrong_overrides_name_their_source),
        TEST(overrides_do_not_hide_wrong_files),
        TEST(a_tree_can_be_bound_alone),
        TEST(a_flood_of_errors_is_bounded),
        TEST(every_prefix_is_read_or_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
