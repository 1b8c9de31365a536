/* Where the running sidecar is thought to be: flag, environment, file, default. */
#include "place_priv.h"

#include <sysexits.h>

#include "proa_test.h"

static const struct proa_cli_flag flags[] = {
    {.name = "ops", .arg = "ADDR", .help = "h"},
    {.name = "config", .letter = 'c', .arg = "PATH", .help = "h"},
    {.name = NULL},
};
static const struct proa_cli_command command = {.name = "ask", .operands = "", .flags = flags};

static void test_split(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *host; /* NULL = refused */
        uint16_t port;
    } rows[] = {
        {"127.0.0.1:4600", "127.0.0.1", 4600},
        {"[::1]:4600", "::1", 4600},
        {"localhost:1", "localhost", 1},
        {"proa.example:65535", "proa.example", 65535},
        {"127.0.0.1", NULL, 0},
        {"127.0.0.1:", NULL, 0},
        {"127.0.0.1:0", NULL, 0},
        {"127.0.0.1:65536", NULL, 0},
        {"127.0.0.1:x", NULL, 0},
        {":4600", NULL, 0},
        {"::1:4600", NULL, 0},
        {"[]:4600", NULL, 0},
        {"", NULL, 0},
        {":", NULL, 0},
        {"[:4600", NULL, 0},
        {"a:+1", NULL, 0},
    };
    for (size_t i = 0; i < PROA_ARRAY_LEN(rows); i++) {
        struct proa_slice host = PROA_SLICE_NONE;
        uint16_t port = 0;
        const bool ok = proa_cli_place_split(proa_slice_cstr(rows[i].text), &host, &port);
        PROA_TEST_CHECK(ok == (rows[i].host != NULL), "%s", rows[i].text);
        if (ok) {
            assert_slice_str(host, rows[i].host);
            assert_int_equal(port, rows[i].port);
        }
    }
}

struct asked {
    bool ok;
    int code;
    struct proa_cli_place place;
    bool said; /* something is on stderr */
};

static struct asked ask(enum proa_cli_place_kind kind, bool want_tcp, const char *flag,
                        const char *config)
{
    struct asked asked = {0};
    struct proa_cli cli = {0};
    struct proa_cli_args args;
    char *words[4];
    size_t n = 0;
    char *ops = proa_strdup_n("--ops", 5);
    char *name = proa_strdup_n("--config", 8);
    char *address = proa_strdup_n(flag ? flag : "", flag ? strlen(flag) : 0);
    char *path = proa_strdup_n(config ? config : "", config ? strlen(config) : 0);
    if (flag) {
        words[n++] = ops;
        words[n++] = address;
    }
    if (config) {
        words[n++] = name;
        words[n++] = path;
    }
    proa_cli_out_init(&cli.out, -1);
    proa_cli_out_init(&cli.err, -1);
    assert_true(proa_cli_args_parse(&args, &command, words, n, &cli.err));
    cli.args = &args;
    asked.ok = proa_cli_place_find(&cli, kind, "ops", want_tcp, &asked.place, &asked.code);
    asked.said = cli.err.buf.len > 0;
    assert_true(asked.said == !asked.ok);
    proa_cli_args_deinit(&args);
    proa_cli_out_deinit(&cli.out);
    proa_cli_out_deinit(&cli.err);
    proa_free(ops);
    proa_free(name);
    proa_free(address);
    proa_free(path);
    return asked;
}

static void set(const char *name, const char *value)
{
    assert_int_equal(value ? setenv(name, value, 1) : unsetenv(name), 0);
}

static void test_flag_beats_environment_beats_default(void **state)
{
    (void)state;
    set("PROA_LISTEN_OPS", NULL);
    set("PROA_LISTEN_DATA", NULL);
    set("PROA_CONFIG", NULL);
    assert_string_equal(ask(PROA_CLI_PLACE_OPS, false, NULL, NULL).place.text, "127.0.0.1:4601");
    assert_string_equal(ask(PROA_CLI_PLACE_DATA, false, NULL, NULL).place.text, "127.0.0.1:4600");
    set("PROA_LISTEN_OPS", "127.0.0.1:5601");
    assert_string_equal(ask(PROA_CLI_PLACE_OPS, false, NULL, NULL).place.text, "127.0.0.1:5601");
    assert_string_equal(ask(PROA_CLI_PLACE_OPS, false, "[::1]:7", NULL).place.text, "[::1]:7");
    assert_string_equal(ask(PROA_CLI_PLACE_DATA, false, NULL, NULL).place.text, "127.0.0.1:4600");
    set("PROA_LISTEN_OPS", "");
    assert_string_equal(ask(PROA_CLI_PLACE_OPS, false, NULL, NULL).place.text, "127.0.0.1:4601");
}

static void test_all_interfaces_are_asked_on_loopback(void **state)
{
    (void)state;
    set("PROA_LISTEN_OPS", "0.0.0.0:4601");
    assert_string_equal(ask(PROA_CLI_PLACE_OPS, false, NULL, NULL).place.text, "127.0.0.1:4601");
    set("PROA_LISTEN_OPS", "[::]:4601");
    assert_string_equal(ask(PROA_CLI_PLACE_OPS, false, NULL, NULL).place.text, "[::1]:4601");
    set("PROA_LISTEN_OPS", NULL);
}

static void test_one_of_a_list(void **state)
{
    (void)state;
    set("PROA_LISTEN_OPS", "unix:/run/a, 127.0.0.1:9, 127.0.0.1:10");
    struct asked asked = ask(PROA_CLI_PLACE_OPS, false, NULL, NULL);
    assert_string_equal(asked.place.text, "unix:/run/a");
    assert_true(asked.place.is_unix);
    asked = ask(PROA_CLI_PLACE_OPS, true, NULL, NULL);
    assert_string_equal(asked.place.text, "127.0.0.1:9");
    assert_false(asked.place.is_unix);
    set("PROA_LISTEN_OPS", "unix:/run/a");
    assert_true(ask(PROA_CLI_PLACE_OPS, true, NULL, NULL).place.is_unix);
    set("PROA_LISTEN_OPS", NULL);
}

static void test_mistakes(void **state)
{
    (void)state;
    struct asked asked = ask(PROA_CLI_PLACE_OPS, false, "nonsense", NULL);
    assert_false(asked.ok);
    assert_int_equal(asked.code, EX_USAGE);
    set("PROA_LISTEN_OPS", "127.0.0.1");
    asked = ask(PROA_CLI_PLACE_OPS, false, NULL, NULL);
    assert_false(asked.ok);
    assert_int_equal(asked.code, EX_CONFIG);
    set("PROA_LISTEN_OPS", NULL);
    asked = ask(PROA_CLI_PLACE_OPS, false, NULL, "/nowhere/at/all.yaml");
    assert_false(asked.ok);
    assert_int_equal(asked.code, EX_NOINPUT);
    char longer[400];
    memset(longer, 'a', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    assert_false(ask(PROA_CLI_PLACE_OPS, false, longer, NULL).ok);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void test_configuration_is_read_for_its_listeners(void **state)
{
    (void)state;
    char folder[] = "proa_place_XXXXXX";
    char a[64];
    char b[64];
    assert_non_null(mkdtemp(folder));
    (void)snprintf(a, sizeof a, "%s/a.yaml", folder);
    (void)snprintf(b, sizeof b, "%s/b.yaml", folder);
    set("PROA_UNSET_HERE", NULL);
    write_file(a, "listen: {ops: \"127.0.0.1:77\", data: [unix:/run/d, \"127.0.0.1:78\"],\n"
                  "  tls_cert_file: \"${PROA_UNSET_HERE}/cert\"}\n"
                  "providers: {x: {dialect: openai, base_url: \"http://h/v1\",\n"
                  "  keys: [{env: PROA_UNSET_HERE}]}}\n");
    write_file(b, "apiVersion: proa/v1\nkind: Policy\nname: calm\n");
    struct asked asked = ask(PROA_CLI_PLACE_OPS, false, NULL, a);
    assert_string_equal(asked.place.text, "127.0.0.1:77");
    assert_false(asked.place.tls);
    asked = ask(PROA_CLI_PLACE_DATA, true, NULL, folder);
    assert_string_equal(asked.place.text, "127.0.0.1:78");
    assert_true(asked.place.tls);
    set("PROA_CONFIG", a);
    assert_string_equal(ask(PROA_CLI_PLACE_OPS, false, NULL, NULL).place.text, "127.0.0.1:77");
    assert_string_equal(ask(PROA_CLI_PLACE_OPS, false, "127.0.0.1:1", NULL).place.text,
                        "127.0.0.1:1");
    set("PROA_CONFIG", NULL);
    write_file(a, "listen: {osp: 1}\n");
    asked = ask(PROA_CLI_PLACE_OPS, false, NULL, a);
    assert_false(asked.ok);
    assert_int_equal(asked.code, EX_CONFIG);
    write_file(a, "listen: {ops: []}\n");
    asked = ask(PROA_CLI_PLACE_OPS, false, NULL, a);
    assert_false(asked.ok);
    assert_int_equal(asked.code, EX_CONFIG);
    (void)unlink(a);
    (void)unlink(b);
    (void)rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_split),
        cmocka_unit_test(test_flag_beats_environment_beats_default),
        cmocka_unit_test(test_all_interfaces_are_asked_on_loopback),
        cmocka_unit_test(test_one_of_a_list),
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_configuration_is_read_for_its_listeners),
    };
    return cmocka_run_group_tests_name("place", tests, NULL, NULL);
}
